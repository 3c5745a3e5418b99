/** nn.functional: what layers compute, as functions (https://pytorch.org/docs/stable/nn.functional.html). */
export { linear } from '../functional/matmul';
export { relu, sigmoid, tanh } from '../functional/elementary';
export { cosineSimilarity, normalize, pairwiseDistance } from '../functional/similarity';
export { pdist } from '../functional/distance';
export { softmax, logSoftmax } from '../functional/activation';
export {
  mseLoss,
  nllLoss,
  crossEntropy,
  type Reduction,
  type NllLossOptions,
  type CrossEntropyOptions,
} from '../functional/loss';
export { pad, type PaddingMode } from '../functional/pad';
export { maxPool1d, maxPool2d, maxPool3d } from '../functional/pooling/max-pool';
export { avgPool1d, avgPool2d, avgPool3d } from '../functional/pooling/average-pool';
export {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
} from '../functional/pooling/adaptive-pool';
export { lpPool1d, lpPool2d, lpPool3d } from '../functional/pooling/lp-pool';
export { maxUnpool1d, maxUnpool2d, maxUnpool3d } from '../functional/pooling/max-unpool';
export { fractionalMaxPool2d } from '../functional/pooling/fractional-pool';
export {
  interpolate,
  upsample,
  upsampleBilinear,
  upsampleNearest,
  type InterpolateOptions,
  type InterpolationMode,
} from '../functional/resampling/interpolate';
export { gridSample, type SamplingMode, type SamplingPadding } from '../functional/resampling/grid-sample';
export { affineGrid } from '../functional/resampling/affine-grid';
export { channelShuffle, pixelShuffle, pixelUnshuffle } from '../functional/resampling/shuffle';
