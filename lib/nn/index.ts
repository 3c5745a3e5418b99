/** Neural networks. */
export { Module, type StateDict, type IncompatibleKeys } from './module';
export { Parameter, Buffer } from './parameter';
export { Linear, type LinearOptions } from './linear';
export { Sigmoid, Tanh, ReLU, Softmax, LogSoftmax } from './activation';
export { Sequential, Flatten, Identity } from './container';
export { MSELoss, NLLLoss, CrossEntropyLoss } from './loss';
export * as functional from './functional';
export * as init from './init';
