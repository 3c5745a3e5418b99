/** nn.utils.parametrizations: weights that are normalized or orthogonal (https://pytorch.org/docs/stable/nn.html#utilities). */
export { spectralNorm, weightNorm } from './norms';
export { orthogonal, type OrthogonalMap, type OrthogonalOptions } from './orthogonal';
