/** Losses of probabilities of one event each. */
import { DTypeError, ShapeError } from '../../errors';
import { broadcastShapes, sameShape, showShape } from '../../shape';
import type { Tensor } from '../../tensor';
import { add, div, mul, neg, sub } from '../arithmetic';
import { cast } from '../cast';
import { clampMin } from '../clamp';
import { log, log1p, sigmoid } from '../elementary';
import { fullOf } from '../kernel';
import {
  PAIR,
  checkFloating,
  checkSameShape,
  lossOptions,
  operands,
  promote,
  type LossArguments,
  type Weighted,
} from './arguments';
import { minusInput, pairLoss } from './pairs';
import { reduced, reductionCode } from './reduction';

/** What the variance of an event counts as at least. */
const LEAST_VARIANCE = Math.fround(1e-12);

const ofProbabilities = pairLoss({
  op: 'binaryCrossEntropy',
  gradient: 'BinaryCrossEntropy',
  slope: (x, target) => div(sub(x, target), clampMin(mul(sub(1, x), x), LEAST_VARIANCE)),
  targetSlope: (x) => sub(log1p(neg(x)), log(x)), // infinite at 0 and 1, as in PyTorch
});

const ofLogits = pairLoss({
  op: 'binaryCrossEntropyWithLogits',
  gradient: 'BinaryCrossEntropyWithLogits',
  slope: (x, target) => sub(sigmoid(x), target),
  targetSlope: minusInput,
});

/** A weight goes with each loss: it may have fewer dimensions, not more. */
function checkBroadcasts(op: string, name: string, x: Tensor, weight: Tensor | null): void {
  if (weight !== null && !sameShape(broadcastShapes(op, x.shape, weight.shape), x.shape))
    throw new ShapeError(
      `${op}: expected a ${name} that broadcasts to ${showShape(x.shape)}, got ${showShape(weight.shape)}`,
    );
}

export function binaryCrossEntropy(input: Tensor, target: Tensor, ...given: LossArguments<Weighted>): Tensor {
  const op = 'binaryCrossEntropy';
  const options = lossOptions<Weighted>(op, ['weight', 'reduction'], given, 1);
  const [x, t, weight] = operands(op, PAIR, input, target, options.weight ?? null);
  const reduction = reductionCode(op, options.reduction);
  checkSameShape(op, x, t);
  checkFloating(op, x);
  if (x.code !== t.code)
    throw new DTypeError(`${op}: expected a target of the input's dtype ${x.dtype}, got ${t.dtype}`);
  checkBroadcasts(op, 'weight', x, weight);
  if (weight === null) return ofProbabilities(x, t, reduction);
  return reduced(op, mul(ofProbabilities(x, t, 0), weight), reduction);
}

export interface LogitsOptions extends Weighted {
  /** A factor for what a positive target adds, which broadcasts: more than 1 makes misses count more. */
  posWeight?: Tensor | null;
}

export function binaryCrossEntropyWithLogits(
  input: Tensor,
  target: Tensor,
  ...given: LossArguments<LogitsOptions>
): Tensor {
  const op = 'binaryCrossEntropyWithLogits';
  const options = lossOptions<LogitsOptions>(op, ['weight', 'reduction', 'posWeight'], given, 1);
  const [a, b, weight, posWeight] = operands(
    op,
    PAIR,
    input,
    target,
    options.weight ?? null,
    options.posWeight ?? null,
  );
  const reduction = reductionCode(op, options.reduction);
  checkSameShape(op, a, b);
  checkFloating(op, a);
  checkFloating(op, b, 'target');
  const [x, t] = promote(op, a, b);
  if (weight === null && posWeight === null) return cast(ofLogits(x, t, reduction), b.code);
  checkBroadcasts(op, 'weight', x, weight);
  checkBroadcasts(op, 'posWeight', x, posWeight);
  let losses = cast(ofLogits(x, t, 0), b.code);
  if (posWeight !== null) {
    // log(1 + e^-x) is the loss where the target is 1.
    const missed = ofLogits(x, fullOf(x.shape, x.code, x.place, 1, op), 0);
    losses = add(losses, mul(mul(sub(posWeight, 1), t), missed));
  }
  return reduced(op, weight === null ? losses : mul(losses, weight), reduction);
}
