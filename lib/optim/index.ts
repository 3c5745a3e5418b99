/** Optimizers. */
export { Optimizer, type Params, type ParamGroup, type Group } from './optimizer';
export { SGD, type SGDOptions } from './sgd';
export { Adam, AdamW, type AdamOptions, type AdamWOptions } from './adam';
export type { OptimizerStateDict } from './state';
export * as lrScheduler from './lr-scheduler';
export * as swaUtils from './swa-utils';
