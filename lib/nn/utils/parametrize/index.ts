/** nn.utils.parametrize: tensors of modules as functions of others (https://pytorch.org/docs/stable/nn.html#utilities). */
export { ParametrizationList, type Parametrization } from './list';
export {
  cached,
  isParametrized,
  registerParametrization,
  removeParametrizations,
  type Parametrized,
} from './register';
