/** Losses: how far a prediction is from what it should be. */
export type { LossArguments, Reduced, Weighted } from './arguments';
export type { Reduction } from './reduction';
export {
  mseLoss,
  l1Loss,
  smoothL1Loss,
  huberLoss,
  type SmoothL1LossOptions,
  type HuberLossOptions,
} from './errors';
export { nllLoss, type NllLossOptions } from './nll';
export { crossEntropy, type CrossEntropyOptions } from './cross-entropy';
export { binaryCrossEntropy, binaryCrossEntropyWithLogits, type LogitsOptions } from './binary-cross-entropy';
export {
  klDiv,
  poissonNllLoss,
  gaussianNllLoss,
  type KLDivOptions,
  type PoissonNllLossOptions,
  type GaussianNllLossOptions,
} from './likelihood';
export {
  hingeEmbeddingLoss,
  marginRankingLoss,
  cosineEmbeddingLoss,
  softMarginLoss,
  type MarginOptions,
} from './margin';
export {
  tripletMarginLoss,
  tripletMarginWithDistanceLoss,
  type DistanceFunction,
  type TripletMarginLossOptions,
  type TripletMarginWithDistanceLossOptions,
} from './triplet';
export {
  multiMarginLoss,
  multilabelMarginLoss,
  multilabelSoftMarginLoss,
  type MultiMarginLossOptions,
} from './multi-class';
export { ctcLoss, type CTCLossOptions, type Lengths } from './ctc';
