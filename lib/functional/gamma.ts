/** The gamma function's logarithm and its derivatives, and Hurwitz's zeta function. */
import { generate } from './kernel';
import { Op } from '../backend/ops.generated';
import { defineGradient, record } from '../autograd/node';
import { withGradMode } from '../autograd/mode';
import { COMPUTE, Code, defaultDtypeCode, isFloatingCode } from '../dtype';
import { ArgumentError, AutogradError, DTypeError } from '../errors';
import { type Tensor, checkTensor } from '../tensor';
import { integerArgument, named } from './arguments';
import { add, mul, neg } from './arithmetic';
import { cast } from './cast';
import { binaryOp, both, unaryOp, type BinaryFunction } from './kinds';
import { overwriting } from './overwrite';
import { parametricOp } from './parametric';
import { sum } from './reduce';
import { unsqueeze } from './view';

/** The logarithm of the gamma function's magnitude. */
export const [lgamma, lgamma_] = both(
  unaryOp('lgamma', { gradient: 'Lgamma', saves: 'input', backward: (g, x) => mul(g, digamma(x)) }),
);

/** The derivative of `lgamma`. */
export const [digamma, digamma_] = both(
  unaryOp('digamma', { gradient: 'Digamma', saves: 'input', backward: (g, x) => mul(g, polygamma(1, x)) }),
);

const derivative = parametricOp('polygamma', 'Polygamma', (g, x, [n]) => mul(g, polygamma(n! + 1, x)));

function orderOf(op: string, n: unknown): number {
  const order = integerArgument(op, 'n', n);
  if (order < 0) throw new ArgumentError(`${op}: expected n to be at least 0, got ${order}`);
  return order;
}

/** The n-th derivative of `digamma` (https://pytorch.org/docs/stable/special.html#torch.special.polygamma). */
export function polygamma(n: number, x: Tensor): Tensor {
  const order = orderOf('polygamma', n);
  checkTensor('polygamma', x);
  return derivative(x, [order]);
}

/** x's `polygamma`, in place. */
export function polygamma_(x: Tensor, n: number): Tensor {
  return derivative.inPlace(x, [orderOf('polygamma_', n)]);
}

/** x's elements minus 0, 1/2, ... (p - 1) / 2, along a new last dimension. */
function lowered(x: Tensor, p: number): Tensor {
  const compute = x.code === Code.float64 ? Code.float64 : Code.float32;
  const steps = generate(Op.arange, COMPUTE[compute]!, [p], compute, x.place, [0, -0.5]);
  return add(unsqueeze(x, -1), cast(steps, x.code));
}

const Mvlgamma = defineGradient<number>('Mvlgamma', (g, node, p) => [
  mul(g, sum(digamma(lowered(node.input(0), p)), -1)),
]);

function logGamma(op: string, x: Tensor, p: number): Tensor {
  checkTensor(op, x);
  const count = integerArgument(op, 'p', p);
  if (count < 1) throw new ArgumentError(`${op}: expected p to be at least 1, got ${count}`);
  if (x.code === Code.bool) throw new DTypeError(`${op}: not defined for bool`);
  const y = isFloatingCode(x.code) ? x : cast(x, defaultDtypeCode());
  const constant = (count * (count - 1) * Math.log(Math.PI)) / 4;
  const out = withGradMode(op, false, () => add(sum(lgamma(lowered(y, count)), -1), constant));
  return record(out, Mvlgamma, [y], [y], count);
}

/** The logarithm of the gamma function of p dimensions (https://pytorch.org/docs/stable/special.html#torch.special.multigammaln). */
export const mvlgamma = named<[p: number], { p: number }, Tensor>('mvlgamma', ['p'], (x, p) =>
  logGamma('mvlgamma', x, p),
);

/** `mvlgamma`, in place. */
export const mvlgamma_ = named<[p: number], { p: number }, Tensor>(
  'mvlgamma_',
  ['p'],
  overwriting('mvlgamma_', 'Mvlgamma', logGamma),
);

/** The sum of (y + k)^-x over k >= 0: Hurwitz's zeta function. It has no derivative in x. */
export const zeta: BinaryFunction = binaryOp('zeta', {
  gradient: 'SpecialZeta',
  keep: ['always', 'always'],
  backward: [
    () => {
      throw new AutogradError('backward: the derivative of zeta in its first operand is not implemented');
    },
    (g, { x, y }) => neg(mul(mul(g, x), zeta(typeof x === 'number' ? x + 1 : add(x, 1), y))),
  ],
});
