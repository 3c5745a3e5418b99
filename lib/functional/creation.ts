/** Tensors from data, and filled ones. */
import { binding } from '../backend/load';
import { Op } from '../backend/ops.generated';
import {
  COMPUTE,
  Code,
  defaultDtypeCode,
  dtypeCode,
  isFloatingCode,
  setDefaultDtypeCode,
  type DType,
  type TensorTypedArray,
} from '../dtype';
import { CPU, resolveDevice, type DeviceLike } from '../device';
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
import { cast, copied } from './cast';
import { NONE, fullOf, generate, launch } from './kernel';
import { elementValue, numberValue, scalarElement } from './number';
import { elementOf, plainNumber } from './scalar';
import { add, mul, sub } from './arithmetic';
import { pow } from './pointwise';
import { where } from './where';

/** What all functions that make tensors take. */
export interface TensorOptions {
  /** Element type; see each function for what it is otherwise. */
  dtype?: DType;
  /** Where it is made: on the default device (`setDefaultDevice`), or where the tensor is that it is made like. */
  device?: DeviceLike;
  /** Record operations on the tensor for differentiation. */
  requiresGrad?: boolean;
}

/** @internal */
export const TENSOR_OPTIONS: readonly string[] = ['dtype', 'device', 'requiresGrad'];

/** Numbers, booleans or BigInts in lists in lists, all of one length at each level. */
export type NestedList = number | boolean | bigint | Tensor | readonly NestedList[];
export type TensorData = NestedList | TensorTypedArray | Uint8ClampedArray | Uint16Array | Uint32Array;

/** @internal The dtype's code, or `otherwise`. */
export function optionsCode(op: string, options: TensorOptions | undefined, otherwise: number): number {
  checkOptions(op, TENSOR_OPTIONS, options);
  return options?.dtype === undefined ? otherwise : dtypeCode(op, options.dtype);
}

