/** The operations as methods of Tensor. */
import { provideArithmetic } from '../autograd/arithmetic';
import { recordInPlace, checkOverlap, checkRecordable } from '../autograd/view';
import { defineGradient } from '../autograd/node';
import { Op } from '../backend/ops.generated';
import { COMPUTE, Code, DTYPES, dtypeCode, type DType, type TensorTypedArray } from '../dtype';
import type { DeviceLike } from '../device';
import { DTypeError, IndexError, ShapeError } from '../errors';
import { inspected } from '../print';
import { wrapDim } from '../shape';
import { Tensor, bumpVersion, checkTensor, stridesOf } from '../tensor';
import * as activation from './activation';
import { booleanArgument, checkOptions, numberArgument } from './arguments';
import * as compare from './compare';
import * as convert from './convert';
import * as copying from './copy';
import * as creation from './creation';
import * as indexing from './indexing';
import * as indexSelecting from './index-select';
import { fullOf, launchInto } from './kernel';
import type { Operand } from './kinds';
import * as products from './matmul';
import * as pointwise from './pointwise';
import * as random from './random';
import * as reduce from './reduce';
import * as triangle from './triangle';
import * as views from './view';
import * as whereModule from './where';

type Shapes = readonly (number | readonly number[])[];

interface Keepdim {
  keepdim?: boolean;
}

declare module '../tensor' {
  interface Tensor extends Iterable<Tensor> {
    /** The transpose; of more than two dimensions all in reverse order. */
    readonly T: Tensor;
    /** The transpose of the last two dimensions. */
    readonly mT: Tensor;
    readonly isParameter: boolean;

    // arithmetic
    add(other: Operand, options?: pointwise.Alpha): Tensor;
    add_(other: Operand, options?: pointwise.Alpha): this;
    sub(other: Operand, options?: pointwise.Alpha): Tensor;
    sub_(other: Operand, options?: pointwise.Alpha): this;
    mul(other: Operand): Tensor;
    mul_(other: Operand): this;
    /** Division of numbers; `roundingMode` 'floor' or 'trunc' makes it one of whole numbers. */
    div(other: Operand, options?: pointwise.Rounding): Tensor;
    div_(other: Operand, options?: pointwise.Rounding): this;
    floorDivide(other: Operand): Tensor;
    /** With the sign of the divisor, as Python's %. */
    remainder(other: Operand): Tensor;
    pow(exponent: Operand): Tensor;
    pow_(exponent: Operand): this;
    maximum(other: Tensor): Tensor;
    minimum(other: Tensor): Tensor;
    bitwiseAnd(other: Operand): Tensor;
    bitwiseOr(other: Operand): Tensor;
    bitwiseXor(other: Operand): Tensor;
    bitwiseNot(): Tensor;

    // functions
    neg(): Tensor;
    neg_(): this;
    abs(): Tensor;
    abs_(): this;
    sign(): Tensor;
    square(): Tensor;
    floor(): Tensor;
    floor_(): this;
    ceil(): Tensor;
    ceil_(): this;
    /** Halves to even. */
    round(): Tensor;
    round_(): this;
    trunc(): Tensor;
    trunc_(): this;
    reciprocal(): Tensor;
    reciprocal_(): this;
    sqrt(): Tensor;
    sqrt_(): this;
    rsqrt(): Tensor;
    rsqrt_(): this;
    exp(): Tensor;
    exp_(): this;
    expm1(): Tensor;
    expm1_(): this;
    log(): Tensor;
    log_(): this;
    log1p(): Tensor;
    log1p_(): this;
    log2(): Tensor;
    log10(): Tensor;
    sin(): Tensor;
    sin_(): this;
    cos(): Tensor;
    cos_(): this;
    tan(): Tensor;
    tanh(): Tensor;
    tanh_(): this;
    sigmoid(): Tensor;
    sigmoid_(): this;
    relu(): Tensor;
    relu_(): this;
    erf(): Tensor;
    clamp(min?: number | null, max?: number | null): Tensor;
    clamp(options: pointwise.ClampOptions): Tensor;
    clamp_(min?: number | null, max?: number | null): this;
    clamp_(options: pointwise.ClampOptions): this;
    clip(min?: number | null, max?: number | null): Tensor;
    clip(options: pointwise.ClampOptions): Tensor;
    softmax(dim: number, options?: { dtype?: DType }): Tensor;
    logSoftmax(dim: number, options?: { dtype?: DType }): Tensor;

