/** Norms of vectors and of matrices. */
import { withGradMode } from '../../autograd/mode';
import { defineGradient, record } from '../../autograd/node';
import { Code, dtypeCode, promoteCodes, type DType } from '../../dtype';
import { ArgumentError, DTypeError, ShapeError, describe } from '../../errors';
import { reducedShape, showShape, wrapDim, wrapDims } from '../../shape';
import { checkTensor, type Tensor } from '../../tensor';
import { bindArguments, booleanArgument } from '../arguments';
import { div, mul } from '../arithmetic';
import { cast } from '../cast';
import { eq, isnan, logicalOr, ne } from '../compare';
import { abs, sign, sqrt } from '../elementary';
import { fullOf } from '../kernel';
import { pow } from '../pointwise';
import { amax, amin, sum, type Dims } from '../reduce';
import { movedim, reshape, unsqueeze } from '../view';
import { maskedFill } from '../where';
import { checkFloating } from './matrices';
import { valuesOf } from './svd';

interface Norm {
  readonly order: number;
  readonly dims: readonly number[];
  readonly keptShape: readonly number[];
}

// d|x|ₚ/dx = sign(x) (|x| / |x|ₚ)^(p-1); where the norm is 0 the gradient is 0, and the largest elements share that of the
// norm of infinity.
const VectorNorm = defineGradient<Norm>('LinalgVectorNorm', (grad, node, { order: p, dims, keptShape }) => {
  const x = node.input(0);
  const norm = reshape(node.input(1), keptShape);
  const g = reshape(grad, keptShape);
  if (p === 0) return [null];
  if (p === 1) return [mul(sign(x), g)];
  if (p === 2) return [mul(g, maskedFill(div(x, norm), eq(norm, 0), 0))];
  if (!Number.isFinite(p)) {
    const won = logicalOr(isnan(x), eq(abs(x), norm));
    return [mul(sign(x), mul(div(g, sum(won, [...dims], true)), won))];
  }
  if (p < 1) {
    const scaled = mul(sign(x), maskedFill(pow(abs(x), p - 1), eq(x, 0), 0));
    return [mul(mul(scaled, g), pow(norm, 1 - p))];
  }
  const scaled = p < 2 ? mul(sign(x), pow(abs(x), p - 1)) : mul(x, pow(abs(x), p - 2));
  return [mul(scaled, maskedFill(div(g, pow(norm, p - 1)), eq(norm, 0), 0))];
});

function normOf(x: Tensor, p: number, dims: readonly number[], keepdim: boolean): Tensor {
  const over = [...dims];
  if (x.shape.length === 0) return p === 0 ? cast(ne(x, 0), x.code) : abs(x);
  if (p === Infinity) return amax(abs(x), over, keepdim);
  if (p === -Infinity) return amin(abs(x), over, keepdim);
  if (p === 0) return cast(sum(ne(x, 0), over, keepdim), x.code);
  if (p === 1) return sum(abs(x), over, keepdim);
  if (p === 2) return sqrt(sum(mul(x, x), over, keepdim));
  return pow(sum(pow(abs(x), p), over, keepdim), 1 / p);
}

/** x as the dtype that was asked for, which must not be narrower. */
function asAsked(op: string, x: Tensor, dtype: unknown): Tensor {
  if (dtype === undefined || dtype === null) return x;
  const code = dtypeCode(op, dtype);
  if (code > Code.bfloat16)
    throw new DTypeError(`${op}: expected a floating-point dtype, got ${describe(dtype)}`);
  if (promoteCodes(x.code, code) !== code)
    throw new DTypeError(`${op}: ${x.dtype} does not fit ${describe(dtype)}`);
  return cast(x, code);
}

function orderArgument(op: string, order: unknown): number {
  if (typeof order !== 'number')
    throw new ArgumentError(`${op}: expected ord to be a number, got ${describe(order)}`);
  return order;
}

