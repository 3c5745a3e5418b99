/** The operations as methods of Tensor. */
import { provideArithmetic } from '../autograd/arithmetic';
import { requiresGrad } from '../autograd/node';
import { checkOverlap } from '../autograd/view';
import { Op } from '../backend/ops.generated';
import { COMPUTE, DTYPES, dtypeCode, type DType, type TensorTypedArray } from '../dtype';
import { CPU, cudaIndex, type DeviceLike } from '../device';
import { DTypeError, IndexError, ShapeError } from '../errors';
import { sameShape, wrapDim } from '../shape';
import { inspected } from '../print';
import { type Tensor, bumpVersion, checkTensor, stridesOf } from '../tensor';
import * as activation from './softmax';
import { itemAsync, tolistAsync, toTypedArrayAsync, type AsyncReadOptions } from './async-readers';
import * as arithmetic from './arithmetic';
import { bindArguments, checkOptions, named, splitOptions } from './arguments';
import { attach, attachBinary, attachUnary, define, defineGetter } from './attach';
import * as casting from './cast';
import * as clamping from './clamp';
import * as closeness from './closeness';
import * as compare from './compare';
import * as convert from './convert';
import * as copying from './copy';
import * as creation from './creation';
import * as joining from './join';
import * as indexing from './indexing';
import * as indexSelecting from './index-select';
import * as elementary from './elementary';
import { fill_, zero_ } from './fill';
import { fullOf, launchInto } from './kernel';
import type { Operand } from './kinds';
import * as products from './matmul';
import * as pointwise from './pointwise';
import * as random from './random';
import * as reduce from './reduce';
import * as rounding from './rounding';
import * as scaled from './scaled';
import * as triangle from './triangle';
import * as variances from './variance';
import * as views from './view';
import * as whereModule from './where';

type Shapes = readonly (number | readonly number[])[];
type Sizes = Shapes | [{ size: readonly number[] }];
type Bound = clamping.Bound;

interface Bounds {
  min?: Bound;
  max?: Bound;
}
interface Dim {
  dim?: number;
}
interface Keepdim {
  keepdim?: boolean;
}
interface Closeness {
  rtol?: number;
  atol?: number;
  equalNan?: boolean;
}
interface Source {
  generator?: random.Generator;
}

/** The functions of elementary.ts as methods. */
type Elementary = { readonly [name in keyof typeof elementary]: () => Tensor };

declare module '../tensor' {
  interface Tensor extends Iterable<Tensor>, Elementary {
    /** The transpose; of more than two dimensions all in reverse order. */
    readonly T: Tensor;
    /** The transpose of the last two dimensions. */
    readonly mT: Tensor;
    readonly isParameter: boolean;

    // arithmetic
    add(other: Operand, options?: scaled.Alpha): Tensor;
    add_(other: Operand, options?: scaled.Alpha): this;
    sub(other: Operand, options?: scaled.Alpha): Tensor;
    sub_(other: Operand, options?: scaled.Alpha): this;
    subtract(other: Operand, options?: scaled.Alpha): Tensor;
    subtract_(other: Operand, options?: scaled.Alpha): this;
    mul(other: Operand): Tensor;
    mul_(other: Operand): this;
    multiply(other: Operand): Tensor;
    multiply_(other: Operand): this;
    /** Division of numbers; `roundingMode` 'floor' or 'trunc' makes it one of whole numbers. */
    div(other: Operand, options?: pointwise.Rounding): Tensor;
    div_(other: Operand, options?: pointwise.Rounding): this;
    divide(other: Operand, options?: pointwise.Rounding): Tensor;
    divide_(other: Operand, options?: pointwise.Rounding): this;
    trueDivide(other: Operand): Tensor;
    trueDivide_(other: Operand): this;
    floorDivide(other: Operand): Tensor;
    floorDivide_(other: Operand): this;
    /** With the sign of the divisor, as Python's %. */
    remainder(other: Operand): Tensor;
    remainder_(other: Operand): this;
    pow(exponent: Operand): Tensor;
    pow_(exponent: Operand): this;
    maximum(other: Tensor): Tensor;
    minimum(other: Tensor): Tensor;
    bitwiseAnd(other: Operand): Tensor;
    bitwiseAnd_(other: Operand): this;
    bitwiseOr(other: Operand): Tensor;
    bitwiseOr_(other: Operand): this;
    bitwiseXor(other: Operand): Tensor;
    bitwiseXor_(other: Operand): this;
    bitwiseNot(): Tensor;
    bitwiseNot_(): this;