    // comparison
    eq(other: Operand): Tensor;
    ne(other: Operand): Tensor;
    lt(other: Operand): Tensor;
    le(other: Operand): Tensor;
    gt(other: Operand): Tensor;
    ge(other: Operand): Tensor;
    logicalAnd(other: Tensor): Tensor;
    logicalOr(other: Tensor): Tensor;
    logicalXor(other: Tensor): Tensor;
    logicalNot(): Tensor;
    isnan(): Tensor;
    isinf(): Tensor;
    isfinite(): Tensor;
    /** Whether shapes and all elements are equal. */
    equal(other: Tensor): boolean;
    /** |x - y| <= atol + rtol |y|, element by element. */
    isclose(other: Tensor, options?: { rtol?: number; atol?: number; equalNan?: boolean }): Tensor;
    /** Whether `isclose` holds everywhere. */
    allclose(other: Tensor, options?: { rtol?: number; atol?: number; equalNan?: boolean }): boolean;

    // reductions
    sum(dim?: reduce.Dims, keepdim?: boolean, options?: { dtype?: DType }): Tensor;
    sum(dim: reduce.Dims, options: reduce.TypedReduceOptions): Tensor;
    sum(options: reduce.TypedReduceOptions): Tensor;
    mean(dim?: reduce.Dims, keepdim?: boolean, options?: { dtype?: DType }): Tensor;
    mean(dim: reduce.Dims, options: reduce.TypedReduceOptions): Tensor;
    mean(options: reduce.TypedReduceOptions): Tensor;
    prod(dim?: number | null, keepdim?: boolean, options?: { dtype?: DType }): Tensor;
    prod(options: reduce.TypedReduceOptions): Tensor;
    amax(dim?: reduce.Dims, keepdim?: boolean): Tensor;
    amax(dim: reduce.Dims, options: Keepdim): Tensor;
    amax(options: reduce.ReduceOptions): Tensor;
    amin(dim?: reduce.Dims, keepdim?: boolean): Tensor;
    amin(dim: reduce.Dims, options: Keepdim): Tensor;
    amin(options: reduce.ReduceOptions): Tensor;
    max(): Tensor;
    max(dim: number, keepdim?: boolean): reduce.ValuesAndIndices;
    max(dim: number, options: Keepdim): reduce.ValuesAndIndices;
    min(): Tensor;
    min(dim: number, keepdim?: boolean): reduce.ValuesAndIndices;
    min(dim: number, options: Keepdim): reduce.ValuesAndIndices;
    argmax(dim?: number | null, keepdim?: boolean): Tensor;
    argmax(dim: number | null, options: Keepdim): Tensor;
    argmin(dim?: number | null, keepdim?: boolean): Tensor;
    argmin(dim: number | null, options: Keepdim): Tensor;
    all(dim?: reduce.Dims, keepdim?: boolean): Tensor;
    all(dim: reduce.Dims, options: Keepdim): Tensor;
    any(dim?: reduce.Dims, keepdim?: boolean): Tensor;
    any(dim: reduce.Dims, options: Keepdim): Tensor;
    /** The variance; `correction` (1) is subtracted from the number of elements. */
    var(dim?: reduce.Dims, options?: { correction?: number; keepdim?: boolean }): Tensor;
    var(options: reduce.VarianceOptions): Tensor;
    std(dim?: reduce.Dims, options?: { correction?: number; keepdim?: boolean }): Tensor;
    std(options: reduce.VarianceOptions): Tensor;

    // products
    matmul(other: Tensor): Tensor;
    mm(other: Tensor): Tensor;
    bmm(other: Tensor): Tensor;
    mv(other: Tensor): Tensor;
    dot(other: Tensor): Tensor;

