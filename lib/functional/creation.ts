/** Tensors from data, and filled ones. */
import { binding } from '../backend/load';
import { Op } from '../backend/ops.generated';
import {
  COMPUTE,
  Code,
  DTYPES,
  INTEGER_RANGE,
  defaultDtypeCode,
  dtypeCode,
  isFloatingCode,
  setDefaultDtypeCode,
  type DType,
  type TensorTypedArray,
} from '../dtype';
import { resolveDevice, type DeviceLike } from '../device';
import { ArgumentError, DTypeError, IndexError, ShapeError, describe } from '../errors';
import { checkShape, numelOf, type Shape } from '../shape';
import { Tensor, checkDifferentiable, checkTensor, uninitialised } from '../tensor';
import {
  booleanArgument,
  checkOptions,
  integerArgument,
  isOptions,
  numberArgument,
  splitOptions,
} from './arguments';
import { lt } from './compare';
import { cast, clone } from './copy';
import { fullOf, launch } from './kernel';
import { add, mul, sub } from './pointwise';
import { where } from './where';

/** What all functions that make tensors take. */
export interface TensorOptions {
  /** Element type; see each function for what it is otherwise. */
  dtype?: DType;
  device?: DeviceLike;
  /** Record operations on the tensor for differentiation. */
  requiresGrad?: boolean;
}

/** @internal */
export const TENSOR_OPTIONS: readonly string[] = ['dtype', 'device', 'requiresGrad'];

/** Numbers, booleans or BigInts in lists in lists, all of one length at each level. */
export type NestedList = number | boolean | bigint | Tensor | readonly NestedList[];
export type TensorData = NestedList | TensorTypedArray | Uint8ClampedArray | Uint16Array | Uint32Array;

/** @internal Reads dtype and device; the code, or `otherwise`. */
export function optionsCode(op: string, options: TensorOptions | undefined, otherwise: number): number {
  checkOptions(op, TENSOR_OPTIONS, options);
  resolveDevice(op, options?.device);
  return options?.dtype === undefined ? otherwise : dtypeCode(op, options.dtype);
}

/** @internal Applies requiresGrad. */
export function finish(op: string, t: Tensor, options: TensorOptions | undefined): Tensor {
  if (booleanArgument(op, 'requiresGrad', options?.requiresGrad, false)) {
    checkDifferentiable(op, t);
    t.needsGrad = true;
  }
  return t;
}

function checkElement(op: string, value: unknown, position: number): unknown {
  if (typeof value !== 'number' && typeof value !== 'boolean' && typeof value !== 'bigint')
    throw new ArgumentError(
      `${op}: expected numbers, booleans or BigInts, got ${describe(value)} at position ${position}`,
    );
  return value;
}

/** The elements of nested lists in order, and their shape. */
function flattenList(op: string, data: readonly unknown[]): [unknown[], number[]] {
  const shape: number[] = [];
  for (let level: unknown = data; Array.isArray(level); level = (level as unknown[])[0]) {
    shape.push(level.length);
    if (level.length === 0) break;
    if (shape.length > 64) throw new ShapeError(`${op}: expected at most 64 levels of lists`);
  }
  const flat: unknown[] = [];
  const walk = (list: unknown, depth: number): void => {
    if (!Array.isArray(list) || list.length !== shape[depth])
      throw new ShapeError(
        `${op}: ragged lists: expected ${shape[depth]} elements at level ${depth}, got ${describe(list)}`,
      );
    for (const item of list as unknown[])
      if (depth + 1 < shape.length) walk(item, depth + 1);
      else if (Array.isArray(item)) throw new ShapeError(`${op}: ragged lists: got a list among numbers`);
      else flat.push(item instanceof Tensor ? itemOf(op, item) : checkElement(op, item, flat.length));
  };
  walk(data, 0);
  return [flat, shape];
}

function itemOf(op: string, t: Tensor): number | boolean | bigint {
  if (t.count !== 1)
    throw new ShapeError(`${op}: tensors in lists must have one element, got shape [${t.shape.join(', ')}]`);
  if (t.code === Code.int64) return binding.itemBigInt(t.id);
  const n = binding.item(t.id);
  return t.code === Code.bool ? n !== 0 : n;
}

/** Numbers are of the default dtype, BigInts int64, booleans bool, if there is nothing else. */
function inferCode(flat: readonly unknown[]): number {
  let bigints = false;
  let booleans = false;
  for (let i = 0; i < flat.length; i++) {
    const kind = typeof flat[i];
    if (kind === 'number') return defaultDtypeCode();
    if (kind === 'bigint') bigints = true;
    else booleans = true;
  }
  return bigints ? Code.int64 : booleans ? Code.bool : defaultDtypeCode();
}

