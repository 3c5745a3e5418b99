/** Changes of a tensor at some places: done to a copy, or in place. */
import { checkInPlace, recordInPlace } from '../autograd/view';
import { record, type GradRule } from '../autograd/node';
import { IndexError } from '../errors';
import type { Tensor } from '../tensor';
import { cast, copied } from './cast';
import { brought } from './devices';

/** What is to be written, and how that is recorded. */
export interface Change<C> {
  readonly rule: GradRule<C>;
  /** The operands besides the tensor that changes: those that gradients may flow to. */
  readonly operands: readonly (Tensor | null)[];
  readonly saved: readonly Tensor[];
  readonly context: C;
  /** Writes to t, which is of the changed tensor's shape. */
  readonly write: (t: Tensor) => void;
}

/** The change done to a copy of x. */
export function inCopy<C>(op: string, x: Tensor, change: Change<C>): Tensor {
  const out = copied(x, x.code);
  inTheNameOf(op, () => change.write(out));
  return record(out, change.rule, [x, ...change.operands], change.saved, change.context);
}

/** The change done to x itself. */
export function inPlace<C>(op: string, x: Tensor, change: Change<C>): Tensor {
  const inputs = [x, ...change.operands];
  checkInPlace(op, x, inputs);
  inTheNameOf(op, () => change.write(x));
  return recordInPlace(x, change.rule, inputs, change.saved, -1, change.context);
}

/** Runs kernels of other names: an index that one of them finds out of range is reported as op's. */
export function inTheNameOf<T>(op: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof IndexError)) throw error;
    throw new IndexError(error.message.replace(/^\w+:/, `${op}:`));
  }
}

/** An operand where x is. */
export function besides(op: string, x: Tensor, operand: Tensor): Tensor {
  return operand.place === x.place ? operand : cast(brought(op, x, operand), operand.code, x.place);
}

/** An operand that is read while x is written to: a copy, if it is on x's memory. */
export function unshared(x: Tensor, operand: Tensor): Tensor {
  return (operand.base ?? operand) === (x.base ?? x) ? copied(operand, operand.code) : operand;
}