    // shapes
    view(...sizes: Shapes): Tensor;
    viewAs(other: Tensor): Tensor;
    reshape(...sizes: Shapes): Tensor;
    reshapeAs(other: Tensor): Tensor;
    flatten(startDim?: number, endDim?: number): Tensor;
    flatten(startDim: number, options: { endDim?: number }): Tensor;
    flatten(options: views.FlattenOptions): Tensor;
    permute(...dims: Shapes): Tensor;
    transpose(dim0: number, dim1: number): Tensor;
    t(): Tensor;
    squeeze(dim?: number | readonly number[]): Tensor;
    squeeze(options: { dim?: number | readonly number[] }): Tensor;
    unsqueeze(dim: number): Tensor;
    expand(...sizes: Shapes): Tensor;
    expandAs(other: Tensor): Tensor;
    broadcastTo(size: readonly number[]): Tensor;
    narrow(dim: number, start: number, length: number): Tensor;
    select(dim: number, index: number): Tensor;
    split(size: number | readonly number[], dim?: number | views.DimOption): Tensor[];
    chunk(chunks: number, dim?: number | views.DimOption): Tensor[];
    unbind(dim?: number | views.DimOption): Tensor[];
    tril(diagonal?: number | triangle.DiagonalOption): Tensor;
    triu(diagonal?: number | triangle.DiagonalOption): Tensor;
    /** All sizes, or that of one dimension. */
    size(): readonly number[];
    size(dim: number): number;
    /** All strides in elements, or that of one dimension. */
    stride(): readonly number[];
    stride(dim: number): number;

    // indexing
    /** One row: `x.at(-1)`. */
    at(index: number): Tensor;
    /** Python's x[…]: `x.index(0)`, `x.index('...', slice(1, 3))`, `x.index([0, 2])`. */
    index(...items: readonly indexing.IndexItem[]): Tensor;
    /** Python's x[…] = value. */
    setIndex(
      items: readonly indexing.IndexItem[] | indexing.IndexItem,
      value: Tensor | number | boolean,
    ): this;
    indexSelect(dim: number, index: Tensor): Tensor;
    indexAdd_(dim: number, index: Tensor, source: Tensor): this;
    where(condition: Tensor, other: Tensor | number): Tensor;
    /** `value` where the mask is true. */
    maskedFill(mask: Tensor, value: Tensor | number | boolean): Tensor;
    maskedFill_(mask: Tensor, value: Tensor | number | boolean): this;

    // copies and fills
    clone(): Tensor;
    contiguous(): Tensor;
    copy_(source: Tensor): this;
    fill_(value: number | boolean): this;
    zero_(): this;
    uniform_(from?: number, to?: number, options?: random.DrawOptions): this;
    uniform_(options: random.DrawOptions & { from?: number; to?: number }): this;
    normal_(mean?: number, std?: number, options?: random.DrawOptions): this;
    normal_(options: random.DrawOptions & { mean?: number; std?: number }): this;
    /** Whole numbers from 0 to before `to`. */
    random_(to: number, options?: random.DrawOptions): this;
    random_(from: number, to: number, options?: random.DrawOptions): this;

    // conversion
    to(target: DType | DeviceLike | Tensor | convert.ToOptions, dtype?: DType | convert.ToOptions): Tensor;
    type(dtype: DType): Tensor;
    float(): Tensor;
    double(): Tensor;
    half(): Tensor;
    bfloat16(): Tensor;
    int(): Tensor;
    long(): Tensor;
    short(): Tensor;
    bool(): Tensor;
    cpu(): Tensor;
    item(): number;
    itemBigInt(): bigint;
    tolist<T = convert.NestedNumbers>(): T;
    toTypedArray(): TensorTypedArray;
    numpy(): TensorTypedArray;
    toJSON(): unknown;
    toString(): string;
    /** `using t = zeros(3)` frees it at the end of the block. */
    [Symbol.dispose](): void;
  }
}

/** Puts functions of (tensor, …) on the prototype as methods of (…). */
function attach(functions: Record<string, (x: Tensor, ...rest: never[]) => unknown>): void {
  for (const [name, f] of Object.entries(functions))
    define(name, function (this: Tensor, ...rest: unknown[]) {
      return (f as (x: Tensor, ...rest: unknown[]) => unknown)(this, ...rest);
    });
}

/** One operand: no rest arguments to gather. */
function attachUnary(functions: Record<string, (x: Tensor) => unknown>): void {
  for (const [name, f] of Object.entries(functions))
    define(name, function (this: Tensor) {
      return f(this);
    });
}

function attachBinary(functions: Record<string, (x: Tensor, y: never) => unknown>): void {
  for (const [name, f] of Object.entries(functions))
    define(name, function (this: Tensor, other: unknown) {
      return (f as (x: Tensor, y: unknown) => unknown)(this, other);
    });
}

function define(name: string | symbol, value: unknown): void {
  Object.defineProperty(Tensor.prototype, name, { value, writable: true, configurable: true });
}

