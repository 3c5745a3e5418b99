/** Trigonometric and hyperbolic functions and their inverses, and other functions of one operand, in pairs as in elementary.ts. */
import { add, div, mul, neg, sub } from './arithmetic';
import { cos, rsqrt, sin } from './elementary';
import { square } from './pointwise';
import { both, unaryOp } from './kinds';
import { eq } from './compare';
import { where } from './where';
import type { Tensor } from '../tensor';

export const [exp2, exp2_] = both(
  unaryOp('exp2', {
    gradient: 'Exp2',
    saves: 'output',
    backward: (g, y) => mul(g, mul(y, Math.LN2)),
  }),
);
export const [asin, asin_] = both(
  unaryOp('asin', {
    float32OnCuda: true,
    gradient: 'Asin',
    saves: 'input',
    backward: (g, x) => mul(g, rsqrt(sub(1, square(x)))),
  }),
);
export const [acos, acos_] = both(
  unaryOp('acos', {
    float32OnCuda: true,
    gradient: 'Acos',
    saves: 'input',
    backward: (g, x) => neg(mul(g, rsqrt(sub(1, square(x))))),
  }),
);
export const [atan, atan_] = both(
  unaryOp('atan', {
    gradient: 'Atan',
    saves: 'input',
    backward: (g, x) => div(g, add(square(x), 1)),
  }),
);
export const [sinh, sinh_] = both(
  unaryOp('sinh', {
    float32OnCuda: true,
    gradient: 'Sinh',
    saves: 'input',
    backward: (g, x) => mul(g, cosh(x)),
  }),
);
export const [cosh, cosh_] = both(
  unaryOp('cosh', {
    float32OnCuda: true,
    gradient: 'Cosh',
    saves: 'input',
    backward: (g, x) => mul(g, sinh(x)),
  }),
);
export const [asinh, asinh_] = both(
  unaryOp('asinh', {
    gradient: 'Asinh',
    saves: 'input',
    backward: (g, x) => mul(g, rsqrt(add(square(x), 1))),
  }),
);
export const [acosh, acosh_] = both(
  unaryOp('acosh', {
    gradient: 'Acosh',
    saves: 'input',
    backward: (g, x) => mul(g, rsqrt(sub(square(x), 1))),
  }),
);
export const [atanh, atanh_] = both(
  unaryOp('atanh', {
    gradient: 'Atanh',
    saves: 'input',
    backward: (g, x) => div(g, sub(1, square(x))),
  }),
);

/** sin(pi x) / (pi x), and 1 where x is 0. */
export const [sinc, sinc_] = both(
  unaryOp('sinc', { gradient: 'Sinc', saves: 'input', backward: (g, x) => mul(g, sincSlope(x)) }),
);
/** (pi x cos(pi x) - sin(pi x)) / (pi x^2) */
function sincSlope(x: Tensor): Tensor {
  const angle = mul(x, Math.PI);
  const slope = div(sub(mul(angle, cos(angle)), sin(angle)), mul(angle, x));
  return where(eq(x, 0), 0, slope);
}

/** What is left of x without its whole part, of x's sign. */
export const [frac, frac_] = both(unaryOp('frac', { noInteger: true, gradient: 'Frac', backward: (g) => g }));

export {
  asin as arcsin,
  asin_ as arcsin_,
  acos as arccos,
  acos_ as arccos_,
  atan as arctan,
  atan_ as arctan_,
  asinh as arcsinh,
  asinh_ as arcsinh_,
  acosh as arccosh,
  acosh_ as arccosh_,
  atanh as arctanh,
  atanh_ as arctanh_,
};
