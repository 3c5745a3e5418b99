/** The operations as functions. */
import './methods/statistics';
export { positive, isNonzero, isSameSize } from './methods';
import './methods/indexing';
import './methods/pointwise';
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
  initialSeed,
  getRngState,
  setRngState,
  type GeneratorState,
  type RandomOptions,
} from './random';
export { bernoulli, multinomial } from './distributions';
import './methods/distributions';
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
export * from './trigonometric';
export { atan2, atan2 as arctan2, hypot, angle, deg2rad, deg2rad_, rad2deg, rad2deg_ } from './angle';
export { i0, i0_ } from './bessel';
export { erfc, erfc_, erfinv } from './error-function';
export { lgamma, digamma, polygamma, mvlgamma } from './gamma';
export { logit, logit_, xlogy, xlogy_, logaddexp, logaddexp2 } from './logarithms';
export { fmax, fmin, heaviside } from './choosing';
export { fmod } from './fmod';
export { floatPower } from './float-power';
export { gcd, gcd_, lcm, lcm_, bitwiseLeftShift, bitwiseRightShift } from './integers';
export {
  signbit,
  isposinf,
  isneginf,
  isreal,
  copysign,
  nextafter,
  frexp,
  ldexp,
  ldexp_,
  nanToNum,
  nanToNum_,
  type MantissaAndExponent,
} from './float-parts';
export { addcmul, addcdiv, lerp } from './ternary';
export { hardshrink, prelu } from './shrink';
export { bilinear } from './bilinear';
export { celu, celu_, selu, selu_, threshold, threshold_ } from './activations';
export { finfo, iinfo, type FloatInfo, type IntegerInfo } from './type-info';
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
  type ValuesAndIndices,
} from './reduce';
export { variance as var, std, varMean, stdMean, type VarianceOptions } from './variance';
export { norm, type NormOptions } from './norm';
export { logsumexp } from './logsumexp';
export { nansum, nanmean } from './nan-reduce';
export { aminmax, type MinAndMax } from './aminmax';
export { matmul, mm, bmm, mv, dot, addmm } from './matmul';
export { addmv, addmv_, addbmm, baddbmm, addr } from './add-product';
export { outer, outer as ger, inner, kron, vdot } from './outer';
export { cross } from './cross';
export { trace } from './trace';
export { einsum } from './einsum';
export { tensordot } from './tensordot';
export { chainMatmul } from './chain';
export { cdist, dist, pdist, type CdistOptions } from './distance';
export { cosineSimilarity, pairwiseDistance } from './similarity';
export { diff } from './difference';
export { trapezoid, trapezoid as trapz, cumulativeTrapezoid } from './trapezoid';
export { cov, corrcoef, type CovOptions } from './covariance';
export { vander } from './vander';
export { bartlettWindow, blackmanWindow, hammingWindow, hannWindow, type WindowOptions } from './window';
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
export { tril, triu, tril_, triu_ } from './triangle';
export { indexSelect, indexAdd } from './index-select';
export { cholesky, choleskyInverse, choleskySolve } from './linalg/cholesky';
export { det, logdet, slogdet } from './linalg/det';
export { pinverse } from './linalg/pinv';
export { matrixExp, matrixPower } from './linalg/power';
export { qr } from './linalg/qr';
export { inv as inverse } from './linalg/solve';
export { svd } from './linalg/svd';
export { slice, Slice, type IndexItem } from './indexing';
export { maskedFill } from './where';
export { where } from './where-true';
export {
  gather,
  scatter,
  scatterAdd,
  type GatherOptions,
  type NamedScatter,
  type NamedScatterAdd,
  type ScatterOptions,
} from './scatter';
export {
  scatterReduce,
  indexReduce,
  type NamedIndexReduce,
  type NamedScatterReduce,
  type ReduceIntoOptions,
  type ScatterReduction,
} from './scatter-reduce';
export { take, takeAlongDim, put, type NamedPut } from './take';
export { indexCopy, indexFill, type NamedIndexCopy, type NamedIndexFill } from './index-fill';
export { indexPut, indexPut_, type NamedIndexPut } from './index-put';
export { maskedSelect, maskedScatter, type NamedMaskedScatter } from './masked';
export { tile, repeatInterleave, type RepeatInterleaveOptions } from './repeat';
export { flip, fliplr, flipud, roll, rot90 } from './flip';
export { diagonal, diag, diagEmbed, diagflat } from './diagonal';
export { asStrided, emptyStrided } from './strided';
export {
  sliceScatter,
  selectScatter,
  diagonalScatter,
  type DiagonalOptions,
  type SliceScatterOptions,
} from './region-scatter';
export { tensorSplit, hsplit, vsplit, dsplit, type Sections } from './splits';
export {
  atleast1d,
  atleast2d,
  atleast3d,
  hstack,
  vstack,
  vstack as rowStack,
  dstack,
  columnStack,
  blockDiag,
  type Tensors,
} from './stacks';
export {
  broadcastTensors,
  meshgrid,
  cartesianProd,
  combinations,
  trilIndices,
  triuIndices,
  type MeshgridOptions,
  type NamedTriangle,
  type TriangleOptions,
} from './grids';
export { softmax, logSoftmax } from './softmax';
export { resultType, numel, isFloatingPoint, isSigned } from './inspect';
import './methods/scans';
export { cumsum, cumprod, logcumsumexp, cummax, cummin } from './scan';
export { sort, argsort, msort, topk } from './sort';
export { kthvalue, median, nanmedian, mode } from './order';
export { quantile, nanquantile, type Interpolation } from './quantile';
export { nonzero, argwhere, countNonzero } from './nonzero';
export { unique, uniqueConsecutive } from './unique';
export { searchsorted, bucketize, isin } from './search';
export { histc, bincount } from './histogram';
export { renorm } from './renorm';
export type { NestedNumbers, ToOptions } from './convert';
export type { AsyncReadOptions } from './async-readers';
export type { Operand } from './kinds';
export { maxPool1d, maxPool2d, maxPool3d } from './pooling/max-pool';
export { avgPool1d } from './pooling/average-pool';
export { adaptiveAvgPool1d } from './pooling/adaptive-pool';
export { channelShuffle, pixelShuffle, pixelUnshuffle } from './resampling/shuffle';
