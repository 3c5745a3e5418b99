/** The derivative of a distance with respect to the differences that it was made of. */
import { type Tensor } from '../tensor';
import { mul, sub } from './arithmetic';
import { abs, ceil, sign } from './elementary';
import { zerosOf } from './kernel';
import { clampMax } from './clamp';
import { powerOrZero } from './vector-norm';

/** @internal What the gradients of distances are multiplied with for all their differences: 1 / distance^(p - 1), or 0. */
export function distanceScale(grad: Tensor, distance: Tensor, p: number): Tensor {
  return p === 0 || p === 1 || p === Infinity ? grad : mul(grad, powerOrZero(distance, 1 - p));
}

/** @internal The gradient of differences d, given `scale`; 0 where the distance is 0. */
export function distanceSlope(scale: Tensor, d: Tensor, distance: Tensor, p: number): Tensor {
  if (p === 0) return mul(zerosOf(d), scale);
  if (p === 1) return mul(scale, sign(d));
  if (p === 2) return mul(d, scale);
  // Each of several largest differences counts in full.
  if (p === Infinity) return mul(mul(scale, sign(d)), sub(1, clampMax(ceil(abs(sub(abs(d), distance))), 1)));
  return mul(mul(sign(d), powerOrZero(d, p - 1)), scale);
}