function defineGetter(name: string, get: (this: Tensor) => unknown): void {
  Object.defineProperty(Tensor.prototype, name, { get, configurable: true });
}

/** Unary functions with a twin in place. */
for (const name of [
  'neg',
  'abs',
  'sign',
  'square',
  'floor',
  'ceil',
  'round',
  'trunc',
  'reciprocal',
  'sqrt',
  'rsqrt',
  'exp',
  'expm1',
  'log',
  'log1p',
  'log2',
  'log10',
  'sin',
  'cos',
  'tan',
  'tanh',
  'sigmoid',
  'relu',
  'erf',
] as const)
  attachUnary({ [name]: pointwise[name], [`${name}_`]: pointwise[name].inPlace });

attachUnary({
  bitwiseNot: pointwise.bitwiseNot,
  logicalNot: compare.logicalNot,
  isnan: compare.isnan,
  isinf: compare.isinf,
  isfinite: compare.isfinite,
  t: views.t,
  clone: copying.clone,
  contiguous: copying.contiguous,
  item: convert.item,
  itemBigInt: convert.itemBigInt,
  tolist: convert.tolist,
  toTypedArray: convert.toTypedArray,
  numpy: convert.toTypedArray,
  toJSON: convert.toJSON,
});

attachBinary({
  mul: pointwise.mul,
  mul_: pointwise.mul.inPlace,
  floorDivide: pointwise.floorDivide,
  remainder: pointwise.remainder,
  pow: pointwise.pow,
  pow_: pointwise.pow_,
  maximum: pointwise.maximum,
  minimum: pointwise.minimum,
  bitwiseAnd: pointwise.bitwiseAnd,
  bitwiseOr: pointwise.bitwiseOr,
  bitwiseXor: pointwise.bitwiseXor,
  eq: compare.eq,
  ne: compare.ne,
  lt: compare.lt,
  le: compare.le,
  gt: compare.gt,
  ge: compare.ge,
  logicalAnd: compare.logicalAnd,
  logicalOr: compare.logicalOr,
  logicalXor: compare.logicalXor,
  matmul: products.matmul,
  mm: products.mm,
  bmm: products.bmm,
  mv: products.mv,
  dot: products.dot,
  viewAs: views.viewAsTensor,
  expandAs: views.expandAs,
  copy_: copying.copy_,
  reshapeAs: views.reshapeAs,
});

attach({
  clamp: pointwise.clamp,
  clamp_: pointwise.clamp_,
  clip: pointwise.clamp,
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
  var: reduce.variance,
  std: reduce.std,
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
  indexAdd_: indexSelecting.indexAdd_,
  uniform_: random.uniform_,
  normal_: random.normal_,
  random_: random.random_,
  to: convert.to,
});

