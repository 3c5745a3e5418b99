/** logSoftmax and the negative log likelihood in one. */
import { Op } from '../../backend/ops.generated';
import { attach, defineGradient, requiresGrad, type GradRule } from '../../autograd/node';
import { gradEnabled } from '../../autograd/mode';
import { COMPUTE, isFloatingCode } from '../../dtype';
import { ArgumentError, ShapeError, describe } from '../../errors';
import { sameShape, showShape, SCALAR_SHAPE } from '../../shape';
import { type Tensor, checkTensor, cudaInUse } from '../../tensor';
import { logSoftmax, logSoftmaxBackward } from '../softmax';
import { integerArgument, numberArgument } from '../arguments';
import { add, div, mul, neg } from '../arithmetic';
import { cast } from '../cast';
import { eq, logicalNot } from '../compare';
import { clone } from '../copy';
import { gathered } from '../devices';
import { launch, launchMany } from '../kernel';
import { sum } from '../reduce';
import { expand, reshape } from '../view';
import { where } from '../where';
import { checkFloating, lossOptions, type LossArguments } from './arguments';
import {
  NllLoss,
  NllLoss2d,
  checkClasses,
  checkConstant,
  checkWeight,
  classIndices,
  nll,
  nllLossBackward,
  nllRuleFor,
  type NllContext,
  type NllLossOptions,
} from './nll';
import { SUM, reductionCode } from './reduction';

/** softmax(x), less 1 at the target, times the gradient. */
const crossEntropyRule = (name: string): GradRule<NllContext> =>
  defineGradient<NllContext>(name, (grad, node, context) => {
    const [x, target, total] = [node.input(0), node.input(1), node.input(3)];
    const weight = node.optional(2);
    if (gradEnabled()) {
      // What can be differentiated again.
      const dim = x.shape.length === 1 ? 0 : 1;
      const outer = nllLossBackward(grad, target, total, weight, context);
      return [logSoftmaxBackward(outer, logSoftmax(x, dim), dim), null, null];
    }
    const inputs = [grad, x, target, total, node.input(4), ...(weight === null ? [] : [weight])];
    const scalars = [context.ignoreIndex, context.reduction];
    return [launch(Op.crossEntropyBackward, COMPUTE[x.code]!, x.shape, x.code, inputs, scalars), null, null];
  });
const CrossEntropy = crossEntropyRule('NllLoss');
const CrossEntropy2d = crossEntropyRule('NllLoss2D');
const CrossEntropyView = crossEntropyRule('View');

/** nll of logSoftmax(x), which is never made: of each row its largest element is kept, and the log of its sum. */
function nllOfLogits(x: Tensor, target: Tensor, weight: Tensor | null, context: NllContext): Tensor {
  const compute = COMPUTE[x.code]!;
  const [loss, total, rows] = launchMany(
    Op.crossEntropy,
    compute,
    [context.reduction === 0 ? target.shape : SCALAR_SHAPE, SCALAR_SHAPE, [...target.shape, 2]],
    [x.code, x.code, compute],
    weight === null ? [x, target] : [x, target, weight],
    [context.ignoreIndex, context.reduction],
  ) as [Tensor, Tensor, Tensor];
  if (gradEnabled() && requiresGrad(x)) {
    const rule = nllRuleFor(x.shape.length, context.reduction);
    const node = attach(
      loss,
      rule === NllLoss ? CrossEntropy : rule === NllLoss2d ? CrossEntropy2d : CrossEntropyView,
      [x, null, null],
      [x, target, weight, total, rows],
      context,
    );
    node.privates = [total, rows];
  }
  return loss;
}

/** @internal */
export const CROSS_ENTROPY_OPTIONS = ['weight', 'ignoreIndex', 'reduction', 'labelSmoothing'] as const;

export interface CrossEntropyOptions extends NllLossOptions {
  /** From 0 to 1: how much of the target is spread evenly over the classes. */
  labelSmoothing?: number;
}

export function crossEntropy(
  x: Tensor,
  classes: Tensor,
  ...given: LossArguments<CrossEntropyOptions>
): Tensor {
  checkTensor('crossEntropy', x);
  checkTensor('crossEntropy', classes, 'target');
  const options = lossOptions<CrossEntropyOptions>('crossEntropy', CROSS_ENTROPY_OPTIONS, given, 1);
  let { weight = null } = options;
  const { ignoreIndex = -100, labelSmoothing = 0 } = options;
  if (weight !== null) checkTensor('crossEntropy', weight, 'weight');
  if (cudaInUse) [x, classes, weight] = gathered('crossEntropy', x, classes, weight);
  const target = classIndices(classes);
  integerArgument('crossEntropy', 'ignoreIndex', ignoreIndex);
  if (!(numberArgument('crossEntropy', 'labelSmoothing', labelSmoothing) >= 0 && labelSmoothing <= 1))
    throw new ArgumentError(
      `crossEntropy: expected labelSmoothing between 0 and 1, got ${describe(labelSmoothing)}`,
    );
  const reduction = reductionCode('crossEntropy', options.reduction);
  if (x.shape.length === 0) throw new ShapeError('crossEntropy: expected input [c] or [n, c, d...], got []');
  const dim = x.shape.length === 1 ? 0 : 1;
  const count = x.shape[dim]!;
  checkFloating('crossEntropy', x);
  checkWeight('crossEntropy', x, weight, count);
  const context = { ignoreIndex, reduction, shape: x.shape };

  if (isFloatingCode(target.code)) {
    if (!sameShape(x.shape, target.shape))
      throw new ShapeError(
        `crossEntropy: expected probabilities of the input's shape ${showShape(x.shape)}, got ${showShape(target.shape)}`,
      );
    if (ignoreIndex >= 0)
      throw new ArgumentError(
        `crossEntropy: expected no ignoreIndex, as the target is probabilities, got ${ignoreIndex}`,
      );
    const p = labelSmoothing === 0 ? target : add(mul(target, 1 - labelSmoothing), labelSmoothing / count);
    const weighted = mul(logSoftmax(x, dim), weight === null ? p : mul(p, alongClasses(weight, x, dim)));
    if (reduction === 0) return neg(sum(weighted, dim));
    const total = neg(sum(weighted));
    return reduction === SUM ? total : div(total, x.numel() / count);
  }

  checkClasses('crossEntropy', x, target);
  checkConstant('crossEntropy', weight);
  if (labelSmoothing === 0) return nllOfLogits(x, target, weight, context);
  const logProbabilities = logSoftmax(x, dim);
  const [loss, total] = nll(logProbabilities, target, weight, context);
  const scaled = weight === null ? logProbabilities : mul(logProbabilities, alongClasses(weight, x, dim));
  const ignored = eq(target, ignoreIndex);
  const smooth = where(ignored, 0, neg(sum(scaled, dim)));
  const spread =
    reduction === 0
      ? smooth
      : reduction === SUM
        ? sum(smooth)
        : div(sum(smooth), weight === null ? cast(sum(logicalNot(ignored)), x.code) : clone(total));
  return add(mul(loss, 1 - labelSmoothing), mul(spread, labelSmoothing / count));
}

/** A weight for each class, shaped so that it broadcasts along `dim`. */
function alongClasses(weight: Tensor, x: Tensor, dim: number): Tensor {
  return expand(
    reshape(
      weight,
      x.shape.map((n, i) => (i === dim ? n : 1)),
    ),
    x.shape,
  );
}
