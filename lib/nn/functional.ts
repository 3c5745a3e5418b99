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
export { conv1d, conv2d, conv3d, type ConvOptions, type ConvPadding } from '../functional/conv';
export {
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  type ConvTransposeOptions,
} from '../functional/conv-transpose';
export { unfold, fold } from '../functional/fold';
