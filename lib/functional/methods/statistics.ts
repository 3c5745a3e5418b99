/** Norms, statistics and products as methods of Tensor. */
import type { DType } from '../../dtype';
import * as sums from '../add-product';
import { aminmax, type MinAndMax } from '../aminmax';
import { attach, attachBinary, attachUnary } from '../attach';
import { corrcoef, cov, type CovOptions } from '../covariance';
import { cross } from '../cross';
import { diff, type DiffOptions } from '../difference';
import { dist } from '../distance';
import { logsumexp } from '../logsumexp';
import type { AddmmOptions } from '../matmul';
import { nanmean, nansum } from '../nan-reduce';
import { norm, type NormOptions, type NormOrder } from '../norm';
import { inner, kron, outer, vdot } from '../outer';
import type { Dims, TypedReduceOptions } from '../reduce';
import { trace } from '../trace';
import { stdMean, varMean, type VarianceOptions } from '../variance';

declare module '../../tensor' {
  interface Tensor {
    /** The p-norm (2) of all elements, or of those along `dim`. */
    norm(p?: NormOrder, dim?: Dims, keepdim?: boolean, dtype?: DType): Tensor;
    norm(p: NormOrder, dim: Dims, options: Omit<NormOptions, 'p' | 'dim'>): Tensor;
    norm(p: NormOrder, options: Omit<NormOptions, 'p'>): Tensor;
    norm(options: NormOptions): Tensor;
    /** log Σ exp(x) over `dim`. */
    logsumexp(dim: number | readonly number[], keepdim?: boolean): Tensor;
    logsumexp(dim: number | readonly number[], options: { keepdim?: boolean }): Tensor;
    logsumexp(options: { dim: number | readonly number[]; keepdim?: boolean }): Tensor;
    /** The variance and the mean. */
    varMean(dim?: Dims, options?: Omit<VarianceOptions, 'dim'>): readonly [Tensor, Tensor];
    varMean(dim: Dims, unbiased: boolean, keepdim?: boolean): readonly [Tensor, Tensor];
    varMean(unbiased: boolean): readonly [Tensor, Tensor];
    varMean(options: VarianceOptions): readonly [Tensor, Tensor];
    /** The standard deviation and the mean. */
    stdMean(dim?: Dims, options?: Omit<VarianceOptions, 'dim'>): readonly [Tensor, Tensor];
    stdMean(dim: Dims, unbiased: boolean, keepdim?: boolean): readonly [Tensor, Tensor];
    stdMean(unbiased: boolean): readonly [Tensor, Tensor];
    stdMean(options: VarianceOptions): readonly [Tensor, Tensor];
    /** The sum, with NaN as 0. */
    nansum(dim?: Dims, keepdim?: boolean, options?: { dtype?: DType }): Tensor;
    nansum(dim: Dims, options: TypedReduceOptions): Tensor;
    nansum(options: TypedReduceOptions): Tensor;
    /** The mean of what is not NaN. */
    nanmean(dim?: Dims, keepdim?: boolean, options?: { dtype?: DType }): Tensor;
    nanmean(dim: Dims, options: TypedReduceOptions): Tensor;
    nanmean(options: TypedReduceOptions): Tensor;
    /** The smallest and the largest. */
    aminmax(options?: { dim?: number | null; keepdim?: boolean }): MinAndMax;
    /** Differences of neighbours. */
    diff(n?: number, dim?: number, prepend?: Tensor, append?: Tensor): Tensor;
    diff(n: number, options: Omit<DiffOptions, 'n'>): Tensor;
    diff(n: number, dim: number, options: Omit<DiffOptions, 'n' | 'dim'>): Tensor;
    diff(options: DiffOptions): Tensor;
    /** The p-norm (2) of the difference. */
    dist(other: Tensor, p?: number): Tensor;
    dist(other: Tensor, options: { p?: number }): Tensor;
    dist(options: { other: Tensor; p?: number }): Tensor;
    /** The covariance matrix of the rows. */
    cov(options?: CovOptions): Tensor;
    /** The correlation coefficients of the rows. */
    corrcoef(): Tensor;
    /** The vector product along `dim`. */
    cross(other: Tensor, dim?: number | null): Tensor;
    cross(other: Tensor, options: { dim?: number | null }): Tensor;
    cross(options: { other: Tensor; dim?: number | null }): Tensor;
    /** The sum of the diagonal. */
    trace(): Tensor;
    /** The products of each element with each of another vector. */
    outer(vec2: Tensor): Tensor;
    ger(vec2: Tensor): Tensor;
    /** Sums of products over the last dimensions. */
    inner(other: Tensor): Tensor;
    /** Kronecker's product. */
    kron(other: Tensor): Tensor;
    vdot(other: Tensor): Tensor;
    addmm_(a: Tensor, b: Tensor, options?: AddmmOptions): this;
    /** beta x + alpha a @ b, of a matrix and a vector. */
    addmv(a: Tensor, b: Tensor, options?: AddmmOptions): Tensor;
    addmv_(a: Tensor, b: Tensor, options?: AddmmOptions): this;
    /** beta x + alpha Σ a @ b, of two batches of matrices. */
    addbmm(a: Tensor, b: Tensor, options?: AddmmOptions): Tensor;
    addbmm_(a: Tensor, b: Tensor, options?: AddmmOptions): this;
    /** beta x + alpha a @ b, of two batches of matrices. */
    baddbmm(a: Tensor, b: Tensor, options?: AddmmOptions): Tensor;
    baddbmm_(a: Tensor, b: Tensor, options?: AddmmOptions): this;
    /** beta x + alpha times the outer product of two vectors. */
    addr(a: Tensor, b: Tensor, options?: AddmmOptions): Tensor;
    addr_(a: Tensor, b: Tensor, options?: AddmmOptions): this;
  }
}

attachUnary({ corrcoef, trace });
attachBinary({ outer, ger: outer, inner, kron, vdot });
attach({ ...sums });
attach({
  norm,
  logsumexp,
  varMean,
  stdMean,
  nansum,
  nanmean,
  aminmax,
  diff,
  dist,
  cov,
  cross,
});