function vectorNormOf(
  op: string,
  given: Tensor,
  order: unknown,
  dim: unknown,
  keepdim: unknown,
  dtype: unknown,
): Tensor {
  checkFloating(op, given, false);
  const p = orderArgument(op, order);
  const x = asAsked(op, given, dtype);
  const dims = wrapDims(op, dim, x.shape.length);
  const keep = booleanArgument(op, 'keepdim', keepdim, false);
  if (x.count === 0 && (p < 0 || p === Infinity) && dims.some((d) => x.shape[d] === 0))
    throw new ShapeError(`${op}: an empty tensor has no norm of order ${p}: shape ${showShape(x.shape)}`);
  const out = withGradMode(op, false, () => {
    // Half types would overflow on the way.
    const wide = x.code === Code.float64 ? x : cast(x, Code.float32);
    return cast(normOf(wide, p, dims, keep), x.code);
  });
  return record(out, VectorNorm, [x], [x, out], {
    order: p,
    dims,
    keptShape: reducedShape(x.shape, dims, true),
  });
}

/** What norms take. */
export interface NormOptions<Order> {
  ord?: Order;
  dim?: Dims;
  keepdim?: boolean;
  /** Convert to it first. */
  dtype?: DType;
}

const NAMES = ['ord', 'dim', 'keepdim', 'dtype'] as const;

/** (Σ |x|^ord)^(1/ord), over all dimensions or over some (https://pytorch.org/docs/stable/generated/torch.linalg.vector_norm.html). */
export function vectorNorm(x: Tensor, options?: NormOptions<number>): Tensor;
export function vectorNorm(
  x: Tensor,
  ord: number,
  dim?: Dims,
  keepdim?: boolean,
  options?: { dtype?: DType },
): Tensor;
export function vectorNorm(x: Tensor, ord: number, options: Omit<NormOptions<number>, 'ord'>): Tensor;
export function vectorNorm(
  x: Tensor,
  ord: number,
  dim: Dims,
  options: { keepdim?: boolean; dtype?: DType },
): Tensor;
export function vectorNorm(x: Tensor, ...given: readonly unknown[]): Tensor {
  checkTensor('linalg.vectorNorm', x);
  const [ord = 2, dim, keepdim, dtype] = bindArguments('linalg.vectorNorm', NAMES, given);
  return vectorNormOf('linalg.vectorNorm', x, ord, dim, keepdim, dtype);
}

/** Orders of norms of matrices. */
export type MatrixOrder = number | 'fro' | 'nuc';

/** The largest or smallest along a dimension; the largest of none is 0. */
function extreme(x: Tensor, largest: boolean, dim: number, keepdim: boolean): Tensor {
  if (largest && x.shape[dim] === 0) return fullOf(reducedShape(x.shape, [dim], keepdim), x.code, x.place, 0);
  return largest ? amax(x, dim, keepdim) : amin(x, dim, keepdim);
}

function matrixDims(op: string, x: Tensor, dim: unknown): [number, number] {
  if (!Array.isArray(dim) || dim.length !== 2)
    throw new ArgumentError(`${op}: expected dim to be two dimensions, got ${describe(dim)}`);
  const [a, b] = (dim as unknown[]).map((d) => wrapDim(op, d, x.shape.length)) as [number, number];
  if (a === b) throw new ArgumentError(`${op}: expected two different dimensions, got ${a} twice`);
  return [a, b];
}

