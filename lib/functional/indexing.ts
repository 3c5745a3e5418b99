/** `x.index(…)` and `x.setIndex(…)`: Python's x[…] as far as JavaScript allows. */
import { binding } from '../backend/load';
import { Code } from '../dtype';
import { ArgumentError, IndexError, ShapeError, describe } from '../errors';
import { MAX_RANK, sameShape, showShape } from '../shape';
import { Tensor, checkTensor } from '../tensor';
import { add } from './pointwise';
import { integerArgument } from './arguments';
import { contiguous, copy_ } from './copy';
import { fullOf } from './kernel';
import { indexSelect } from './index-select';
import { lt } from './compare';
import { reshape, select, slice as sliceDim, transpose, unsqueeze, view } from './view';
import { where } from './where';
import { fitNumber, fromNumpy, indexTensor, scalarValue } from './creation';

/** start:stop:step of Python; null leaves an end open. */
export class Slice {
  constructor(
    readonly start: number | null = null,
    readonly stop: number | null = null,
    readonly step: number = 1,
  ) {
    if (start !== null) integerArgument('slice', 'start', start);
    if (stop !== null) integerArgument('slice', 'stop', stop);
    if (integerArgument('slice', 'step', step) <= 0)
      throw new ArgumentError(`slice: expected a positive step, got ${step}`);
  }
}

/** A range of a dimension, for `index`: `slice(2)` is `:2`, `slice(1, null)` is `1:`, `slice(0, 10, 2)` is `0:10:2`. */
export function slice(stop: number | null): Slice;
export function slice(start: number | null, stop: number | null, step?: number): Slice;
export function slice(a: number | null, b?: number | null, step = 1): Slice {
  return b === undefined ? new Slice(null, a, step) : new Slice(a, b, step);
}

/**
 * An integer, null (a new dimension), '...' (all dimensions left over), a range (`slice(…)` or `'1:5:2'`), or a tensor
 * or list of indices or booleans.
 */
export type IndexItem = number | null | string | Slice | Tensor | readonly number[] | readonly boolean[];

function parseSlice(op: string, text: string): Slice {
  const parts = text.split(':').map((s) => s.trim());
  if (parts.length < 2 || parts.length > 3 || parts.some((p) => !/^(-?\d+)?$/.test(p)))
    throw new ArgumentError(`${op}: expected '...' or a range such as '1:5' or '::2', got ${describe(text)}`);
  const [start, stop, step] = parts.map((p) => (p === '' ? null : Number(p)));
  return new Slice(start ?? null, stop ?? null, step ?? 1);
}

/** How many of x's dimensions an item takes. */
function consumed(item: IndexItem): number {
  if (item === null || item === '...') return 0;
  return item instanceof Tensor && item.code === Code.bool ? item.shape.length : 1;
}

/** The positions of the true elements, row major. */
function truePositions(mask: Tensor): BigInt64Array {
  const bytes = new Uint8Array(mask.count);
  binding.download(contiguous(mask).id, bytes);
  const positions: bigint[] = [];
  bytes.forEach((b, i) => b && positions.push(BigInt(i)));
  return BigInt64Array.from(positions);
}

/** x with the entries of `dim` (and, for a mask, those after it) that a tensor picks. */
function pick(x: Tensor, dim: number, index: Tensor): Tensor {
  if (index.code === Code.bool) {
    const rank = index.shape.length;
    const covered = x.shape.slice(dim, dim + rank);
    if (covered.length !== rank || covered.some((n, i) => n !== index.shape[i]))
      throw new IndexError(
        `index: a mask of shape ${showShape(index.shape)} does not fit dimension ${dim} of shape ${showShape(x.shape)}`,
      );
    const flat = reshape(x, [...x.shape.slice(0, dim), index.count, ...x.shape.slice(dim + rank)]);
    return indexSelect(flat, dim, fromNumpy(truePositions(index)));
  }
  if (index.code <= 3)
    throw new IndexError(`index: expected indices of an integer dtype or bool, got ${index.dtype}`);
  const long = index.long();
  const positive = where(lt(long, 0), add(long, x.shape[dim]!), long);
  const taken = indexSelect(x, dim, reshape(positive, [positive.count]));
  return index.shape.length === 1
    ? taken
    : reshape(taken, [...x.shape.slice(0, dim), ...index.shape, ...x.shape.slice(dim + 1)]);
}