    // functions
    neg(): Tensor;
    neg_(): this;
    negative(): Tensor;
    negative_(): this;
    /** The tensor itself: a + before it. */
    positive(): Tensor;
    absolute(): Tensor;
    absolute_(): this;
    square(): Tensor;
    square_(): this;
    /** Halves to even; to so many decimals. */
    round(options?: { decimals?: number }): Tensor;
    round_(options?: { decimals?: number }): this;
    fix(): Tensor;
    fix_(): this;
    clamp(min?: Bound, max?: Bound): Tensor;
    clamp(options: Bounds): Tensor;
    clamp(min: Bound, options: Bounds): Tensor;
    clamp_(min?: Bound, max?: Bound): this;
    clamp_(options: Bounds): this;
    clip(min?: Bound, max?: Bound): Tensor;
    clip(options: Bounds): Tensor;
    clip_(min?: Bound, max?: Bound): this;
    clip_(options: Bounds): this;
    clampMin(min: Bound): Tensor;
    clampMin_(min: Bound): this;
    clampMax(max: Bound): Tensor;
    clampMax_(max: Bound): this;
    softmax(dim: number, options?: { dtype?: DType }): Tensor;
    logSoftmax(dim: number, options?: { dtype?: DType }): Tensor;

    // comparison
    eq(other: Operand): Tensor;
    eq_(other: Operand): this;
    ne(other: Operand): Tensor;
    ne_(other: Operand): this;
    notEqual(other: Operand): Tensor;
    notEqual_(other: Operand): this;
    lt(other: Operand): Tensor;
    lt_(other: Operand): this;
    less(other: Operand): Tensor;
    less_(other: Operand): this;
    le(other: Operand): Tensor;
    le_(other: Operand): this;
    lessEqual(other: Operand): Tensor;
    lessEqual_(other: Operand): this;
    gt(other: Operand): Tensor;
    gt_(other: Operand): this;
    greater(other: Operand): Tensor;
    greater_(other: Operand): this;
    ge(other: Operand): Tensor;
    ge_(other: Operand): this;
    greaterEqual(other: Operand): Tensor;
    greaterEqual_(other: Operand): this;
    logicalAnd(other: Tensor): Tensor;
    logicalAnd_(other: Tensor): this;
    logicalOr(other: Tensor): Tensor;
    logicalOr_(other: Tensor): this;
    logicalXor(other: Tensor): Tensor;
    logicalXor_(other: Tensor): this;
    logicalNot(): Tensor;
    logicalNot_(): this;
    isnan(): Tensor;
    isinf(): Tensor;
    isfinite(): Tensor;
    /** Whether shapes and all elements are equal. */
    equal(other: Tensor): boolean;
    /** |x - y| <= atol + rtol |y|, element by element. */
    isclose(other: Tensor, rtol?: number, atol?: number, equalNan?: boolean): Tensor;
    isclose(other: Tensor, options: Closeness): Tensor;
    /** Whether `isclose` holds everywhere. */
    allclose(other: Tensor, rtol?: number, atol?: number, equalNan?: boolean): boolean;
    allclose(other: Tensor, options: Closeness): boolean;
    /** Whether the one element is true (not zero). */
    isNonzero(): boolean;
    isSameSize(other: Tensor): boolean;

