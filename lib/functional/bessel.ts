/** Modified Bessel functions of the first kind. */
import type { Tensor } from '../tensor';
import { add, div, mul, sub } from './arithmetic';
import { eq } from './compare';
import { sign } from './elementary';
import { both, unaryOp } from './kinds';
import { where } from './where';

/** Of order 0. */
export const [i0, i0_] = both(
  unaryOp('i0', { gradient: 'I0', saves: 'input', backward: (g, x) => mul(g, i1(x)) }),
);

/** exp(-|x|) i0(x). */
export const [i0e] = both(
  unaryOp('i0e', {
    gradient: 'SpecialI0E',
    saves: 'input',
    backward: (g, x) => mul(g, sub(i1e(x), mul(sign(x), i0e(x)))),
  }),
);

/** `slope` of x; 1/2 at 0, where it isn't to divide by it. */
function exceptAtZero(x: Tensor, slope: (x: Tensor) => Tensor): Tensor {
  const zero = eq(x, 0);
  return where(zero, 0.5, slope(where(zero, 1, x)));
}

/** Of order 1. */
export const [i1] = both(
  unaryOp('i1', {
    gradient: 'SpecialI1',
    saves: 'input',
    backward: (g, x) =>
      mul(
        g,
        exceptAtZero(x, (p) => sub(i0(p), div(i1(p), p))),
      ),
  }),
);

/** exp(-|x|) i1(x). */
export const [i1e] = both(
  unaryOp('i1e', {
    gradient: 'SpecialI1E',
    saves: 'input',
    backward: (g, x) =>
      mul(
        g,
        exceptAtZero(x, (p) => sub(i0e(p), mul(i1e(p), add(sign(p), div(1, p))))),
      ),
  }),
);
