/** Activations as modules. */
export {
  Sigmoid,
  Tanh,
  ReLU,
  ReLU6,
  SELU,
  SiLU,
  Mish,
  Hardsigmoid,
  Hardswish,
  Softsign,
  Tanhshrink,
  LogSigmoid,
} from './plain';
export {
  LeakyReLU,
  ELU,
  CELU,
  GELU,
  Softplus,
  Softshrink,
  Hardshrink,
  Hardtanh,
  Threshold,
  PReLU,
  type PReLUOptions,
} from './parametric';
export { Softmax, LogSoftmax, Softmin, Softmax2d, GLU } from './along-dim';
