/** Between tensors and JavaScript: numbers, lists, typed arrays, text; and between dtypes. */
import { inspect } from 'util';
import { getHeapStatistics } from 'v8';
import { binding } from '../backend/load';
import { alias, gradNode, Tensor, checkTensor, uninitialised } from '../tensor';
import { COMPUTE, Code, DTYPES, dtypeCode, type DType, type TensorTypedArray } from '../dtype';
import { CPU, resolveDevice, type DeviceLike } from '../device';
import { ArgumentError, OutOfMemoryError, ShapeError, describe } from '../errors';
import { showShape } from '../shape';
import { formatTensor } from '../print';
import { booleanArgument, checkOptions } from './arguments';
import { cast, copied } from './cast';
import { clone } from './copy';
import { NONE, launch } from './kernel';
import { Op } from '../backend/ops.generated';

/** Numbers (booleans for bool) in lists in lists. */
export type NestedNumbers = number | boolean | NestedNumbers[];

/** @internal */
export function checkOne(op: string, t: Tensor): void {
  checkTensor(op, t);
  if (t.count !== 1)
    throw new ShapeError(`${op}: expected a tensor of one element, got shape ${showShape(t.shape)}`);
}

/**
 * The one element as a number; bool gives 0 or 1. Waits for it to be computed: `itemAsync` leaves the event loop free.
 * @throws ArgumentError for an int64 beyond 2^53: use itemBigInt().
 */
export function item(t: Tensor): number {
  checkOne('item', t);
  return binding.item(t.id);
}

/** The one element of an integer or bool tensor as a BigInt. */
export function itemBigInt(t: Tensor): bigint {
  checkOne('itemBigInt', t);
  if (t.code <= 3) throw new ArgumentError(`itemBigInt: expected integers, got ${t.dtype}`);
  return binding.itemBigInt(t.id);
}

/** A typed array, for which there may be no memory. */
export function hostArray<A>(op: string, make: new (length: number) => A, length: number): A {
  try {
    return new make(length);
  } catch {
    throw new OutOfMemoryError(`${op}: cannot allocate a typed array of ${length} elements`);
  }
}

/** @internal Throws when lists of this shape would not fit JavaScript's heap: V8 ends a process that outgrows it. */
export function checkListable(op: string, shape: readonly number[]): void {
  let lists = 1;
  let entries = 0;
  for (const size of shape) entries += lists *= size;
  // At least 8 bytes an entry, and what an array has besides; the flat copy as well.
  const bytes = 24 * entries;
  if (bytes < 2 ** 24) return;
  const { heap_size_limit: limit, used_heap_size: used } = getHeapStatistics();
  if (!(bytes < limit - used))
    throw new OutOfMemoryError(
      `${op}: lists of shape ${showShape(shape)} do not fit JavaScript's heap (${limit - used} of ${limit} bytes are free); use toTypedArray()`,
    );
}

/** @internal Row major, without recording, in the dtype that travels: half types as float32. */
export function transferable(t: Tensor): Tensor {
  const code = t.code === Code.float16 || t.code === Code.bfloat16 ? Code.float32 : t.code;
  return code === t.code && t.layout === null ? t : launch(Op.copy, COMPUTE[code]!, t.shape, code, [t], NONE);
}

/** @internal Room for the elements of what `transferable` gives. */
export function arrayFor(op: string, source: Tensor): TensorTypedArray {
  const make = [
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
  ][source.code]!;
  return hostArray<TensorTypedArray>(op, make, source.count);
}

/**
 * A copy of the elements, row major. float32 and the half types give Float32Array, float64 Float64Array, int8 Int8Array,
 * uint8 and bool Uint8Array, int16 Int16Array, int32 Int32Array, int64 BigInt64Array. Waits for them to be computed.
 */
export function toTypedArray(t: Tensor): TensorTypedArray {
  checkTensor('toTypedArray', t);
  const source = transferable(t);
  const array = arrayFor('toTypedArray', source);
  binding.download(source.id, array);
  return array;
}

/** The elements of a dtype's array as JavaScript values. */
function values(op: string, code: number, array: TensorTypedArray): (number | boolean)[] {
  if (array instanceof BigInt64Array)
    return Array.from(array, (v) => {
      const n = Number(v);
      if (!Number.isSafeInteger(n))
        throw new ArgumentError(
          `${op}: the int64 value ${v} exceeds 2^53 and no number can hold it: use toTypedArray()`,
        );
      return n;
    });
  const numbers = Array.from(array as Float64Array);
  return code === Code.bool ? numbers.map((v) => v !== 0) : numbers;
}

function nest<V>(flat: readonly V[], shape: readonly number[], depth = 0, start = 0): unknown {
  if (depth === shape.length) return flat[start];
  let step = 1;
  for (let i = depth + 1; i < shape.length; i++) step *= shape[i]!;
  return Array.from({ length: shape[depth]! }, (_, i) => nest(flat, shape, depth + 1, start + i * step));
}