    // reductions
    sum(dim?: reduce.Dims, keepdim?: boolean, options?: { dtype?: DType }): Tensor;
    sum(dim: reduce.Dims, options: reduce.TypedReduceOptions): Tensor;
    sum(options: reduce.TypedReduceOptions): Tensor;
    mean(dim?: reduce.Dims, keepdim?: boolean, options?: { dtype?: DType }): Tensor;
    mean(dim: reduce.Dims, options: reduce.TypedReduceOptions): Tensor;
    mean(options: reduce.TypedReduceOptions): Tensor;
    prod(dim?: number, keepdim?: boolean, options?: { dtype?: DType }): Tensor;
    prod(dim: number, options: reduce.TypedReduceOptions): Tensor;
    prod(options: reduce.TypedReduceOptions): Tensor;
    amax(dim?: reduce.Dims, keepdim?: boolean): Tensor;
    amax(dim: reduce.Dims, options: Keepdim): Tensor;
    amax(options: reduce.ReduceOptions): Tensor;
    amin(dim?: reduce.Dims, keepdim?: boolean): Tensor;
    amin(dim: reduce.Dims, options: Keepdim): Tensor;
    amin(options: reduce.ReduceOptions): Tensor;
    max(): Tensor;
    max(other: Tensor): Tensor;
    max(options: { dim: number; keepdim?: boolean }): reduce.ValuesAndIndices;
    max(dim: number, keepdim?: boolean): reduce.ValuesAndIndices;
    max(dim: number, options: Keepdim): reduce.ValuesAndIndices;
    min(): Tensor;
    min(other: Tensor): Tensor;
    min(options: { dim: number; keepdim?: boolean }): reduce.ValuesAndIndices;
    min(dim: number, keepdim?: boolean): reduce.ValuesAndIndices;
    min(dim: number, options: Keepdim): reduce.ValuesAndIndices;
    argmax(dim?: number | null, keepdim?: boolean): Tensor;
    argmax(dim: number | null, options: Keepdim): Tensor;
    argmax(options: { dim?: number | null; keepdim?: boolean }): Tensor;
    argmin(dim?: number | null, keepdim?: boolean): Tensor;
    argmin(dim: number | null, options: Keepdim): Tensor;
    argmin(options: { dim?: number | null; keepdim?: boolean }): Tensor;
    all(dim?: reduce.Dims, keepdim?: boolean): Tensor;
    all(dim: reduce.Dims, options: Keepdim): Tensor;
    all(options: reduce.ReduceOptions): Tensor;
    any(dim?: reduce.Dims, keepdim?: boolean): Tensor;
    any(dim: reduce.Dims, options: Keepdim): Tensor;
    any(options: reduce.ReduceOptions): Tensor;
    /** The variance; `correction` (1) is subtracted from the number of elements. */
    var(dim?: reduce.Dims, options?: Omit<variances.VarianceOptions, 'dim'>): Tensor;
    var(dim: reduce.Dims, unbiased: boolean, keepdim?: boolean): Tensor;
    var(unbiased: boolean): Tensor;
    var(options: variances.VarianceOptions): Tensor;
    std(dim?: reduce.Dims, options?: Omit<variances.VarianceOptions, 'dim'>): Tensor;
    std(dim: reduce.Dims, unbiased: boolean, keepdim?: boolean): Tensor;
    std(unbiased: boolean): Tensor;
    std(options: variances.VarianceOptions): Tensor;

    // products
    matmul(other: Tensor): Tensor;
    mm(other: Tensor): Tensor;
    bmm(other: Tensor): Tensor;
    mv(other: Tensor): Tensor;
    dot(other: Tensor): Tensor;
    /** beta x + alpha a @ b. */
    addmm(a: Tensor, b: Tensor, options?: products.AddmmOptions): Tensor;

    // shapes
    view(...sizes: Sizes): Tensor;
    viewAs(other: Tensor): Tensor;
    reshape(...sizes: Shapes | [{ shape: readonly number[] }]): Tensor;
    reshapeAs(other: Tensor): Tensor;
    flatten(startDim?: number, endDim?: number): Tensor;
    flatten(options: { startDim?: number; endDim?: number }): Tensor;
    unflatten(dim: number, sizes: readonly number[]): Tensor;
    ravel(): Tensor;
    permute(...dims: Shapes | [{ dims: readonly number[] }]): Tensor;
    transpose(dim0: number, dim1: number): Tensor;
    swapaxes(axis0: number, axis1: number): Tensor;
    swapdims(dim0: number, dim1: number): Tensor;
    movedim(source: number | readonly number[], destination: number | readonly number[]): Tensor;
    moveaxis(source: number | readonly number[], destination: number | readonly number[]): Tensor;
    adjoint(): Tensor;
    t(): Tensor;
    squeeze(dim?: number | readonly number[]): Tensor;
    squeeze(options: { dim?: number | readonly number[] }): Tensor;
    unsqueeze(dim: number): Tensor;
    unsqueeze(options: { dim: number }): Tensor;
    expand(...sizes: Sizes): Tensor;
    expandAs(other: Tensor): Tensor;
    broadcastTo(size: readonly number[]): Tensor;
    narrow(dim: number, start: number, length: number): Tensor;
    select(dim: number, index: number): Tensor;
    split(splitSize: number | readonly number[], dim?: number): Tensor[];
    split(splitSize: number | readonly number[], options: Dim): Tensor[];
    splitWithSizes(splitSizes: readonly number[], dim?: number): Tensor[];
    splitWithSizes(splitSizes: readonly number[], options: Dim): Tensor[];
    chunk(chunks: number, dim?: number): Tensor[];
    chunk(chunks: number, options: Dim): Tensor[];
    unbind(dim?: number): Tensor[];
    unbind(options: Dim): Tensor[];
    tril(diagonal?: number): Tensor;
    tril(options: { diagonal?: number }): Tensor;
    triu(diagonal?: number): Tensor;
    triu(options: { diagonal?: number }): Tensor;
    /** All sizes, or that of one dimension. */
    size(): readonly number[];
    size(dim: number | Dim): number;
    /** All strides in elements, or that of one dimension. */
    stride(): readonly number[];
    stride(dim: number | Dim): number;
    nelement(): number;
    ndimension(): number;
    /** Bytes per element. */
    readonly itemsize: number;
    /** Bytes of all elements. */
    readonly nbytes: number;
    isSigned(): boolean;
    isComplex(): boolean;
    /** -1: the CPU. */
    getDevice(): number;

