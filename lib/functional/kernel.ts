/** Launching kernels: operands into the command buffer, a new tensor out of it. No autograd here. */
import { begin, putExisting, putInput, putNew, putNumber, putScalar, submit } from '../backend/commands';
import { Op } from '../backend/ops.generated';
import { COMPUTE } from '../dtype';
import { allocate, type Tensor } from '../tensor';
import type { Shape } from '../shape';

/** A number stands for a 0-d operand. */
export type KernelOperand = Tensor | number;

/** f(x), of the given shape and dtype. */
export function launch1(op: number, compute: number, shape: Shape, code: number, x: Tensor): Tensor {
  const out = allocate(shape, code);
  begin(op, compute, 1, 1, 0);
  putNew(out);
  putInput(x);
  submit(out);
  return out;
}

/** f(x, y), of the given shape and dtype. */
export function launch2(
  op: number,
  compute: number,
  shape: Shape,
  code: number,
  x: KernelOperand,
  y: KernelOperand,
): Tensor {
  const out = allocate(shape, code);
  begin(op, compute, 1, 2, 0);
  putNew(out);
  if (typeof x === 'number') putNumber(x);
  else putInput(x);
  if (typeof y === 'number') putNumber(y);
  else putInput(y);
  submit(out);
  return out;
}

/** Any op of one output. */
export function launch(
  op: number,
  compute: number,
  shape: Shape,
  code: number,
  inputs: readonly KernelOperand[],
  scalars: readonly number[],
): Tensor {
  const out = allocate(shape, code);
  begin(op, compute, 1, inputs.length, scalars.length);
  putNew(out);
  putOperands(inputs, scalars);
  submit(out);
  return out;
}

/** An op of two outputs. */
export function launchPair(
  op: number,
  compute: number,
  shapes: readonly [Shape, Shape],
  codes: readonly [number, number],
  inputs: readonly KernelOperand[],
  scalars: readonly number[],
): [Tensor, Tensor] {
  const first = allocate(shapes[0], codes[0]);
  const second = allocate(shapes[1], codes[1]);
  begin(op, compute, 2, inputs.length, scalars.length);
  putNew(first);
  putNew(second);
  putOperands(inputs, scalars);
  submit(second, first);
  return [first, second];
}

/** An op whose outputs exist: it writes to them. */
export function launchInto(
  op: number,
  compute: number,
  outputs: readonly Tensor[],
  inputs: readonly KernelOperand[],
  scalars: readonly number[],
): void {
  begin(op, compute, outputs.length, inputs.length, scalars.length);
  for (let i = 0; i < outputs.length; i++) putExisting(outputs[i]!);
  putOperands(inputs, scalars);
  submit(null);
}

function putOperands(inputs: readonly KernelOperand[], scalars: readonly number[]): void {
  for (let i = 0; i < inputs.length; i++) {
    const x = inputs[i]!;
    if (typeof x === 'number') putNumber(x);
    else putInput(x);
  }
  for (let i = 0; i < scalars.length; i++) putScalar(scalars[i]!);
}

/** A tensor of one value. */
export function fullOf(shape: Shape, code: number, value: number): Tensor {
  const out = allocate(shape, code);
  begin(Op.fill, COMPUTE[code]!, 1, 0, 1);
  putNew(out);
  putScalar(value);
  submit(out);
  return out;
}