/** @internal The device's place, or `otherwise` (left out: that of the default device). */
export function optionsPlace(op: string, options: TensorOptions | undefined, otherwise?: number): number {
  return resolveDevice(op, options?.device, otherwise);
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
  return elementOf(t);
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

/** An int64 as a BigInt. */
function longValue(op: string, value: unknown): bigint {
  if (typeof value !== 'bigint') return BigInt(elementValue(op, Number(value), Code.int64));
  if (BigInt.asIntN(64, value) !== value)
    throw new ArgumentError(`${op}: ${describe(value)} is out of the range of int64`);
  return value;
}

function fillArray(op: string, flat: readonly unknown[], code: number): TensorTypedArray {
  const array = new ARRAYS[code]!(flat.length);
  if (array instanceof BigInt64Array) {
    for (let i = 0; i < flat.length; i++) array[i] = longValue(op, flat[i]);
  } else if (code === Code.bool) {
    for (let i = 0; i < flat.length; i++) array[i] = flat[i] ? 1 : Number.isNaN(flat[i]) ? 1 : 0;
  } else if (isFloatingCode(code)) {
    for (let i = 0; i < flat.length; i++) array[i] = Number(flat[i]);
  } else {
    for (let i = 0; i < flat.length; i++) array[i] = elementValue(op, Number(flat[i]), code);
  }
  return array;
}

/** A row-major tensor of an array's bytes, on the device of a place. */
function upload(shape: Shape, code: number, place: number, array: TensorTypedArray): Tensor {
  const half = code === Code.float16 || code === Code.bfloat16;
  const t = uninitialised(shape, half ? Code.float32 : code, place, 'tensor');
  // Node-API doesn't read what threads share: a copy of that.
  const shared = Object.prototype.toString.call(array.buffer) === '[object SharedArrayBuffer]';
  binding.upload(t.id, shared ? array.slice() : array);
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

function fromTypedArray(op: string, data: ArrayBufferView, dtype: number | null, place: number): Tensor {
  const code = typedArrayCode(op, data);
  const array = data as TensorTypedArray;
  const plain = data instanceof ARRAYS[code]! || data instanceof Uint8ClampedArray;
  const source = plain
    ? data instanceof Uint8ClampedArray
      ? new Uint8Array(data.buffer, data.byteOffset, data.length)
      : array
    : fillArray(op, Array.from(array as Int32Array), code);
  const t = upload([array.length], code, place, source);
  return dtype === null ? t : cast(t, dtype);
}

/**
 * A tensor of the given numbers (https://pytorch.org/docs/stable/generated/torch.tensor.html). Numbers take the default
 * dtype, BigInts int64, booleans bool, typed arrays their own; `dtype` overrides. The data is copied.
 * @throws ShapeError for ragged lists, ArgumentError for anything that isn't a number.
 */
export function tensor(data: TensorData, options?: TensorOptions): Tensor {
  const dtype = optionsCode('tensor', options, -1);
  const place = optionsPlace('tensor', options, data instanceof Tensor ? data.place : undefined);
  let t: Tensor;
  if (data instanceof Tensor) {
    t = copied(data, dtype < 0 ? data.code : dtype, place);
  } else if (ArrayBuffer.isView(data)) {
    t = fromTypedArray('tensor', data, dtype < 0 ? null : dtype, place);
  } else if (Array.isArray(data)) {
    const [flat, shape] = flattenList('tensor', data as readonly unknown[]);
    const code = dtype < 0 ? inferCode(flat) : dtype;
    t = upload(shape, code, place, fillArray('tensor', flat, code));
  } else {
    const flat = [checkElement('tensor', data, 0)];
    const code = dtype < 0 ? inferCode(flat) : dtype;
    t = upload([], code, place, fillArray('tensor', flat, code));
  }
  return finish('tensor', t, options);
}

/** @internal A list as an index, on the CPU: booleans, or integers as int64. */
export function indexTensor(op: string, list: readonly unknown[]): Tensor {
  const [flat, shape] = flattenList(op, list);
  const fraction = flat.find((v) => typeof v === 'number' && !Number.isInteger(v));
  if (fraction !== undefined)
    throw new IndexError(
      `${op}: expected integers or booleans in a list of indices, got ${describe(fraction)}`,
    );
  const code = flat.length > 0 && flat.every((v) => typeof v === 'boolean') ? Code.bool : Code.int64;
  return upload(shape, code, CPU, fillArray(op, flat, code));
}

/** The same tensor where that is one of the dtype on the device, else a new one, as by `tensor`. */
export function asTensor(data: TensorData, options?: TensorOptions): Tensor {
  if (!(data instanceof Tensor)) return tensor(data, options);
  const code = optionsCode('asTensor', options, data.code);
  return cast(data, code, optionsPlace('asTensor', options, data.place));
}

/** A 1-d tensor of a typed array's elements, copied, on the CPU. */
export function fromNumpy(data: TensorTypedArray | Uint8ClampedArray | Uint16Array | Uint32Array): Tensor {
  if (!ArrayBuffer.isView(data))
    throw new ArgumentError(`fromNumpy: expected a typed array, got ${describe(data)}`);
  return tensor(data, { device: 'cpu' });
}

/** Sizes as arguments or as one array, then options. */
export type Sizes = [...sizes: number[]] | [sizes: readonly number[]];
/** The sizes by name. */
export interface SizeOptions extends TensorOptions {
  size?: readonly number[];
}
export type SizesAndOptions = Sizes | [...Sizes, TensorOptions | undefined] | [SizeOptions];

/**
 * @internal Arguments called `names`, by position or by name, and what options there are besides. An option that is
 * undefined counts as left out.
 */
export function namedArguments<Options>(
  op: string,
  names: readonly string[],
  given: readonly unknown[],
): [values: unknown[], options: Options | undefined] {
  const trimmed = given[given.length - 1] === undefined ? given.slice(0, -1) : given;
  const [positional, named] = splitOptions(trimmed);
  if (positional.length > names.length)
    throw new ArgumentError(
      `${op}: expected at most ${names.length} arguments (${names.join(', ')}), got ${positional.length}`,
    );
  const values = names.map((_, i) => positional[i]);
  if (named === undefined) return [values, undefined];
  const rest: Record<string, unknown> = { ...(named as Record<string, unknown>) };
  names.forEach((name, i) => {
    if (rest[name] !== undefined && values[i] !== undefined)
      throw new ArgumentError(`${op}: ${name} was given by position and by name`);
    values[i] ??= rest[name];
    delete rest[name];
  });
  return [values, rest as Options];
}

/** @internal Sizes, one by one, as an array or by name, and what options there are besides. */
export function shapeAndOptions<Options>(
  op: string,
  given: readonly unknown[],
): [Shape, Options | undefined] {
  const last = given[given.length - 1];
  const count = given.length - (given.length > 0 && (last === undefined || isOptions(last)) ? 1 : 0);
  const sizes = given.slice(0, count);
  const [[size], options] = namedArguments<Options>(op, ['size'], given.slice(count));
  if (size === undefined ? count === 0 : count > 0)
    throw new ArgumentError(`${op}: expected sizes, as arguments, as one array or by name`);
  return [checkShape(op, size === undefined ? sizes : [size]), options];
}

function filled(op: string, given: readonly unknown[], value: number | null): Tensor {
  const [shape, options] = shapeAndOptions<TensorOptions>(op, given);
  const code = optionsCode(op, options, defaultDtypeCode());
  const place = optionsPlace(op, options);
  return finish(
    op,
    value === null ? uninitialised(shape, code, place, op) : fullOf(shape, code, place, value, op),
    options,
  );
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

type Scalar = number | boolean | bigint | Tensor;

/** The dtype that a number takes on its own; one of a tensor, by its kind. */
function ownCode(value: unknown): number {
  if (value instanceof Tensor && !isFloatingCode(value.code))
    return value.code === Code.bool ? Code.bool : Code.int64;
  return typeof value === 'bigint' ? Code.int64 : typeof value === 'boolean' ? Code.bool : defaultDtypeCode();
}

function fillNumber(op: string, value: unknown): number {
  return numberValue(op, plainNumber(op, 'fillValue', value), 'fillValue');
}

/** Of one value: `full([2, 3], 7)`. Numbers take the default dtype, BigInts int64, booleans bool; 0-d tensors count as numbers. */
export function full(size: readonly number[], fillValue: Scalar, options?: TensorOptions): Tensor;
export function full(options: SizeOptions & { fillValue: Scalar }): Tensor;
export function full(size: readonly number[], options: TensorOptions & { fillValue: Scalar }): Tensor;
export function full(...given: readonly unknown[]): Tensor {
  const [[size, value], options] = namedArguments<TensorOptions>('full', ['size', 'fillValue'], given);
  const shape = checkShape('full', [size]);
  const code = optionsCode('full', options, ownCode(value));
  const number = elementValue('full', fillNumber('full', value), code);
  return finish('full', fullOf(shape, code, optionsPlace('full', options), number, 'full'), options);
}

/** A 0-d tensor of a number. */
export function scalarTensor(value: Scalar, options?: TensorOptions): Tensor {
  const code = optionsCode('scalarTensor', options, defaultDtypeCode());
  const number = scalarElement(
    'scalarTensor',
    numberValue('scalarTensor', plainNumber('scalarTensor', 'the value', value)),
    code,
  );
  const place = optionsPlace('scalarTensor', options);
  return finish('scalarTensor', fullOf([], code, place, number), options);
}

function like(op: string, t: Tensor, value: number | null, options: TensorOptions | undefined): Tensor {
  checkTensor(op, t);
  const code = optionsCode(op, options, t.code);
  const place = optionsPlace(op, options, t.place);
  const out =
    value === null
      ? uninitialised(t.shape, code, place, op)
      : fullOf(t.shape, code, place, elementValue(op, value, code), op);
  return finish(op, out, options);
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
export function fullLike(t: Tensor, fillValue: Scalar, options?: TensorOptions): Tensor;
export function fullLike(t: Tensor, options: TensorOptions & { fillValue: Scalar }): Tensor;
export function fullLike(t: Tensor, ...given: readonly unknown[]): Tensor {
  const [[value], options] = namedArguments<TensorOptions>('fullLike', ['fillValue'], given);
  return like('fullLike', t, fillNumber('fullLike', value), options);
}

interface Range {
  start?: number | Tensor;
  end?: number | Tensor;
  step?: number | Tensor;
}

/**
 * From `start` (0) to before `end` in steps of `step` (1): `arange(5)`, `arange(2, 5)`, `arange(1, 2, 0.5)`. Whole
 * numbers give int64, others the default dtype.
 */
export function arange(end: number | Tensor, options?: TensorOptions & Range): Tensor;
export function arange(start: number | Tensor, end: number | Tensor, options?: TensorOptions & Range): Tensor;
export function arange(
  start: number | Tensor,
  end: number | Tensor,
  step: number | Tensor,
  options?: TensorOptions,
): Tensor;
export function arange(options: TensorOptions & Range): Tensor;
export function arange(...given: readonly unknown[]): Tensor {
  const [values, options] = namedArguments<TensorOptions>('arange', ['start', 'end', 'step'], given);
  // One number alone is the end.
  const ends =
    values[1] === undefined && values[2] === undefined
      ? [0, values[0], 1]
      : [values[0] ?? 0, values[1], values[2] ?? 1];
  const numbers = ends.map((n, i) => plainNumber('arange', ['start', 'end', 'step'][i]!, n)) as number[];
  for (const n of numbers)
    if (typeof n !== 'number' || !Number.isFinite(n))
      throw new ArgumentError(`arange: expected finite numbers (start, end, step), got ${describe(n)}`);
  const whole = ends.every((n) => (n instanceof Tensor ? !isFloatingCode(n.code) : Number.isInteger(n)));
  const code = optionsCode('arange', options, whole ? Code.int64 : defaultDtypeCode());
  if (code === Code.bool) throw new DTypeError('arange: not defined for bool');
  // int64 counts with whole numbers, the other integers cut off fractions at the end.
  const [start, stop, step] = (code === Code.int64 ? numbers.map(Math.trunc) : numbers) as [
    number,
    number,
    number,
  ];
  if (step === 0) throw new ArgumentError('arange: expected a step other than 0');
  if ((stop - start) * step < 0)
    throw new ArgumentError(`arange: a step of ${step} doesn't lead from ${start} to ${stop}`);
  const shape = checkShape('arange', [Math.ceil((stop - start) / step)]);
  // Integers are computed as such; the rest in double precision, then rounded.
  const place = optionsPlace('arange', options);
  const out = isFloatingCode(code)
    ? generate(Op.arange, Code.float64, shape, code, place, [start, step])
    : generate(Op.arange, COMPUTE[code]!, shape, code, place, [Math.trunc(start), Math.trunc(step)]);
  return finish('arange', out, options);
}

interface Points {
  start?: number | Tensor;
  end?: number | Tensor;
  steps?: number | Tensor;
}

/** `steps` numbers from `start` to `end`, both included, equally far apart. */
export function linspace(
  start: number | Tensor,
  end: number | Tensor,
  steps: number | Tensor,
  options?: TensorOptions,
): Tensor;
export function linspace(
  start: number | Tensor,
  end: number | Tensor,
  options: TensorOptions & Points,
): Tensor;
export function linspace(options: TensorOptions & Points): Tensor;
export function linspace(...given: readonly unknown[]): Tensor {
  const [[start, end, steps], options] = namedArguments<TensorOptions>(
    'linspace',
    ['start', 'end', 'steps'],
    given,
  );
  return points('linspace', start, end, steps, options, (exact) => exact);
}

/** `steps` powers of a base, of which the exponents are spaced evenly from `start` to `end`. */
export function logspace(
  start: number | Tensor,
  end: number | Tensor,
  steps: number | Tensor,
  base?: number | Tensor,
  options?: TensorOptions,
): Tensor;
export function logspace(
  start: number | Tensor,
  end: number | Tensor,
  steps: number | Tensor,
  options: TensorOptions & { base?: number | Tensor },
): Tensor;
export function logspace(options: TensorOptions & Points & { base?: number | Tensor }): Tensor;
export function logspace(...given: readonly unknown[]): Tensor {
  const [[start, end, steps, base = 10], options] = namedArguments<TensorOptions>(
    'logspace',
    ['start', 'end', 'steps', 'base'],
    given,
  );
  const factor = numberArgument('logspace', 'base', plainNumber('logspace', 'base', base));
  return points('logspace', start, end, steps, options, (exact) => pow(factor, exact));
}

/** An end of a spacing; as in PyTorch it may require a gradient, of which the result knows nothing. */
function spacingEnd(op: string, name: string, value: unknown): unknown {
  return plainNumber(op, name, value instanceof Tensor ? value.detach() : value);
}

/** How many points: a number, or a 0-d tensor of integers. */
function stepsArgument(op: string, steps: unknown): number {
  const whole = !(steps instanceof Tensor) || (!isFloatingCode(steps.code) && steps.code !== Code.bool);
  return integerArgument(op, 'steps', whole ? plainNumber(op, 'steps', steps) : steps);
}

function points(
  op: string,
  start: unknown,
  end: unknown,
  steps: unknown,
  options: TensorOptions | undefined,
  f: (exact: Tensor) => Tensor,
): Tensor {
  const code = optionsCode(op, options, defaultDtypeCode());
  if (code === Code.bool) throw new DTypeError(`${op}: not defined for bool`);
  const from = elementValue(op, numberArgument(op, 'start', spacingEnd(op, 'start', start)), code);
  const to = elementValue(op, numberArgument(op, 'end', spacingEnd(op, 'end', end)), code);
  const shape = checkShape(op, [stepsArgument(op, steps)]);
  const place = optionsPlace(op, options);
  return finish(op, cast(f(spaced(from, to, numelOf(shape), place)), code), options);
}

/** In double precision; from both ends, so that both are exact. */
function spaced(start: number, end: number, n: number, place: number): Tensor {
  const step = n > 1 ? (end - start) / (n - 1) : 0;
  const i = generate(Op.arange, Code.float64, [n], Code.float64, place, [0, 1]);
  if (n <= 1) return add(i, start);
  return where(lt(i, Math.floor(n / 2)), add(mul(i, step), start), add(mul(sub(i, n - 1), step), end));
}

/** Ones on the diagonal: n x m, square unless m is given. */
export function eye(n: number, options?: TensorOptions & { m?: number }): Tensor;
export function eye(n: number, m: number, options?: TensorOptions): Tensor;
export function eye(...given: readonly unknown[]): Tensor {
  const [[n, m], options] = namedArguments<TensorOptions>('eye', ['n', 'm'], given);
  const shape = checkShape('eye', [[n, m === undefined ? n : m]]);
  const code = optionsCode('eye', options, defaultDtypeCode());
  const place = optionsPlace('eye', options);
  return finish('eye', generate(Op.eye, COMPUTE[code]!, shape, code, place, NONE), options);
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