    // indexing
    /** One row: `x.at(-1)`. */
    at(index: number): Tensor;
    /** Python's x[…]: `x.index(0)`, `x.index('...', slice(1, 3))`, `x.index([0, 2])`. */
    index(...items: readonly indexing.IndexItem[]): Tensor;
    /** Python's x[…] = value. */
    setIndex(items: readonly indexing.IndexItem[] | indexing.IndexItem, value: Operand): this;
    indexSelect(dim: number, index: Tensor): Tensor;
    indexAdd(dim: number, index: Tensor, source: Tensor, options?: { alpha?: number }): Tensor;
    indexAdd(options: { dim: number; index: Tensor; source: Tensor; alpha?: number }): Tensor;
    indexAdd_(dim: number, index: Tensor, source: Tensor, options?: { alpha?: number }): this;
    indexAdd_(options: { dim: number; index: Tensor; source: Tensor; alpha?: number }): this;
    where(condition: Tensor, other: Operand): Tensor;
    /** `value` where the mask is true. */
    maskedFill(mask: Tensor, value: Operand): Tensor;
    maskedFill(options: { mask: Tensor; value: Operand }): Tensor;
    maskedFill_(mask: Tensor, value: Operand): this;
    maskedFill_(options: { mask: Tensor; value: Operand }): this;

    // copies and fills
    clone(): Tensor;
    contiguous(): Tensor;
    /** `nonBlocking` changes nothing here. */
    copy_(source: Operand, nonBlocking?: boolean | { nonBlocking?: boolean }): this;
    fill_(value: Operand): this;
    zero_(): this;
    uniform_(from?: number, to?: number, options?: Source): this;
    uniform_(options: Source & { from?: number; to?: number }): this;
    normal_(mean?: number, std?: number, options?: Source): this;
    normal_(options: Source & { mean?: number; std?: number }): this;
    random_(from: number, to: number, options?: Source): this;
    random_(to?: number, options?: Source): this;
    random_(options: Source & { from?: number; to?: number }): this;
    /** Like `tensor`, but of this one's dtype and on its device unless others are asked for; so are the others here. */
    newTensor(data: creation.TensorData, options?: creation.TensorOptions): Tensor;
    newFull(
      size: readonly number[],
      fillValue: number | boolean | bigint | Tensor,
      options?: creation.TensorOptions,
    ): Tensor;
    newZeros(...sizes: creation.SizesAndOptions): Tensor;
    newOnes(...sizes: creation.SizesAndOptions): Tensor;
    newEmpty(...sizes: creation.SizesAndOptions): Tensor;

