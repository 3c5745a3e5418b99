/** Views, repetition, gathering and scattering as methods of Tensor. */
import type { Tensor } from '../../tensor';
import { attach, attachUnary } from '../attach';
import * as diagonals from '../diagonal';
import * as filling from '../index-fill';
import * as flipping from '../flip';
import * as masking from '../masked';
import * as putting from '../index-put';
import * as reducing from '../scatter-reduce';
import * as regions from '../region-scatter';
import * as repeating from '../repeat';
import * as scattering from '../scatter';
import * as splitting from '../splits';
import * as striding from '../strided';
import * as taking from '../take';
import * as triangles from '../triangle';
import * as inPlace from '../view-in-place';
import type { Operand } from '../kinds';

type Dims = readonly (number | readonly number[])[];
type Value = number | boolean | bigint;
type Split = number | readonly number[];
type Reduction = reducing.ScatterReduction;
type IndexReduction = Exclude<Reduction, 'sum'>;
type Into = reducing.ReduceIntoOptions;

interface Accumulate {
  accumulate?: boolean;
}
interface Positions {
  offset?: number;
  dim1?: number;
  dim2?: number;
}

declare module '../../tensor' {
  interface Tensor {
    // other sizes and strides on the same memory
    squeeze_(dim?: number | readonly number[]): this;
    squeeze_(options: { dim?: number | readonly number[] }): this;
    unsqueeze_(dim: number): this;
    unsqueeze_(options: { dim: number }): this;
    transpose_(dim0: number, dim1: number): this;
    swapaxes_(axis0: number, axis1: number): this;
    swapdims_(dim0: number, dim1: number): this;
    t_(): this;
    /** A view of the storage by sizes, strides and an offset in elements. */
    asStrided(size: readonly number[], stride: readonly number[], storageOffset?: number | null): Tensor;
    asStrided(options: {
      size: readonly number[];
      stride: readonly number[];
      storageOffset?: number | null;
    }): Tensor;
    /** All windows of `size` elements along a dimension, `step` apart. */
    unfold(dimension: number, size: number, step: number): Tensor;
    unfold(options: { dimension: number; size: number; step: number }): Tensor;
    diagonal(offset?: number, dim1?: number, dim2?: number): Tensor;
    diagonal(options: Positions): Tensor;
    diagonal(offset: number, options: Positions): Tensor;
    tensorSplit(indicesOrSections: splitting.Sections, dim?: number): Tensor[];
    tensorSplit(indicesOrSections: splitting.Sections, options: { dim?: number }): Tensor[];
    hsplit(indicesOrSections: Split): Tensor[];
    vsplit(indicesOrSections: Split): Tensor[];
    dsplit(indicesOrSections: Split): Tensor[];

    // repetition and order
    repeat(...repeats: Dims | [{ repeats: readonly number[] }]): Tensor;
    tile(...dims: Dims | [{ dims: readonly number[] }]): Tensor;
    repeatInterleave(repeats: number | Tensor, dim?: number | null): Tensor;
    repeatInterleave(repeats: number | Tensor, options: repeating.RepeatInterleaveOptions): Tensor;
    repeatInterleave(
      repeats: number | Tensor,
      dim: number | null,
      options: { outputSize?: number | null },
    ): Tensor;
    flip(...dims: Dims | [{ dims: readonly number[] }]): Tensor;
    fliplr(): Tensor;
    flipud(): Tensor;
    roll(shifts: number | readonly number[], dims?: number | readonly number[] | null): Tensor;
    roll(shifts: number | readonly number[], options: { dims?: number | readonly number[] | null }): Tensor;
    roll(options: { shifts: number | readonly number[]; dims?: number | readonly number[] | null }): Tensor;
    rot90(k?: number, dims?: readonly number[]): Tensor;
    rot90(k: number, options: { dims?: readonly number[] }): Tensor;
    rot90(options: { k?: number; dims?: readonly number[] }): Tensor;

