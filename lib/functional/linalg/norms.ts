/** Norms of vectors and of matrices. */
import { dtypeCode, type DType } from '../../dtype';
import { ArgumentError, ShapeError, describe } from '../../errors';
import { reducedShape, showShape, wrapDim, wrapDims } from '../../shape';
import { checkTensor, type Tensor } from '../../tensor';
import { bindArguments, booleanArgument } from '../arguments';
import { fullOf } from '../kernel';
import { amax, amin, sum, type Dims } from '../reduce';
import { asDtype, vectorNorm as normOver } from '../vector-norm';
import { movedim, unsqueeze } from '../view';
import { checkFloating } from './matrices';
import { valuesOf } from './svd';

function codeOf(op: string, dtype: unknown): number | null {
  return dtype === undefined || dtype === null ? null : dtypeCode(op, dtype);
}

function orderArgument(op: string, order: unknown): number {
  if (typeof order !== 'number')
    throw new ArgumentError(`${op}: expected ord to be a number, got ${describe(order)}`);
  return order;
}

function vectorNormOf(
  op: string,
  x: Tensor,
  order: unknown,
  dim: unknown,
  keepdim: unknown,
  dtype: unknown,
): Tensor {
  const dims = wrapDims(op, dim, x.shape.length);
  const keep = booleanArgument(op, 'keepdim', keepdim, false);
  return normOver(op, x, orderArgument(op, order), dims, keep, codeOf(op, dtype));
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

/** @internal `matrixNorm` for another op. */
export function matrixNormOf(
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
  const x = asDtype(op, given, codeOf(op, dtype));
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
