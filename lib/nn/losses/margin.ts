/** Losses with a margin. */
import { booleanArgument, numberArgument } from '../../functional/arguments';
import {
  cosineEmbeddingLoss,
  hingeEmbeddingLoss,
  marginRankingLoss,
  softMarginLoss,
  tripletMarginLoss,
  tripletMarginWithDistanceLoss,
  type DistanceFunction,
  type MarginOptions,
  type Reduced,
  type TripletMarginLossOptions,
  type TripletMarginWithDistanceLossOptions,
} from '../../functional/losses';
import { lossOptions, type LossArguments } from '../../functional/losses/arguments';
import { distanceFunction, positiveMargin } from '../../functional/losses/triplet';
import type { Tensor } from '../../tensor';
import { PairwiseDistance } from '../distance';
import { Module } from '../module';
import { Loss } from './loss';

type MarginArguments = LossArguments<MarginOptions, [margin: number]>;

abstract class MarginLoss extends Loss {
  readonly margin: number;
  constructor(op: string, otherwise: number, given: MarginArguments) {
    const options = lossOptions<MarginOptions>(op, ['margin', 'reduction'], given, 1);
    super(options.reduction);
    this.margin = numberArgument(op, 'margin', options.margin ?? otherwise);
  }
}

/** Distances of pairs that belong together, and what those of others lack of the margin (https://pytorch.org/docs/stable/generated/torch.nn.HingeEmbeddingLoss.html). */
export class HingeEmbeddingLoss extends MarginLoss {
  constructor(...given: MarginArguments) {
    super('HingeEmbeddingLoss', 1, given);
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return hingeEmbeddingLoss(input, target, { margin: this.margin, reduction: this.reduction });
  }
}

/** What one input lacks of being ahead of another (https://pytorch.org/docs/stable/generated/torch.nn.MarginRankingLoss.html). */
export class MarginRankingLoss extends MarginLoss {
  constructor(...given: MarginArguments) {
    super('MarginRankingLoss', 0, given);
  }
  override forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return marginRankingLoss(input1, input2, target, { margin: this.margin, reduction: this.reduction });
  }
}

/** By the cosine of vectors (https://pytorch.org/docs/stable/generated/torch.nn.CosineEmbeddingLoss.html). */
export class CosineEmbeddingLoss extends MarginLoss {
  constructor(...given: MarginArguments) {
    super('CosineEmbeddingLoss', 0, given);
  }
  override forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return cosineEmbeddingLoss(input1, input2, target, { margin: this.margin, reduction: this.reduction });
  }
}

/** log(1 + e^(-t x)) (https://pytorch.org/docs/stable/generated/torch.nn.SoftMarginLoss.html). */
export class SoftMarginLoss extends Loss {
  constructor(...given: LossArguments<Reduced, []>) {
    super(lossOptions<Reduced>('SoftMarginLoss', ['reduction'], given).reduction);
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return softMarginLoss(input, target, { reduction: this.reduction });
  }
}

/** An anchor should be closer to a positive vector than to a negative one (https://pytorch.org/docs/stable/generated/torch.nn.TripletMarginLoss.html). */
export class TripletMarginLoss extends Loss {
  readonly margin: number;
  readonly p: number;
  readonly eps: number;
  readonly swap: boolean;
  constructor(
    ...given: LossArguments<TripletMarginLossOptions, [margin: number, p: number, eps: number, swap: boolean]>
  ) {
    const op = 'TripletMarginLoss';
    const names = ['margin', 'p', 'eps', 'swap', 'reduction'] as const;
    const options = lossOptions<TripletMarginLossOptions>(op, names, given, 4);
    super(options.reduction);
    this.margin = positiveMargin(op, options.margin);
    this.p = numberArgument(op, 'p', options.p ?? 2);
    this.eps = numberArgument(op, 'eps', options.eps ?? 1e-6);
    this.swap = booleanArgument(op, 'swap', options.swap, false);
  }
  override forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    const { margin, p, eps, swap, reduction } = this;
    return tripletMarginLoss(anchor, positive, negative, { margin, p, eps, swap, reduction });
  }
}

/** The same by any measure of distance, also a module (https://pytorch.org/docs/stable/generated/torch.nn.TripletMarginWithDistanceLoss.html). */
export class TripletMarginWithDistanceLoss extends Loss {
  readonly distance_function: DistanceFunction | Module;
  readonly margin: number;
  readonly swap: boolean;
  constructor(...given: LossArguments<ModuleDistanceOptions, []>) {
    const op = 'TripletMarginWithDistanceLoss';
    const names = ['distanceFunction', 'margin', 'swap', 'reduction'] as const;
    const options = lossOptions<ModuleDistanceOptions>(op, names, given);
    super(options.reduction);
    const distance = options.distanceFunction;
    this.distance_function =
      distance instanceof Module
        ? distance
        : distance === undefined || distance === null
          ? new PairwiseDistance()
          : distanceFunction(op, distance);
    this.margin = positiveMargin(op, options.margin);
    this.swap = booleanArgument(op, 'swap', options.swap, false);
  }
  override forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    const { distance_function: distance, margin, swap, reduction } = this;
    return tripletMarginWithDistanceLoss(anchor, positive, negative, {
      distanceFunction:
        distance instanceof Module ? (x1, x2) => distance.forward(x1, x2) as Tensor : distance,
      margin,
      swap,
      reduction,
    });
  }
}

interface ModuleDistanceOptions extends Omit<TripletMarginWithDistanceLossOptions, 'distanceFunction'> {
  /** Instead of `pairwiseDistance`. */
  distanceFunction?: DistanceFunction | Module | null;
}