type Buffer = { new (length: number): TensorTypedArray };
/** What a dtype's elements are uploaded as; half types as float32. */
const ARRAYS: readonly Buffer[] = [
  Float32Array,
  Float64Array,
  Float32Array,
  Float32Array,
  Int8Array,
  Uint8Array,
  Int16Array,
  Int32Array,
  BigInt64Array,
  Uint8Array,
];

/** @internal What a dtype holds of a number: integer dtypes cut off the fraction; throws for what is out of range. */
export function fitNumber(op: string, value: number, code: number): number {
  if (isFloatingCode(code) || code === Code.bool) return value;
  const [low, high] = INTEGER_RANGE[code] ?? INT64_RANGE;
  const whole = Math.trunc(value);
  // Negative whole numbers may wrap in uint8, as in PyTorch.
  const least = low === 0 && whole === value ? -high : low;
  if (!(whole >= least && whole <= high))
    throw new ArgumentError(`${op}: ${value} can't be converted to ${DTYPES[code]}`);
  return whole;
}

/** As far as there are doubles. */
const INT64_RANGE = [-(2 ** 63), 2 ** 63 - 1024] as const;

function fillArray(op: string, flat: readonly unknown[], code: number): TensorTypedArray {
  const array = new ARRAYS[code]!(flat.length);
  if (array instanceof BigInt64Array) {
    for (let i = 0; i < flat.length; i++) {
      const v = flat[i];
      const big = typeof v === 'bigint' ? v : BigInt(fitNumber(op, Number(v), code));
      array[i] = big;
      if (array[i] !== big) throw new ArgumentError(`${op}: ${describe(big)} can't be converted to int64`);
    }
  } else if (code === Code.bool) {
    for (let i = 0; i < flat.length; i++) array[i] = flat[i] ? 1 : Number.isNaN(flat[i]) ? 1 : 0;
  } else if (isFloatingCode(code)) {
    for (let i = 0; i < flat.length; i++) array[i] = Number(flat[i]);
  } else {
    for (let i = 0; i < flat.length; i++) array[i] = fitNumber(op, Number(flat[i]), code);
  }
  return array;
}

/** A row-major tensor of an array's bytes. */
function upload(shape: Shape, code: number, array: TensorTypedArray): Tensor {
  const half = code === Code.float16 || code === Code.bfloat16;
  const t = uninitialised(shape, half ? Code.float32 : code);
  binding.upload(t.id, array);
  return half ? launch(Op.copy, 0, shape, code, [t], []) : t;
}

/** The dtype of a typed array's elements; those without one of their own take the next larger. */
function typedArrayCode(op: string, data: ArrayBufferView): number {
  switch (Object.prototype.toString.call(data).slice(8, -1)) {
    case 'Float32Array':
      return Code.float32;
    case 'Float64Array':
      return Code.float64;
    case 'Int8Array':
      return Code.int8;
    case 'Uint8Array':
    case 'Uint8ClampedArray':
      return Code.uint8;
    case 'Int16Array':
      return Code.int16;
    case 'Uint16Array':
    case 'Int32Array':
      return Code.int32;
    case 'Uint32Array':
    case 'BigInt64Array':
      return Code.int64;
    default:
      throw new ArgumentError(`${op}: ${describe(data)} has no dtype`);
  }
}

function fromTypedArray(op: string, data: ArrayBufferView, dtype: number | null): Tensor {
  const code = typedArrayCode(op, data);
  const array = data as TensorTypedArray;
  const plain = data instanceof ARRAYS[code]! || data instanceof Uint8ClampedArray;
  const source = plain
    ? data instanceof Uint8ClampedArray
      ? new Uint8Array(data.buffer, data.byteOffset, data.length)
      : array
    : fillArray(op, Array.from(array as Int32Array), code);
  const t = upload([array.length], code, source);
  return dtype === null ? t : cast(t, dtype);
}

/**
 * A tensor of the given numbers (https://pytorch.org/docs/stable/generated/torch.tensor.html). Numbers take the default
 * dtype, BigInts int64, booleans bool, typed arrays their own; `dtype` overrides. The data is copied.
 * @throws ShapeError for ragged lists, ArgumentError for anything that isn't a number.
 */
