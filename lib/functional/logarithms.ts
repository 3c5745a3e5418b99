/** Functions with a logarithm in them: logit, and what is defined where a product of 0 and a logarithm is not. */
import { type Tensor, checkTensor } from '../tensor';
import { named, numberArgument } from './arguments';
import { add, div, mul, neg, sub } from './arithmetic';
import { eq, ge, le, logicalAnd } from './compare';
import { exp, log, log1p } from './elementary';
import { binaryOp, both, unaryOp, type BinaryFunction } from './kinds';
import { parametricOp } from './parametric';
import { asTensor } from './pointwise';
import { tensorsOnly } from './tensors-only';
import { exp2 } from './trigonometric';
import { where } from './where';

/** What stands for no eps. */
const NO_EPS = -1;

const logitBetween = parametricOp('logit', 'Logit', (g, x, [eps]) => {
  const [low, otherwise] = eps! < 0 ? [0, NaN] : [eps!, 0];
  const inside = logicalAnd(ge(x, low), le(x, 1 - low));
  const p = where(inside, x, 0.5); // what is not asked for may be infinite
  return where(inside, div(g, mul(p, sub(1, p))), otherwise);
});

function epsOf(op: string, eps: unknown): number {
  return eps === undefined || eps === null ? NO_EPS : numberArgument(op, 'eps', eps);
}

type Eps = number | null;

/** ln(x / (1 - x)), the inverse of sigmoid; `eps` keeps x in [eps, 1 - eps] (https://pytorch.org/docs/stable/special.html#torch.special.logit). */
export const logit = named<[eps?: Eps], { eps?: Eps }, Tensor>('logit', ['eps'], (x, eps) => {
  checkTensor('logit', x);
  return logitBetween(x, [epsOf('logit', eps)]);
});

/** `logit`, in place. */
export const logit_ = named<[eps?: Eps], { eps?: Eps }, Tensor>('logit_', ['eps'], (x, eps) =>
  logitBetween.inPlace(x, [epsOf('logit_', eps)]),
);

/** x ln(y), and 0 where x is 0, unless y is NaN. */
export const xlogy: BinaryFunction = binaryOp('xlogy', {
  gradient: 'Xlogy',
  keep: ['always', 'always'],
  backward: [
    (g, { x, y }) => where(logicalAnd(eq(x, 0), le(asTensor(y, g), 0)), 0, mul(g, log(asTensor(y, g)))),
    (g, { x, y }) => div(mul(g, x), y),
  ],
});

export const xlogy_ = xlogy.inPlace;

/** x ln(1 + y), likewise. */
export const xlog1py: BinaryFunction = binaryOp('xlog1py', {
  gradient: 'SpecialXlog1Py',
  keep: ['always', 'always'],
  backward: [
    (g, { x, y }) => where(logicalAnd(eq(x, 0), le(asTensor(y, g), -1)), 0, mul(g, log1p(asTensor(y, g)))),
    (g, { x, y }) => div(mul(g, x), add(y, 1)),
  ],
});

/** -x ln(x). */
export const [entr] = both(
  unaryOp('entr', {
    gradient: 'SpecialEntr',
    saves: 'input',
    backward: (g, x) => neg(mul(g, add(log(x), 1))),
  }),
);

/** ln(exp(x) + exp(y)), without overflow. */
export const logaddexp = tensorsOnly(
  'logaddexp',
  binaryOp('logaddexp', {
    noInteger: true,
    gradient: 'Logaddexp',
    keep: ['always', 'always'],
    backward: [
      (g, { x, y }) => div(g, add(exp(sub(y, x)), 1)),
      (g, { x, y }) => div(g, add(exp(sub(x, y)), 1)),
    ],
  }),
);

/** log2(2^x + 2^y), without overflow. */
export const logaddexp2 = tensorsOnly(
  'logaddexp2',
  binaryOp('logaddexp2', {
    noInteger: true,
    gradient: 'Logaddexp2',
    keep: ['always', 'always'],
    backward: [
      (g, { x, y }) => div(g, add(exp2(sub(y, x)), 1)),
      (g, { x, y }) => div(g, add(exp2(sub(x, y)), 1)),
    ],
  }),
);