function matrixNormOf(
  op: string,
  given: Tensor,
  order: unknown,
  dim: unknown,
  keepdim: unknown,
  dtype: unknown,
): Tensor {
  checkFloating(op, given, false);
  if (given.shape.length < 2)
    throw new ShapeError(`${op}: expected at least 2 dimensions, got shape ${showShape(given.shape)}`);
  const known =
    order === 'fro' ||
    order === 'nuc' ||
    (typeof order === 'number' && [1, 2, Infinity].includes(Math.abs(order)));
  if (!known)
    throw new ArgumentError(
      `${op}: expected ord to be 'fro', 'nuc', 1, -1, 2, -2, Infinity or -Infinity, got ${describe(order)}`,
    );
  const dims = matrixDims(op, given, dim);
  if (order === 'fro') return vectorNormOf(op, given, 2, dims, keepdim, dtype);
  const keep = booleanArgument(op, 'keepdim', keepdim, false);
  const x = asAsked(op, given, dtype);
  if (order === 'nuc' || Math.abs(order) === 2) {
    checkFloating(op, x);
    const values = valuesOf(movedim(x, dims, [-2, -1]));
    const last = values.shape.length - 1;
    const out = order === 'nuc' ? sum(values, -1) : extreme(values, order === 2, last, false);
    if (!keep) return out;
    const [first, second] = dims[0] < dims[1] ? dims : [dims[1], dims[0]];
    return unsqueeze(unsqueeze(out, first), second);
  }
  // Sums along one dimension, the extreme of them along the other.
  const [along, across] = Math.abs(order) === 1 ? dims : [dims[1], dims[0]];
  const sums = vectorNormOf(op, x, 1, along, keep, undefined);
  return extreme(sums, order > 0, !keep && across > along ? across - 1 : across, keep);
}

/** A norm of matrices (https://pytorch.org/docs/stable/generated/torch.linalg.matrix_norm.html). */
export function matrixNorm(x: Tensor, options?: NormOptions<MatrixOrder>): Tensor;
export function matrixNorm(
  x: Tensor,
  ord: MatrixOrder,
  dim?: readonly [number, number],
  keepdim?: boolean,
  options?: { dtype?: DType },
): Tensor;
export function matrixNorm(
  x: Tensor,
  ord: MatrixOrder,
  options: Omit<NormOptions<MatrixOrder>, 'ord'>,
): Tensor;
export function matrixNorm(
  x: Tensor,
  ord: MatrixOrder,
  dim: readonly [number, number],
  options: { keepdim?: boolean; dtype?: DType },
): Tensor;
export function matrixNorm(x: Tensor, ...given: readonly unknown[]): Tensor {
  checkTensor('linalg.matrixNorm', x);
  const [ord = 'fro', dim = [-2, -1], keepdim, dtype] = bindArguments('linalg.matrixNorm', NAMES, given);
  return matrixNormOf('linalg.matrixNorm', x, ord, dim, keepdim, dtype);
}

/**
 * The norm of a vector or of a matrix, by the number of `dim`s or of dimensions; without `ord` the root of the sum of
 * squares (https://pytorch.org/docs/stable/generated/torch.linalg.norm.html).
 */
export function norm(x: Tensor, options?: NormOptions<MatrixOrder | null>): Tensor;
export function norm(
  x: Tensor,
  ord: MatrixOrder | null,
  dim?: Dims,
  keepdim?: boolean,
  options?: { dtype?: DType },
): Tensor;
export function norm(
  x: Tensor,
  ord: MatrixOrder | null,
  options: Omit<NormOptions<MatrixOrder>, 'ord'>,
): Tensor;
export function norm(
  x: Tensor,
  ord: MatrixOrder | null,
  dim: Dims,
  options: { keepdim?: boolean; dtype?: DType },
): Tensor;
export function norm(x: Tensor, ...given: readonly unknown[]): Tensor {
  const op = 'linalg.norm';
  checkTensor(op, x);
  const [ord, dim, keepdim, dtype] = bindArguments(op, NAMES, given);
  const absent = dim === undefined || dim === null;
  const rank = x.shape.length;
  const count = absent ? rank : Array.isArray(dim) ? dim.length : 1;
  if (!absent && count !== 1 && count !== 2)
    throw new ArgumentError(`${op}: expected one or two dims, got ${count}`);
  if (ord === undefined || ord === null) return vectorNormOf(op, x, 2, dim, keepdim, dtype);
  if (absent && rank !== 1 && rank !== 2)
    throw new ShapeError(
      `${op}: with ord, but without dim, expected 1 or 2 dimensions, got shape ${showShape(x.shape)}`,
    );
  if (typeof ord === 'string' || count === 2)
    return matrixNormOf(op, x, ord, absent ? [0, 1] : dim, keepdim, dtype);
  return vectorNormOf(op, x, ord, dim, keepdim, dtype);
}