/** @internal A tensor's elements, which `array` holds, in nested arrays. */
export function nested(op: string, t: Tensor, array: TensorTypedArray): unknown {
  return nest(values(op, t.code, array), t.shape);
}

/** The elements in nested arrays; a 0-d tensor gives its one value. Waits for them to be computed. */
export function tolist<T = NestedNumbers>(t: Tensor): T {
  checkTensor('tolist', t);
  checkListable('tolist', t.shape);
  return nested('tolist', t, toTypedArray(t)) as T;
}

/** For JSON.stringify: nested arrays; what JSON has no numbers for (NaN, infinities, int64 beyond 2^53) as strings. */
export function toJSON(t: Tensor): unknown {
  checkListable('toJSON', t.shape);
  const array = toTypedArray(t);
  const plain =
    array instanceof BigInt64Array
      ? Array.from(array, (v) => (Number.isSafeInteger(Number(v)) ? Number(v) : String(v)))
      : Array.from(array as Float64Array, (v) =>
          t.code === Code.bool ? v !== 0 : Number.isFinite(v) ? v : String(v),
        );
  return nest<unknown>(plain, t.shape);
}

/** The elements of t, on a CUDA device, at row-major positions: as a tensor on the CPU. */
function fetched(t: Tensor, positions: readonly number[]): Tensor {
  const whole = t.layout === null ? t : copied(t, t.code);
  const row = alias(whole, [t.count], null, whole.offset);
  const index = uninitialised([positions.length], Code.int64, CPU, 'index');
  binding.upload(index.id, BigInt64Array.from(positions, BigInt));
  const places = copied(index, Code.int64, t.place);
  const shape = [positions.length];
  return copied(launch(Op.indexSelect, COMPUTE[t.code]!, shape, t.code, [row, places], [0]), t.code, CPU);
}

/** The elements at row-major positions, for printing. */
function gather(source: Tensor, positions: readonly number[]): (number | bigint)[] {
  const onCpu = source.place === CPU;
  const t = onCpu ? source : fetched(source, positions);
  const indices = onCpu ? Float64Array.from(positions) : Float64Array.from(positions, (_, i) => i);
  if (t.code === Code.int64) {
    const out = new BigInt64Array(positions.length);
    binding.elements(t.id, indices, out);
    return Array.from(out, (v) => (Number.isSafeInteger(Number(v)) ? Number(v) : v));
  }
  const out = new Float64Array(positions.length);
  binding.elements(t.id, indices, out);
  return Array.from(out);
}

/** As PyTorch prints it. */
export function toText(t: Tensor, isParameter: boolean): string {
  if (t.isDisposed) return '[disposed Tensor]';
  const node = gradNode(t);
  return formatTensor({
    shape: t.shape,
    dtype: t.dtype,
    isParameter,
    suffixes: {
      device: t.place === CPU ? undefined : t.device,
      ...(node !== null ? { gradFn: node.name } : t.needsGrad ? { requiresGrad: true } : {}),
    },
    gather: (positions) => gather(t, positions),
  });
}

/** @internal What console.log asks an object for its text by. */
export const INSPECT = inspect.custom;

export interface ToOptions {
  dtype?: DType;
  device?: DeviceLike;
  /** Copy even if nothing changes. */
  copy?: boolean;
  /** Nothing waits here for what goes to a GPU; what comes from one is waited for. */
  nonBlocking?: boolean;
}

/**
 * x in another dtype or on another device; x itself if it is there already
 * (https://pytorch.org/docs/stable/generated/torch.Tensor.to.html): `x.to('float64')`, `x.to('cuda')`, `x.to(other)`,
 * `x.to({ dtype: 'int64' })`.
 */
export function to(
  x: Tensor,
  target: DType | DeviceLike | Tensor | ToOptions,
  dtype?: DType | ToOptions,
): Tensor {
  checkTensor('to', x);
  let code = x.code;
  let place = x.place;
  let copy = false;
  const read = (value: unknown): void => {
    if (value === undefined) return;
    if (value instanceof Tensor) {
      code = value.code;
      place = value.place;
    } else if (typeof value === 'string') {
      if ((DTYPES as readonly string[]).includes(value)) code = dtypeCode('to', value);
      else place = resolveDevice('to', value);
    } else if (typeof value === 'object' && value !== null) {
      checkOptions('to', ['dtype', 'device', 'copy', 'nonBlocking'], value);
      const options = value as ToOptions;
      if (options.dtype !== undefined) code = dtypeCode('to', options.dtype);
      place = resolveDevice('to', options.device, place);
      copy = booleanArgument('to', 'copy', options.copy, copy);
    } else
      throw new ArgumentError(`to: expected a dtype, a device, a Tensor or options, got ${describe(value)}`);
  };
  if (target === undefined) throw new ArgumentError('to: expected a dtype, a device, a Tensor or options');
  read(target);
  read(dtype);
  return code === x.code && place === x.place && copy ? clone(x) : cast(x, code, place);
}
