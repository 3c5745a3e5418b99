/** Methods that scan, order, count and search. */
import type { DType } from '../../dtype';
import { attach, attachUnary } from '../attach';
import { bincount, histc, type BincountOptions, type HistcOptions } from '../histogram';
import { argwhere, countNonzero, nonzero } from '../nonzero';
import { kthvalue, median, mode, nanmedian } from '../order';
import { nanquantile, quantile, type QuantileOptions } from '../quantile';
import type { Dims, ValuesAndIndices } from '../reduce';
import { renorm, renorm_ } from '../renorm';
import { cummax, cummin, cumprod, cumprod_, cumsum, cumsum_, logcumsumexp, type ScanOptions } from '../scan';
import { argsort, msort, sort, topk, type SortOptions, type TopkOptions } from '../sort';
import {
  unique,
  uniqueConsecutive,
  type ConsecutiveOptions,
  type Tuple,
  type UniqueOptions,
} from '../unique';

interface Keepdim {
  keepdim?: boolean;
}
interface Renorm {
  p: number;
  dim: number;
  maxnorm: number;
}

declare module '../../tensor' {
  interface Tensor {
    /** The running sum along a dimension; of integers as int64. */
    cumsum(dim: number, options?: ScanOptions): Tensor;
    cumsum(options: ScanOptions & { dim: number }): Tensor;
    cumsum_(dim: number, options?: { dtype?: DType }): this;
    cumsum_(options: ScanOptions & { dim: number }): this;
    /** The running product along a dimension; of integers as int64. */
    cumprod(dim: number, options?: ScanOptions): Tensor;
    cumprod(options: ScanOptions & { dim: number }): Tensor;
    cumprod_(dim: number, options?: ScanOptions): this;
    cumprod_(options: ScanOptions & { dim: number }): this;
    /** The logarithm of the running sum of exponentials. */
    logcumsumexp(dim: number | { dim: number }): Tensor;
    /** The largest so far along a dimension, and where it is. */
    cummax(dim: number | { dim: number }): ValuesAndIndices;
    cummin(dim: number | { dim: number }): ValuesAndIndices;

    /** The elements in order along `dim` (the last one), and where they were. */
    sort(dim?: number, descending?: boolean, stable?: boolean): ValuesAndIndices;
    sort(dim: number, options: SortOptions): ValuesAndIndices;
    sort(options: SortOptions): ValuesAndIndices;
    /** The elements in order along the first dimension. */
    msort(): Tensor;
    argsort(dim?: number, descending?: boolean, stable?: boolean): Tensor;
    argsort(dim: number, options: SortOptions): Tensor;
    argsort(options: SortOptions): Tensor;
    /** The k largest (or smallest) elements along `dim` (the last one), and where they are. */
    topk(k: number, dim?: number, largest?: boolean, sorted?: boolean): ValuesAndIndices;
    topk(k: number, options: TopkOptions): ValuesAndIndices;
    topk(k: number, dim: number, options: TopkOptions): ValuesAndIndices;
    topk(options: TopkOptions & { k: number }): ValuesAndIndices;
    /** The k-th smallest element (from 1) along `dim` (the last one), and where it is. */
    kthvalue(k: number, dim?: number, keepdim?: boolean): ValuesAndIndices;
    kthvalue(k: number, options: { dim?: number; keepdim?: boolean }): ValuesAndIndices;
    kthvalue(k: number, dim: number, options: Keepdim): ValuesAndIndices;
    kthvalue(options: { k: number; dim?: number; keepdim?: boolean }): ValuesAndIndices;
    /** The lower median, of all or along `dim`; NaN if there is one. */
    median(): Tensor;
    median(dim: number, keepdim?: boolean): ValuesAndIndices;
    median(dim: number, options: Keepdim): ValuesAndIndices;
    median(options: { dim: number; keepdim?: boolean }): ValuesAndIndices;
    /** `median` of what is not NaN. */
    nanmedian(): Tensor;
    nanmedian(dim: number, keepdim?: boolean): ValuesAndIndices;
    nanmedian(dim: number, options: Keepdim): ValuesAndIndices;
    nanmedian(options: { dim: number; keepdim?: boolean }): ValuesAndIndices;
    /** The most frequent element along `dim` (the last one). */
    mode(dim?: number, keepdim?: boolean): ValuesAndIndices;
    mode(dim: number, options: Keepdim): ValuesAndIndices;
    mode(options: { dim?: number; keepdim?: boolean }): ValuesAndIndices;
    /** Quantiles of all elements or along `dim`. */
    quantile(q: number | Tensor, dim?: number | null, keepdim?: boolean, options?: QuantileOptions): Tensor;
    quantile(q: number | Tensor, dim: number | null, options: QuantileOptions): Tensor;
    quantile(q: number | Tensor, options: QuantileOptions): Tensor;
    quantile(options: QuantileOptions & { q: number | Tensor }): Tensor;
    /** `quantile` of what is not NaN. */
    nanquantile(
      q: number | Tensor,
      dim?: number | null,
      keepdim?: boolean,
      options?: QuantileOptions,
    ): Tensor;
    nanquantile(q: number | Tensor, dim: number | null, options: QuantileOptions): Tensor;
    nanquantile(q: number | Tensor, options: QuantileOptions): Tensor;
    nanquantile(options: QuantileOptions & { q: number | Tensor }): Tensor;

