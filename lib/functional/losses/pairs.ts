/** Losses of pairs, of an element of the input and one of the target each, that have a kernel of their own. */
import { Op, type OpName } from '../../backend/ops.generated';
import { defineGradient, record } from '../../autograd/node';
import { gradEnabled } from '../../autograd/mode';
import { COMPUTE } from '../../dtype';
import { SCALAR_SHAPE } from '../../shape';
import type { Tensor } from '../../tensor';
import { div, mul, neg } from '../arithmetic';
import { launch } from '../kernel';
import { MEAN } from './reduction';

type PairOp =
  'mseLoss' | 'l1Loss' | 'smoothL1Loss' | 'huberLoss' | 'binaryCrossEntropy' | 'binaryCrossEntropyWithLogits';

interface PairLoss {
  readonly op: PairOp;
  /** PyTorch's name for its node. */
  readonly gradient: string;
  /** The derivative of single losses along the input, in functions that can be differentiated again. */
  readonly slope: (x: Tensor, target: Tensor, parameter: number) => Tensor;
  /** Along the target; left out: the other one's opposite, as the loss depends on how far they are apart. */
  readonly targetSlope?: (x: Tensor, target: Tensor) => Tensor;
  /** Single losses, where the kernel only has their sum and mean. */
  readonly single?: (x: Tensor, target: Tensor) => Tensor;
}

/** A launch's scalars: the reduction and, where there is one, the loss's parameter. */
type Context = readonly number[];

/** Those of the losses without a parameter, by reduction. */
const REDUCTION: readonly Context[] = [[0], [1], [2]];

/**
 * The loss of tensors of one shape and floating dtype, reduced in the kernel, as is its derivative; only what may be
 * differentiated again is made of other functions.
 */
export function pairLoss(
  loss: PairLoss,
): (x: Tensor, target: Tensor, reduction: number, parameter?: number) => Tensor {
  const { op, slope, targetSlope, single } = loss;
  const backwardOp = Op[`${op}Backward` satisfies OpName];
  const rule = defineGradient<Context>(loss.gradient, (grad, node, scalars) => {
    const [reduction, parameter = 0] = scalars;
    const [x, target] = [node.input(0), node.input(1)];
    const byKernel = !gradEnabled() && (reduction !== 0 || single === undefined);
    const scaled = (slopes: Tensor): Tensor =>
      mul(slopes, reduction === MEAN ? div(grad, slopes.numel()) : grad);
    const along = (a: Tensor, b: Tensor): Tensor =>
      byKernel
        ? launch(backwardOp, COMPUTE[a.code]!, a.shape, a.code, [grad, a, b], scalars)
        : scaled(slope(a, b, parameter));
    return [
      node.needs(0) ? along(x, target) : null,
      !node.needs(1) ? null : targetSlope === undefined ? along(target, x) : scaled(targetSlope(x, target)),
    ];
  });
  return (x, target, reduction, parameter) => {
    const scalars = parameter === undefined ? REDUCTION[reduction]! : [reduction, parameter];
    const inputs = [x, target];
    const shape = reduction === 0 ? x.shape : SCALAR_SHAPE;
    const out =
      reduction === 0 && single !== undefined
        ? single(x, target)
        : launch(Op[op], COMPUTE[x.code]!, shape, x.code, inputs, scalars);
    return record(out, rule, inputs, inputs, scalars);
  };
}

/** The slope along the target of a loss that is linear in it. */
export const minusInput = (x: Tensor): Tensor => neg(x);