    // conversion
    to(target: DType | DeviceLike | Tensor | convert.ToOptions, dtype?: DType | convert.ToOptions): Tensor;
    type(dtype: DType): Tensor;
    typeAs(other: Tensor): Tensor;
    float(): Tensor;
    double(): Tensor;
    half(): Tensor;
    bfloat16(): Tensor;
    int(): Tensor;
    long(): Tensor;
    short(): Tensor;
    char(): Tensor;
    byte(): Tensor;
    bool(): Tensor;
    cpu(): Tensor;
    /** This tensor on the current CUDA device, or the one named. */
    cuda(device?: DeviceLike | number): Tensor;
    item(): number;
    itemBigInt(): bigint;
    tolist<T = convert.NestedNumbers>(): T;
    toTypedArray(): TensorTypedArray;
    itemAsync(options?: AsyncReadOptions): Promise<number>;
    tolistAsync<T = convert.NestedNumbers>(options?: AsyncReadOptions): Promise<T>;
    toTypedArrayAsync(options?: AsyncReadOptions): Promise<TensorTypedArray>;
    numpy(): TensorTypedArray;
    toJSON(): unknown;
    toString(): string;
    /** `using t = zeros(3)` frees it at the end of the block. */
    [Symbol.dispose](): void;
  }
}

/** Unary functions with a twin in place. */
attachUnary({ ...elementary });

attachUnary({
  neg: arithmetic.neg,
  neg_: arithmetic.neg.inPlace,
  negative: arithmetic.neg,
  negative_: arithmetic.neg.inPlace,
  positive,
  absolute: elementary.abs,
  absolute_: elementary.abs_,
  square: pointwise.square,
  square_: pointwise.square.inPlace,
  fix: elementary.trunc,
  fix_: elementary.trunc_,
  bitwiseNot: pointwise.bitwiseNot,
  bitwiseNot_: pointwise.bitwiseNot.inPlace,
  logicalNot: compare.logicalNot,
  logicalNot_: compare.logicalNot.inPlace,
  isnan: compare.isnan,
  isinf: compare.isinf,
  isfinite: compare.isfinite,
  t: views.t,
  ravel: views.ravel,
  adjoint: views.adjoint,
  zero_,
  isNonzero,
  clone: copying.clone,
  contiguous: copying.contiguous,
  item: convert.item,
  itemBigInt: convert.itemBigInt,
  tolist: convert.tolist,
  toTypedArray: convert.toTypedArray,
  numpy: convert.toTypedArray,
});

/** Comparisons, with their second names. */
for (const [name, ...others] of [
  ['eq'],
  ['ne', 'notEqual'],
  ['lt', 'less'],
  ['le', 'lessEqual'],
  ['gt', 'greater'],
  ['ge', 'greaterEqual'],
  ['logicalAnd'],
  ['logicalOr'],
  ['logicalXor'],
] as const)
  for (const as of [name, ...others])
    attachBinary({ [as]: compare[name], [`${as}_`]: compare[name].inPlace });

attachBinary({
  mul: arithmetic.mul,
  mul_: arithmetic.mul.inPlace,
  multiply: arithmetic.mul,
  multiply_: arithmetic.mul.inPlace,
  trueDivide: arithmetic.div,
  trueDivide_: arithmetic.div.inPlace,
  floorDivide: pointwise.floorDivide,
  floorDivide_: pointwise.floorDivide.inPlace,
  remainder: pointwise.remainder,
  remainder_: pointwise.remainder.inPlace,
  pow: pointwise.pow,
  pow_: pointwise.pow_,
  maximum: pointwise.maximum,
  minimum: pointwise.minimum,
  bitwiseAnd: pointwise.bitwiseAnd,
  bitwiseAnd_: pointwise.bitwiseAnd.inPlace,
  bitwiseOr: pointwise.bitwiseOr,
  bitwiseOr_: pointwise.bitwiseOr.inPlace,
  bitwiseXor: pointwise.bitwiseXor,
  bitwiseXor_: pointwise.bitwiseXor.inPlace,
  matmul: products.matmul,
  mm: products.mm,
  bmm: products.bmm,
  mv: products.mv,
  dot: products.dot,
  equal: closeness.equal,
  isSameSize,
  viewAs: views.viewAsTensor,
  expandAs: views.expandAs,
  fill_,
  typeAs,
  reshapeAs: views.reshapeAs,
});

const copy = named<
  [source: Operand, nonBlocking?: boolean],
  { source: Operand; nonBlocking?: boolean },
  Tensor
>('copy_', ['source', 'nonBlocking'], (x, source) => copying.copy_(x, source));

