/** `x.index(…)` and `x.setIndex(…)`: Python's x[…] as far as JavaScript allows. */
import { Code, isFloatingCode } from '../dtype';
import { ArgumentError, IndexError, describe } from '../errors';
import { MAX_RANK, SCALAR_SHAPE, sameShape, showShape } from '../shape';
import { Tensor, checkTensor } from '../tensor';
import { integerArgument } from './arguments';
import { item as itemOf } from './convert';
import { copy_ } from './copy';
import { indexTensor, tensor } from './creation';
import { fill_ } from './fill';
import { fullOf } from './kernel';
import type { Operand } from './kinds';
import { numberValue, scalarElement } from './number';
import { pick, put, type Picker } from './picking';
import { alias, reshape, select, slice as sliceDim, unsqueeze } from './view';

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

  /** @internal Whether it leaves nothing out of a dimension of n elements. */
  isWhole(n: number): boolean {
    return (this.start ?? 0) === 0 && (this.stop === null || this.stop >= n) && this.step === 1;
  }
}

/** A range of a dimension, for `index`: `slice(2)` is `:2`, `slice(1, null)` is `1:`, `slice(0, 10, 2)` is `0:10:2`. */
export function slice(stop: number | null): Slice;
export function slice(start: number | null, stop: number | null, step?: number): Slice;
export function slice(...given: readonly (number | null | undefined)[]): Slice {
  const [a = null, b = null, step] = given;
  // undefined for a stop is no stop, as null is: it doesn't make the start one.
  return given.length < 2 ? new Slice(null, a) : new Slice(a, b, step ?? 1);
}

type NestedIndices = readonly (number | boolean | NestedIndices)[];

/**
 * An integer, null (a new dimension), '...' (all dimensions left over), a range (`slice(…)` or `'1:5:2'`), a tensor or
 * list of indices or booleans, or one boolean (a new dimension of 1 or 0 elements).
 */
export type IndexItem = number | boolean | null | string | Slice | Tensor | NestedIndices;

/** As many items as an index may have: those of a tensor and as many new dimensions. */
const MOST_ITEMS = 2 * MAX_RANK;

type Item = number | boolean | null | '...' | Slice | Tensor;

function parseSlice(op: string, text: string): Slice {
  const parts = text.split(':').map((s) => s.trim());
  if (parts.length < 2 || parts.length > 3 || parts.some((p) => !/^(-?\d+)?$/.test(p)))
    throw new ArgumentError(`${op}: expected '...' or a range such as '1:5' or '::2', got ${describe(text)}`);
  const [start, stop, step] = parts.map((p) => (p === '' ? null : Number(p)));
  return new Slice(start ?? null, stop ?? null, step ?? 1);
}

function resolveItem(op: string, item: IndexItem): Item {
  if (item === null || item === '...' || typeof item === 'boolean' || item instanceof Slice) return item;
  if (typeof item === 'string') return parseSlice(op, item);
  if (typeof item === 'number' && Number.isInteger(item)) return item;
  if (item instanceof Tensor) {
    if (item.shape.length > 0 || isFloatingCode(item.code)) return item;
    // A tensor of one index or boolean is that.
    return item.code === Code.bool || item.code === Code.uint8 ? itemOf(item) !== 0 : itemOf(item);
  }
  if (Array.isArray(item)) return indexTensor(op, item);
  throw new IndexError(
    `${op}: expected an integer, null, '...', a range, a Tensor, a boolean or a list, got ${describe(item)}`,
  );
}

/** Whether a list is not one of indices or booleans, but of items, as x[[i, j]] means x[i, j] where i or j is no number. */
function listsItems(list: IndexItem | undefined): list is NestedIndices {
  // One too long for items is not walked: it may be sparse.
  return (
    Array.isArray(list) &&
    list.length <= MOST_ITEMS &&
    list.some((item) => typeof item !== 'number' && typeof item !== 'boolean')
  );
}

