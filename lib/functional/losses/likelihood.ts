/** Losses of distributions: how badly a predicted one fits, or what it says of the target. */
import { isFloatingCode, promoteCodes } from '../../dtype';
import { ArgumentError, DTypeError, ShapeError } from '../../errors';
import { broadcastShapes, sameShape, showShape } from '../../shape';
import { Tensor, checkTensor } from '../../tensor';
import { booleanArgument, numberArgument } from '../arguments';
import { add, div, mul, sub } from '../arithmetic';
import { cast } from '../cast';
import { le, lt } from '../compare';
import { item } from '../convert';
import { exp, log } from '../elementary';
import { fullOf } from '../kernel';
import { xlogy } from '../logarithms';
import { square } from '../pointwise';
import { any } from '../reduce';
import { raisedTo } from '../similarity';
import { unsqueeze } from '../view';
import { maskedFill } from '../where';
import { PAIR, lossOptions, operands, type LossArguments, type Reduced } from './arguments';
import { SUM, reduced, reductionCode, type Reduction } from './reduction';

export interface KLDivOptions {
  /** 'batchmean' is the sum over the size of the first dimension. */
  reduction?: Reduction | 'batchmean';
  /** Whether the target is given as logarithms, too. */
  logTarget?: boolean;
}

export function klDiv(input: Tensor, target: Tensor, ...given: LossArguments<KLDivOptions, []>): Tensor {
  const op = 'klDiv';
  const options = lossOptions<KLDivOptions>(op, ['reduction', 'logTarget'], given);
  const [x, t] = operands(op, PAIR, input, target);
  const batchMean = options.reduction === 'batchmean';
  const reduction = batchMean ? SUM : reductionCode(op, options.reduction);
  const logTarget = booleanArgument(op, 'logTarget', options.logTarget, false);
  if (!isFloatingCode(x.code) || !isFloatingCode(t.code))
    throw new DTypeError(`${op}: expected floating point, got ${x.dtype} and ${t.dtype}`);
  broadcastShapes(op, x.shape, t.shape);
  const losses = logTarget ? mul(exp(t), sub(t, x)) : sub(xlogy(t, t), mul(t, x));
  const loss = reduced(op, losses, reduction);
  return batchMean && x.shape.length > 0 ? div(loss, x.shape[0]!) : loss;
}

export interface PoissonNllLossOptions extends Reduced {
  /** Whether the input is the logarithm of the expected count (true). */
  logInput?: boolean;
  /** Add Stirling's approximation of log t! where t > 1. */
  full?: boolean;
  /** Added to the input before its logarithm is taken (1e-8). */
  eps?: number;
}

export function poissonNllLoss(
  input: Tensor,
  target: Tensor,
  ...given: LossArguments<PoissonNllLossOptions, [logInput: boolean, full: boolean]>
): Tensor {
  const op = 'poissonNllLoss';
  const names = ['logInput', 'full', 'eps', 'reduction'] as const;
  const options = lossOptions<PoissonNllLossOptions>(op, names, given, 2);
  const [x, t] = operands(op, PAIR, input, target);
  const reduction = reductionCode(op, options.reduction);
  const logInput = booleanArgument(op, 'logInput', options.logInput, true);
  const full = booleanArgument(op, 'full', options.full, false);
  const eps = numberArgument(op, 'eps', options.eps ?? 1e-8);
  broadcastShapes(op, x.shape, t.shape);
  let losses = logInput ? sub(exp(x), mul(t, x)) : sub(x, mul(t, log(add(x, eps))));
  if (full) {
    const stirling = add(sub(mul(t, log(t)), t), mul(log(mul(t, 2 * Math.PI)), 0.5));
    losses = cast(add(losses, maskedFill(stirling, le(t, 1), 0)), losses.code);
  }
  return reduced(op, losses, reduction);
}

export interface GaussianNllLossOptions extends Reduced {
  /** Add log(2π) / 2. */
  full?: boolean;
  /** What variances count as at least (1e-6). */
  eps?: number;
}

/** The variance so that it broadcasts: one for all along the last dimension, or along one of size 1, or one each. */
function varianceOf(op: string, x: Tensor, variance: Tensor): Tensor {
  if (sameShape(variance.shape, x.shape)) return variance;
  if (x.shape.length > 0 && sameShape(x.shape.slice(0, -1), variance.shape)) return unsqueeze(variance, -1);
  const others = x.shape.filter((n, i) => n !== variance.shape[i]).length;
  const ones = variance.shape.filter((n, i) => n !== x.shape[i]);
  if (x.shape.length === variance.shape.length && others === 1 && ones[0] === 1) return variance;
  throw new ShapeError(
    `${op}: expected a var of the input's shape ${showShape(x.shape)}, or of size 1 along one dimension, got ${showShape(variance.shape)}`,
  );
}

export function gaussianNllLoss(
  input: Tensor,
  target: Tensor,
  variance: Tensor | number,
  ...given: LossArguments<GaussianNllLossOptions, [full: boolean, eps: number, reduction: Reduction]>
): Tensor {
  const op = 'gaussianNllLoss';
  const options = lossOptions<GaussianNllLossOptions>(op, ['full', 'eps', 'reduction'], given, 3);
  if (!(variance instanceof Tensor)) numberArgument(op, 'var', variance);
  checkTensor(op, input);
  const code = isFloatingCode(input.code) ? input.code : promoteCodes(input.code, 0);
  const var_ = variance instanceof Tensor ? variance : fullOf(input.shape, code, input.place, variance, op);
  const [x, t, v] = operands(op, ['input', 'target', 'var'], input, target, var_);
  const reduction = reductionCode(op, options.reduction);
  const full = booleanArgument(op, 'full', options.full, false);
  const eps = numberArgument(op, 'eps', options.eps ?? 1e-6);
  const shaped = varianceOf(op, x, v);
  broadcastShapes(op, broadcastShapes(op, x.shape, t.shape), shaped.shape);
  if (item(any(lt(v, 0))) === 1) throw new ArgumentError(`${op}: expected var >= 0`);
  const least = raisedTo(op, shaped, eps);
  const losses = mul(add(log(least), div(square(sub(x, t)), least)), 0.5);
  return reduced(op, full ? add(losses, 0.5 * Math.log(2 * Math.PI)) : losses, reduction);
}
