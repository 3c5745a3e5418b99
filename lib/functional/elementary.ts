/**
 * Elementary functions of one operand, each as a function and in place: a pair here is all that the library needs to
 * have both, and the methods.
 */
import { add, div, mul, neg } from './arithmetic';
import { reluBackward, sigmoidBackward, tanhBackward } from './derivatives';
import { zerosOf } from './kernel';
import { both, unaryOp } from './kinds';
import { roundingOp } from './rounding';

const INVERSE_LN2 = 1 / Math.LN2;
const LN10 = Math.LN10;
const TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);

export const [abs, abs_] = both(
  unaryOp('abs', {
    noBool: true,
    gradient: 'Abs',
    saves: 'input',
    backward: (g, x) => mul(g, sign(x)),
  }),
);
export const [sign, sign_] = both(unaryOp('sign', { gradient: 'Sign', backward: zerosOf }));
/** `sign`, which is what it is without complex numbers. */
export const [sgn, sgn_] = both(unaryOp('sign', { gradient: 'Sgn', backward: zerosOf }));
export const [floor, floor_] = both(roundingOp('floor', 'Floor'));
export const [ceil, ceil_] = both(roundingOp('ceil', 'Ceil'));
export const [trunc, trunc_] = both(roundingOp('trunc', 'Trunc'));
export const [reciprocal, reciprocal_] = both(
  unaryOp('reciprocal', {
    float32OnCuda: true,
    gradient: 'Reciprocal',
    saves: 'output',
    backward: (g, y) => neg(mul(g, mul(y, y))),
  }),
);
export const [sqrt, sqrt_] = both(
  unaryOp('sqrt', {
    gradient: 'Sqrt',
    saves: 'output',
    backward: (g, y) => div(g, mul(y, 2)),
  }),
);
export const [rsqrt, rsqrt_] = both(
  unaryOp('rsqrt', {
    float32OnCuda: true,
    gradient: 'Rsqrt',
    saves: 'output',
    backward: (g, y) => mul(mul(g, -0.5), mul(y, mul(y, y))),
  }),
);
export const [exp, exp_] = both(
  unaryOp('exp', { float32OnCuda: true, gradient: 'Exp', saves: 'output', backward: (g, y) => mul(g, y) }),
);
export const [expm1, expm1_] = both(
  unaryOp('expm1', {
    float32OnCuda: true,
    gradient: 'Expm1',
    saves: 'output',
    backward: (g, y) => mul(g, add(y, 1)),
  }),
);
export const [log, log_] = both(
  unaryOp('log', { float32OnCuda: true, gradient: 'Log', saves: 'input', backward: (g, x) => div(g, x) }),
);
export const [log1p, log1p_] = both(
  unaryOp('log1p', {
    float32OnCuda: true,
    gradient: 'Log1P',
    saves: 'input',
    backward: (g, x) => div(g, add(x, 1)),
  }),
);
export const [log2, log2_] = both(
  unaryOp('log2', {
    float32OnCuda: true,
    gradient: 'Log2',
    saves: 'input',
    backward: (g, x) => div(mul(g, INVERSE_LN2), x),
  }),
);
export const [log10, log10_] = both(
  unaryOp('log10', {
    float32OnCuda: true,
    gradient: 'Log10',
    saves: 'input',
    backward: (g, x) => div(g, mul(x, LN10)),
  }),
);
export const [sin, sin_] = both(
  unaryOp('sin', { gradient: 'Sin', saves: 'input', backward: (g, x) => mul(g, cos(x)) }),
);
export const [cos, cos_] = both(
  unaryOp('cos', {
    gradient: 'Cos',
    saves: 'input',
    backward: (g, x) => neg(mul(g, sin(x))),
  }),
);
export const [tan, tan_] = both(
  unaryOp('tan', {
    float32OnCuda: true,
    gradient: 'Tan',
    saves: 'output',
    backward: (g, y) => mul(g, add(mul(y, y), 1)),
  }),
);
export const [erf, erf_] = both(
  unaryOp('erf', {
    gradient: 'Erf',
    saves: 'input',
    backward: (g, x) => mul(g, mul(exp(neg(mul(x, x))), TWO_OVER_SQRT_PI)),
  }),
);
export const [tanh, tanh_] = both(
  unaryOp('tanh', {
    gradient: 'Tanh',
    saves: 'output',
    backward: (g, y) => tanhBackward(g, y),
  }),
);
export const [sigmoid, sigmoid_] = both(
  unaryOp('sigmoid', {
    gradient: 'Sigmoid',
    saves: 'output',
    backward: (g, y) => sigmoidBackward(g, y),
  }),
);
export const [relu, relu_] = both(
  unaryOp('relu', {
    noBool: true,
    gradient: 'Relu',
    saves: 'output',
    backward: (g, y) => reluBackward(g, y),
  }),
);
