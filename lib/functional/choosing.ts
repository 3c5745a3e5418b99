/** Functions of two operands that give one of them, or a step. */
import { DTypeError } from '../errors';
import { type Tensor, checkTensor } from '../tensor';
import { ge, isnan, le, logicalOr } from './compare';
import { binaryOp, type CompareFunction } from './kinds';
import { tensorsOnly } from './tensors-only';
import { where } from './where';
import type { KernelOperand } from './kernel';

/** Whether the first operand is what fmax (or fmin) gives. */
const first = (compare: CompareFunction, x: KernelOperand, y: KernelOperand): Tensor =>
  logicalOr(compare(x, y), isnan(y as Tensor));

/** The larger of two numbers; where one is NaN, the other (https://pytorch.org/docs/stable/generated/torch.fmax.html). */
export const fmax = tensorsOnly(
  'fmax',
  binaryOp('fmax', {
    gradient: 'Fmax',
    keep: ['always', 'always'],
    backward: [(g, { x, y }) => where(first(ge, x, y), g, 0), (g, { x, y }) => where(first(ge, x, y), 0, g)],
  }),
);

/** The smaller of two numbers; where one is NaN, the other. */
export const fmin = tensorsOnly(
  'fmin',
  binaryOp('fmin', {
    gradient: 'Fmin',
    keep: ['always', 'always'],
    backward: [(g, { x, y }) => where(first(le, x, y), g, 0), (g, { x, y }) => where(first(le, x, y), 0, g)],
  }),
);

const step = tensorsOnly('heaviside', binaryOp('heaviside', {}));

function checkStep(op: string, x: Tensor, values: Tensor): void {
  checkTensor(op, x);
  checkTensor(op, values, 'values');
  if (x.code !== values.code)
    throw new DTypeError(`${op}: expected values of dtype ${x.dtype}, got ${values.dtype}`);
}

/** 0 below zero, 1 above, and `values` where x is 0. */
export function heaviside(x: Tensor, values: Tensor): Tensor {
  checkStep('heaviside', x, values);
  return step(x, values);
}

/** `heaviside`, in place. */
export function heaviside_(x: Tensor, values: Tensor): Tensor {
  checkStep('heaviside_', x, values);
  return step.inPlace(x, values);
}