export function tensor(data: TensorData, options?: TensorOptions): Tensor {
  const dtype = optionsCode('tensor', options, -1);
  let t: Tensor;
  if (data instanceof Tensor) {
    const copy = clone(data.detach());
    t = dtype < 0 ? copy : cast(copy, dtype);
  } else if (ArrayBuffer.isView(data)) {
    t = fromTypedArray('tensor', data, dtype < 0 ? null : dtype);
  } else if (Array.isArray(data)) {
    const [flat, shape] = flattenList('tensor', data as readonly unknown[]);
    const code = dtype < 0 ? inferCode(flat) : dtype;
    t = upload(shape, code, fillArray('tensor', flat, code));
  } else {
    const flat = [checkElement('tensor', data, 0)];
    const code = dtype < 0 ? inferCode(flat) : dtype;
    t = upload([], code, fillArray('tensor', flat, code));
  }
  return finish('tensor', t, options);
}

/** @internal A list as an index: booleans, or integers as int64. */
export function indexTensor(op: string, list: readonly unknown[]): Tensor {
  const [flat, shape] = flattenList(op, list);
  const fraction = flat.find((v) => typeof v === 'number' && !Number.isInteger(v));
  if (fraction !== undefined)
    throw new IndexError(
      `${op}: expected integers or booleans in a list of indices, got ${describe(fraction)}`,
    );
  const code = flat.length > 0 && flat.every((v) => typeof v === 'boolean') ? Code.bool : Code.int64;
  return upload(shape, code, fillArray(op, flat, code));
}

/** A 1-d tensor of a typed array's elements, copied: `tensor` under PyTorch's other name. */
export function fromNumpy(data: TensorTypedArray | Uint8ClampedArray | Uint16Array | Uint32Array): Tensor {
  if (!ArrayBuffer.isView(data))
    throw new ArgumentError(`fromNumpy: expected a typed array, got ${describe(data)}`);
  return tensor(data);
}

/** Sizes as arguments or as one array, then options. */
export type Sizes = [...sizes: number[]] | [sizes: readonly number[]];
export type SizesAndOptions = Sizes | [...Sizes, TensorOptions | undefined];

function shapeAndOptions(op: string, given: readonly unknown[]): [Shape, TensorOptions | undefined] {
  const [sizes, options] = splitOptions(given[given.length - 1] === undefined ? given.slice(0, -1) : given);
  return [checkShape(op, sizes), options as TensorOptions | undefined];
}

function filled(op: string, given: readonly unknown[], value: number | null): Tensor {
  const [shape, options] = shapeAndOptions(op, given);
  const code = optionsCode(op, options, defaultDtypeCode());
  return finish(op, value === null ? uninitialised(shape, code) : fullOf(shape, code, value), options);
}

/** Of zeros: `zeros(2, 5)`, `zeros([2, 5], { dtype: 'int64' })`. */
export function zeros(...sizes: SizesAndOptions): Tensor {
  return filled('zeros', sizes, 0);
}
/** Of ones. */
export function ones(...sizes: SizesAndOptions): Tensor {
  return filled('ones', sizes, 1);
}
/** Of whatever the memory holds. */
export function empty(...sizes: SizesAndOptions): Tensor {
  return filled('empty', sizes, null);
}

/** @internal A number, boolean or BigInt as kernels take it, and the dtype's code it has of itself. */
export function scalarValue(op: string, value: unknown): [number, number] {
  if (typeof value === 'number') return [value, Number.isInteger(value) ? Code.int64 : defaultDtypeCode()];
  if (typeof value === 'boolean') return [value ? 1 : 0, Code.bool];
  if (typeof value === 'bigint' && Number.isSafeInteger(Number(value))) return [Number(value), Code.int64];
  throw new ArgumentError(
    `${op}: expected a number, a boolean or a BigInt within 2^53, got ${describe(value)}`,
  );
}

/** Of one value: `full([2, 3], 7)`. Numbers take the default dtype, BigInts int64, booleans bool. */
export function full(
  size: readonly number[],
  value: number | boolean | bigint,
  options?: TensorOptions,
): Tensor {
  const shape = checkShape('full', [size]);
  const [number] = scalarValue('full', value);
  const own =
    typeof value === 'number' ? defaultDtypeCode() : typeof value === 'bigint' ? Code.int64 : Code.bool;
  const code = optionsCode('full', options, own);
  return finish('full', fullOf(shape, code, fitNumber('full', number, code)), options);
}

function like(op: string, t: Tensor, value: number | null, options: TensorOptions | undefined): Tensor {
  checkTensor(op, t);
  const code = optionsCode(op, options, t.code);
  return finish(op, value === null ? uninitialised(t.shape, code) : fullOf(t.shape, code, value), options);
}

