/** Tensors repeated: as a whole, and element by element. */
import { binding } from '../backend/load';
import { withGradMode } from '../autograd/mode';
import { defineGradient, record } from '../autograd/node';
import { Code } from '../dtype';
import { ArgumentError, DTypeError, OutOfMemoryError, ShapeError, describe } from '../errors';
import { checkShape, showShape, unpackList, wrapDim, type Shape } from '../shape';
import { Tensor, alias, checkTensor, stridesOf, uninitialised } from '../tensor';
import { bindArguments, integerArgument, isOptions } from './arguments';
import { copied } from './cast';
import { hostArray, toTypedArray } from './convert';
import { clone } from './copy';
import { indexSelect } from './index-select';
import { fullOf } from './kernel';
import { sum } from './reduce';
import { expand, flatten, reshape, unsqueeze } from './view';

/** Whole numbers from 0 on, given as arguments, as one list or by their name. */
function countsOf(op: string, name: string, given: readonly unknown[]): number[] {
  const list = given.length === 1 && isOptions(given[0]) ? bindArguments(op, [name], given) : given;
  return Array.from(unpackList(op, list), (n) => {
    if (integerArgument(op, `each of ${name}`, n) < 0)
      throw new ArgumentError(`${op}: expected ${name} of at least 0, got ${describe(n)}`);
    return (n as number) + 0;
  });
}

interface Repeated {
  /** x's, with 1 for each dimension that was added. */
  readonly shape: Shape;
  readonly repeats: readonly number[];
}

/** A dimension for each number of repeats, before the one that is repeated: where both are more than 1. */
function divided({ shape, repeats }: Repeated): [shape: number[], repeated: number[]] {
  const out: number[] = [];
  const repeated: number[] = [];
  shape.forEach((n, i) => {
    if (repeats[i] !== 1) repeated.push(out.push(repeats[i]!) - 1);
    if (n !== 1 || repeats[i] === 1) out.push(n);
  });
  return [out, repeated];
}

const Repeat = defineGradient<Repeated>('Repeat', (grad, _, r) => {
  if (grad.count === 0) return [fullOf(r.shape, grad.code, grad.place, 0)];
  const [shape, repeated] = divided(r);
  const total = repeated.length === 0 ? grad : sum(reshape(grad, shape), repeated);
  return [reshape(total, r.shape)];
});

function repeatedBy(op: string, x: Tensor, counts: readonly number[]): Tensor {
  const added = counts.length - x.shape.length;
  const r = { shape: [...new Array<number>(added).fill(1), ...x.shape], repeats: counts };
  const shape = checkShape(op, [r.shape.map((n, i) => n * counts[i]!)]);
  const own = stridesOf(x);
  const [between] = divided(r);
  const strides: number[] = [];
  r.shape.forEach((n, i) => {
    if (counts[i] !== 1) strides.push(0);
    if (n !== 1 || counts[i] === 1) strides.push(own[i - added] ?? 0);
  });
  const copy = copied(alias(x, between, strides, x.offset), x.code);
  // The engine takes the dimensions that were added off again.
  return record(alias(copy, shape, null, 0), Repeat, [x], [], r);
}

type Sizes = readonly (number | readonly number[])[];

/**
 * x as many times along each dimension as the sizes say; those in front of x's dimensions add one
 * (https://docs.pytorch.org/docs/stable/generated/torch.Tensor.repeat.html).
 */
export function repeat(x: Tensor, ...repeats: Sizes | [{ repeats: readonly number[] }]): Tensor {
  checkTensor('repeat', x);
  const counts = countsOf('repeat', 'repeats', repeats);
  if (counts.length < x.shape.length)
    throw new ShapeError(
      `repeat: expected a number for each of the ${x.shape.length} dimensions, got ${showShape(counts)}`,
    );
  return repeatedBy('repeat', x, counts);
}

/** `repeat`, where numbers of repeats that lack in front are 1. */
export function tile(x: Tensor, ...dims: Sizes | [{ dims: readonly number[] }]): Tensor {
  checkTensor('tile', x);
  const counts = countsOf('tile', 'dims', dims);
  while (counts.length < x.shape.length) counts.unshift(1);
  return repeatedBy('tile', x, counts);
}

/** What `repeatInterleave` takes by name. */
export interface RepeatInterleaveOptions {
  /** Without one, x is flattened first. */
  dim?: number | null;
  /** The size that the dimension gets: it has to be what the repeats add up to. */
  outputSize?: number | null;
}

const INTERLEAVE = ['repeats', 'dim', 'outputSize'] as const;