attach({
  itemAsync,
  tolistAsync,
  toTypedArrayAsync,
  copy_: copy,
  toJSON: convert.toJSON,
  round: rounding.round,
  round_: rounding.round.inPlace,
  clamp: clamping.clamp,
  clamp_: clamping.clamp_,
  clip: clamping.clamp,
  clip_: clamping.clamp_,
  clampMin: clamping.clampMin,
  clampMin_: clamping.clampMin_,
  clampMax: clamping.clampMax,
  clampMax_: clamping.clampMax_,
  isclose: closeness.isclose,
  allclose: closeness.allclose,
  maskedFill: whereModule.maskedFill,
  maskedFill_: whereModule.maskedFill_,
  uniform_: random.uniform_,
  normal_: random.normal_,
  random_: random.random_,
  addmm: products.addmm,
  unflatten: views.unflatten,
  swapaxes: views.transpose,
  swapdims: views.transpose,
  movedim: views.movedim,
  moveaxis: views.movedim,
  splitWithSizes: views.splitWithSizes,
  newTensor: (x: Tensor, data: creation.TensorData, options?: creation.TensorOptions) => {
    checkOptions('newTensor', creation.TENSOR_OPTIONS, options);
    return creation.tensor(data, { dtype: x.dtype, device: x.device, ...options });
  },
  newFull: creator(creation.full),
  newZeros: creator(creation.zeros),
  newOnes: creator(creation.ones),
  newEmpty: creator(creation.empty),
  softmax: activation.softmax,
  logSoftmax: activation.logSoftmax,
  prod: reduce.prod,
  amax: reduce.amax,
  amin: reduce.amin,
  max: reduce.max,
  min: reduce.min,
  sum: reduce.sum,
  mean: reduce.mean,
  argmax: reduce.argmax,
  argmin: reduce.argmin,
  all: reduce.all,
  any: reduce.any,
  var: variances.variance,
  std: variances.std,
  view: views.view,
  reshape: views.reshape,
  flatten: views.flatten,
  permute: views.permute,
  transpose: views.transpose,
  squeeze: views.squeeze,
  unsqueeze: views.unsqueeze,
  expand: views.expand,
  broadcastTo: views.expand,
  narrow: views.narrow,
  select: views.select,
  split: views.split,
  chunk: views.chunk,
  unbind: views.unbind,
  tril: triangle.tril,
  triu: triangle.triu,
  index: indexing.index,
  setIndex: indexing.setIndex,
  indexSelect: indexSelecting.indexSelect,
  indexAdd: indexSelecting.indexAdd,
  indexAdd_: indexSelecting.indexAdd_,
  to: convert.to,
});

const METHODS = {
  add(this: Tensor, other: Operand, options?: scaled.Alpha): Tensor {
    return scaled.addWithAlpha(this, other, options);
  },
  add_(this: Tensor, other: Operand, options?: scaled.Alpha): Tensor {
    return scaled.addWithAlpha_(this, other, options);
  },
  sub(this: Tensor, other: Operand, options?: scaled.Alpha): Tensor {
    return scaled.subWithAlpha(this, other, options);
  },
  sub_(this: Tensor, other: Operand, options?: scaled.Alpha): Tensor {
    return scaled.subWithAlpha_(this, other, options);
  },
  div(this: Tensor, other: Operand, options?: pointwise.Rounding): Tensor {
    return pointwise.divRounded(this, other, options);
  },
  div_(this: Tensor, other: Operand, options?: pointwise.Rounding): Tensor {
    return pointwise.divRounded_(this, other, options);
  },
  at(this: Tensor, index: number): Tensor {
    return views.select(this, 0, index);
  },
  where(this: Tensor, condition: Tensor, other: Operand): Tensor {
    return whereModule.where(condition, this, other);
  },
  size(this: Tensor, ...dim: readonly (number | Dim)[]): readonly number[] | number {
    return sizeOf(this.shape, dim, 'size');
  },
  stride(this: Tensor, ...dim: readonly (number | Dim)[]): readonly number[] | number {
    return sizeOf(stridesOf(this), dim, 'stride');
  },
  type(this: Tensor, dtype: DType): Tensor {
    return casting.cast(this, dtypeCode('type', dtype));
  },
  nelement(this: Tensor): number {
    return this.count;
  },
  ndimension(this: Tensor): number {
    return this.shape.length;
  },
  isSigned(this: Tensor): boolean {
    return this.dtype !== 'uint8' && this.dtype !== 'bool';
  },
  isComplex(): boolean {
    return false;
  },
  getDevice(this: Tensor): number {
    return this.place - 1;
  },
  cpu(this: Tensor): Tensor {
    return casting.cast(this, this.code, CPU);
  },
  cuda(this: Tensor, device?: DeviceLike | number): Tensor {
    return casting.cast(this, this.code, cudaIndex('cuda', device) + 1);
  },
  toString(this: Tensor): string {
    return convert.toText(this, this.isParameter);
  },
  [convert.INSPECT](this: Tensor): unknown {
    return inspected(convert.toText(this, this.isParameter));
  },
  [Symbol.iterator](this: Tensor): Iterator<Tensor> {
    if (this.shape.length === 0)
      throw new ShapeError('iterator: a 0-d tensor has no dimension to iterate over; use item()');
    // Where there is nothing to record, one row at a time will do.
    return requiresGrad(this) ? views.unbind(this).values() : rows(this);
  },
};

