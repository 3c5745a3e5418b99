/** Integrals by the trapezoidal rule. */
import { Code, defaultDtypeCode, isFloatingCode } from '../dtype';
import { ArgumentError, DTypeError, IndexError, ShapeError } from '../errors';
import { showShape, wrapDim } from '../shape';
import { Tensor, checkTensor } from '../tensor';
import { bindArguments, numberArgument } from './arguments';
import { add, div, mul, sub } from './arithmetic';
import { fullOf } from './kernel';
import { sum } from './reduce';
import { narrow, reshape, select } from './view';

export interface TrapezoidOptions {
  /** Where the samples were taken. */
  x?: Tensor | null;
  /** Their distance, if they are equally far apart: 1 if nothing is said. */
  dx?: number | Tensor | null;
  dim?: number;
}

/** Its n - 1 first elements along a dimension, and its last. */
function neighbours(t: Tensor, dim: number): [left: Tensor, right: Tensor] {
  const n = t.shape[dim]!;
  return [narrow(t, dim, 0, n - 1), narrow(t, dim, 1, n - 1)];
}

/** The distances between samples: x is a vector, or broadcasts to y. */
function spacing(op: string, y: Tensor, x: Tensor, dim: number): Tensor {
  if (x.code === Code.bool) throw new DTypeError(`${op}: not defined for bool`);
  const rank = y.shape.length;
  const vector = x.shape.length === 1 && rank !== 1;
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
  return sub(...(neighbours(points, dim).reverse() as [Tensor, Tensor]));
}

/**
 * The integral of y along `dim` (the last) by the trapezoidal rule, at points x or `dx` apart
 * (https://pytorch.org/docs/stable/generated/torch.trapezoid.html).
 */
export function trapezoid(y: Tensor, x?: Tensor | null, options?: Omit<TrapezoidOptions, 'x'>): Tensor;
export function trapezoid(y: Tensor, options: TrapezoidOptions): Tensor;
export function trapezoid(y: Tensor, ...given: readonly unknown[]): Tensor {
  checkTensor('trapezoid', y, 'y');
  const trimmed = given[given.length - 1] === undefined ? given.slice(0, -1) : given;
  const [x = null, dx = null, dim = -1] = bindArguments('trapezoid', ['x', 'dx', 'dim'], trimmed);
  if (x !== null) checkTensor('trapezoid', x, 'x');
  if (x !== null && dx !== null) throw new ArgumentError('trapezoid: expected x or dx, not both');
  if (dx !== null && !(dx instanceof Tensor)) numberArgument('trapezoid', 'dx', dx);
  if (y.code === Code.bool) throw new DTypeError('trapezoid: not defined for bool');
  if (y.shape.length === 0)
    throw new IndexError('trapezoid: a 0-d tensor has no dimension to integrate along');
  const d = wrapDim('trapezoid', dim, y.shape.length);
  if (y.shape[d] === 0) {
    const code = isFloatingCode(y.code) ? y.code : defaultDtypeCode();
    return fullOf(
      y.shape.filter((_, i) => i !== d),
      code,
      y.place,
      0,
    );
  }
  if (x !== null) {
    const [left, right] = neighbours(y, d);
    return div(sum(mul(add(left, right), spacing('trapezoid', y, x, d)), d), 2);
  }
  const ends = mul(add(select(y, d, 0), select(y, d, -1)), 0.5);
  return mul(sub(sum(y, d), ends), (dx ?? 1) as number | Tensor);
}
