/** For tests of programs that use tensors. */
import { eq, isnan, logicalAnd, logicalOr } from './functional/compare';
import { all } from './functional/reduce';
import { sameShape } from './shape';
import { Tensor } from './tensor';

/**
 * Makes Jest's and Vitest's `toEqual` compare tensors by dtype, device, shape and elements (NaN is equal to NaN), wherever
 * they are in what is compared: `expect.addEqualityTesters([testing.tensorEquality])`, once. Without it a tensor is equal to
 * nothing but itself, and by some of their matchers not even to that.
 */
export function tensorEquality(a: unknown, b: unknown): boolean | undefined {
  if (!(a instanceof Tensor) || !(b instanceof Tensor))
    return a instanceof Tensor || b instanceof Tensor ? false : undefined;
  if (a === b) return true;
  if (a.isDisposed || b.isDisposed || a.dtype !== b.dtype || a.place !== b.place) return false;
  if (!sameShape(a.shape, b.shape)) return false;
  return all(logicalOr(eq(a, b), logicalAnd(isnan(a), isnan(b)))).item() !== 0;
}
