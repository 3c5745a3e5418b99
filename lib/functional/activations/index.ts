/** Activations of neural networks, beside those that are elementary functions. */
export { gelu, silu, mish, softplus, logsigmoid, type GeluApproximation } from './smooth';
export { elu, elu_, celu, celu_, selu, selu_ } from './exponential';
export {
  relu,
  leakyRelu,
  leakyRelu_,
  hardtanh,
  hardtanh_,
  relu6,
  hardsigmoid,
  hardswish,
  threshold,
  threshold_,
  softshrink,
} from './piecewise';
export { softsign, tanhshrink, softmin, glu } from './composite';
