/** Grids and combinations of the elements of vectors, and the indices of triangles. */
import { binding } from '../backend/load';
import { Code } from '../dtype';
import { ArgumentError, DTypeError, OutOfMemoryError, ShapeError, describe } from '../errors';
import { broadcastShapes, checkShape, showShape, type Shape } from '../shape';
import { checkTensor, cudaInUse, uninitialised, type Tensor } from '../tensor';
import { bindArguments, booleanArgument, integerArgument, named, splitOptions } from './arguments';
import { cast } from './cast';
import { hostArray } from './convert';
import { finish, namedArguments, optionsCode, optionsPlace, type TensorOptions } from './creation';
import { gathered } from './devices';
import { indexSelect } from './index-select';
import { stack } from './join';
import { fullOf } from './kernel';
import { tensorsOf, type Tensors } from './stacks';
import { expand, reshape } from './view';

/** The tensors seen in the shape that all broadcast to. */
export function broadcastTensors(...tensors: Tensors): Tensor[] {
  const op = 'broadcastTensors';
  const list = tensorsOf(op, tensors);
  const shape = list.reduce<Shape>((all, t) => broadcastShapes(op, all, t.shape), []);
  return list.map((t) => expand(t, shape));
}

/** Which index of a grid comes first: 'ij' that of the first tensor, 'xy' that of the second. */
export interface MeshgridOptions {
  indexing?: 'ij' | 'xy';
}

/**
 * A grid of the coordinates that vectors list: of each of them a view, in the shape of all
 * (https://docs.pytorch.org/docs/stable/generated/torch.meshgrid.html).
 */
export function meshgrid(
  ...tensors: Tensors | [...Tensor[], MeshgridOptions] | [readonly Tensor[], MeshgridOptions]
): Tensor[] {
  const op = 'meshgrid';
  const [positional, options] = splitOptions(tensors);
  const [indexing = 'ij', others] = bindArguments(
    op,
    ['indexing', 'tensors'],
    options === undefined ? [] : [options],
  );
  if (indexing !== 'ij' && indexing !== 'xy')
    throw new ArgumentError(`${op}: expected indexing to be 'ij' or 'xy', got ${describe(indexing)}`);
  const list = tensorsOf(op, others === undefined ? positional : [...positional, others]);
  if (list.length === 0) throw new ArgumentError(`${op}: expected at least one Tensor`);
  for (const t of list) {
    if (t.shape.length > 1)
      throw new ShapeError(`${op}: expected tensors of at most 1 dimension, got shape ${showShape(t.shape)}`);
    if (t.code !== list[0]!.code)
      throw new DTypeError(`${op}: expected tensors of one dtype, got ${list[0]!.dtype} and ${t.dtype}`);
  }
  const exchanged = indexing === 'xy' && list.length >= 2;
  if (exchanged) [list[0], list[1]] = [list[1]!, list[0]!];
  const shape = checkShape(op, [list.map((t) => t.count)]);
  const grids = list.map((t, i) =>
    expand(
      reshape(
        t,
        shape.map((n, k) => (k === i ? n : 1)),
      ),
      shape,
    ),
  );
  if (exchanged) [grids[0], grids[1]] = [grids[1]!, grids[0]!];
  return grids;
}

/** All pairs, triples… of elements of vectors, one of each, as rows; of a single vector, itself. */
export function cartesianProd(...tensors: Tensors): Tensor {
  const op = 'cartesianProd';
  let list = tensorsOf(op, tensors);
  if (list.length === 0) throw new ArgumentError(`${op}: expected at least one Tensor`);
  for (const t of list)
    if (t.shape.length !== 1)
      throw new ShapeError(`${op}: expected tensors of 1 dimension, got shape ${showShape(t.shape)}`);
  if (list.length === 1) return list[0]!;
  if (cudaInUse) list = gathered(op, ...list);
  return stack(
    meshgrid(list).map((t) => reshape(t, -1)),
    1,
  );
}

/** As many combinations as are made at most. */
const MOST_COMBINATIONS = 2 ** 28;

/** The indices of all combinations of r among n, in lexicographic order: for each place in them a list. */
function combinationIndices(op: string, n: number, r: number, repeats: boolean): BigInt64Array[] {
  let count = 1;
  const from = repeats ? n + r - 1 : n;
  for (let i = 0; i < r && count > 0; i++) count = (count * Math.max(from - i, 0)) / (i + 1);
  count = Math.round(count);
  if (count * r > MOST_COMBINATIONS)
    throw new OutOfMemoryError(`${op}: ${count} combinations of ${r} elements are too many`);
  const lists = Array.from({ length: r }, () => hostArray(op, BigInt64Array, count));
  const at = Array.from({ length: r }, (_, i) => (repeats ? 0 : i));
  for (let k = 0; k < count; k++) {
    for (let i = 0; i < r; i++) lists[i]![k] = BigInt(at[i]!);
    let i = r - 1;
    while (i >= 0 && at[i] === (repeats ? n - 1 : n - r + i)) i--;
    if (i < 0) break;
    at[i]!++;
    for (let j = i + 1; j < r; j++) at[j] = repeats ? at[i]! : at[j - 1]! + 1;
  }
  return lists;
}

