/** Learning-rate schedules. */
export { LRScheduler } from './scheduler';
export { StepLR, MultiStepLR, ConstantLR, ExponentialLR } from './factor';
export type { StepLROptions, MultiStepLROptions, ConstantLROptions, ExponentialLROptions } from './factor';
export { LinearLR, PolynomialLR, type LinearLROptions, type PolynomialLROptions } from './ramp';
export { LambdaLR, MultiplicativeLR, type LambdaLROptions, type LrLambda } from './lambda';
export { CosineAnnealingLR, CosineAnnealingWarmRestarts } from './cosine';
export type { CosineAnnealingLROptions, CosineAnnealingWarmRestartsOptions } from './cosine';
export { CyclicLR, type CyclicLROptions, type ScaleFn } from './cyclic';
export { OneCycleLR, type OneCycleLROptions } from './one-cycle';
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from './plateau';
export { SequentialLR, ChainedScheduler } from './composed';
export type { SequentialLROptions, ChainedSchedulerOptions } from './composed';
export type { PerGroup, ScheduledOptimizer } from './arguments';
export type { SchedulerStateDict } from './state';
