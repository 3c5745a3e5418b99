/** Optimizers. */
export { Optimizer, type Params, type ParamGroup, type Group } from './optimizer';
export { SGD, type SGDOptions } from './sgd';
