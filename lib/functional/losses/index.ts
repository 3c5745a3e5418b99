/** Losses: how far a prediction is from what it should be. */
import { inFloat32 } from '../autocast';
import * as errors from './errors';
import * as nll from './nll';
import * as crossentropy from './cross-entropy';
import * as binarycrossentropy from './binary-cross-entropy';
import * as likelihood from './likelihood';
import * as margin from './margin';
import * as triplet from './triplet';
import * as multiclass from './multi-class';
import * as ctc from './ctc';
export type { LossArguments, Reduced, Weighted } from './arguments';
export type { Reduction } from './reduction';
export { type SmoothL1LossOptions, type HuberLossOptions } from './errors';
export { type NllLossOptions } from './nll';
export { type CrossEntropyOptions } from './cross-entropy';
export { type LogitsOptions } from './binary-cross-entropy';
export { type KLDivOptions, type PoissonNllLossOptions, type GaussianNllLossOptions } from './likelihood';
export { type MarginOptions } from './margin';
export {
  type DistanceFunction,
  type TripletMarginLossOptions,
  type TripletMarginWithDistanceLossOptions,
} from './triplet';
export { type MultiMarginLossOptions } from './multi-class';
export { type CTCLossOptions, type Lengths } from './ctc';

// Documented here; in float32, whatever autocast says, but for those that PyTorch makes of other functions.

/**
 * The squared error (https://pytorch.org/docs/stable/generated/torch.nn.functional.mse_loss.html); with a weight the mean
 * is by weight.
 */
export const mseLoss = inFloat32(errors.mseLoss);
/** The absolute error (https://pytorch.org/docs/stable/generated/torch.nn.functional.l1_loss.html); with a weight the mean is by weight. */
export const l1Loss = inFloat32(errors.l1Loss);
/** Squared errors below `beta`, absolute ones beyond (https://pytorch.org/docs/stable/generated/torch.nn.functional.smooth_l1_loss.html). */
export const smoothL1Loss = inFloat32(errors.smoothL1Loss);
/** Squared errors up to `delta`, `delta` times absolute ones beyond (https://pytorch.org/docs/stable/generated/torch.nn.functional.huber_loss.html). */
export const huberLoss = inFloat32(errors.huberLoss);
/**
 * The negative log likelihood of the target classes (https://pytorch.org/docs/stable/generated/torch.nn.functional.nll_loss.html):
 * log probabilities [n, c, d...] (or [c]), target int64 [n, d...] (or []).
 * @throws IndexError when a target is no class.
 */
export const nllLoss = inFloat32(nll.nllLoss);
/**
 * logSoftmax and nllLoss in one (https://pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html):
 * logits [n, c, d...] (or [c]); target int64 [n, d...] (or []), or probabilities of the input's shape.
 */
export const crossEntropy = inFloat32(crossentropy.crossEntropy);
/**
 * -(t log x + (1 - t) log(1 - x)) for probabilities x; logarithms count as at least -100
 * (https://pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy.html).
 * @throws ArgumentError when an input is not from 0 to 1.
 */
export const binaryCrossEntropy = inFloat32(binarycrossentropy.binaryCrossEntropy);
/**
 * `binaryCrossEntropy` of sigmoid(x), exact for large |x| (https://pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy_with_logits.html).
 */
export const binaryCrossEntropyWithLogits = inFloat32(binarycrossentropy.binaryCrossEntropyWithLogits);
/**
 * The Kullback-Leibler divergence t (log t - x) of log probabilities x from probabilities t
 * (https://pytorch.org/docs/stable/generated/torch.nn.functional.kl_div.html).
 */
export const klDiv = inFloat32(likelihood.klDiv);
/** The negative log likelihood of counts by a Poisson distribution (https://pytorch.org/docs/stable/generated/torch.nn.functional.poisson_nll_loss.html). */
export const poissonNllLoss = inFloat32(likelihood.poissonNllLoss);
/**
 * The negative log likelihood of targets by normal distributions of means `input` and variances `var`, tensors or one number
 * (https://pytorch.org/docs/stable/generated/torch.nn.functional.gaussian_nll_loss.html).
 */
export const gaussianNllLoss = likelihood.gaussianNllLoss;
/** x where the target is 1, what x lacks of `margin` (1) where it is -1 (https://pytorch.org/docs/stable/generated/torch.nn.functional.hinge_embedding_loss.html). */
export const hingeEmbeddingLoss = inFloat32(margin.hingeEmbeddingLoss);
/**
 * What x1 lacks of being greater than x2 by `margin` (0) where the target is 1, or less where it is -1
 * (https://pytorch.org/docs/stable/generated/torch.nn.functional.margin_ranking_loss.html).
 */
export const marginRankingLoss = inFloat32(margin.marginRankingLoss);
/**
 * 1 - cos(x1, x2) where the target is 1, what the cosine is above `margin` (0) where it is -1: vectors [n, d] and targets [n], or
 * [d] and [] (https://pytorch.org/docs/stable/generated/torch.nn.functional.cosine_embedding_loss.html).
 */
export const cosineEmbeddingLoss = inFloat32(margin.cosineEmbeddingLoss);
/** log(1 + e^(-t x)) (https://pytorch.org/docs/stable/generated/torch.nn.functional.soft_margin_loss.html). */
export const softMarginLoss = inFloat32(margin.softMarginLoss);
/**
 * What the anchor's distance to the negative vector lacks of that to the positive one and `margin`
 * (https://pytorch.org/docs/stable/generated/torch.nn.functional.triplet_margin_loss.html).
 */
export const tripletMarginLoss = inFloat32(triplet.tripletMarginLoss);
/**
 * `tripletMarginLoss` by any measure of distance
 * (https://pytorch.org/docs/stable/generated/torch.nn.functional.triplet_margin_with_distance_loss.html).
 */
export const tripletMarginWithDistanceLoss = triplet.tripletMarginWithDistanceLoss;
/**
 * The mean over the other classes of what the target's lacks of being ahead of them by `margin`: input [n, c] or [c], target
 * int64 [n] or [] (https://pytorch.org/docs/stable/generated/torch.nn.functional.multi_margin_loss.html).
 */
export const multiMarginLoss = inFloat32(multiclass.multiMarginLoss);
/**
 * What each class of the target lacks of being ahead of each that isn't by 1, over the number of classes: input [n, c] or [c]; target
 * int64 of its shape, class indices up to the first that is -1
 * (https://pytorch.org/docs/stable/generated/torch.nn.functional.multilabel_margin_loss.html).
 */
export const multilabelMarginLoss = inFloat32(multiclass.multilabelMarginLoss);
/**
 * The mean over classes of `binaryCrossEntropyWithLogits`: the last dimension is that of classes
 * (https://pytorch.org/docs/stable/generated/torch.nn.functional.multilabel_soft_margin_loss.html).
 */
export const multilabelSoftMarginLoss = multiclass.multilabelSoftMarginLoss;
/**
 * The negative log likelihood of target label sequences, over all alignments: log probabilities [t, n, c] or [t, c], targets [n, s]
 * or one behind the other [sum of lengths], lengths of inputs and targets
 * (https://pytorch.org/docs/stable/generated/torch.nn.functional.ctc_loss.html). 'mean' divides each loss by its target's
 * length first. The gradient is the one that flows through `logSoftmax`.
 */
export const ctcLoss = inFloat32(ctc.ctcLoss);