/** Where each item of an index applies, after '...' was filled in. */
function resolve(op: string, x: Tensor, items: readonly IndexItem[]): IndexItem[] {
  if (items.length > 2 * MAX_RANK) throw new IndexError(`${op}: ${items.length} items are too many`);
  const list = [...items].map((item): IndexItem => {
    if (item === null || item === '...' || item instanceof Slice || item instanceof Tensor) return item;
    if (typeof item === 'string') return parseSlice(op, item);
    if (Array.isArray(item)) return indexTensor(op, item);
    if (typeof item === 'number' && Number.isInteger(item)) return item;
    throw new ArgumentError(
      `${op}: expected an integer, null, '...', a range, a Tensor or a list, got ${describe(item)}`,
    );
  });
  if (list.filter((item) => item === '...').length > 1)
    throw new ArgumentError(`${op}: '...' may appear once`);
  if (list.filter((item) => item instanceof Tensor).length > 1)
    throw new ArgumentError(`${op}: expected at most one Tensor or list among the items`);
  const used = list.reduce<number>((n, item) => n + consumed(item), 0);
  if (used > x.shape.length)
    throw new IndexError(`${op}: ${used} indices for a tensor of shape ${showShape(x.shape)}`);
  const rest = Array.from({ length: x.shape.length - used }, () => new Slice());
  const at = list.indexOf('...');
  return at < 0 ? list : [...list.slice(0, at), ...rest, ...list.slice(at + 1)];
}

/** The part of x that an index names; a view unless a tensor or list is among the items. */
export function index(x: Tensor, ...items: readonly IndexItem[]): Tensor {
  checkTensor('index', x);
  const list = resolve('index', x, items);
  let out = x;
  let dim = 0;
  let picked: { dim: number; tensor: Tensor } | null = null;
  for (const item of list) {
    if (item === null) out = unsqueeze(out, dim++);
    else if (typeof item === 'number') out = select(out, dim, item);
    else if (item instanceof Slice) out = sliceDim(out, dim++, item.start, item.stop, item.step);
    else if (item instanceof Tensor) {
      picked = { dim, tensor: item };
      dim += consumed(item);
    }
  }
  if (picked !== null) return pick(out, picked.dim, picked.tensor);
  return out === x ? view(x, x.shape) : out;
}

/** Writes `value` (it broadcasts) to the part of x that an index names. */
export function setIndex(
  x: Tensor,
  items: readonly IndexItem[] | IndexItem,
  value: Tensor | number | boolean,
): Tensor {
  checkTensor('setIndex', x);
  const list = resolve(
    'setIndex',
    x,
    Array.isArray(items) ? (items as readonly IndexItem[]) : [items as IndexItem],
  );
  const source =
    value instanceof Tensor
      ? value
      : fullOf([], x.code, fitNumber('setIndex', scalarValue('setIndex', value)[0], x.code));
  const tensorAt = list.findIndex((item) => item instanceof Tensor);
  if (tensorAt < 0) {
    copy_(index(x, ...list), source);
    return x;
  }
  const picking = list[tensorAt] as Tensor;
  // The dimensions of `whole` before those that the tensor picks from.
  const before = list.slice(0, tensorAt).filter((item) => typeof item !== 'number').length;
  const whole = index(
    x,
    ...list.flatMap((item) =>
      item instanceof Tensor ? Array.from({ length: consumed(item) }, () => new Slice()) : [item],
    ),
  );
  if (picking.code === Code.bool) setMasked(whole, before, picking, source);
  else setRows(whole, before, picking, source);
  return x;
}

/** Writes one value where a mask over the dimensions from `before` on is true. */
function setMasked(whole: Tensor, before: number, mask: Tensor, source: Tensor): void {
  const end = before + mask.shape.length;
  if (!sameShape(mask.shape, whole.shape.slice(before, end)))
    throw new IndexError(
      `setIndex: a mask of shape ${showShape(mask.shape)} does not fit dimension ${before} of shape ${showShape(whole.shape)}`,
    );
  if (source.count !== 1)
    throw new ShapeError(`setIndex: a mask takes one value, got shape ${showShape(source.shape)}`);
  const everywhere = reshape(mask, [...mask.shape, ...new Array<number>(whole.shape.length - end).fill(1)]);
  copy_(whole, where(everywhere, reshape(source, []).to(whole), whole.clone()));
}

/** Row by row along the picked dimension, brought to the front. */
function setRows(whole: Tensor, before: number, picking: Tensor, source: Tensor): void {
  if (picking.shape.length !== 1)
    throw new ShapeError(`setIndex: expected a 1-d index, got shape ${showShape(picking.shape)}`);
  if (picking.code <= 3)
    throw new IndexError(`setIndex: expected indices of an integer dtype or bool, got ${picking.dtype}`);
  const rows = transpose(whole, 0, before);
  const positions = picking.long().tolist<number[]>();
  const n = whole.shape[before]!;
  for (const p of positions)
    if (p < -n || p >= n)
      throw new IndexError(`setIndex: index ${p} is out of range for dimension ${before} of size ${n}`);
  const values = source.expand(whole.shape.map((size, i) => (i === before ? positions.length : size)));
  const perRow = transpose(values, 0, before);
  positions.forEach((p, i) => copy_(select(rows, 0, p), select(perRow, 0, i)));
}