function resolve(op: string, items: readonly IndexItem[]): Item[] {
  for (let levels = 0, only = items[0]; items.length === 1 && listsItems(only); only = items[0]) {
    if (++levels > MAX_RANK) throw new IndexError(`${op}: expected at most ${MAX_RANK} levels of lists`);
    items = only;
  }
  if (items.length > MOST_ITEMS) throw new IndexError(`${op}: ${items.length} items are too many`);
  return [...items].map((item) => resolveItem(op, item));
}

/** How many of x's dimensions an item takes. */
function consumed(item: Item): number {
  if (item === null || item === '...' || typeof item === 'boolean') return 0;
  if (!(item instanceof Tensor)) return 1;
  return item.code === Code.bool || item.code === Code.uint8 ? item.shape.length : 1;
}

/**
 * The part of x that the items other than tensors name, and the tensors with the dimensions of that they are for. A range
 * of all there is makes no view of its own, unless it is all that is asked for.
 */
function take(
  op: string,
  x: Tensor,
  list: readonly Item[],
  alone: boolean,
): [part: Tensor, pickers: Picker[]] {
  const used = list.reduce<number>((n, item) => n + consumed(item), 0);
  if (used > x.shape.length)
    throw new IndexError(`${op}: ${used} indices for a tensor of shape ${showShape(x.shape)}`);
  const pickers: Picker[] = [];
  let part = x;
  let dim = 0;
  for (const item of list) {
    if (item === '...') dim += x.shape.length - used;
    else if (item === null) part = unsqueeze(part, dim++);
    else if (typeof item === 'number') part = select(part, dim, item);
    else if (item instanceof Slice) {
      if (alone || dim >= part.shape.length || !item.isWhole(part.shape[dim]!))
        part = sliceDim(part, dim, item.start, item.stop, item.step);
      dim++;
    } else if (item instanceof Tensor) {
      pickers.push({ dim, tensor: item });
      dim += consumed(item);
    } else {
      part = unsqueeze(part, dim);
      pickers.push({ dim: dim++, tensor: tensor([item], { device: 'cpu' }) });
    }
  }
  if (pickers.some((picker) => picker.dim + consumed(picker.tensor) > part.shape.length))
    throw new IndexError(`${op}: too many indices for a tensor of shape ${showShape(x.shape)}`);
  return [part, pickers];
}

/** The part of x that an index names; a view unless a tensor or list is among the items. */
export function index(x: Tensor, ...items: readonly IndexItem[]): Tensor {
  checkTensor('index', x);
  const [part, pickers] = take('index', x, resolve('index', items), items.length === 1);
  if (pickers.length > 0) return pick(part, pickers);
  return part === x ? alias(x) : part;
}

/** t without the dimensions of size 1 in front. */
function withoutLeadingOnes(t: Tensor): Tensor {
  const first = t.shape.findIndex((n) => n !== 1);
  return first === 0 ? t : reshape(t, first < 0 ? [] : t.shape.slice(first));
}

/** Writes `value` (it broadcasts) to the part of x that an index names. */
export function setIndex(x: Tensor, items: readonly IndexItem[] | IndexItem, value: Operand): Tensor {
  checkTensor('setIndex', x);
  const list = resolve(
    'setIndex',
    Array.isArray(items) ? (items as readonly IndexItem[]) : [items as IndexItem],
  );
  if (list.length === 1 && list[0] === false) return x;
  const [part, pickers] = take('setIndex', x, list, false);
  const source =
    value instanceof Tensor
      ? value
      : fullOf(
          SCALAR_SHAPE,
          x.code,
          x.place,
          scalarElement('setIndex', numberValue('setIndex', value), x.code),
        );
  if (pickers.length > 0) put(part, pickers, withoutLeadingOnes(source));
  else if (sameShape(part.shape, source.shape)) copy_(part, source);
  else if (source.shape.length === 0) fill_(part, source);
  else copy_(part, withoutLeadingOnes(source));
  return x;
}
