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