function* rows(t: Tensor): Generator<Tensor> {
  for (let i = 0; i < t.shape[0]!; i++) yield views.select(t, 0, i);
}
for (const name of Reflect.ownKeys(METHODS)) define(name, Reflect.get(METHODS, name));
for (const [name, as] of [
  ['sub', 'subtract'],
  ['div', 'divide'],
] as const) {
  define(as, Reflect.get(METHODS, name));
  define(`${as}_`, Reflect.get(METHODS, `${name}_`));
}

for (const [name, dtype] of [
  ['float', 'float32'],
  ['double', 'float64'],
  ['half', 'float16'],
  ['bfloat16', 'bfloat16'],
  ['int', 'int32'],
  ['long', 'int64'],
  ['short', 'int16'],
  ['char', 'int8'],
  ['byte', 'uint8'],
  ['bool', 'bool'],
] as const) {
  const code = DTYPES.indexOf(dtype);
  attachUnary({ [name]: (x) => casting.cast(x, code) });
}

defineGetter('T', function () {
  return views.reversed(this);
});
defineGetter('mT', function () {
  return views.matrixTranspose('mT', this);
});
defineGetter('isParameter', () => false);
defineGetter('itemsize', function () {
  return this.elementSize();
});
defineGetter('nbytes', function () {
  return this.count * this.elementSize();
});

/** The tensor itself: a + before it. */
export function positive(x: Tensor): Tensor {
  checkTensor('positive', x);
  if (x.dtype === 'bool') throw new DTypeError('positive: not defined for bool');
  return x;
}

/** Whether the one element of a tensor is true (not zero). */
export function isNonzero(x: Tensor): boolean {
  return convert.item(x) !== 0;
}

export function isSameSize(x: Tensor, other: Tensor): boolean {
  checkTensor('isSameSize', x);
  checkTensor('isSameSize', other, 'other');
  return sameShape(x.shape, other.shape);
}

function typeAs(x: Tensor, other: Tensor): Tensor {
  checkTensor('typeAs', other, 'other');
  return casting.cast(x, other.code, other.place);
}

/** A function that makes tensors, with x's dtype and device unless others are asked for. */
function creator(make: (...given: never[]) => Tensor): (x: Tensor, ...given: never[]) => Tensor {
  return (x, ...given) => {
    const [positional, options] = splitOptions(given);
    return (make as (...given: unknown[]) => Tensor)(...positional, {
      dtype: x.dtype,
      device: x.device,
      ...(options as object | undefined),
    });
  };
}

function sizeOf(sizes: readonly number[], given: readonly unknown[], op: string): readonly number[] | number {
  const [dim] = bindArguments(op, ['dim'], given) as [number?];
  if (dim === undefined) return sizes.slice();
  if (sizes.length === 0) throw new IndexError(`${op}: a 0-d tensor has no dimensions`);
  return sizes[wrapDim(op, dim, sizes.length)]!;
}

provideArithmetic({
  add: arithmetic.add,
  accumulate(a, b) {
    checkOverlap('backward', a);
    launchInto(Op.add, COMPUTE[a.code]!, [a], [a, b], []);
    bumpVersion(a);
  },
  sumTo: reduce.sumTo,
  cast: casting.cast,
  clone: copying.clone,
  full: fullOf,
  detach: (t) => t.detach(),
  copyInto: copying.copy_,
  rearranged: (t, dims, shape) => views.view(views.permute(views.squeeze(t), dims), shape),
  hasNan: (t) => reduce.any(compare.isnan(t)).item() !== 0,
  stack: (tensors) => joining.stack(tensors),
});