/** Zeros of t's shape and dtype. */
export function zerosLike(t: Tensor, options?: TensorOptions): Tensor {
  return like('zerosLike', t, 0, options);
}
/** Ones of t's shape and dtype. */
export function onesLike(t: Tensor, options?: TensorOptions): Tensor {
  return like('onesLike', t, 1, options);
}
/** Uninitialised, of t's shape and dtype. */
export function emptyLike(t: Tensor, options?: TensorOptions): Tensor {
  return like('emptyLike', t, null, options);
}
/** One value in t's shape and dtype. */
export function fullLike(t: Tensor, value: number | boolean | bigint, options?: TensorOptions): Tensor {
  checkTensor('fullLike', t);
  const [number] = scalarValue('fullLike', value);
  const code = optionsCode('fullLike', options, t.code);
  return finish('fullLike', fullOf(t.shape, code, fitNumber('fullLike', number, code)), options);
}

/**
 * From `start` (0) to before `end` in steps of `step` (1): `arange(5)`, `arange(2, 5)`, `arange(1, 2, 0.5)`. Whole
 * numbers give int64, others the default dtype.
 */
export function arange(end: number, options?: TensorOptions): Tensor;
export function arange(start: number, end: number, options?: TensorOptions): Tensor;
export function arange(start: number, end: number, step: number, options?: TensorOptions): Tensor;
export function arange(...given: readonly unknown[]): Tensor {
  const [numbers, rest] = splitOptions(given[given.length - 1] === undefined ? given.slice(0, -1) : given);
  const options = rest as TensorOptions | undefined;
  if (numbers.length < 1 || numbers.length > 3)
    throw new ArgumentError(`arange: expected 1 to 3 numbers (start, end, step), got ${numbers.length}`);
  for (const n of numbers)
    if (typeof n !== 'number' || !Number.isFinite(n))
      throw new ArgumentError(`arange: expected finite numbers, got ${describe(n)}`);
  const whole = numbers.every((n) => Number.isInteger(n));
  const code = optionsCode('arange', options, whole ? Code.int64 : defaultDtypeCode());
  if (code === Code.bool) throw new DTypeError('arange: not defined for bool');
  // As in PyTorch, int64 cuts the fractions off before it counts.
  const list = (numbers as readonly number[]).map((n) => (code === Code.int64 ? Math.trunc(n) : n));
  const start = list.length === 1 ? 0 : list[0]!;
  const end = list.length === 1 ? list[0]! : list[1]!;
  const step = list[2] ?? 1;
  if (step === 0) throw new ArgumentError('arange: expected a step other than 0');
  if ((end - start) * step < 0)
    throw new ArgumentError(`arange: a step of ${step} doesn't lead from ${start} to ${end}`);
  const shape = checkShape('arange', [Math.ceil((end - start) / step)]);
  // Whole numbers in an integer dtype are computed as integers; the rest in double precision, then rounded.
  const out = launch(
    Op.arange,
    isFloatingCode(code) ? Code.float64 : COMPUTE[code]!,
    shape,
    code,
    [],
    [start, step],
  );
  return finish('arange', out, options);
}

/** `steps` numbers from `start` to `end`, both included, equally far apart. */
export function linspace(start: number, end: number, steps: number, options?: TensorOptions): Tensor {
  numberArgument('linspace', 'start', start);
  numberArgument('linspace', 'end', end);
  const shape = checkShape('linspace', [integerArgument('linspace', 'steps', steps)]);
  const code = optionsCode('linspace', options, defaultDtypeCode());
  const n = numelOf(shape);
  const step = n > 1 ? (end - start) / (n - 1) : 0;
  // From both ends, so that both are exact.
  const i = launch(Op.arange, Code.float64, shape, Code.float64, [], [0, 1]);
  const fromStart = add(mul(i, step), start);
  const fromEnd = add(mul(sub(i, n - 1), step), end);
  return finish('linspace', cast(where(lt(i, Math.floor(n / 2)), fromStart, fromEnd), code), options);
}

/** Ones on the diagonal: n x m, square unless m is given. */
export function eye(n: number, m?: number | TensorOptions, options?: TensorOptions): Tensor {
  const columns = m === undefined || isOptions(m) ? n : m;
  const given = isOptions(m) ? m : options;
  const shape = checkShape('eye', [n, columns]);
  const code = optionsCode('eye', given, defaultDtypeCode());
  return finish('eye', launch(Op.eye, COMPUTE[code]!, shape, code, [], []), given);
}

/** Sets the dtype of numbers in `tensor`, `zeros`, `randn`…. */
export function setDefaultDtype(dtype: DType): void {
  const code = dtypeCode('setDefaultDtype', dtype);
  if (!isFloatingCode(code))
    throw new DTypeError(`setDefaultDtype: expected a floating-point dtype, got ${dtype}`);
  setDefaultDtypeCode(code);
}

/** Whether a value is a Tensor. */
export function isTensor(value: unknown): value is Tensor {
  return value instanceof Tensor;
}
