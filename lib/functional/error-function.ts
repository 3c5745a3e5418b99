/** The error function's kin, and the normal distribution that is made of it (https://pytorch.org/docs/stable/special.html). */
import type { Tensor } from '../tensor';
import { div, mul, neg, sub } from './arithmetic';
import { exp } from './elementary';
import { both, unaryOp } from './kinds';
import { square } from './pointwise';

const SQRT_PI = Math.sqrt(Math.PI);

/** 1 - erf(x), without the loss of small results. */
export const [erfc, erfc_] = both(
  unaryOp('erfc', {
    gradient: 'Erfc',
    saves: 'input',
    backward: (g, x) => mul(g, mul(exp(neg(square(x))), -2 / SQRT_PI)),
  }),
);

/** The inverse of `erf`. */
export const [erfinv, erfinv_] = both(
  unaryOp('erfinv', {
    float32OnCuda: true,
    gradient: 'Erfinv',
    saves: 'output',
    backward: (g, y) => mul(g, mul(exp(square(y)), SQRT_PI / 2)),
  }),
);

/** exp(x^2) erfc(x). */
export const [erfcx] = both(
  unaryOp('erfcx', {
    gradient: 'SpecialErfcx',
    saves: 'input',
    backward: (g, x) => mul(g, sub(mul(mul(x, erfcx(x)), 2), 2 / SQRT_PI)),
  }),
);

/** The distribution function of the standard normal distribution. */
export function ndtr(x: Tensor): Tensor {
  return mul(erfc(mul(x, -Math.SQRT1_2)), 0.5);
}

/** The inverse of `ndtr`. */
export const [ndtri] = both(
  unaryOp('ndtri', {
    gradient: 'SpecialNdtri',
    saves: 'output',
    backward: (g, y) => mul(g, mul(exp(div(square(y), 2)), Math.sqrt(2 * Math.PI))),
  }),
);

/** The logarithm of `ndtr`. */
export const [logNdtr] = both(
  unaryOp('logNdtr', {
    gradient: 'SpecialLogNdtr',
    saves: 'input',
    backward: (g, x) => mul(div(g, erfcx(mul(x, -Math.SQRT1_2))), Math.sqrt(2 / Math.PI)),
  }),
);
