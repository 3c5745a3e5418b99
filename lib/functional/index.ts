/** The operations as functions. */
export { positive, isNonzero, isSameSize } from './methods';
import './methods/linalg';

export {
  Generator,
  defaultGenerator,
  manualSeed,
  seed,
  rand,
  randn,
  normal,
  randLike,
  randnLike,
  randint,
  randintLike,
  randperm,
  type RandomOptions,
} from './random';
export {
  tensor,
  asTensor,
  scalarTensor,
  fromNumpy,
  zeros,
  ones,
  empty,
  full,
  zerosLike,
  onesLike,
  emptyLike,
  fullLike,
  arange,
  linspace,
  logspace,
  eye,
  setDefaultDtype,
  isTensor,
  type NestedList,
  type TensorData,
  type TensorOptions,
} from './creation';
export { neg, neg as negative, mul, mul as multiply, div as trueDivide } from './arithmetic';
export * from './elementary';
export { abs as absolute, abs_ as absolute_, trunc as fix, trunc_ as fix_ } from './elementary';
export { round } from './rounding';
export {
  square,
  bitwiseNot,
  divRounded as div,
  divRounded as divide,
  floorDivide,
  remainder,
  pow,
  maximum,
  minimum,
  bitwiseAnd,
  bitwiseOr,
  bitwiseXor,
} from './pointwise';
export * from './in-place';
export { neg_ as negative_ } from './in-place';
export { fill_, zero_ } from './fill';
export { addWithAlpha as add, subWithAlpha as sub, subWithAlpha as subtract, rsub } from './scaled';
export {
  clamp,
  clamp as clip,
  clamp_,
  clamp_ as clip_,
  clampMin,
  clampMin_,
  clampMax,
  clampMax_,
} from './clamp';
export { equal, isclose, allclose } from './closeness';
export {
  eq,
  ne,
  ne as notEqual,
  lt,
  lt as less,
  le,
  le as lessEqual,
  gt,
  gt as greater,
  ge,
  ge as greaterEqual,
  logicalAnd,
  logicalOr,
  logicalXor,
  logicalNot,
  isnan,
  isinf,
  isfinite,
} from './compare';
export {
  sum,
  mean,
  prod,
  amax,
  amin,
  all,
  any,
  argmax,
  argmin,
  max,
  min,
  variance as var,
  std,
  type ValuesAndIndices,
} from './reduce';
export { matmul, mm, bmm, mv, dot, addmm } from './matmul';
export {
  reshape,
  flatten,
  unflatten,
  ravel,
  permute,
  transpose,
  transpose as swapaxes,
  transpose as swapdims,
  movedim,
  movedim as moveaxis,
  adjoint,
  t,
  squeeze,
  unsqueeze,
  narrow,
  select,
  split,
  splitWithSizes,
  chunk,
  unbind,
  expand as broadcastTo,
} from './view';
export { clone } from './copy';
export { cat, cat as concat, cat as concatenate, stack } from './join';
export { tril, triu } from './triangle';
export { indexSelect, indexAdd } from './index-select';
export { cholesky, choleskyInverse, choleskySolve } from './linalg/cholesky';
export { det, logdet, slogdet } from './linalg/det';
export { pinverse } from './linalg/pinv';
export { matrixExp, matrixPower } from './linalg/power';
export { qr } from './linalg/qr';
export { inv as inverse } from './linalg/solve';
export { svd } from './linalg/svd';
export { slice, Slice, type IndexItem } from './indexing';
export { where, maskedFill } from './where';
export { softmax, logSoftmax } from './activation';
export { resultType, numel, isFloatingPoint, isSigned } from './inspect';
export type { NestedNumbers, ToOptions } from './convert';
export type { AsyncReadOptions } from './async-readers';
export type { Operand } from './kinds';
