/** Normalisation of each sample over groups of channels, or over single ones. */
import { inFloat32 } from '../autocast';
import { withGradMode } from '../../autograd/mode';
import { checkInPlace } from '../../autograd/view';
import { ArgumentError, ShapeError } from '../../errors';
import { showShape } from '../../shape';
import { type Tensor, cudaInUse } from '../../tensor';
import { add, mul } from '../arithmetic';
import { booleanArgument, integerArgument, named, numberArgument } from '../arguments';
import { cast } from '../cast';
import { copy_ } from '../copy';
import { gathered } from '../devices';
import { mean } from '../reduce';
import { varMean } from '../variance';
import { batchNorm } from './batch-norm';
import { rowNorm, rowNormRule, type RowNorm } from './rows';
import { besideChannels, checkFloatingInput, checkParameter, epsArgument, ofNothing } from './operands';

const NativeGroupNorm = rowNormRule('NativeGroupNorm');
const InstanceNorm = rowNormRule('View');

function channelsOf(op: string, x: Tensor): number {
  if (x.shape.length < 2)
    throw new ShapeError(`${op}: expected input [n, c, ...], got ${showShape(x.shape)}`);
  return x.shape[1]!;
}

/** Each sample's channels in so many groups are a row each. */
function ofChannels(x: Tensor, groups: number, eps: number): RowNorm {
  const [samples, channels] = x.shape as [number, number];
  return {
    rows: samples * groups,
    groups,
    channels: channels / groups,
    eps,
    centred: true,
    shape: [channels],
  };
}

/**
 * Each sample's channels in `numGroups` groups, each normalised by its mean and variance, then weight and bias for each
 * channel: x [n, c, ...] (https://pytorch.org/docs/stable/generated/torch.nn.functional.group_norm.html).
 */
export const groupNorm = inFloat32(
  named<
    [numGroups: number, weight?: Tensor | null, bias?: Tensor | null, eps?: number],
    { numGroups?: number; weight?: Tensor | null; bias?: Tensor | null; eps?: number },
    Tensor
  >('groupNorm', ['numGroups', 'weight', 'bias', 'eps'], (x, numGroups, weight, bias, eps) => {
    const op = 'groupNorm';
    checkFloatingInput(op, x);
    const channels = channelsOf(op, x);
    const groups = integerArgument(op, 'numGroups', numGroups);
    if (groups < 1) throw new ArgumentError(`${op}: expected numGroups > 0, got ${groups}`);
    if (channels % groups !== 0)
      throw new ShapeError(`${op}: ${channels} channels can't be divided into ${groups} groups`);
    if (x.count > 0 && x.count / groups === 1)
      throw new ShapeError(`${op}: expected more than 1 value per group, got input ${showShape(x.shape)}`);
    let w = checkParameter(op, 'weight', weight, x, [channels]);
    let b = checkParameter(op, 'bias', bias, x, [channels]);
    const least = epsArgument(op, eps, 1e-5);
    if (cudaInUse) [x, w, b] = gathered(op, x, w, b);
    if (x.count === 0) return ofNothing(x, w, b, besideChannels(x));
    return rowNorm(NativeGroupNorm, x, w, b, ofChannels(x, groups, least));
  }),
  'cuda',
);

interface InstanceNormOptions {
  runningMean?: Tensor | null;
  runningVar?: Tensor | null;
  weight?: Tensor | null;
  bias?: Tensor | null;
  useInputStats?: boolean;
  momentum?: number;
  eps?: number;
}

/** Moves running statistics towards the mean, over all samples, of those of each sample. */
function track(op: string, x: Tensor, runningMean: Tensor, runningVar: Tensor, momentum: number): void {
  for (const t of [runningMean, runningVar]) checkInPlace(op, t, []);
  withGradMode(op, false, () => {
    const dims = x.shape.slice(2).map((_, i) => i + 2);
    const [variance, middle] = varMean(cast(x, runningMean.code), dims, { correction: 1 });
    for (const [running, now] of [
      [runningMean, middle],
      [runningVar, variance],
    ] as const)
      copy_(running, add(mul(running, 1 - momentum), mul(mean(now, 0), momentum)));
  });
}

/**
 * Each channel of each sample normalised by its own mean and variance, or by the running statistics unless
 * `useInputStats`: x [n, c, ...] (https://pytorch.org/docs/stable/generated/torch.nn.functional.instance_norm.html).
 */
export const instanceNorm = named<
  [
    runningMean?: Tensor | null,
    runningVar?: Tensor | null,
    weight?: Tensor | null,
    bias?: Tensor | null,
    useInputStats?: boolean,
    momentum?: number,
    eps?: number,
  ],
  InstanceNormOptions,
  Tensor
>(
  'instanceNorm',
  ['runningMean', 'runningVar', 'weight', 'bias', 'useInputStats', 'momentum', 'eps'],
  (x, runningMean, runningVar, weight, bias, useInputStats, momentum, eps) => {
    const op = 'instanceNorm';
    checkFloatingInput(op, x);
    const channels = channelsOf(op, x);
    const of = (name: string, t: Tensor | null | undefined) => checkParameter(op, name, t, x, [channels]);
    const [center, spread] = [of('runningMean', runningMean), of('runningVar', runningVar)];
    let [w, b] = [of('weight', weight), of('bias', bias)];
    const share = numberArgument(op, 'momentum', momentum ?? 0.1);
    const least = epsArgument(op, eps, 1e-5);
    if (!booleanArgument(op, 'useInputStats', useInputStats, true)) {
      if (center === null || spread === null)
        throw new ArgumentError(`${op}: expected runningMean and runningVar, as useInputStats is false`);
      return batchNorm(x, center, spread, w, b, false, share, least);
    }
    if (x.shape.slice(2).every((n) => n === 1))
      throw new ShapeError(
        `${op}: expected more than 1 spatial element when training, got input ${showShape(x.shape)}`,
      );
    if (cudaInUse) [x, w, b] = gathered(op, x, w, b);
    if (x.count === 0) return ofNothing(x, w, b, besideChannels(x));
    if (center !== null && spread !== null) track(op, x, center, spread, share);
    return rowNorm(InstanceNorm, x, w, b, ofChannels(x, channels, least));
  },
);
