/** Margin losses of one or several classes of many. */
import { Op } from '../../backend/ops.generated';
import { COMPUTE, Code } from '../../dtype';
import { ArgumentError, DTypeError, IndexError, ShapeError, describe } from '../../errors';
import { sameShape, showShape } from '../../shape';
import type { Tensor } from '../../tensor';
import { numberArgument } from '../arguments';
import { add, div, mul, sub } from '../arithmetic';
import { cast } from '../cast';
import { eq, ge, logicalAnd, logicalNot, lt } from '../compare';
import { item } from '../convert';
import { relu } from '../elementary';
import { indexSelect } from '../index-select';
import { generate } from '../kernel';
import { square } from '../pointwise';
import { all, any, sum } from '../reduce';
import { cumprod } from '../scan';
import { gather } from '../scatter';
import { reshape, unsqueeze } from '../view';
import { where } from '../where';
import { binaryCrossEntropyWithLogits } from './binary-cross-entropy';
import {
  PAIR,
  broadcast,
  checkFloating,
  lossOptions,
  operands,
  promote,
  type LossArguments,
  type Reduced,
  type Weighted,
} from './arguments';
import { reduced, reductionCode } from './reduction';

export interface MultiMarginLossOptions extends Weighted {
  /** The power that single losses are raised to: 1 or 2. */
  p?: number;
  /** By how much the target's class should be ahead (1). */
  margin?: number;
}

/** @internal */
export function marginPower(op: string, given: unknown): number {
  if (given !== 1 && given !== 2)
    throw new ArgumentError(`${op}: expected p to be 1 or 2, got ${describe(given)}`);
  return given;
}

function checkInt64(op: string, target: Tensor): void {
  if (target.code !== Code.int64)
    throw new DTypeError(
      `${op}: expected an int64 target, got ${target.dtype}; make it with { dtype: 'int64' }`,
    );
}

/** [0, 1, … n). */
function classes(n: number, like: Tensor): Tensor {
  return generate(Op.arange, COMPUTE[Code.int64]!, [n], Code.int64, like.place, [0, 1]);
}

export function multiMarginLoss(
  input: Tensor,
  target: Tensor,
  ...given: LossArguments<MultiMarginLossOptions, [p: number, margin: number, weight: Tensor | null]>
): Tensor {
  const op = 'multiMarginLoss';
  const names = ['p', 'margin', 'weight', 'reduction'] as const;
  const options = lossOptions<MultiMarginLossOptions>(op, names, given, 3);
  const [input_, target_, weight] = operands(op, PAIR, input, target, options.weight ?? null);
  const p = marginPower(op, options.p ?? 1);
  const margin = numberArgument(op, 'margin', options.margin ?? 1);
  const reduction = reductionCode(op, options.reduction);
  checkFloating(op, input_);
  checkInt64(op, target_);
  const rank = input_.shape.length;
  const count = rank === 2 ? input_.shape[1]! : (input_.shape[0] ?? 1);
  const rows = rank === 2 ? input_.shape[0]! : 1;
  if (rank > 2 || count === 0 || target_.shape.length > 1 || target_.count !== rows)
    throw new ShapeError(
      `${op}: expected input [n, c] and target [n], or [c] and [], got ${showShape(input_.shape)} and ${showShape(target_.shape)}`,
    );
  if (weight !== null && !sameShape(weight.shape, [count]))
    throw new ShapeError(`${op}: expected a weight of shape [${count}], got ${showShape(weight.shape)}`);
  const x = reshape(input_, [rows, count]);
  const t = reshape(target_, [rows]);
  checkInRange(op, t, count);
  const index = unsqueeze(t, 1);
  let losses = relu(add(sub(x, gather(x, 1, index)), margin));
  if (p === 2) losses = square(losses);
  if (weight !== null) losses = mul(losses, unsqueeze(indexSelect(weight, 0, t), 1));
  const others = where(eq(classes(count, t), index), 0, losses);
  const single = div(sum(others, 1), count);
  return reduced(op, rank === 2 ? single : reshape(single, target_.shape), reduction);
}

function checkInRange(op: string, target: Tensor, count: number): void {
  if (item(all(logicalAnd(ge(target, 0), lt(target, count)))) !== 1)
    throw new IndexError(`${op}: a target is out of range for ${count} classes`);
}

export function multilabelMarginLoss(
  input: Tensor,
  target: Tensor,
  ...given: LossArguments<Reduced, []>
): Tensor {
  const op = 'multilabelMarginLoss';
  const options = lossOptions<Reduced>(op, ['reduction'], given);
  const [input_, target_] = operands(op, PAIR, input, target);
  const reduction = reductionCode(op, options.reduction);
  checkFloating(op, input_);
  checkInt64(op, target_);
  const rank = input_.shape.length;
  const count = rank === 0 ? 1 : input_.shape[rank - 1]!;
  if (rank > 2 || count === 0 || !sameShape(input_.shape, target_.shape))
    throw new ShapeError(
      `${op}: expected input and target [n, c] or [c], got ${showShape(input_.shape)} and ${showShape(target_.shape)}`,
    );
  const rows = rank === 2 ? input_.shape[0]! : 1;
  const x = reshape(input_, [rows, count]);
  const t = reshape(target_, [rows, count]);
  if (item(any(logicalNot(logicalAnd(ge(t, -1), lt(t, count))))) === 1)
    throw new IndexError(`${op}: a target is out of range for ${count} classes`);
  const counts = cast(cumprod(cast(ge(t, 0), Code.int64), 1), Code.bool);
  const index = where(counts, t, 0);
  const named = logicalAnd(unsqueeze(counts, 2), eq(unsqueeze(index, 2), classes(count, t)));
  const others = logicalNot(any(named, 1));
  // [n, target, other class]
  const losses = relu(sub(add(unsqueeze(x, 1), 1), unsqueeze(gather(x, 1, index), 2)));
  const paired = logicalAnd(unsqueeze(counts, 2), unsqueeze(others, 1));
  const single = div(sum(where(paired, losses, 0), [1, 2]), count);
  return reduced(op, rank === 2 ? single : reshape(single, []), reduction);
}

export function multilabelSoftMarginLoss(
  input: Tensor,
  target: Tensor,
  ...given: LossArguments<Weighted>
): Tensor {
  const op = 'multilabelSoftMarginLoss';
  const options = lossOptions<Weighted>(op, ['weight', 'reduction'], given, 1);
  const [a, b, weight] = operands(op, PAIR, input, target, options.weight ?? null);
  const reduction = reductionCode(op, options.reduction);
  checkFloating(op, a);
  if (a.shape.length === 0) throw new ShapeError(`${op}: expected input [..., c], got []`);
  const [x, t] = broadcast(op, ...promote(op, a, b));
  const losses = binaryCrossEntropyWithLogits(x, t, weight, { reduction: 'none' });
  return reduced(op, div(sum(losses, -1), a.shape[a.shape.length - 1]!), reduction);
}
