/** `norm` with the arguments that it has in PyTorch. */
import { dtypeCode, type DType } from '../dtype';
import { ArgumentError, describe } from '../errors';
import { wrapDims } from '../shape';
import { type Tensor, checkTensor } from '../tensor';
import { bindArguments, booleanArgument } from './arguments';
import { matrixNormOf } from './linalg/norms';
import type { Dims } from './reduce';
import { vectorNorm } from './vector-norm';

/** 'fro': the square root of the sum of squares; 'nuc': the sum of a matrix's singular values. */
export type NormOrder = number | 'fro' | 'nuc' | null;

export interface NormOptions {
  p?: NormOrder;
  dim?: Dims;
  keepdim?: boolean;
  dtype?: DType;
}

function orderOf(op: string, p: unknown): number {
  if (p === undefined || p === null || p === 'fro') return 2;
  if (typeof p === 'number' && !Number.isNaN(p)) return p;
  throw new ArgumentError(`${op}: expected p to be a number, 'fro' or 'nuc', got ${describe(p)}`);
}

/**
 * The p-norm over all dimensions or over `dim`, taken as one vector: (Σ |x|^p)^(1/p), for Infinity the largest and for
 * -Infinity the smallest magnitude, for 0 the number of elements that are not 0
 * (https://pytorch.org/docs/stable/generated/torch.norm.html).
 */
export function norm(x: Tensor, p?: NormOrder, dim?: Dims, keepdim?: boolean, dtype?: DType): Tensor;
export function norm(x: Tensor, p: NormOrder, dim: Dims, options: Omit<NormOptions, 'p' | 'dim'>): Tensor;
export function norm(x: Tensor, p: NormOrder, options: Omit<NormOptions, 'p'>): Tensor;
export function norm(x: Tensor, options: NormOptions): Tensor;
export function norm(x: Tensor, ...given: readonly unknown[]): Tensor {
  checkTensor('norm', x);
  const [p, dim, keepdim, dtype] = bindArguments('norm', ['p', 'dim', 'keepdim', 'dtype'], given);
  if (p === 'nuc') {
    const dims = dim ?? x.shape.map((_, i) => i);
    return matrixNormOf('norm', x, p, dims, keepdim, dtype);
  }
  const order = orderOf('norm', p);
  const dims = wrapDims('norm', dim, x.shape.length);
  if (p === 'fro' && Array.isArray(dim) && dim.length > 2)
    throw new ArgumentError(`norm: expected at most 2 dims for p 'fro', got ${dim.length}`);
  const code = dtype === undefined || dtype === null ? null : dtypeCode('norm', dtype);
  return vectorNorm('norm', x, order, dims, booleanArgument('norm', 'keepdim', keepdim, false), code);
}
