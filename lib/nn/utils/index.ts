/** What is done to modules and their parameters from outside. */
export { weightNorm, removeWeightNorm, type WeightNormOptions } from './weight-norm';
export { spectralNorm, removeSpectralNorm, type SpectralNormOptions } from './spectral-norm';
