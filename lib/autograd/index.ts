/** Differentiation. */
export { noGrad, enableGrad, setGradEnabled, isGradEnabled } from './mode';
export { backward, grad, type BackwardOptions, type GradOptions, type HookHandle } from './backward';
export { gradcheck, gradgradcheck, type GradcheckOptions, type Differentiable } from './gradcheck';
export type { GradHook } from './node';
export type { GradFn } from './view';
