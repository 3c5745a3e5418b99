/** nn.functional: what layers compute, as functions (https://pytorch.org/docs/stable/nn.functional.html). */
export { linear } from '../functional/matmul';
export { bilinear } from '../functional/bilinear';
export { relu_, sigmoid, tanh } from '../functional/elementary';
export * from '../functional/activations';
export { hardshrink, prelu } from '../functional/shrink';
export { scaledDotProductAttention, type AttentionOptions } from '../functional/attention';
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
