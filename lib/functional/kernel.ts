/** Launching kernels: operands in, a new tensor out. No autograd here. */
import { run, runMany } from '../backend/commands';
import { Op } from '../backend/ops.generated';
import { COMPUTE } from '../dtype';
import { CPU } from '../device';
import { onBehalfOf } from '../errors';
import type { Shape } from '../shape';
import { allocate, cudaInUse, type Tensor } from '../tensor';

/** A number stands for a 0-d operand. */
export type KernelOperand = Tensor | number;

/** Where an op on these operands runs: on a CUDA device if one of them is there. */
function placeOf(inputs: readonly KernelOperand[]): number {
  if (!cudaInUse) return CPU;
  for (let i = 0; i < inputs.length; i++) {
    const x = inputs[i]!;
    if (typeof x !== 'number' && x.place !== CPU) return x.place;
  }
  return CPU;
}

/** An op of one output, of the given shape and dtype. */
export function launch(
  op: number,
  compute: number,
  shape: Shape,
  code: number,
  inputs: readonly KernelOperand[],
  scalars: readonly number[],
): Tensor {
  const out = allocate(shape, code, placeOf(inputs));
  run(op, compute, out, inputs, scalars);
  return out;
}

/** An op of several outputs; behind those that it makes, it writes to `existing` ones. */
export function launchMany(
  op: number,
  compute: number,
  shapes: readonly Shape[],
  codes: readonly number[],
  inputs: readonly KernelOperand[],
  scalars: readonly number[],
  existing?: readonly Tensor[],
): Tensor[] {
  const place = placeOf(inputs);
  const outs = shapes.map((shape, i) => allocate(shape, codes[i]!, place));
  runMany(op, compute, outs, inputs, scalars, existing);
  return outs;
}

/** An op whose outputs exist: it writes to them. */
export { runInto as launchInto } from '../backend/commands';

/** No scalars. */
export const NONE: readonly number[] = [];

/** An op of one output and no operands, on the device of a place. */
export function generate(
  op: number,
  compute: number,
  shape: Shape,
  code: number,
  place: number,
  scalars: readonly number[],
): Tensor {
  const out = allocate(shape, code, place);
  run(op, compute, out, NONE, scalars);
  return out;
}

/** A tensor of one value; errors name `op`, if given. */
export function fullOf(shape: Shape, code: number, place: number, value: number, op?: string): Tensor {
  try {
    return generate(Op.fill, COMPUTE[code]!, shape, code, place, [value]);
  } catch (error) {
    throw op === undefined ? error : onBehalfOf(op, error);
  }
}

/** Zeros of t's shape and dtype, where t is. */
export function zerosOf(t: Tensor): Tensor {
  return fullOf(t.shape, t.code, t.place, 0);
}
