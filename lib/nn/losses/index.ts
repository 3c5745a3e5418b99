/** Losses as modules. */
export { MSELoss, L1Loss, SmoothL1Loss, HuberLoss } from './errors';
export { NLLLoss, CrossEntropyLoss, BCELoss, BCEWithLogitsLoss } from './classes';
export { KLDivLoss, PoissonNLLLoss, GaussianNLLLoss } from './likelihood';
export {
  HingeEmbeddingLoss,
  MarginRankingLoss,
  CosineEmbeddingLoss,
  SoftMarginLoss,
  TripletMarginLoss,
  TripletMarginWithDistanceLoss,
} from './margin';
export { MultiMarginLoss, MultiLabelMarginLoss, MultiLabelSoftMarginLoss } from './multi-class';
export { CTCLoss } from './ctc';
export { AdaptiveLogSoftmaxWithLoss, type AdaptiveLogSoftmaxOptions, type OutputAndLoss } from './adaptive';
