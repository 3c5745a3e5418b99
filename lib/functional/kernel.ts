/** Launching kernels: operands in, a new tensor out. No autograd here. */
import { run, runMany } from '../backend/commands';
import { Op } from '../backend/ops.generated';
import { COMPUTE } from '../dtype';
import { onBehalfOf } from '../errors';
import type { Shape } from '../shape';
import { allocate, type Tensor } from '../tensor';

/** A number stands for a 0-d operand. */
export type KernelOperand = Tensor | number;

/** An op of one output, of the given shape and dtype. */
export function launch(
  op: number,
  compute: number,
  shape: Shape,
  code: number,
  inputs: readonly KernelOperand[],
  scalars: readonly number[],
): Tensor {
  const out = allocate(shape, code);
  run(op, compute, out, inputs, scalars);
  return out;
}

/** An op of several outputs. */
export function launchMany(
  op: number,
  compute: number,
  shapes: readonly Shape[],
  codes: readonly number[],
  inputs: readonly KernelOperand[],
  scalars: readonly number[],
): Tensor[] {
  const outs = shapes.map((shape, i) => allocate(shape, codes[i]!));
  runMany(op, compute, outs, inputs, scalars);
  return outs;
}

/** An op whose outputs exist: it writes to them. */
export { runInto as launchInto } from '../backend/commands';

/** No scalars. */
export const NONE: readonly number[] = [];

/** A tensor of one value; errors name `op`, if given. */
export function fullOf(shape: Shape, code: number, value: number, op?: string): Tensor {
  try {
    return launch(Op.fill, COMPUTE[code]!, shape, code, NONE, [value]);
  } catch (error) {
    throw op === undefined ? error : onBehalfOf(op, error);
  }
}

/** Zeros of t's shape and dtype. */
export function zerosOf(t: Tensor): Tensor {
  return fullOf(t.shape, t.code, 0);
}
