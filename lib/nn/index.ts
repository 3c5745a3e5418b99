/** Neural networks. */
export { Module, type StateDict, type SharedStateDict, type IncompatibleKeys } from './module';
export type { HookOptions } from './hooks';
export type { Gradients } from './backward-hooks';
export { Parameter, Buffer } from './parameter';
export { Linear, type LinearOptions } from './linear';
export { Sigmoid, Tanh, ReLU, Softmax, LogSoftmax } from './activation';
export { Sequential, ModuleList, ModuleDict } from './container';
export { Flatten, Identity } from './flatten';
export { MSELoss, NLLLoss, CrossEntropyLoss } from './loss';
export * as functional from './functional';
export * as init from './init';
export * as utils from './utils';
