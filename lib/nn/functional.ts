/** nn.functional: what layers compute, as functions (https://pytorch.org/docs/stable/nn.functional.html). */
export { linear } from '../functional/matmul';
export { bilinear } from '../functional/bilinear';
export { relu_, sigmoid, tanh } from '../functional/elementary';
export * from '../functional/activations';
export { hardshrink, prelu } from '../functional/shrink';
export { scaledDotProductAttention, type AttentionOptions } from '../functional/attention';
export { multiHeadAttentionForward, type MultiHeadAttentionOptions } from '../functional/attention/forward';
export { cosineSimilarity, normalize, pairwiseDistance } from '../functional/similarity';
export { pdist } from '../functional/distance';
export { softmax, logSoftmax } from '../functional/softmax';
export { batchNorm } from '../functional/normalization/batch-norm';
export { groupNorm, instanceNorm } from '../functional/normalization/group-norm';
export { layerNorm, rmsNorm } from '../functional/normalization/layer-norm';
export { localResponseNorm } from '../functional/normalization/response-norm';
export {
  alphaDropout,
  dropout,
  dropout1d,
  dropout2d,
  dropout3d,
  featureAlphaDropout,
} from '../functional/dropout';
export { embedding } from '../functional/embedding';
export { embeddingBag, type BagMode } from '../functional/embedding-bag';
export { gumbelSoftmax } from '../functional/gumbel-softmax';
export { oneHot } from '../functional/one-hot';
export { rrelu } from '../functional/rrelu';
export { conv1d, conv2d, conv3d, type ConvOptions, type ConvPadding } from '../functional/conv';
export {
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  type ConvTransposeOptions,
} from '../functional/conv-transpose';
export { unfold, fold } from '../functional/fold';
export { pad, type PaddingMode } from '../functional/pad';
export {
  maxPool1d,
  maxPool1dWithIndices,
  maxPool2d,
  maxPool2dWithIndices,
  maxPool3d,
  maxPool3dWithIndices,
} from '../functional/pooling/max-pool';
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
export { fractionalMaxPool2d, fractionalMaxPool3d } from '../functional/pooling/fractional-pool';
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
export * from '../functional/losses';
