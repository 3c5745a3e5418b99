/** Losses. */
import { Op } from '../backend/ops.generated';
import { attach, defineGradient, record, requiresGrad, type GradRule } from '../autograd/node';
import { gradEnabled, withGradMode } from '../autograd/mode';
import { COMPUTE, Code, DTYPES, isFloatingCode, promoteCodes } from '../dtype';
import { ArgumentError, DTypeError, ShapeError, describe } from '../errors';
import { broadcastShapes, sameShape, showShape, SCALAR_SHAPE } from '../shape';
import { type Tensor, checkTensor, cudaInUse } from '../tensor';
import { logSoftmax, logSoftmaxBackward } from './activation';
import { bindArguments, checkOptions, integerArgument, isOptions, numberArgument } from './arguments';
import { eq, logicalNot } from './compare';
import { gathered } from './devices';
import { launch, launchMany } from './kernel';
import { add, div, mul, neg, sub } from './arithmetic';
import { square } from './pointwise';
import { cast } from './cast';
import { clone } from './copy';
import { sum } from './reduce';
import { expand, reshape } from './view';
import { where } from './where';

/** What becomes of the single losses: their mean, their sum, or themselves. */
export type Reduction = 'mean' | 'sum' | 'none';

const REDUCTIONS: readonly Reduction[] = ['none', 'mean', 'sum'];

/** @internal The number that kernels know a reduction by. */
export function reductionCode(op: string, reduction: unknown): number {
  const code = REDUCTIONS.indexOf(reduction as Reduction);
  if (code < 0)
    throw new ArgumentError(
      `${op}: expected reduction to be 'mean', 'sum' or 'none', got ${describe(reduction)}`,
    );
  return code;
}

function warnBroadcast(op: string, x: Tensor, target: Tensor): void {
  process.emitWarning(
    `${op}: input ${showShape(x.shape)} and target ${showShape(target.shape)} differ in shape and will be broadcast: ` +
      'make sure that this is meant',
  );
}

const MseLoss = defineGradient<number>('MseLoss', (grad, node, reduction) => {
  const x = node.input(0);
  const target = node.input(1);
  return [
    node.needs(0) ? mseLossBackward(grad, x, target, reduction) : null,
    node.needs(1) ? mseLossBackward(grad, target, x, reduction) : null,
  ];
});

// 2 g (x - t) / n, which is linear in all three.
const MseLossBackward = defineGradient<number>('MseLossBackward', (h, node, reduction) => {
  const g = node.input(0);
  const x = node.input(1);
  const t = node.input(2);
  const factor = reduction === 1 ? 2 / x.numel() : 2;
  const slope = mul(mul(h, g), factor);
  return [node.needs(0) ? mul(mul(h, sub(x, t)), factor) : null, slope, node.needs(2) ? neg(slope) : null];
});

function mseLossBackward(grad: Tensor, x: Tensor, target: Tensor, reduction: number): Tensor {
  if (reduction === 0) return mul(mul(sub(x, target), 2), grad);
  const inputs = [grad, x, target];
  const out = launch(Op.mseLossBackward, COMPUTE[x.code]!, x.shape, x.code, inputs, [reduction]);
  return record(out, MseLossBackward, inputs, inputs, reduction);
}

function mseReduction(options: { reduction?: Reduction }): number {
  checkOptions('mseLoss', ['reduction'], options);
  return reductionCode('mseLoss', options.reduction ?? 'mean');
}

/** The squared error (https://pytorch.org/docs/stable/generated/torch.nn.functional.mse_loss.html). */
export function mseLoss(x: Tensor, target: Tensor, options?: { reduction?: Reduction }): Tensor {
  checkTensor('mseLoss', x);
  checkTensor('mseLoss', target, 'target');
  const reduction = options === undefined ? 1 : mseReduction(options);
  if (x.place !== target.place) [x, target] = gathered('mseLoss', x, target);
  if (!sameShape(x.shape, target.shape)) {
    const shape = broadcastShapes('mseLoss', x.shape, target.shape);
    warnBroadcast('mseLoss', x, target);
    return mseLoss(expand(x, shape), expand(target, shape), options);
  }
  if (x.code !== target.code || !isFloatingCode(x.code)) {
    const code = promoteCodes(x.code, target.code);
    if (!isFloatingCode(code))
      throw new DTypeError(`mseLoss: expected floating point, got ${x.dtype} and ${target.dtype}`);
    return mseLoss(cast(x, code), cast(target, code), options);
  }
  const inputs = [x, target];
  if (reduction === 0) {
    const errors = withGradMode('mseLoss', false, () => square(sub(x, target)));
    return record(errors, MseLoss, inputs, inputs, reduction);
  }
  const out = launch(Op.mseLoss, COMPUTE[x.code]!, SCALAR_SHAPE, x.code, inputs, [reduction]);
  return record(out, MseLoss, inputs, inputs, reduction);
}

