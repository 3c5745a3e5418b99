/** Integrals by the trapezoidal rule, over a dimension and up to each of its points. */
import { Code, defaultDtypeCode, isFloatingCode } from '../dtype';
import { ArgumentError, DTypeError, IndexError, ShapeError } from '../errors';
import { showShape, wrapDim } from '../shape';
import { Tensor, checkTensor } from '../tensor';
import { bindArguments, numberArgument } from './arguments';
import { add, div, mul, sub } from './arithmetic';
import { cast } from './cast';
import { fullOf } from './kernel';
import { sum } from './reduce';
import { cumsum } from './scan';
import { reshape, select, slice } from './view';

export interface TrapezoidOptions {
  /** Where the samples were taken. */
  x?: Tensor | null;
  /** Their distance, if they are equally far apart: 1 if nothing is said. */
  dx?: number | Tensor | null;
  dim?: number;
}

/** All but the last of the elements along a dimension, and all but the first. */
function neighbours(t: Tensor, dim: number): [earlier: Tensor, later: Tensor] {
  return [slice(t, dim, 0, -1), slice(t, dim, 1, null)];
}

/** The distances between samples: x is a vector, or broadcasts to y. */
function spacing(op: string, y: Tensor, x: Tensor, dim: number): Tensor {
  if (x.code === Code.bool) throw new DTypeError(`${op}: not defined for bool`);
  const rank = y.shape.length;
  const vector = x.shape.length === 1;
  if (vector && x.shape[0] !== y.shape[dim])
    throw new ShapeError(
      `${op}: expected one x for each of the ${y.shape[dim]} samples, got ${showShape(x.shape)}`,
    );
  if (x.shape.length === 0 || x.shape.length > rank)
    throw new ShapeError(
      `${op}: expected x to broadcast to y, got ${showShape(x.shape)} and ${showShape(y.shape)}`,
    );
  const shape = vector
    ? y.shape.map((_, i) => (i === dim ? x.shape[0]! : 1))
    : [...new Array<number>(rank - x.shape.length).fill(1), ...x.shape];
  const points = reshape(x, shape);
  if (shape[dim] === 0) throw new ShapeError(`${op}: expected x not to be empty, got ${showShape(x.shape)}`);
  const [earlier, later] = neighbours(points, dim);
  return sub(later, earlier);
}

/** The arguments of both: at most one of x and dx, and a dimension that y has. */
function samples(
  op: string,
  y: unknown,
  given: readonly unknown[],
): [y: Tensor, x: Tensor | null, dx: number | Tensor, dim: number] {
  checkTensor(op, y, 'y');
  const trimmed = given[given.length - 1] === undefined ? given.slice(0, -1) : given;
  const [x = null, dx = null, dim = -1] = bindArguments(op, ['x', 'dx', 'dim'], trimmed);
  if (x !== null) checkTensor(op, x, 'x');
  if (x !== null && dx !== null) throw new ArgumentError(`${op}: expected x or dx, not both`);
  if (dx !== null && !(dx instanceof Tensor)) numberArgument(op, 'dx', dx);
  if (y.code === Code.bool) throw new DTypeError(`${op}: not defined for bool`);
  if (y.shape.length === 0) throw new IndexError(`${op}: a 0-d tensor has no dimension to integrate along`);
  return [y, x, (dx ?? 1) as number | Tensor, wrapDim(op, dim, y.shape.length)];
}

/** Twice what each two neighbours enclose. */
function trapezoids(op: string, y: Tensor, x: Tensor | null, dim: number): Tensor {
  const both = add(...neighbours(y, dim));
  return x === null ? both : mul(both, spacing(op, y, x, dim));
}

export interface TrapezoidFunction {
  (y: Tensor, x?: Tensor | null, options?: Omit<TrapezoidOptions, 'x'>): Tensor;
  (y: Tensor, options: TrapezoidOptions): Tensor;
}

/**
 * The integral of y along `dim` (the last) by the trapezoidal rule, at points x or `dx` apart
 * (https://pytorch.org/docs/stable/generated/torch.trapezoid.html).
 */
export const trapezoid = ((y: Tensor, ...given: readonly unknown[]) => {
  const [, x, dx, d] = samples('trapezoid', y, given);
  if (y.shape[d] === 0) {
    const code = isFloatingCode(y.code) ? y.code : defaultDtypeCode();
    return fullOf(
      y.shape.filter((_, i) => i !== d),
      code,
      y.place,
      0,
    );
  }
  if (x !== null) return div(sum(trapezoids('trapezoid', y, x, d), d), 2);
  const ends = mul(add(select(y, d, 0), select(y, d, -1)), 0.5);
  return mul(sub(sum(y, d), ends), dx);
}) as TrapezoidFunction;

/**
 * The integral of y up to each of its points from the second on
 * (https://pytorch.org/docs/stable/generated/torch.cumulative_trapezoid.html).
 */
export const cumulativeTrapezoid = ((y: Tensor, ...given: readonly unknown[]) => {
  const op = 'cumulativeTrapezoid';
  const [, x, dx, d] = samples(op, y, given);
  const twice = trapezoids(op, y, x, d);
  if (x !== null) return div(cumsum(twice, d), 2);
  // Half of dx is a float, also where it is whole.
  const floating = isFloatingCode(twice.code) ? twice : cast(twice, defaultDtypeCode());
  return cumsum(mul(floating, typeof dx === 'number' ? dx / 2 : div(dx, 2)), d);
}) as TrapezoidFunction;
