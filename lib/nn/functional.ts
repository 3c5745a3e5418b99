/** nn.functional: what layers compute, as functions (https://pytorch.org/docs/stable/nn.functional.html). */
export { linear } from '../functional/matmul';
export { relu, sigmoid, tanh } from '../functional/elementary';
export { cosineSimilarity, normalize, pairwiseDistance } from '../functional/similarity';
export { pdist } from '../functional/distance';
export { softmax, logSoftmax } from '../functional/activation';
export * from '../functional/losses';
