/** Optimizers. */
export { Optimizer, type Params, type ParamGroup, type Group } from './optimizer';
export { SGD, type SGDOptions } from './sgd';
export { Adam, AdamW, type AdamOptions, type AdamWOptions } from './adam';
export { NAdam, type NAdamOptions } from './nadam';
export { RAdam, type RAdamOptions } from './radam';
export { Adamax, type AdamaxOptions } from './adamax';
export { Adagrad, type AdagradOptions } from './adagrad';
export { Adadelta, type AdadeltaOptions } from './adadelta';
export { RMSprop, type RMSpropOptions } from './rmsprop';
export { Rprop, type RpropOptions } from './rprop';
export { ASGD, type ASGDOptions } from './asgd';
export { LBFGS, type LBFGSOptions } from './lbfgs';
export type { Given, Hints } from './options';
export type { OptimizerStateDict } from './state';
export * as lrScheduler from './lr-scheduler';
export * as swaUtils from './swa-utils';
