/** Tensors divided at indices, or into parts of nearly one size. */
import { MAX_TENSORS } from '../backend/commands';
import { Code } from '../dtype';
import { ArgumentError, DTypeError, OutOfMemoryError, ShapeError, describe } from '../errors';
import { showShape, wrapDim } from '../shape';
import { Tensor, checkTensor } from '../tensor';
import { integerArgument, named } from './arguments';
import { toTypedArray } from './convert';
import { slice } from './view';

/** Where `tensorSplit` divides: into so many parts, or at these indices. */
export type Sections = number | readonly number[] | Tensor;

/** A number of parts, or indices. */
function sectionsOf(op: string, given: unknown): number | number[] {
  if (given instanceof Tensor) {
    if (given.code !== Code.int64) throw new DTypeError(`${op}: expected int64 indices, got ${given.dtype}`);
    if (given.shape.length > 1)
      throw new ShapeError(`${op}: expected indices of at most 1 dimension, got ${showShape(given.shape)}`);
    const values = Array.from(toTypedArray(given) as ArrayLike<number | bigint>, Number);
    return given.shape.length === 0 ? values[0]! : values;
  }
  if (Array.isArray(given)) {
    const indices: number[] = [];
    for (const i of given as readonly unknown[]) indices.push(integerArgument(op, 'each index', i));
    return indices;
  }
  return integerArgument(op, 'indicesOrSections', given);
}

function splitAlong(op: string, x: Tensor, d: number, sections: number | readonly number[]): Tensor[] {
  const n = x.shape[d]!;
  const count = typeof sections === 'number' ? sections : sections.length + 1;
  if (count <= 0) throw new ArgumentError(`${op}: expected a positive number of parts, got ${count}`);
  if (count > MAX_TENSORS)
    throw new OutOfMemoryError(`${op}: expected at most ${MAX_TENSORS} parts, got ${count}`);
  if (typeof sections !== 'number')
    return Array.from({ length: count }, (_, i) =>
      slice(x, d, i === 0 ? 0 : sections[i - 1]!, i < sections.length ? sections[i]! : n),
    );
  const size = Math.floor(n / count);
  const larger = n % count;
  return Array.from({ length: count }, (_, i) => {
    const start = i * size + Math.min(i, larger);
    return slice(x, d, start, start + size + (i < larger ? 1 : 0));
  });
}

/**
 * Parts of nearly one size (the first ones may be larger by one), or those between indices: views
 * (https://docs.pytorch.org/docs/stable/generated/torch.tensor_split.html).
 */
export const tensorSplit = named<
  [indicesOrSections: Sections, dim?: number],
  { indicesOrSections?: Sections; dim?: number; indices?: readonly number[]; sections?: number },
  Tensor[]
>('tensorSplit', ['indicesOrSections', 'dim', 'indices', 'sections'], (x, given, dim = 0, ...others) => {
  const op = 'tensorSplit';
  checkTensor(op, x);
  const [indices, sections] = others as unknown as [unknown, unknown];
  const by = [given, indices, sections].filter((value) => value !== undefined);
  if (by.length !== 1)
    throw new ArgumentError(`${op}: expected indices or a number of sections, got ${describe(given)}`);
  if (x.shape.length === 0) throw new ShapeError(`${op}: a 0-d tensor has no dimension to split`);
  return splitAlong(op, x, wrapDim(op, dim, x.shape.length), sectionsOf(op, by[0]));
});

/** A split along a dimension of its own, into parts of exactly one size or at indices. */
function splitOp(name: string, least: number, dimOf: (rank: number) => number) {
  return named<
    [indicesOrSections: number | readonly number[]],
    { indicesOrSections?: number | readonly number[]; indices?: readonly number[]; sections?: number },
    Tensor[]
  >(name, ['indicesOrSections', 'indices', 'sections'], (x, given, ...others) => {
    checkTensor(name, x);
    const by = [given, ...(others as unknown as unknown[])].filter((value) => value !== undefined);
    if (by.length !== 1 || by[0] instanceof Tensor)
      throw new ArgumentError(`${name}: expected a list of indices or a number, got ${describe(by[0])}`);
    if (x.shape.length < least)
      throw new ShapeError(
        `${name}: expected at least ${least} dimension${least > 1 ? 's' : ''}, got shape ${showShape(x.shape)}`,
      );
    const d = dimOf(x.shape.length);
    const sections = sectionsOf(name, by[0]);
    if (typeof sections === 'number' && !(sections > 0 && x.shape[d]! % sections === 0))
      throw new ShapeError(
        `${name}: dimension ${d} of size ${x.shape[d]} can't be divided into ${sections} parts of one size`,
      );
    return splitAlong(name, x, d, sections);
  });
}

/** The columns divided; of one dimension, its elements. */
export const hsplit = splitOp('hsplit', 1, (rank) => (rank === 1 ? 0 : 1));
/** The rows divided. */
export const vsplit = splitOp('vsplit', 2, () => 0);
/** The third dimension divided. */
export const dsplit = splitOp('dsplit', 3, () => 2);