interface NllContext {
  readonly ignoreIndex: number;
  readonly reduction: number;
  /** The input's shape. */
  readonly shape: readonly number[];
}

const nllRule = (name: string): GradRule<NllContext> =>
  defineGradient<NllContext>(name, (grad, node, context) => [
    nllLossBackward(grad, node.input(0), node.input(1), node.optional(2), context),
    null,
    null,
  ]);
const NllLoss = nllRule('NllLoss');
const NllLoss2d = nllRule('NllLoss2D');
const NllLossView = nllRule('View');

// Linear in the gradient: its own derivative is the forward pass on h.
const NllLossBackward = defineGradient<NllContext>('NllLossBackward', (h, node, context) => {
  const [loss] = nll(h, node.input(0), node.optional(2), context);
  return [loss];
});

function nllLossBackward(
  grad: Tensor,
  target: Tensor,
  total: Tensor,
  weight: Tensor | null,
  context: NllContext,
): Tensor {
  const inputs = weight === null ? [grad, target, total] : [grad, target, total, weight];
  const scalars = [context.ignoreIndex, context.reduction];
  const out = launch(Op.nllLossBackward, COMPUTE[grad.code]!, context.shape, grad.code, inputs, scalars);
  return record(out, NllLossBackward, [grad], [target, total, weight], context);
}

/** The loss, and the sum of the weights it was divided by. */
function nll(x: Tensor, target: Tensor, weight: Tensor | null, context: NllContext): [Tensor, Tensor] {
  const shape = context.reduction === 0 ? target.shape : SCALAR_SHAPE;
  const inputs = weight === null ? [x, target] : [x, target, weight];
  const [loss, total] = launchMany(
    Op.nllLoss,
    COMPUTE[x.code]!,
    [shape, SCALAR_SHAPE],
    [x.code, x.code],
    inputs,
    [context.ignoreIndex, context.reduction],
  ) as [Tensor, Tensor];
  if (gradEnabled() && requiresGrad(x)) {
    const node = attach(
      loss,
      nllRuleFor(x.shape.length, context.reduction),
      [x, null, null],
      [target, total, weight],
      context,
    );
    node.privates = [total];
  }
  return [loss, total];
}

/** As PyTorch names the last step: inputs that are no images are made some first. */
function nllRuleFor(rank: number, reduction: number): GradRule<NllContext> {
  if (rank <= 2) return NllLoss;
  return reduction === 0 && rank !== 4 ? NllLossView : NllLoss2d;
}

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

export interface NllLossOptions {
  /** A weight for each class: shape [c]. */
  weight?: Tensor | null;
  /** Targets of this value don't count. */
  ignoreIndex?: number;
  reduction?: Reduction;
}

function checkFloating(op: string, x: Tensor): void {
  if (!isFloatingCode(x.code))
    throw new DTypeError(`${op}: expected a floating-point input, got ${DTYPES[x.code]}`);
}

function checkWeight(op: string, x: Tensor, weight: Tensor | null, classes: number): void {
  if (weight === null) return;
  if (weight.shape.length !== 1 || weight.shape[0] !== classes)
    throw new ShapeError(`${op}: expected a weight of shape [${classes}], got ${showShape(weight.shape)}`);
  if (weight.code !== x.code)
    throw new DTypeError(`${op}: expected a weight of the input's dtype ${x.dtype}, got ${weight.dtype}`);
}

/** Class indices as int64, which uint8 ones are taken for. */
function classIndices(target: Tensor): Tensor {
  return target.code === Code.uint8 ? cast(target, Code.int64) : target;
}

function checkClasses(op: string, x: Tensor, target: Tensor): void {
  if (target.code !== Code.int64)
    throw new DTypeError(
      `${op}: expected an int64 target, got ${target.dtype}; make it with { dtype: 'int64' }`,
    );
  const rank = x.shape.length;
  const fits =
    rank >= 1 &&
    target.shape.length === rank - 1 &&
    target.shape.every((n, i) => n === x.shape[i === 0 ? 0 : i + 1]);
  if (!fits)
    throw new ShapeError(
      `${op}: expected input [n, c, d...] and target [n, d...], got ${showShape(x.shape)} and ${showShape(target.shape)}`,
    );
}

