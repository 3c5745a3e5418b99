/** Samples of a categorical distribution that gradients flow through. */
import { withGradMode } from '../autograd/mode';
import { isFloatingCode } from '../dtype';
import { ArgumentError, DTypeError } from '../errors';
import { wrapDim } from '../shape';
import { type Tensor, checkTensor } from '../tensor';
import { softmax } from './softmax';
import { add, div, neg, sub } from './arithmetic';
import { booleanArgument, named, numberArgument } from './arguments';
import { emptyLike } from './creation';
import { exponential_ } from './distributions';
import { log } from './elementary';
import { fullOf } from './kernel';
import { argmax } from './reduce';
import { scatter } from './scatter';

interface GumbelOptions {
  tau?: number;
  hard?: boolean;
  eps?: number;
  dim?: number;
}

/** One hot along a dimension where y is largest. */
function largestOf(y: Tensor, dim: number): Tensor {
  const zeros = fullOf(y.shape, y.code, y.place, 0);
  return y.shape.length === 0 ? add(zeros, 1) : scatter(zeros, dim, argmax(y, dim, true), 1);
}

/**
 * softmax((logits + Gumbel noise) / tau) along `dim` (-1); if `hard`, one hot where that is largest, with its gradients
 * (https://pytorch.org/docs/stable/generated/torch.nn.functional.gumbel_softmax.html). `eps` has no effect, as there.
 */
export const gumbelSoftmax = named<
  [tau?: number, hard?: boolean, eps?: number, dim?: number],
  GumbelOptions,
  Tensor
>('gumbelSoftmax', ['tau', 'hard', 'eps', 'dim'], (logits, tau = 1, hard, eps = 1e-10, dim = -1) => {
  const op = 'gumbelSoftmax';
  checkTensor(op, logits);
  if (!isFloatingCode(logits.code))
    throw new DTypeError(`${op}: expected floating point, got ${logits.dtype}`);
  if (numberArgument(op, 'tau', tau) === 0) throw new ArgumentError(`${op}: expected tau other than 0`);
  numberArgument(op, 'eps', eps);
  const d = wrapDim(op, dim, logits.shape.length);
  const noise = withGradMode(op, false, () => neg(log(exponential_(emptyLike(logits)))));
  const soft = softmax(div(add(logits, noise), tau), d);
  if (!booleanArgument(op, 'hard', hard, false)) return soft;
  const rounded = withGradMode(op, false, () => sub(largestOf(soft, d), soft));
  return add(rounded, soft);
});