const METHODS = {
  add(this: Tensor, other: Operand, options?: pointwise.Alpha): Tensor {
    return pointwise.addWithAlpha(this, other, options);
  },
  add_(this: Tensor, other: Operand, options?: pointwise.Alpha): Tensor {
    return pointwise.addWithAlpha_(this, other, options);
  },
  sub(this: Tensor, other: Operand, options?: pointwise.Alpha): Tensor {
    return pointwise.subWithAlpha(this, other, options);
  },
  sub_(this: Tensor, other: Operand, options?: pointwise.Alpha): Tensor {
    return pointwise.subWithAlpha_(this, other, options);
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
  where(this: Tensor, condition: Tensor, other: Tensor | number): Tensor {
    return whereModule.where(condition, this, other);
  },
  maskedFill(this: Tensor, mask: Tensor, value: Tensor | number | boolean): Tensor {
    return masked('maskedFill', this, mask, value);
  },
  maskedFill_(this: Tensor, mask: Tensor, value: Tensor | number | boolean): Tensor {
    return copying.copy_(this, masked('maskedFill_', this, mask, value));
  },
  equal(this: Tensor, other: Tensor): boolean {
    checkTensor('equal', other, 'other');
    if (this.shape.length !== other.shape.length || this.shape.some((n, i) => n !== other.shape[i]))
      return false;
    return reduce.all(compare.eq(this, other)).item() !== 0;
  },
  isclose(this: Tensor, other: Tensor, options?: Closeness): Tensor {
    return close(this, other, options);
  },
  allclose(this: Tensor, other: Tensor, options?: Closeness): boolean {
    return reduce.all(close(this, other, options)).item() !== 0;
  },
  fill_(this: Tensor, value: number | boolean): Tensor {
    return fill(this, value);
  },
  zero_(this: Tensor): Tensor {
    return fill(this, 0);
  },
  size(this: Tensor, dim?: number): readonly number[] | number {
    return sizeOf(this.shape, dim, 'size');
  },
  stride(this: Tensor, dim?: number): readonly number[] | number {
    return sizeOf(stridesOf(this), dim, 'stride');
  },
  type(this: Tensor, dtype: DType): Tensor {
    return copying.cast(this, dtypeCode('type', dtype));
  },
  cpu(this: Tensor): Tensor {
    return this;
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
    return rows(this);
  },
};

function* rows(t: Tensor): Generator<Tensor> {
  for (let i = 0; i < t.shape[0]!; i++) yield views.select(t, 0, i);
}

/** `value` where the mask is true, x elsewhere, in x's dtype. */
function masked(op: string, x: Tensor, mask: Tensor, value: Tensor | number | boolean): Tensor {
  checkTensor(op, mask, 'mask');
  if (mask.code !== Code.bool) throw new DTypeError(`${op}: expected a bool mask, got ${mask.dtype}`);
  const filling = value instanceof Tensor ? value : creation.scalarValue(op, value)[0];
  return copying.cast(whereModule.where(mask, filling, x), x.code);
}

for (const name of Reflect.ownKeys(METHODS)) define(name, Reflect.get(METHODS, name));

for (const [name, dtype] of [
  ['float', 'float32'],
  ['double', 'float64'],
  ['half', 'float16'],
  ['bfloat16', 'bfloat16'],
  ['int', 'int32'],
  ['long', 'int64'],
  ['short', 'int16'],
  ['bool', 'bool'],
] as const) {
  const code = DTYPES.indexOf(dtype);
  attachUnary({ [name]: (x) => copying.cast(x, code) });
}

defineGetter('T', function () {
  return views.reversed(this);
});
defineGetter('mT', function () {
  return views.transpose(this, -2, -1);
});
defineGetter('isParameter', () => false);

type Closeness = { rtol?: number; atol?: number; equalNan?: boolean } | undefined;

function close(x: Tensor, y: Tensor, options: Closeness): Tensor {
  checkOptions('isclose', ['rtol', 'atol', 'equalNan'], options);
  checkTensor('isclose', y, 'other');
  const { rtol = 1e-5, atol = 1e-8 } = options ?? {};
  numberArgument('isclose', 'rtol', rtol);
  numberArgument('isclose', 'atol', atol);
  const equalNan = booleanArgument('isclose', 'equalNan', options?.equalNan, false);
  const difference = pointwise.abs(pointwise.sub(x, y));
  const allowed = pointwise.add(pointwise.mul(pointwise.abs(y), rtol), atol);
  const near = compare.logicalOr(
    compare.eq(x, y),
    compare.logicalAnd(compare.isfinite(difference), compare.le(difference, allowed)),
  );
  return equalNan ? compare.logicalOr(near, compare.logicalAnd(compare.isnan(x), compare.isnan(y))) : near;
}

function sizeOf(sizes: readonly number[], dim: number | undefined, op: string): readonly number[] | number {
  if (dim === undefined) return sizes.slice();
  const d = wrapDim(op, dim, sizes.length);
  if (sizes.length === 0) throw new IndexError(`${op}: a 0-d tensor has no dimension ${dim}`);
  return sizes[d]!;
}

const Fill = defineGradient('Fill', (grad) => [fullOf(grad.shape, grad.code, 0)]);

function fill(t: Tensor, value: number | boolean): Tensor {
  const number = creation.fitNumber('fill_', creation.scalarValue('fill_', value)[0], t.code);
  checkRecordable('fill_', t, [t]); // elements that share a place get the same value
  launchInto(Op.fill, COMPUTE[t.code]!, [t], [], [number]);
  return recordInPlace(t, Fill, [t], [], -1, null);
}

provideArithmetic({
  add: pointwise.add,
  accumulate(a, b) {
    checkOverlap('backward', a);
    launchInto(Op.add, COMPUTE[a.code]!, [a], [a, b], []);
    bumpVersion(a);
  },
  sumTo: reduce.sumTo,
  cast: copying.cast,
  clone: copying.clone,
  full: fullOf,
  detach: (t) => t.detach(),
  copyInto: copying.copy_,
});
