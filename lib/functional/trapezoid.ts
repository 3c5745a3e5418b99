/** Running integrals by the trapezoidal rule. */
import { ArgumentError, ShapeError, describe } from '../errors';
import { showShape, wrapDim } from '../shape';
import { type Tensor, checkTensor } from '../tensor';
import { add, div, mul, sub } from './arithmetic';
import { bindArguments } from './arguments';
import { cumsum } from './scan';
import { slice, unsqueeze } from './view';

export interface CumulativeTrapezoidFunction {
  (y: Tensor, x?: Tensor, options?: { dx?: number; dim?: number }): Tensor;
  (y: Tensor, options: { x?: Tensor; dx?: number; dim?: number }): Tensor;
}

/** The distances of neighbours along `dim`, to be multiplied with sums of neighbours of y. */
function distances(x: Tensor, y: Tensor, dim: number): Tensor {
  const rank = y.shape.length;
  if (x.shape.length === 0) throw new ShapeError('cumulativeTrapezoid: expected x of at least 1 dimension');
  // One dimension is that of the integral; fewer than y has are its last ones, with this one as it counts in y.
  let points = x;
  if (x.shape.length === 1) {
    if (x.shape[0] !== y.shape[dim])
      throw new ShapeError(`cumulativeTrapezoid: expected ${y.shape[dim]} points in x, got ${x.shape[0]}`);
    for (let i = dim + 1; i < rank; i++) points = unsqueeze(points, -1);
    return neighbours(points, 0, sub);
  }
  while (points.shape.length < rank) points = unsqueeze(points, 0);
  if (points.shape.length > rank)
    throw new ShapeError(
      `cumulativeTrapezoid: expected x of at most ${rank} dimensions, got shape ${showShape(x.shape)}`,
    );
  return neighbours(points, dim, sub);
}

/** f of each element along `dim` and the one before it. */
function neighbours(t: Tensor, dim: number, f: (later: Tensor, earlier: Tensor) => Tensor): Tensor {
  return f(slice(t, dim, 1, null), slice(t, dim, 0, -1));
}

/**
 * The integral of y up to each of its points from the second on, by the trapezoidal rule
 * (https://pytorch.org/docs/stable/generated/torch.cumulative_trapezoid.html), at the points x or at distances `dx` (1).
 */
export const cumulativeTrapezoid = ((y: Tensor, ...given: readonly unknown[]) => {
  checkTensor('cumulativeTrapezoid', y);
  const [x, dx = 1, dim = -1] = bindArguments('cumulativeTrapezoid', ['x', 'dx', 'dim'], given);
  if (y.shape.length === 0) throw new ShapeError('cumulativeTrapezoid: expected at least 1 dimension, got 0');
  const d = wrapDim('cumulativeTrapezoid', dim, y.shape.length);
  if (x !== undefined && x !== null) {
    checkTensor('cumulativeTrapezoid', x, 'x');
    return div(cumsum(mul(distances(x, y, d), neighbours(y, d, add)), d), 2);
  }
  if (typeof dx !== 'number')
    throw new ArgumentError(`cumulativeTrapezoid: expected dx to be a number, got ${describe(dx)}`);
  return mul(cumsum(neighbours(y, d, add), d), dx / 2);
}) as CumulativeTrapezoidFunction;
