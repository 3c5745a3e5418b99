/** Losses of three vectors each: an anchor should be closer to the positive than to the negative one. */
import { ArgumentError, ShapeError, describe } from '../../errors';
import { showShape } from '../../shape';
import { type Tensor, checkTensor } from '../../tensor';
import { booleanArgument, numberArgument } from '../arguments';
import { add, sub } from '../arithmetic';
import { clampMin } from '../clamp';
import { minimum } from '../pointwise';
import { pairwiseDistance } from '../similarity';
import { lossOptions, operands, type LossArguments, type Reduced } from './arguments';
import { reduced, reductionCode } from './reduction';

/** How far apart vectors of two tensors are. */
export type DistanceFunction = (x1: Tensor, x2: Tensor) => Tensor;

interface TripletOptions extends Reduced {
  /** By how much the negative one should be farther away (1). */
  margin?: number;
  /** Take the distance of the positive and the negative one for that of the negative one, where it is less. */
  swap?: boolean;
}
export interface TripletMarginLossOptions extends TripletOptions {
  /** The order of the norm (2). */
  p?: number;
  /** What is added to differences (1e-6). */
  eps?: number;
}
export interface TripletMarginWithDistanceLossOptions extends TripletOptions {
  /** Instead of `pairwiseDistance`. */
  distanceFunction?: DistanceFunction | null;
}

/** @internal */
export function positiveMargin(op: string, given: number | undefined): number {
  const margin = numberArgument(op, 'margin', given ?? 1);
  if (!(margin > 0)) throw new ArgumentError(`${op}: expected margin > 0, got ${describe(margin)}`);
  return margin;
}

/** @internal */
export function distanceFunction(op: string, given: DistanceFunction | null | undefined): DistanceFunction {
  if (given === undefined || given === null) return (x1, x2) => pairwiseDistance(x1, x2);
  if (typeof given !== 'function')
    throw new ArgumentError(`${op}: expected distanceFunction to be a function, got ${describe(given)}`);
  return given;
}

function triplet(
  op: string,
  tensors: readonly [Tensor, Tensor, Tensor],
  distance: DistanceFunction,
  options: TripletOptions,
): Tensor {
  const margin = positiveMargin(op, options.margin);
  const reduction = reductionCode(op, options.reduction);
  const swap = booleanArgument(op, 'swap', options.swap, false);
  const [a, p, n] = operands(op, ['anchor', 'positive', 'negative'], ...tensors);
  if (a.shape.length !== p.shape.length || a.shape.length !== n.shape.length)
    throw new ShapeError(
      `${op}: expected anchor, positive and negative of as many dimensions, got ${[a, p, n].map((t) => showShape(t.shape)).join(', ')}`,
    );
  const apart = (x: Tensor, y: Tensor): Tensor => {
    const d = distance(x, y);
    checkTensor(op, d, 'what distanceFunction returns');
    return d;
  };
  const near = apart(a, p);
  const direct = apart(a, n);
  const far = swap ? minimum(direct, apart(p, n)) : direct;
  return reduced(op, clampMin(sub(add(near, margin), far), 0), reduction);
}

export function tripletMarginLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  ...given: LossArguments<TripletMarginLossOptions, [margin: number, p: number, eps: number, swap: boolean]>
): Tensor {
  const op = 'tripletMarginLoss';
  const names = ['margin', 'p', 'eps', 'swap', 'reduction'] as const;
  const options = lossOptions<TripletMarginLossOptions>(op, names, given, 4);
  const order = numberArgument(op, 'p', options.p ?? 2);
  const eps = numberArgument(op, 'eps', options.eps ?? 1e-6);
  return triplet(op, [anchor, positive, negative], (x, y) => pairwiseDistance(x, y, order, eps), options);
}

export function tripletMarginWithDistanceLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  ...given: LossArguments<TripletMarginWithDistanceLossOptions, []>
): Tensor {
  const op = 'tripletMarginWithDistanceLoss';
  const names = ['distanceFunction', 'margin', 'swap', 'reduction'] as const;
  const options = lossOptions<TripletMarginWithDistanceLossOptions>(op, names, given);
  return triplet(op, [anchor, positive, negative], distanceFunction(op, options.distanceFunction), options);
}