    // diagonals and triangles
    diag(diagonal?: number): Tensor;
    diag(options: { diagonal?: number }): Tensor;
    diagEmbed(offset?: number, dim1?: number, dim2?: number): Tensor;
    diagEmbed(options: Positions): Tensor;
    diagEmbed(offset: number, options: Positions): Tensor;
    diagflat(offset?: number): Tensor;
    diagflat(options: { offset?: number }): Tensor;
    fillDiagonal_(fillValue: Operand, wrap?: boolean): this;
    fillDiagonal_(fillValue: Operand, options: { wrap?: boolean }): this;
    tril_(diagonal?: number): this;
    tril_(options: { diagonal?: number }): this;
    triu_(diagonal?: number): this;
    triu_(options: { diagonal?: number }): this;

    // a part replaced
    sliceScatter(
      src: Tensor,
      dim?: number,
      start?: number | null,
      end?: number | null,
      step?: number,
    ): Tensor;
    sliceScatter(src: Tensor, options: regions.SliceScatterOptions): Tensor;
    sliceScatter(src: Tensor, dim: number, options: regions.SliceScatterOptions): Tensor;
    selectScatter(src: Tensor, dim: number, index: number): Tensor;
    selectScatter(src: Tensor, options: { dim: number; index: number }): Tensor;
    diagonalScatter(src: Tensor, offset?: number, dim1?: number, dim2?: number): Tensor;
    diagonalScatter(src: Tensor, options: regions.DiagonalOptions): Tensor;

    // by indices along a dimension
    gather(dim: number, index: Tensor, options?: { sparseGrad?: boolean }): Tensor;
    gather(options: scattering.GatherOptions): Tensor;
    scatter(dim: number, index: Tensor, src: Tensor | Value, options?: scattering.ScatterOptions): Tensor;
    scatter(options: scattering.NamedScatter): Tensor;
    scatter(dim: number, index: Tensor, options: Partial<scattering.NamedScatter>): Tensor;
    scatter_(dim: number, index: Tensor, src: Tensor | Value, options?: scattering.ScatterOptions): this;
    scatter_(options: scattering.NamedScatter): this;
    scatter_(dim: number, index: Tensor, options: Partial<scattering.NamedScatter>): this;
    scatterAdd(dim: number, index: Tensor, src: Tensor): Tensor;
    scatterAdd(options: scattering.NamedScatterAdd): Tensor;
    scatterAdd_(dim: number, index: Tensor, src: Tensor): this;
    scatterAdd_(options: scattering.NamedScatterAdd): this;
    scatterReduce(dim: number, index: Tensor, src: Tensor, reduce: Reduction, options?: Into): Tensor;
    scatterReduce(options: reducing.NamedScatterReduce): Tensor;
    scatterReduce(dim: number, index: Tensor, src: Tensor, options: Into & { reduce: Reduction }): Tensor;
    scatterReduce_(dim: number, index: Tensor, src: Tensor, reduce: Reduction, options?: Into): this;
    scatterReduce_(options: reducing.NamedScatterReduce): this;
    scatterReduce_(dim: number, index: Tensor, src: Tensor, options: Into & { reduce: Reduction }): this;
    indexReduce(dim: number, index: Tensor, source: Tensor, reduce: IndexReduction, options?: Into): Tensor;
    indexReduce(options: reducing.NamedIndexReduce): Tensor;
    indexReduce_(dim: number, index: Tensor, source: Tensor, reduce: IndexReduction, options?: Into): this;
    indexReduce_(options: reducing.NamedIndexReduce): this;
    indexCopy(dim: number, index: Tensor, source: Tensor): Tensor;
    indexCopy(options: filling.NamedIndexCopy): Tensor;
    indexCopy_(dim: number, index: Tensor, source: Tensor): this;
    indexCopy_(options: filling.NamedIndexCopy): this;
    indexFill(dim: number, index: Tensor, value: Operand): Tensor;
    indexFill(options: filling.NamedIndexFill): Tensor;
    indexFill_(dim: number, index: Tensor, value: Operand): this;
    indexFill_(options: filling.NamedIndexFill): this;
    takeAlongDim(indices: Tensor, dim?: number | null): Tensor;
    takeAlongDim(indices: Tensor, options: { dim?: number | null }): Tensor;