/** Each index as often as `repeats` says at it. */
function interleaved(op: string, repeats: Tensor): Tensor {
  if (repeats.code !== Code.int64 && repeats.code !== Code.int32)
    throw new DTypeError(`${op}: expected int64 or int32 repeats, got ${repeats.dtype}`);
  if (repeats.shape.length !== 1)
    throw new ShapeError(`${op}: expected repeats of 1 dimension, got shape ${showShape(repeats.shape)}`);
  const counts = Array.from(toTypedArray(repeats) as ArrayLike<number | bigint>, Number);
  let total = 0;
  for (const n of counts) {
    if (n < 0) throw new ArgumentError(`${op}: expected repeats of at least 0, got ${n}`);
    total += n;
  }
  if (total > 2 ** 40) throw new OutOfMemoryError(`${op}: ${total} elements are too many`);
  const indices = hostArray(op, BigInt64Array, total);
  let at = 0;
  counts.forEach((n, i) => {
    indices.fill(BigInt(i), at, at + n);
    at += n;
  });
  const out = uninitialised([total], Code.int64, repeats.place, op);
  binding.upload(out.id, indices);
  return out;
}

function checkOutputSize(op: string, expected: unknown, size: number): void {
  if (expected === undefined || expected === null) return;
  if (integerArgument(op, 'outputSize', expected) !== size)
    throw new ShapeError(`${op}: expected an outputSize of ${size}, got ${describe(expected)}`);
}

/**
 * Each element along a dimension repeated, all as often or each as a tensor says
 * (https://docs.pytorch.org/docs/stable/generated/torch.repeat_interleave.html). Of a tensor alone, its indices, each as
 * often as it says.
 */
export function repeatInterleave(repeats: Tensor, options?: { outputSize?: number | null }): Tensor;
export function repeatInterleave(x: Tensor, repeats: number | Tensor, dim?: number | null): Tensor;
export function repeatInterleave(
  x: Tensor,
  repeats: number | Tensor,
  options: RepeatInterleaveOptions,
): Tensor;
export function repeatInterleave(
  x: Tensor,
  repeats: number | Tensor,
  dim: number | null,
  options: { outputSize?: number | null },
): Tensor;
export function repeatInterleave(
  x: Tensor,
  options: RepeatInterleaveOptions & { repeats: number | Tensor },
): Tensor;
export function repeatInterleave(x: Tensor, ...given: readonly unknown[]): Tensor {
  const op = 'repeatInterleave';
  checkTensor(op, x);
  const [repeats, dim, outputSize] = bindArguments(op, INTERLEAVE, given);
  if (repeats !== undefined || (dim !== undefined && dim !== null)) return repeatInterleaveOf(x, given);
  const out = interleaved(op, x);
  checkOutputSize(op, outputSize, out.count);
  return out;
}

/** @internal `repeatInterleave` of a tensor and repeats. */
export function repeatInterleaveOf(x: Tensor, given: readonly unknown[]): Tensor {
  const op = 'repeatInterleave';
  const [repeats, dim, outputSize] = bindArguments(op, INTERLEAVE, given);
  const all = dim === undefined || dim === null;
  const source = all ? flatten(x) : x;
  const d = all ? 0 : wrapDim(op, dim, x.shape.length);
  if (repeats instanceof Tensor) return repeatedEach(op, source, d, repeats, outputSize);
  if (integerArgument(op, 'repeats', repeats) < 0)
    throw new ArgumentError(`${op}: expected repeats of at least 0, got ${describe(repeats)}`);
  if (source.shape.length === 0) throw new ShapeError(`${op}: a 0-d tensor has no dimension to repeat along`);
  const n = repeats as number;
  const { shape } = source;
  checkOutputSize(op, outputSize, shape[d]! * n);
  checkShape(op, [shape.map((size, i) => (i === d ? size * n : size))]);
  const wide = expand(unsqueeze(source, d + 1), [...shape.slice(0, d + 1), n, ...shape.slice(d + 1)]);
  const merged = shape.map((size, i) => (i === d ? size * n : size));
  return reshape(clone(wide), merged);
}

function repeatedEach(op: string, x: Tensor, dim: number, repeats: Tensor, outputSize: unknown): Tensor {
  const n = x.shape[dim] ?? 1;
  const single = repeats.shape.length === 0 || (repeats.shape.length === 1 && repeats.count === 1);
  if (repeats.shape.length > 1 || (!single && repeats.count !== n))
    throw new ShapeError(
      `${op}: expected repeats of shape [${n}], one or a number, got shape ${showShape(repeats.shape)}`,
    );
  const each = withGradMode(op, false, () => (single ? expand(reshape(repeats, 1), n) : repeats));
  const index = interleaved(op, each);
  checkOutputSize(op, outputSize, index.count);
  return indexSelect(x, dim, index);
}