/** What follows the target: options, behind the weight or with it. */
export type LossArguments<Options> = [options?: Options] | [weight: Tensor | null, options?: Options];

/** @internal The options, with the weight in them. */
export function withWeight<Options extends { weight?: Tensor | null }>(
  op: string,
  names: readonly string[],
  given: LossArguments<Options>,
): Options {
  const [first, second] = given;
  if (given.length < 2 && (first === undefined || isOptions(first))) {
    checkOptions(op, names, first);
    return first ?? ({} as Options);
  }
  if (given.length > 2 || (second !== undefined && !isOptions(second)))
    throw new ArgumentError(`${op}: expected a weight and options, got ${given.length} arguments`);
  const [weight, ...rest] = bindArguments(op, names, given);
  return Object.fromEntries(names.map((name, i) => [name, i === 0 ? weight : rest[i - 1]])) as Options;
}

/** @internal */
export const NLL_OPTIONS = ['weight', 'ignoreIndex', 'reduction'];
/** @internal */
export const CROSS_ENTROPY_OPTIONS = ['weight', 'ignoreIndex', 'reduction', 'labelSmoothing'];

/**
 * The negative log likelihood of the target classes (https://pytorch.org/docs/stable/generated/torch.nn.functional.nll_loss.html):
 * log probabilities [n, c, d...] (or [c]), target int64 [n, d...] (or []).
 * @throws IndexError when a target is no class.
 */
export function nllLoss(x: Tensor, classes: Tensor, ...given: LossArguments<NllLossOptions>): Tensor {
  checkTensor('nllLoss', x);
  checkTensor('nllLoss', classes, 'target');
  const options = withWeight('nllLoss', NLL_OPTIONS, given);
  let { weight = null } = options;
  const { ignoreIndex = -100 } = options;
  if (weight !== null) checkTensor('nllLoss', weight, 'weight');
  if (cudaInUse) [x, classes, weight] = gathered('nllLoss', x, classes, weight);
  const target = classIndices(classes);
  integerArgument('nllLoss', 'ignoreIndex', ignoreIndex);
  checkFloating('nllLoss', x);
  checkClasses('nllLoss', x, target);
  checkWeight('nllLoss', x, weight, x.shape[x.shape.length === 1 ? 0 : 1]!);
  const reduction = reductionCode('nllLoss', options.reduction ?? 'mean');
  return nll(x, target, weight, { ignoreIndex, reduction, shape: x.shape })[0];
}

export interface CrossEntropyOptions extends NllLossOptions {
  /** From 0 to 1: how much of the target is spread evenly over the classes. */
  labelSmoothing?: number;
}

/**
 * logSoftmax and nllLoss in one (https://pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html):
 * logits [n, c, d...] (or [c]); target int64 [n, d...] (or []), or probabilities of the input's shape.
 */
export function crossEntropy(
  x: Tensor,
  classes: Tensor,
  ...given: LossArguments<CrossEntropyOptions>
): Tensor {
  checkTensor('crossEntropy', x);
  checkTensor('crossEntropy', classes, 'target');
  const options = withWeight('crossEntropy', CROSS_ENTROPY_OPTIONS, given);
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
  const reduction = reductionCode('crossEntropy', options.reduction ?? 'mean');
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
    const p = labelSmoothing === 0 ? target : add(mul(target, 1 - labelSmoothing), labelSmoothing / count);
    const weighted = mul(logSoftmax(x, dim), weight === null ? p : mul(p, alongClasses(weight, x, dim)));
    if (reduction === 0) return neg(sum(weighted, dim));
    const total = neg(sum(weighted));
    return reduction === 2 ? total : div(total, x.numel() / count);
  }

  checkClasses('crossEntropy', x, target);
  if (labelSmoothing === 0) return nllOfLogits(x, target, weight, context);
  const logProbabilities = logSoftmax(x, dim);
  const [loss, total] = nll(logProbabilities, target, weight, context);
  const scaled = weight === null ? logProbabilities : mul(logProbabilities, alongClasses(weight, x, dim));
  const ignored = eq(target, ignoreIndex);
  const smooth = where(ignored, 0, neg(sum(scaled, dim)));
  const spread =
    reduction === 0
      ? smooth
      : reduction === 2
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