function uploaded(op: string, values: BigInt64Array, shape: Shape, place: number): Tensor {
  const out = uninitialised(shape, Code.int64, place, op);
  binding.upload(out.id, values);
  return out;
}

/** All combinations of r elements of a vector, as rows (https://docs.pytorch.org/docs/stable/generated/torch.combinations.html). */
export const combinations = named<
  [r?: number, withReplacement?: boolean],
  { r?: number; withReplacement?: boolean },
  Tensor
>('combinations', ['r', 'withReplacement'], (x, r = 2, withReplacement) => {
  const op = 'combinations';
  checkTensor(op, x);
  if (x.shape.length !== 1)
    throw new ShapeError(`${op}: expected 1 dimension, got shape ${showShape(x.shape)}`);
  if (integerArgument(op, 'r', r) < 0) throw new ArgumentError(`${op}: expected r of at least 0, got ${r}`);
  const repeats = booleanArgument(op, 'withReplacement', withReplacement, false);
  if (r === 0) return fullOf([0], x.code, x.place, 0);
  if (r > 1024) throw new OutOfMemoryError(`${op}: combinations of ${r} elements are too large`);
  const lists = combinationIndices(op, x.count, r, repeats);
  return stack(
    lists.map((list) => indexSelect(x, 0, uploaded(op, list, [list.length], x.place))),
    1,
  );
});

/** Rows and columns of a matrix, its diagonal, and as in `zeros`. */
export type TriangleOptions = TensorOptions & { offset?: number };
export type NamedTriangle = TriangleOptions & { row: number; col: number };

/** For each row of a matrix, from which column up to which one to go. */
function triangleIndices(
  op: string,
  given: readonly unknown[],
  columns: (row: number, offset: number, col: number) => [start: number, end: number],
): Tensor {
  const [[rows, cols, by = 0], options] = namedArguments<TensorOptions>(op, ['row', 'col', 'offset'], given);
  const row = integerArgument(op, 'row', rows);
  const col = integerArgument(op, 'col', cols);
  const offset = integerArgument(op, 'offset', by);
  if (row < 0 || col < 0)
    throw new ArgumentError(`${op}: expected row and col of at least 0, got ${row} and ${col}`);
  const code = optionsCode(op, options, Code.int64);
  const place = optionsPlace(op, options);
  let count = 0;
  const spans: [number, number][] = [];
  if (row > MOST_COMBINATIONS) throw new OutOfMemoryError(`${op}: ${row} rows are too many`);
  for (let i = 0; i < row; i++) {
    const [start, end] = columns(i, offset, col);
    spans.push([start, end]);
    count += Math.max(0, end - start);
  }
  const indices = hostArray(op, BigInt64Array, 2 * count);
  let at = 0;
  spans.forEach(([start, end], i) => {
    for (let j = start; j < end; j++, at++) {
      indices[at] = BigInt(i);
      indices[count + at] = BigInt(j);
    }
  });
  return finish(op, cast(uploaded(op, indices, [2, count], place), code), options);
}

/** The rows and columns of a matrix's lower triangle: its diagonal, moved by `offset`, and what is below. */
export function trilIndices(row: number, col: number, offset?: number, options?: TensorOptions): Tensor;
export function trilIndices(row: number, col: number, options: TriangleOptions): Tensor;
export function trilIndices(options: NamedTriangle): Tensor;
export function trilIndices(...given: readonly unknown[]): Tensor {
  return triangleIndices('trilIndices', given, (i, offset, col) => [
    0,
    Math.min(col, Math.max(0, i + offset + 1)),
  ]);
}

/** The rows and columns of a matrix's upper triangle: its diagonal, moved by `offset`, and what is above. */
export function triuIndices(row: number, col: number, offset?: number, options?: TensorOptions): Tensor;
export function triuIndices(row: number, col: number, options: TriangleOptions): Tensor;
export function triuIndices(options: NamedTriangle): Tensor;
export function triuIndices(...given: readonly unknown[]): Tensor {
  return triangleIndices('triuIndices', given, (i, offset, col) => [
    Math.min(col, Math.max(0, i + offset)),
    col,
  ]);
}
