/** nn.utils: gradients within bounds, parameters as vectors, sequences of different lengths (https://pytorch.org/docs/stable/nn.html#utilities). */
export {
  clipGradNorm_,
  clipGradValue_,
  clipGradsWithNorm_,
  getTotalNorm,
  type TotalNormOptions,
} from './clip-grad';
export { parametersToVector, vectorToParameters } from './convert-parameters';
export type { Tensors } from './tensors';
export * as parametrizations from './parametrizations';
export * as parametrize from './parametrize';
export * as rnn from './rnn';
export { weightNorm, removeWeightNorm, type WeightNormOptions } from './weight-norm';
export { spectralNorm, removeSpectralNorm, type SpectralNormOptions } from './spectral-norm';
