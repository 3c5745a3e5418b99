/** Normalisation of each channel over all samples. */
import { Op } from '../../backend/ops.generated';
import { release } from '../../backend/scope';
import { gradEnabled } from '../../autograd/mode';
import { attach, defineGradient, requiresGrad, type InputGrads, type Node } from '../../autograd/node';
import { checkInPlace } from '../../autograd/view';
import { COMPUTE } from '../../dtype';
import { ArgumentError, ShapeError } from '../../errors';
import { showShape } from '../../shape';
import { type Tensor, bumpVersion, cudaInUse } from '../../tensor';
import { mul, sub } from '../arithmetic';
import { booleanArgument, named, numberArgument } from '../arguments';
import { cast, copied } from '../cast';
import { gathered } from '../devices';
import { launchMany } from '../kernel';
import { sum } from '../reduce';
import { reshape } from '../view';
import {
  besideChannels,
  checkFloatingInput,
  checkParameter,
  dense,
  denseOperands,
  differentiable,
  epsArgument,
  ofNothing,
  placed,
  wantedGradients,
} from './operands';

interface BatchNorm {
  /** By the batch's own statistics. */
  readonly training: boolean;
  readonly eps: number;
}

function recordedBackward(grad: Tensor, node: Node, { training, eps }: BatchNorm): InputGrads {
  const [x, weight] = [node.input(0), node.optional(1)];
  const code = COMPUTE[x.code]!;
  const [samples, channels] = x.shape as [number, number];
  const [all, g] = [x, grad].map((t) => reshape(cast(t, code), [samples, channels, -1])) as [Tensor, Tensor];
  const column = (t: Tensor): Tensor => reshape(cast(t, code), [channels, 1]);
  const scaled = weight === null ? g : mul(g, column(weight));
  const known = (): { normal: Tensor; ofX: Tensor } => {
    const [mean, rstd] = [column(node.input(2)), column(node.input(3))];
    return { normal: mul(sub(all, mean), rstd), ofX: mul(scaled, rstd) };
  };
  const { normal, ofX } = training
    ? differentiable(all, scaled, { dims: [0, 2], centred: true, eps })
    : known();
  return [
    node.needs(0) ? reshape(ofX, x.shape) : null,
    node.needs(1) ? sum(mul(g, normal), [0, 2]) : null,
    node.needs(2) ? sum(g, [0, 2]) : null,
  ];
}

const NativeBatchNorm = defineGradient<BatchNorm>('NativeBatchNorm', (grad, node, context) => {
  if (gradEnabled()) return recordedBackward(grad, node, context);
  const [x, weight] = [node.input(0), node.optional(1)];
  const code = COMPUTE[x.code]!;
  const channels = [x.shape[1]!];
  const wanted = wantedGradients(node, [x.shape, channels, channels], code);
  const operands = denseOperands(code, grad, x, node.input(2), node.input(3), weight);
  const scalars = [context.training ? 1 : 0, weight === null ? 0 : 1, ...wanted.flags];
  const made = launchMany(Op.batchNormBackward, code, wanted.shapes, wanted.codes, operands, scalars);
  return placed(made, wanted.flags);
});

interface BatchNormOptions {
  runningMean?: Tensor | null;
  runningVar?: Tensor | null;
  weight?: Tensor | null;
  bias?: Tensor | null;
  training?: boolean;
  momentum?: number;
  eps?: number;
}

function checkSizes(op: string, x: Tensor, training: boolean): number {
  const channels = x.shape[1];
  if (channels === undefined)
    throw new ShapeError(`${op}: expected input [n, c, ...], got ${showShape(x.shape)}`);
  if (training && x.count > 0 && x.count === channels)
    throw new ShapeError(
      `${op}: expected more than 1 value per channel when training, got input ${showShape(x.shape)}`,
    );
  return channels;
}

/**
 * Each channel of x [n, c, ...] normalised by its mean and variance over the batch when `training`, which also moves
 * running statistics that are given by `momentum`; by those otherwise; then a weight and a bias for each channel
 * (https://pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html).
 */
export const batchNorm = named<
  [
    runningMean: Tensor | null,
    runningVar: Tensor | null,
    weight?: Tensor | null,
    bias?: Tensor | null,
    training?: boolean,
    momentum?: number,
    eps?: number,
  ],
  BatchNormOptions,
  Tensor
>(
  'batchNorm',
  ['runningMean', 'runningVar', 'weight', 'bias', 'training', 'momentum', 'eps'],
  (x, runningMean, runningVar, weight, bias, isTraining, momentum, eps) => {
    const op = 'batchNorm';
    checkFloatingInput(op, x);
    const training = booleanArgument(op, 'training', isTraining ?? undefined, false);
    const channels = checkSizes(op, x, training);
    const of = (name: string, t: Tensor | null | undefined) => checkParameter(op, name, t, x, [channels]);
    let [w, b] = [of('weight', weight), of('bias', bias)];
    const known = [of('runningMean', runningMean), of('runningVar', runningVar)];
    const statistics = known.filter((t): t is Tensor => t !== null);
    const share = numberArgument(op, 'momentum', momentum ?? 0.1);
    const least = epsArgument(op, eps, 1e-5);
    if (training && least === 0) throw new ArgumentError(`${op}: expected eps > 0 when training, got 0`);
    if (statistics.length === 1 || (!training && statistics.length === 0))
      throw new ArgumentError(
        `${op}: expected runningMean and runningVar${training ? ' or none of them' : ' in evaluation mode'}`,
      );
    if (training) for (const t of statistics) checkInPlace(op, t, []);
    if (cudaInUse) {
      const [first, ...rest] = gathered(op, ...statistics, x, w, b).slice(statistics.length);
      [x, w = null, b = null] = [first!, ...rest];
    }
    if (x.count === 0) return ofNothing(x, w, b, besideChannels(x));

    const code = COMPUTE[x.code]!;
    const tracked = training && statistics.length > 0;
    const [made, mean, rstd] = launchMany(
      Op.batchNorm,
      code,
      [x.shape, [channels], [channels]],
      [code, code, code],
      [dense(x, code), ...(training ? [] : statistics), ...denseOperands(code, w, b)],
      [training ? 1 : 0, least, share, w === null ? 0 : 1, b === null ? 0 : 1, tracked ? 1 : 0],
      tracked ? statistics : undefined,
    ) as [Tensor, Tensor, Tensor];
    if (tracked) statistics.forEach(bumpVersion);
    const out = x.code === code ? made : copied(made, x.code);
    const inputs = [x, w, b];
    if (gradEnabled() && inputs.some((t) => t !== null && requiresGrad(t))) {
      const context = { training, eps: least };
      attach(out, NativeBatchNorm, inputs, [x, w, mean, rstd], context).privates = [mean, rstd];
    } else [mean, rstd].forEach(release);
    return out;
  },
);
