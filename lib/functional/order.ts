/** One element of each lane by its rank or its frequency: kthvalue, median, nanmedian, mode. */
import { Op } from '../backend/ops.generated';
import { defineGradient, record, type GradRule } from '../autograd/node';
import { Code, isFloatingCode } from '../dtype';
import { ArgumentError, DTypeError, IndexError } from '../errors';
import { SCALAR_SHAPE, reducedShape, showShape, wrapDim } from '../shape';
import { type Tensor, alias, checkTensor } from '../tensor';
import { choiceOf, choiceRule, laned, shaped, type Choice } from './along';
import { div } from './arithmetic';
import { bindArguments, booleanArgument, integerArgument } from './arguments';
import { copied } from './cast';
import { eq, isnan, logicalAnd, logicalOr } from './compare';
import { fullOf } from './kernel';
import { sum, type ValuesAndIndices } from './reduce';
import { chosen } from './sort';
import { where } from './where';

function checkNotBool(op: string, x: Tensor): void {
  if (x.code === Code.bool) throw new DTypeError(`${op}: not defined for bool`);
}

/** The size along `dim`, which must not be 0. */
function sizeAlong(op: string, x: Tensor, dim: number): number {
  const { shape } = laned(x);
  if (shape[dim] === 0)
    throw new IndexError(`${op}: expected elements along dimension ${dim}, got shape ${showShape(shape)}`);
  return shape[dim]!;
}

/** One element of each lane. */
function oneOf(
  op: number,
  x: Tensor,
  dim: number,
  keepdim: boolean,
  scalars: readonly number[],
  rule: GradRule<Choice>,
): ValuesAndIndices {
  const shape = x.shape.length === 0 ? SCALAR_SHAPE : reducedShape(x.shape, [dim], keepdim);
  const [values, indices] = chosen(op, x, dim, 1, scalars).map((t) => shaped(t, shape)) as [Tensor, Tensor];
  record(values, rule, [x], [indices], choiceOf(x, dim, 1));
  return Object.assign([values, indices] as const, { values, indices });
}

export interface KthvalueFunction {
  (x: Tensor, k: number, dim?: number, keepdim?: boolean): ValuesAndIndices;
  (x: Tensor, k: number, options: { dim?: number; keepdim?: boolean }): ValuesAndIndices;
  (x: Tensor, k: number, dim: number, options: { keepdim?: boolean }): ValuesAndIndices;
  (x: Tensor, options: { k: number; dim?: number; keepdim?: boolean }): ValuesAndIndices;
}

const Kthvalue = choiceRule('Kthvalue');

/** The k-th smallest element (from 1) along `dim` (the last one), and where it is (https://pytorch.org/docs/stable/generated/torch.kthvalue.html). */
export const kthvalue = ((x: Tensor, ...given: readonly unknown[]) => {
  checkTensor('kthvalue', x);
  const [k, dim = -1, keepdim] = bindArguments('kthvalue', ['k', 'dim', 'keepdim'], given);
  const d = wrapDim('kthvalue', dim, x.shape.length);
  const n = sizeAlong('kthvalue', x, d);
  const rank = integerArgument('kthvalue', 'k', k);
  if (rank < 1 || rank > n)
    throw new ArgumentError(`kthvalue: expected k from 1 to ${n}, the size of dimension ${d}, got ${rank}`);
  checkNotBool('kthvalue', x);
  return oneOf(Op.kthvalue, x, d, booleanArgument('kthvalue', 'keepdim', keepdim, false), [rank], Kthvalue);
}) as KthvalueFunction;

export interface ModeFunction {
  (x: Tensor, dim?: number, keepdim?: boolean): ValuesAndIndices;
  (x: Tensor, dim: number, options: { keepdim?: boolean }): ValuesAndIndices;
  (x: Tensor, options: { dim?: number; keepdim?: boolean }): ValuesAndIndices;
}

const Mode = choiceRule('Mode');

/** The most frequent element along `dim` (the last one), of several the smallest, and where one of these is (https://pytorch.org/docs/stable/generated/torch.mode.html). */
export const mode = ((x: Tensor, ...given: readonly unknown[]) => {
  checkTensor('mode', x);
  const [dim = -1, keepdim] = bindArguments('mode', ['dim', 'keepdim'], given);
  const d = wrapDim('mode', dim, x.shape.length);
  sizeAlong('mode', x, d);
  return oneOf(Op.mode, x, d, booleanArgument('mode', 'keepdim', keepdim, false), [], Mode);
}) as ModeFunction;

export interface MedianFunction {
  (x: Tensor): Tensor;
  (x: Tensor, dim: number, keepdim?: boolean): ValuesAndIndices;
  (x: Tensor, dim: number, options: { keepdim?: boolean }): ValuesAndIndices;
  (x: Tensor, options: { dim: number; keepdim?: boolean }): ValuesAndIndices;
}

/** The gradient in equal parts to all elements that are the result. */
const evenly = (name: string): GradRule<null> =>
  defineGradient(name, (grad, node) => {
    const [x, result] = [node.input(0), node.input(1)];
    const same = logicalOr(eq(x, result), logicalAnd(isnan(x), isnan(result)));
    return [where(same, div(grad, sum(same)), 0)];
  });

/** What the median of nothing is. */
function medianOfNone(x: Tensor): Tensor {
  return fullOf(SCALAR_SHAPE, x.code, x.place, isFloatingCode(x.code) ? NaN : -(2 ** 63));
}

function medianOp(name: 'median' | 'nanmedian', gradient: string): MedianFunction {
  const overAll = evenly(gradient);
  const overDim = choiceRule(gradient);
  const flags = [Number(name === 'nanmedian')];
  return ((x: Tensor, ...given: readonly unknown[]) => {
    checkTensor(name, x);
    if (given.length === 0) {
      checkNotBool(name, x);
      if (x.count === 0) return record(medianOfNone(x), overAll, [x], [x, x], null);
      const row = x.layout === null ? x : copied(x, x.code);
      const [values] = chosen(Op.median, alias(row, [x.count], null, row.offset), 0, 1, flags);
      const out = shaped(values, SCALAR_SHAPE);
      return record(out, overAll, [x], [x, out], null);
    }
    const [dim, keepdim] = bindArguments(name, ['dim', 'keepdim'], given);
    if (dim === undefined) throw new ArgumentError(`${name}: keepdim needs a dim`);
    const d = wrapDim(name, dim, x.shape.length);
    sizeAlong(name, x, d);
    checkNotBool(name, x);
    return oneOf(Op.median, x, d, booleanArgument(name, 'keepdim', keepdim, false), flags, overDim);
  }) as MedianFunction;
}

/**
 * The median (https://pytorch.org/docs/stable/generated/torch.median.html), the lower one of two in the middle: of all, or
 * along `dim` with where it is. NaN if there is one.
 */
export const median = medianOp('median', 'Median');
/** `median` of what is not NaN. */
export const nanmedian = medianOp('nanmedian', 'Nanmedian');
