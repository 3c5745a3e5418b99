/** Losses that vanish beyond a margin, or fall towards it, for targets of 1 and -1. */
import { ShapeError } from '../../errors';
import { broadcastShapes, showShape } from '../../shape';
import type { Tensor } from '../../tensor';
import { numberArgument } from '../arguments';
import { add, div, mul, neg, sub } from '../arithmetic';
import { cast } from '../cast';
import { clampMin } from '../clamp';
import { eq, ne } from '../compare';
import { exp, log1p, sqrt } from '../elementary';
import { underName } from '../node-name';
import { sum } from '../reduce';
import { where } from '../where';
import { PAIR, checkFloating, lossOptions, operands, type LossArguments, type Reduced } from './arguments';
import { reduced, reductionCode } from './reduction';

/** Losses with a margin, which may be given by position. */
export interface MarginOptions extends Reduced {
  margin?: number;
}
type MarginArguments = LossArguments<MarginOptions, [margin: number]>;
const MARGIN = ['margin', 'reduction'] as const;

function marginOptions(op: string, given: MarginArguments, otherwise: number): [number, number] {
  const options = lossOptions<MarginOptions>(op, MARGIN, given, 1);
  return [numberArgument(op, 'margin', options.margin ?? otherwise), reductionCode(op, options.reduction)];
}

export function hingeEmbeddingLoss(input: Tensor, target: Tensor, ...given: MarginArguments): Tensor {
  const op = 'hingeEmbeddingLoss';
  const [x, t] = operands(op, PAIR, input, target);
  const [margin, reduction] = marginOptions(op, given, 1);
  broadcastShapes(op, x.shape, t.shape);
  const far = where(ne(t, 1), cast(clampMin(sub(margin, x), 0), x.code), 0);
  const near = where(ne(t, -1), x, 0);
  return reduced(op, add(far, near), reduction);
}

function checkRanks(op: string, names: string, tensors: readonly Tensor[]): void {
  if (tensors.some((t) => t.shape.length !== tensors[0]!.shape.length))
    throw new ShapeError(
      `${op}: expected ${names} of as many dimensions, got ${tensors.map((t) => showShape(t.shape)).join(', ')}`,
    );
}

export function marginRankingLoss(
  input1: Tensor,
  input2: Tensor,
  target: Tensor,
  ...given: MarginArguments
): Tensor {
  const op = 'marginRankingLoss';
  const [a, b, t] = operands(op, ['input1', 'input2', 'target'], input1, input2, target);
  const [margin, reduction] = marginOptions(op, given, 0);
  checkRanks(op, 'input1, input2 and target', [a, b, t]);
  broadcastShapes(op, broadcastShapes(op, a.shape, b.shape), t.shape);
  return reduced(op, clampMin(add(mul(neg(t), sub(a, b)), margin), 0), reduction);
}

/** What is added to squared lengths. */
const EPSILON = Math.fround(1e-12);

export function cosineEmbeddingLoss(
  input1: Tensor,
  input2: Tensor,
  target: Tensor,
  ...given: MarginArguments
): Tensor {
  const op = 'cosineEmbeddingLoss';
  const [a, b, t] = operands(op, ['input1', 'input2', 'target'], input1, input2, target);
  const [margin, reduction] = marginOptions(op, given, 0);
  const dim = t.shape.length;
  if (dim > 1 || a.shape.length !== dim + 1 || b.shape.length !== dim + 1)
    throw new ShapeError(
      `${op}: expected vectors [n, d] and a target [n], or [d] and [], got ${showShape(a.shape)}, ${showShape(b.shape)} and ${showShape(t.shape)}`,
    );
  broadcastShapes(op, broadcastShapes(op, a.shape, b.shape).slice(0, -1), t.shape);
  const squared = (x: Tensor): Tensor => add(sum(mul(x, x), dim), EPSILON);
  const cosine = div(sum(mul(a, b), dim), sqrt(mul(squared(a), squared(b))));
  const near = where(eq(t, 1), sub(1, cosine), 0);
  const far = where(eq(t, -1), clampMin(sub(cosine, margin), 0), 0);
  return reduced(op, add(near, far), reduction);
}

export function softMarginLoss(input: Tensor, target: Tensor, ...given: LossArguments<Reduced, []>): Tensor {
  const op = 'softMarginLoss';
  const [x, t] = operands(op, PAIR, input, target);
  const reduction = reductionCode(op, lossOptions<Reduced>(op, ['reduction'], given).reduction);
  checkFloating(op, x);
  broadcastShapes(op, x.shape, t.shape);
  return underName('SoftMarginLoss', reduced(op, cast(log1p(exp(mul(neg(x), t))), x.code), reduction));
}
