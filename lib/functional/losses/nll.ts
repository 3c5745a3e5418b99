/** The negative log likelihood of classes. */
import { Op } from '../../backend/ops.generated';
import { attach, defineGradient, record, requiresGrad, type GradRule } from '../../autograd/node';
import { gradEnabled } from '../../autograd/mode';
import { COMPUTE, Code } from '../../dtype';
import { AutogradError, DTypeError, ShapeError } from '../../errors';
import { showShape, SCALAR_SHAPE } from '../../shape';
import { type Tensor, checkTensor, cudaInUse } from '../../tensor';
import { integerArgument } from '../arguments';
import { cast } from '../cast';
import { gathered } from '../devices';
import { launch, launchMany } from '../kernel';
import { checkFloating, lossOptions, type LossArguments, type Weighted } from './arguments';
import { reductionCode } from './reduction';

export interface NllContext {
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
export const NllLoss = nllRule('NllLoss');
export const NllLoss2d = nllRule('NllLoss2D');
const NllLossView = nllRule('View');

// Linear in the gradient: its own derivative is the forward pass on h.
const NllLossBackward = defineGradient<NllContext>('NllLossBackward', (h, node, context) => {
  const [loss] = nll(h, node.input(0), node.optional(2), context);
  return [loss];
});

export function nllLossBackward(
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
export function nll(x: Tensor, target: Tensor, weight: Tensor | null, context: NllContext): [Tensor, Tensor] {
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
export function nllRuleFor(rank: number, reduction: number): GradRule<NllContext> {
  if (rank <= 2) return NllLoss;
  return reduction === 0 && rank !== 4 ? NllLossView : NllLoss2d;
}

export function checkWeight(op: string, x: Tensor, weight: Tensor | null, classes: number): void {
  if (weight === null) return;
  if (weight.shape.length !== 1 || weight.shape[0] !== classes)
    throw new ShapeError(`${op}: expected a weight of shape [${classes}], got ${showShape(weight.shape)}`);
  if (weight.code !== x.code)
    throw new DTypeError(`${op}: expected a weight of the input's dtype ${x.dtype}, got ${weight.dtype}`);
}

/** Class indices as int64, which uint8 ones are taken for. */
export function classIndices(target: Tensor): Tensor {
  return target.code === Code.uint8 ? cast(target, Code.int64) : target;
}

/** There is no derivative by the weight: rather an error than none in silence. */
export function checkConstant(op: string, weight: Tensor | null): void {
  if (weight !== null && gradEnabled() && requiresGrad(weight))
    throw new AutogradError(
      `${op}: expected a weight that requires no gradient, as there is no derivative by it: detach() it`,
    );
}

export function checkClasses(op: string, x: Tensor, target: Tensor): void {
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

export interface NllLossOptions extends Weighted {
  /** A weight for each class: shape [c]. */
  weight?: Tensor | null;
  /** Targets of this value don't count. */
  ignoreIndex?: number;
}

/** @internal */
export const NLL_OPTIONS = ['weight', 'ignoreIndex', 'reduction'] as const;

export function nllLoss(x: Tensor, classes: Tensor, ...given: LossArguments<NllLossOptions>): Tensor {
  checkTensor('nllLoss', x);
  checkTensor('nllLoss', classes, 'target');
  const options = lossOptions<NllLossOptions>('nllLoss', NLL_OPTIONS, given, 1);
  let { weight = null } = options;
  const { ignoreIndex = -100 } = options;
  if (weight !== null) checkTensor('nllLoss', weight, 'weight');
  if (cudaInUse) [x, classes, weight] = gathered('nllLoss', x, classes, weight);
  const target = classIndices(classes);
  integerArgument('nllLoss', 'ignoreIndex', ignoreIndex);
  checkFloating('nllLoss', x);
  checkClasses('nllLoss', x, target);
  checkWeight('nllLoss', x, weight, x.shape[x.shape.length === 1 ? 0 : 1]!);
  checkConstant('nllLoss', weight);
  const reduction = reductionCode('nllLoss', options.reduction);
  return nll(x, target, weight, { ignoreIndex, reduction, shape: x.shape })[0];
}
