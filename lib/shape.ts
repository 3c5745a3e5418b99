/** Shapes: checking, broadcasting, strides. The one place where result shapes are inferred. */
import { ArgumentError, IndexError, ShapeError, describe } from './errors';

export type Shape = readonly number[];

/** @internal As many dimensions as a tensor may have. */
export const MAX_RANK = 64;
const EMPTY: Shape = Object.freeze([]);

/** @internal The shape of 0-d tensors. */
export const SCALAR_SHAPE = EMPTY;

/** @internal `[2, 3]`, as errors print shapes. */
export function showShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** @internal */
export function numelOf(shape: Shape): number {
  let n = 1;
  for (let i = 0; i < shape.length; i++) n *= shape[i]!;
  return n;
}

/** @internal */
export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** @internal Whether elements at these strides fill memory without gaps or overlaps, in whatever order of the dimensions. */
export function isPermutedDense(shape: Shape, strides: readonly number[]): boolean {
  const dims = shape.map((_, d) => d).filter((d) => shape[d]! > 1);
  dims.sort((a, b) => strides[a]! - strides[b]!);
  let expected = 1;
  return dims.every((d) => {
    const fits = strides[d] === expected;
    expected *= shape[d]!;
    return fits;
  });
}

/** @internal Row-major strides, in elements. */
export function rowMajorStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step;
    step *= Math.max(shape[i]!, 1);
  }
  return strides;
}

/** @internal Whether strides are row major up to dimensions of size 1 (and for empty tensors always). */
export function isRowMajor(shape: Shape, strides: readonly number[]): boolean {
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    const size = shape[i]!;
    if (size === 0) return true;
    if (size !== 1) {
      if (strides[i] !== step) return false;
      step *= size;
    }
  }
  return true;
}

/** @internal The shape both broadcast to; throws a ShapeError that names `op`. */
export function broadcastShapes(op: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a;
  const rank = Math.max(a.length, b.length);
  const out = new Array<number>(rank);
  for (let i = 0; i < rank; i++) {
    const x = i < rank - a.length ? 1 : a[i - rank + a.length]!;
    const y = i < rank - b.length ? 1 : b[i - rank + b.length]!;
    if (x !== y && x !== 1 && y !== 1)
      throw new ShapeError(
        `${op}: shapes ${showShape(a)} and ${showShape(b)} do not broadcast (${x} and ${y} in dimension ${i - rank})`,
      );
    out[i] = x === 1 ? y : x;
  }
  return out;
}

/** @internal */
export function broadcastsTo(from: Shape, to: Shape): boolean {
  if (from.length > to.length) return false;
  const skip = to.length - from.length;
  for (let i = 0; i < from.length; i++) if (from[i] !== to[skip + i] && from[i] !== 1) return false;
  return true;
}

/** @internal A dimension as PyTorch counts it, negative from the end; a 0-d tensor has the dimensions 0 and -1. */
export function wrapDim(op: string, dim: unknown, rank: number): number {
  const count = Math.max(rank, 1);
  if (typeof dim !== 'number' || !Number.isInteger(dim))
    throw new ArgumentError(`${op}: expected dim to be an integer, got ${describe(dim)}`);
  if (dim < -count || dim >= count)
    throw new IndexError(`${op}: dimension out of range: expected ${-count} to ${count - 1}, got ${dim}`);
  return dim < 0 ? dim + count : dim;
}

/** @internal One dim, several, or (undefined, null, []) all of them: sorted, without doubles. */
export function wrapDims(op: string, dims: unknown, rank: number): number[] {
  if (dims === undefined || dims === null || (Array.isArray(dims) && dims.length === 0))
    return Array.from({ length: rank }, (_, i) => i);
  if (Array.isArray(dims) && dims.length > Math.max(rank, 1))
    throw new ArgumentError(`${op}: expected at most ${rank} dims, got ${dims.length}`);
  const list = [...(Array.isArray(dims) ? (dims as unknown[]) : [dims])].map((d) => wrapDim(op, d, rank));
  list.sort((a, b) => a - b);
  for (let i = 1; i < list.length; i++)
    if (list[i] === list[i - 1]) throw new ArgumentError(`${op}: dim ${list[i]} appears more than once`);
  return rank === 0 ? [] : list;
}

/** @internal The shape after reducing `dims`. */
export function reducedShape(shape: Shape, dims: readonly number[], keepdim: boolean): Shape {
  const out: number[] = [];
  for (let i = 0; i < shape.length; i++)
    if (!dims.includes(i)) out.push(shape[i]!);
    else if (keepdim) out.push(1);
  return out;
}

/** @internal Sizes or dims from user code, as arguments or as one array; the elements are unchecked, some may lack. */
export function unpackList(op: string, sizes: readonly unknown[]): readonly unknown[] {
  const list: readonly unknown[] =
    sizes.length === 1 && Array.isArray(sizes[0]) ? (sizes[0] as unknown[]) : sizes;
  if (list.length > MAX_RANK)
    throw new ShapeError(`${op}: expected at most ${MAX_RANK} dimensions, got ${list.length}`);
  return list;
}

/** @internal A shape from user code: sizes as arguments or as one array; throws a typed error that names `op`. */
export function checkShape(op: string, sizes: readonly unknown[]): Shape {
  const list = unpackList(op, sizes).slice();
  // Empty dimensions count as 1, as they do in strides, which must be exact too.
  let n = 1;
  for (let i = 0; i < list.length; i++) {
    const size = list[i];
    if (typeof size !== 'number' || !Number.isInteger(size) || size < 0)
      throw new ShapeError(`${op}: expected sizes to be non-negative integers, got ${describe(size)}`);
    list[i] = size + 0; // -0 is 0
    n *= Math.max(size, 1);
  }
  if (n > Number.MAX_SAFE_INTEGER)
    throw new ShapeError(
      `${op}: a tensor of shape ${showShape(list as number[])} has more than 2^53 elements`,
    );
  return list as number[];
}

/** @internal Fills in the one size given as -1 so that the shape has `numel` elements. */
export function inferShape(op: string, sizes: readonly unknown[], numel: number): Shape {
  const list = unpackList(op, sizes).slice();
  const free = list.indexOf(-1);
  if (free >= 0) {
    const rest = numelOf(
      checkShape(
        op,
        list.filter((_, i) => i !== free),
      ),
    );
    if (rest === 0 || numel % rest !== 0)
      throw new ShapeError(
        `${op}: shape ${showShape(list as number[])} is invalid for a tensor of ${numel} elements`,
      );
    list[free] = numel / rest;
  }
  const shape = checkShape(op, [list]);
  if (numelOf(shape) !== numel)
    throw new ShapeError(`${op}: shape ${showShape(shape)} is invalid for a tensor of ${numel} elements`);
  return shape;
}
