/** Losses of how far the input is from the target. */
import { withGradMode } from '../../autograd/mode';
import { isFloatingCode } from '../../dtype';
import { ArgumentError, DTypeError, ShapeError, describe } from '../../errors';
import { sameShape, showShape } from '../../shape';
import type { Tensor } from '../../tensor';
import { hardtanh } from '../activations/piecewise';
import { numberArgument } from '../arguments';
import { div, mul, sub } from '../arithmetic';
import { cast } from '../cast';
import { abs, sign } from '../elementary';
import { square } from '../pointwise';
import { sum } from '../reduce';
import {
  PAIR,
  areReady,
  broadcast,
  lossOptions,
  operands,
  promote,
  type LossArguments,
  type Reduced,
  type Weighted,
} from './arguments';
import { pairLoss } from './pairs';
import { MEAN, reduced, reductionCode, type Reduction } from './reduction';

const squared = pairLoss({
  op: 'mseLoss',
  gradient: 'MseLoss',
  slope: (x, target) => mul(sub(x, target), 2),
  single: (x, target) => withGradMode('mseLoss', false, () => square(sub(x, target))),
});

const absolute = pairLoss({ op: 'l1Loss', gradient: 'L1Loss', slope: (x, target) => sign(sub(x, target)) });

const smooth = pairLoss({
  op: 'smoothL1Loss',
  gradient: 'SmoothL1Loss',
  slope: (x, target, beta) => hardtanh(div(sub(x, target), beta), -1, 1),
});

const huber = pairLoss({
  op: 'huberLoss',
  gradient: 'HuberLoss',
  slope: (x, target, delta) => hardtanh(sub(x, target), -delta, delta),
});

function checkWeight(op: string, x: Tensor, weight: Tensor): void {
  if (!sameShape(x.shape, weight.shape))
    throw new ShapeError(
      `${op}: expected a weight of the input's shape ${showShape(x.shape)}, got ${showShape(weight.shape)}`,
    );
}

/** Weighted errors; the mean is by weight. */
function weightedMean(op: string, losses: Tensor, weight: Tensor, reduction: number): Tensor {
  const weighted = mul(losses, weight);
  return reduction === MEAN ? div(sum(weighted), sum(weight)) : reduced(op, weighted, reduction);
}

export function mseLoss(input: Tensor, target: Tensor, ...given: LossArguments<Weighted, []>): Tensor {
  if (given.length === 0 && areReady(input, target)) return squared(input, target, MEAN);
  const op = 'mseLoss';
  const options = lossOptions<Weighted>(op, ['reduction', 'weight'], given);
  const [a, b, weight] = operands(op, PAIR, input, target, options.weight ?? null);
  const reduction = reductionCode(op, options.reduction);
  const [x, t] = promote(op, ...broadcast(op, a, b));
  if (weight === null) return squared(x, t, reduction);
  checkWeight(op, a, weight);
  return weightedMean(op, squared(x, t, 0), weight, reduction);
}

export function l1Loss(input: Tensor, target: Tensor, ...given: LossArguments<Weighted, []>): Tensor {
  const op = 'l1Loss';
  const options = lossOptions<Weighted>(op, ['reduction', 'weight'], given);
  const [a, b, weight] = operands(op, PAIR, input, target, options.weight ?? null);
  const reduction = reductionCode(op, options.reduction);
  if (weight !== null) checkWeight(op, a, weight);
  const [x, t] = broadcast(op, a, b);
  const whole = !isFloatingCode(x.code) && !isFloatingCode(t.code);
  const single = (): Tensor => (whole ? abs(sub(x, t)) : absolute(...promote(op, x, t), 0));
  if (weight !== null) return weightedMean(op, single(), weight, reduction);
  return whole ? reduced(op, single(), reduction) : absolute(...promote(op, x, t), reduction);
}

export interface SmoothL1LossOptions extends Reduced {
  /** From which error on the loss is straight (1); 0: it is the absolute error. */
  beta?: number;
}

export function smoothL1Loss(
  input: Tensor,
  target: Tensor,
  ...given: LossArguments<SmoothL1LossOptions, []>
): Tensor {
  const op = 'smoothL1Loss';
  const options = lossOptions<SmoothL1LossOptions>(op, ['reduction', 'beta'], given);
  const [a, b] = operands(op, PAIR, input, target);
  const reduction = reductionCode(op, options.reduction);
  const beta = numberArgument(op, 'beta', options.beta ?? 1);
  if (!(beta >= 0)) throw new ArgumentError(`${op}: expected beta >= 0, got ${describe(beta)}`);
  const [x, t] = promote(op, ...broadcast(op, a, b));
  return beta === 0 ? absolute(x, t, reduction) : smooth(x, t, reduction, beta);
}

export interface HuberLossOptions extends Weighted {
  /** From which error on the loss is straight (1). */
  delta?: number;
}

export function huberLoss(
  input: Tensor,
  target: Tensor,
  ...given: LossArguments<HuberLossOptions, [reduction: Reduction, delta: number, weight: Tensor | null]>
): Tensor {
  const op = 'huberLoss';
  const options = lossOptions<HuberLossOptions>(op, ['reduction', 'delta', 'weight'], given, 3);
  const [a, b, weight] = operands(op, PAIR, input, target, options.weight ?? null);
  const reduction = reductionCode(op, options.reduction);
  const delta = numberArgument(op, 'delta', options.delta ?? 1);
  if (!(delta > 0)) throw new ArgumentError(`${op}: expected delta > 0, got ${describe(delta)}`);
  if (!isFloatingCode(a.code)) throw new DTypeError(`${op}: expected a floating-point input, got ${a.dtype}`);
  if (weight !== null) checkWeight(op, a, weight);
  const [x, t] = promote(op, ...broadcast(op, a, b));
  const loss = cast(huber(x, t, weight === null ? reduction : 0, delta), a.code);
  return weight === null ? loss : reduced(op, mul(loss, weight), reduction);
}
