/** Differentiation. */
export * from './grad-mode';
export { backward, grad, type BackwardOptions, type GradOptions, type HookHandle } from './backward';
export { gradcheck, gradgradcheck, type GradcheckOptions, type Differentiable } from './gradcheck';
export {
  setDetectAnomaly,
  detectAnomaly,
  detectAnomalyAsync,
  isAnomalyEnabled,
  isAnomalyCheckNanEnabled,
  type AnomalyOptions,
} from './anomaly';
export type { GradHook } from './node';
export type { GradFn } from './view';
export { Function, onceDifferentiable, type FunctionCtx, type BackwardMethod } from './function';
export * as functional from './functional';