    // by indices of elements, and by masks
    indexPut(indices: readonly Tensor[], values: Tensor, accumulate?: boolean): Tensor;
    indexPut(indices: readonly Tensor[], values: Tensor, options: Accumulate): Tensor;
    indexPut(options: putting.NamedIndexPut): Tensor;
    indexPut_(indices: readonly Tensor[], values: Tensor, accumulate?: boolean): this;
    indexPut_(indices: readonly Tensor[], values: Tensor, options: Accumulate): this;
    indexPut_(options: putting.NamedIndexPut): this;
    take(index: Tensor): Tensor;
    take(options: { index: Tensor }): Tensor;
    put(index: Tensor, source: Tensor, accumulate?: boolean): Tensor;
    put(index: Tensor, source: Tensor, options: Accumulate): Tensor;
    put(options: taking.NamedPut): Tensor;
    put_(index: Tensor, source: Tensor, accumulate?: boolean): this;
    put_(index: Tensor, source: Tensor, options: Accumulate): this;
    put_(options: taking.NamedPut): this;
    maskedSelect(mask: Tensor): Tensor;
    maskedSelect(options: { mask: Tensor }): Tensor;
    maskedScatter(mask: Tensor, source: Tensor): Tensor;
    maskedScatter(options: masking.NamedMaskedScatter): Tensor;
    maskedScatter_(mask: Tensor, source: Tensor): this;
    maskedScatter_(options: masking.NamedMaskedScatter): this;
  }
}

attachUnary({ t_: inPlace.t_, fliplr: flipping.fliplr, flipud: flipping.flipud });

attach({
  squeeze_: inPlace.squeeze_,
  unsqueeze_: inPlace.unsqueeze_,
  transpose_: inPlace.transpose_,
  swapaxes_: inPlace.transpose_,
  swapdims_: inPlace.transpose_,
  asStrided: striding.asStrided,
  unfold: striding.unfold,
  diagonal: diagonals.diagonal,
  tensorSplit: splitting.tensorSplit,
  hsplit: splitting.hsplit,
  vsplit: splitting.vsplit,
  dsplit: splitting.dsplit,
  repeat: repeating.repeat,
  tile: repeating.tile,
  // Of a tensor alone, the function gives something else.
  repeatInterleave: (x: Tensor, ...given: never[]) => repeating.repeatInterleaveOf(x, given),
  flip: flipping.flip,
  roll: flipping.roll,
  rot90: flipping.rot90,
  diag: diagonals.diag,
  diagEmbed: diagonals.diagEmbed,
  diagflat: diagonals.diagflat,
  fillDiagonal_: diagonals.fillDiagonal_,
  tril_: triangles.tril_,
  triu_: triangles.triu_,
  sliceScatter: regions.sliceScatter,
  selectScatter: regions.selectScatter,
  diagonalScatter: regions.diagonalScatter,
  gather: scattering.gather,
  scatter: scattering.scatter,
  scatter_: scattering.scatter_,
  scatterAdd: scattering.scatterAdd,
  scatterAdd_: scattering.scatterAdd_,
  scatterReduce: reducing.scatterReduce,
  scatterReduce_: reducing.scatterReduce_,
  indexReduce: reducing.indexReduce,
  indexReduce_: reducing.indexReduce_,
  indexCopy: filling.indexCopy,
  indexCopy_: filling.indexCopy_,
  indexFill: filling.indexFill,
  indexFill_: filling.indexFill_,
  takeAlongDim: taking.takeAlongDim,
  indexPut: putting.indexPut,
  indexPut_: putting.indexPut_,
  take: taking.take,
  put: taking.put,
  put_: taking.put_,
  maskedSelect: masking.maskedSelect,
  maskedScatter: masking.maskedScatter,
  maskedScatter_: masking.maskedScatter_,
});
