/** Special functions (https://pytorch.org/docs/stable/special.html). */
export { erf, expm1, log1p, sigmoid as expit } from './functional/elementary';
export { exp2, sinc } from './functional/trigonometric';
export { erfc, erfcx, erfinv, ndtr, ndtri, logNdtr } from './functional/error-function';
export {
  lgamma as gammaln,
  digamma,
  digamma as psi,
  polygamma,
  mvlgamma as multigammaln,
  zeta,
} from './functional/gamma';
export { entr, logit, xlogy, xlog1py } from './functional/logarithms';
export { i0, i0e, i1, i1e } from './functional/bessel';
export { round } from './functional/rounding';
export { softmax, logSoftmax } from './functional/softmax';
