/** The logarithm of a sum of exponentials. */
import { autocastUsed, withGradMode } from '../autograd/mode';
import { defineGradient, record } from '../autograd/node';
import { Code, defaultDtypeCode, isFloatingCode } from '../dtype';
import { ArgumentError } from '../errors';
import { wrapDims } from '../shape';
import { type Tensor, checkTensor } from '../tensor';
import { booleanArgument, named } from './arguments';
import { add, mul, sub } from './arithmetic';
import { widened } from './autocast';
import { cast } from './cast';
import { isfinite } from './compare';
import { exp, log } from './elementary';
import { amax, kept, reduction, sum, type Reduction } from './reduce';
import { reshape } from './view';
import { where } from './where';

const Logsumexp = defineGradient<Reduction>('Logsumexp', (grad, node, r) => [
  mul(kept(grad, r), exp(sub(node.input(0), kept(node.input(1), r)))),
]);

type Dim = number | readonly number[];

/** log Σ exp(x) over `dim`, without overflow (https://pytorch.org/docs/stable/generated/torch.logsumexp.html). */
export const logsumexp = named<[dim: Dim, keepdim?: boolean], { dim?: Dim; keepdim?: boolean }, Tensor>(
  'logsumexp',
  ['dim', 'keepdim'],
  (x, dim, keepdim = false) => {
    checkTensor('logsumexp', x);
    booleanArgument('logsumexp', 'keepdim', keepdim, false);
    if (dim === undefined || dim === null) throw new ArgumentError('logsumexp: expected a dim');
    if (autocastUsed) [x] = widened([x] as const, 'cuda');
    const dims = wrapDims('logsumexp', dim, x.shape.length);
    const y = isFloatingCode(x.code) ? x : cast(x, defaultDtypeCode());
    const r = reduction(y, dims);
    const out = withGradMode('logsumexp', false, () => {
      const wide = y.code === Code.float64 ? y : cast(y, Code.float32);
      if (y.shape.length === 0) return cast(wide, y.code).clone();
      if (y.count === 0) return log(sum(y, dims, keepdim));
      // What is taken out of the sum must be a number: of infinite ones nothing is.
      const largest = amax(wide, dims, true);
      const shift = where(isfinite(largest), largest, 0);
      const total = log(sum(exp(sub(wide, shift)), dims, keepdim));
      return cast(add(total, reshape(shift, total.shape)), y.code);
    });
    return record(out, Logsumexp, [y], [y, out], r);
  },
);
