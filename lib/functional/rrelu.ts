/** The leaky rectifier with random slopes. */
import { withGradMode } from '../autograd/mode';
import { defineGradient, record } from '../autograd/node';
import { checkInPlace, recordInPlace } from '../autograd/view';
import { COMPUTE, isFloatingCode } from '../dtype';
import { Op } from '../backend/ops.generated';
import { ArgumentError, DTypeError } from '../errors';
import { type Tensor, checkTensor } from '../tensor';
import { mul } from './arithmetic';
import { booleanArgument, named, numberArgument } from './arguments';
import { gt } from './compare';
import { fullOf, generate } from './kernel';
import { generatorOn } from './random';
import { where } from './where';

// By which each element was multiplied, its gradient is.
const RreluWithNoise = defineGradient('RreluWithNoise', (grad, node) => [mul(grad, node.input(0))]);

/** 1 where x is positive; elsewhere a slope: drawn for each element, or the middle of the range. */
function slopes(x: Tensor, lower: number, upper: number, training: boolean): Tensor {
  const positive = gt(x, 0);
  if (!training) return where(positive, 1, fullOf([], x.code, x.place, (lower + upper) / 2));
  const draws = [...generatorOn(x.place).take(x.count), lower, upper];
  return where(positive, 1, generate(Op.uniform, COMPUTE[x.code]!, x.shape, x.code, x.place, draws));
}

interface RreluOptions {
  lower?: number;
  upper?: number;
  training?: boolean;
  inplace?: boolean;
}

/**
 * x where it is positive, elsewhere x times a slope: in training uniform from `lower` (1/8) to `upper` (1/3), else their mean
 * (https://pytorch.org/docs/stable/generated/torch.nn.functional.rrelu.html).
 */
export const rrelu = named<
  [lower?: number, upper?: number, training?: boolean, inplace?: boolean],
  RreluOptions,
  Tensor
>(
  'rrelu',
  ['lower', 'upper', 'training', 'inplace'],
  (x, lower = 1 / 8, upper = 1 / 3, training, inplace) => {
    checkTensor('rrelu', x);
    const [low, high] = [numberArgument('rrelu', 'lower', lower), numberArgument('rrelu', 'upper', upper)];
    if (!(low <= high) || !Number.isFinite(high - low))
      throw new ArgumentError(`rrelu: expected lower <= upper, both finite, got ${low} and ${high}`);
    if (!isFloatingCode(x.code)) throw new DTypeError(`rrelu: expected floating point, got ${x.dtype}`);
    const active = booleanArgument('rrelu', 'training', training, false);
    const change = booleanArgument('rrelu', 'inplace', inplace, false);
    if (change) checkInPlace('rrelu', x, [x]);
    const noise = withGradMode('rrelu', false, () => slopes(x, low, high, active));
    if (!change) {
      const out = withGradMode('rrelu', false, () => mul(x, noise));
      return record(out, RreluWithNoise, [x], [noise], null);
    }
    withGradMode('rrelu', false, () => mul.inPlace(x, noise));
    return recordInPlace(x, RreluWithNoise, [x], [noise], -1, null);
  },
);