    /** The different elements, or slices along `dim`, in order. */
    unique<Inverse extends boolean = false, Counts extends boolean = false>(
      sorted?: boolean,
      returnInverse?: Inverse,
      returnCounts?: Counts,
      dim?: number | null,
    ): Tuple<Inverse, Counts>;
    unique<Inverse extends boolean = false, Counts extends boolean = false>(
      options: UniqueOptions<Inverse, Counts>,
    ): Tuple<Inverse, Counts>;
    /** The elements, or slices along `dim`, without those that equal the one before. */
    uniqueConsecutive<Inverse extends boolean = false, Counts extends boolean = false>(
      returnInverse?: Inverse,
      returnCounts?: Counts,
      dim?: number | null,
    ): Tuple<Inverse, Counts>;
    uniqueConsecutive<Inverse extends boolean = false, Counts extends boolean = false>(
      options: ConsecutiveOptions<Inverse, Counts>,
    ): Tuple<Inverse, Counts>;

    /** The indices of the elements that are not zero, a row each. */
    nonzero(): Tensor;
    nonzero(options: { asTuple: true }): Tensor[];
    nonzero(options: { asTuple?: boolean }): Tensor | Tensor[];
    argwhere(): Tensor;
    countNonzero(dim?: Dims): Tensor;
    countNonzero(options: { dim?: Dims }): Tensor;
    /** How many elements are in each of `bins` (100) bins of one width. */
    histc(bins?: number, min?: number, max?: number): Tensor;
    histc(options: HistcOptions): Tensor;
    histc(bins: number, options: HistcOptions): Tensor;
    /** How often each whole number from 0 on is there, or the sum of the weights where it is. */
    bincount(weights?: Tensor | null, minlength?: number): Tensor;
    bincount(options: BincountOptions): Tensor;
    bincount(weights: Tensor | null, options: { minlength?: number }): Tensor;
    /** Each slice of `dim` whose p-norm exceeds `maxnorm` scaled down to that. */
    renorm(p: number, dim: number, maxnorm: number): Tensor;
    renorm(options: Renorm): Tensor;
    renorm_(p: number, dim: number, maxnorm: number): this;
    renorm_(options: Renorm): this;
  }
}

attachUnary({ msort, argwhere });
attach({
  cumsum,
  cumsum_,
  cumprod,
  cumprod_,
  logcumsumexp,
  cummax,
  cummin,
  sort,
  argsort,
  topk,
  kthvalue,
  median,
  nanmedian,
  mode,
  quantile,
  nanquantile,
  unique,
  uniqueConsecutive,
  nonzero,
  countNonzero,
  histc,
  bincount,
  renorm,
  renorm_,
});
