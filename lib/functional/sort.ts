/** Sorting along a dimension, and the largest or smallest elements. */
import { Op } from '../backend/ops.generated';
import { record } from '../autograd/node';
import { COMPUTE, Code } from '../dtype';
import { ArgumentError, DTypeError } from '../errors';
import { wrapDim } from '../shape';
import { type Tensor, checkTensor } from '../tensor';
import { choiceOf, choiceRule, laned, shaped, sized } from './along';
import { bindArguments, booleanArgument, integerArgument } from './arguments';
import { launchMany } from './kernel';
import type { ValuesAndIndices } from './reduce';

/** @internal A kernel's values and indices, `size` along `dim`; without recording. */
export function chosen(
  op: number,
  x: Tensor,
  dim: number,
  size: number,
  scalars: readonly number[],
): [values: Tensor, indices: Tensor] {
  const shape = sized(x, dim, size);
  return launchMany(
    op,
    COMPUTE[x.code]!,
    [shape, shape],
    [x.code, Code.int64],
    [laned(x)],
    [dim, ...scalars],
  ) as [Tensor, Tensor];
}

export interface SortOptions {
  dim?: number;
  descending?: boolean;
  /** Sorting keeps the order of equal elements anyway. */
  stable?: boolean;
}

export interface SortFunction<Result> {
  (x: Tensor, dim?: number, descending?: boolean, stable?: boolean): Result;
  (x: Tensor, dim: number, descending: boolean, options: SortOptions): Result;
  (x: Tensor, dim: number, options: SortOptions): Result;
  (x: Tensor, options: SortOptions): Result;
}

const SORT = ['dim', 'descending', 'stable'] as const;

function sortArguments(op: string, x: Tensor, given: readonly unknown[]): [dim: number, descending: boolean] {
  checkTensor(op, x);
  const [dim = -1, descending, stable] = bindArguments(op, SORT, given);
  booleanArgument(op, 'stable', stable, false);
  return [wrapDim(op, dim, x.shape.length), booleanArgument(op, 'descending', descending, false)];
}

const Sort = choiceRule('Sort');

/** @internal Sorted along `dim`, recorded. */
export function sorted(x: Tensor, dim: number, descending: boolean): [values: Tensor, indices: Tensor] {
  const size = laned(x).shape[dim]!;
  const [values, indices] = chosen(Op.sort, x, dim, size, [Number(descending)]).map((t) =>
    shaped(t, x.shape),
  ) as [Tensor, Tensor];
  record(values, Sort, [x], [indices], choiceOf(x, dim, size));
  return [values, indices];
}

/**
 * The elements in order along `dim` (the last one), and where they were
 * (https://pytorch.org/docs/stable/generated/torch.sort.html). Equal ones keep their order; NaN counts as the largest.
 */
export const sort = ((x: Tensor, ...given: readonly unknown[]) => {
  const [values, indices] = sorted(x, ...sortArguments('sort', x, given));
  return Object.assign([values, indices] as const, { values, indices });
}) as SortFunction<ValuesAndIndices>;

/** The indices that sort along `dim` (the last one). */
export const argsort = ((x: Tensor, ...given: readonly unknown[]) => {
  const [dim, descending] = sortArguments('argsort', x, given);
  const [, indices] = chosen(Op.sort, x, dim, laned(x).shape[dim]!, [Number(descending)]);
  return shaped(indices, x.shape);
}) as SortFunction<Tensor>;

/** The elements in order along the first dimension. */
export function msort(x: Tensor): Tensor {
  checkTensor('msort', x);
  return sorted(x, 0, false)[0];
}

export interface TopkOptions {
  dim?: number;
  /** false: the smallest ones. */
  largest?: boolean;
  /** In order. */
  sorted?: boolean;
}

export interface TopkFunction {
  (x: Tensor, k: number, dim?: number, largest?: boolean, sorted?: boolean): ValuesAndIndices;
  (x: Tensor, k: number, options: TopkOptions): ValuesAndIndices;
  (x: Tensor, k: number, dim: number, options: TopkOptions): ValuesAndIndices;
  (x: Tensor, options: TopkOptions & { k: number }): ValuesAndIndices;
}

const Topk = choiceRule('Topk');

/** The k largest (or smallest) elements along `dim` (the last one), and where they are (https://pytorch.org/docs/stable/generated/torch.topk.html). */
export const topk = ((x: Tensor, ...given: readonly unknown[]) => {
  checkTensor('topk', x);
  const [k, dim = -1, largest, inOrder] = bindArguments('topk', ['k', 'dim', 'largest', 'sorted'], given);
  const d = wrapDim('topk', dim, x.shape.length);
  const n = laned(x).shape[d]!;
  const count = integerArgument('topk', 'k', k);
  if (count < 0 || count > n)
    throw new ArgumentError(`topk: expected k from 0 to ${n}, the size of dimension ${d}, got ${count}`);
  if (x.code === Code.bool) throw new DTypeError('topk: not defined for bool');
  const flags = [
    booleanArgument('topk', 'largest', largest, true),
    booleanArgument('topk', 'sorted', inOrder, true),
  ];
  // A number is all that there is to choose.
  const size = x.shape.length === 0 ? 1 : count;
  const [values, indices] = chosen(Op.topk, x, d, size, flags.map(Number)).map((t) =>
    x.shape.length === 0 ? shaped(t, []) : t,
  ) as [Tensor, Tensor];
  record(values, Topk, [x], [indices], choiceOf(x, d, size));
  return Object.assign([values, indices] as const, { values, indices });
}) as TopkFunction;
