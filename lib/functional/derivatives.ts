/** Derivatives that have a kernel of their own, differentiable again: d(output) is 0 for the piecewise linear relu. */
import { mul, sub } from './arithmetic';
import { zerosOf } from './kernel';
import { binaryOp } from './kinds';

export const sigmoidBackward = binaryOp('sigmoidBackward', {
  gradient: 'SigmoidBackward',
  keep: ['ifOther', 'always'],
  backward: [(g, { y }) => sigmoidBackward(g, y), (g, { x, y }) => mul(mul(g, x), sub(1, mul(y, 2)))],
});
export const tanhBackward = binaryOp('tanhBackward', {
  gradient: 'TanhBackward',
  keep: ['ifOther', 'always'],
  backward: [(g, { y }) => tanhBackward(g, y), (g, { x, y }) => mul(mul(g, x), mul(y, -2))],
});
export const reluBackward = binaryOp('reluBackward', {
  gradient: 'ThresholdBackward',
  keep: ['never', 'always'],
  backward: [(g, { y }) => reluBackward(g, y), (g) => zerosOf(g)],
});
