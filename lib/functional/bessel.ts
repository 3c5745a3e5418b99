/** Modified Bessel functions of the first kind. */
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

/** Of order 1. */
export const [i1] = both(
  unaryOp('i1', {
    gradient: 'SpecialI1',
    saves: 'input',
    backward: (g, x) => mul(g, where(eq(x, 0), 0.5, sub(i0(x), div(i1(x), x)))),
  }),
);

/** exp(-|x|) i1(x). */
export const [i1e] = both(
  unaryOp('i1e', {
    gradient: 'SpecialI1E',
    saves: 'input',
    backward: (g, x) => mul(g, where(eq(x, 0), 0.5, sub(i0e(x), mul(i1e(x), add(sign(x), div(1, x)))))),
  }),
);
