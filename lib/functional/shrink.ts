/** Activations that are functions of tensors, too: hardshrink, prelu. */
import { inLowPrecision } from './autocast';
import { withGradMode } from '../autograd/mode';
import { defineGradient, record } from '../autograd/node';
import { isFloatingCode } from '../dtype';
import { DTypeError, ShapeError } from '../errors';
import { showShape } from '../shape';
import { type Tensor, checkTensor, cudaInUse } from '../tensor';
import { named, numberArgument } from './arguments';
import { mul } from './arithmetic';
import { ge, gt, le, logicalAnd } from './compare';
import { gathered } from './devices';
import { reshape } from './view';
import { where } from './where';

const within = (x: Tensor, size: number): Tensor => logicalAnd(ge(x, -size), le(x, size));

const Hardshrink = defineGradient<number>('Hardshrink', (g, node, size) => [
  where(within(node.input(0), size), 0, g),
]);

/** 0 where |x| <= lambd, x elsewhere (https://pytorch.org/docs/stable/generated/torch.nn.functional.hardshrink.html). */
export const hardshrink = named<[lambd?: number], { lambd?: number }, Tensor>(
  'hardshrink',
  ['lambd'],
  (x, lambd) => {
    checkTensor('hardshrink', x);
    const size = lambd === undefined ? 0.5 : numberArgument('hardshrink', 'lambd', lambd);
    if (!isFloatingCode(x.code)) throw new DTypeError(`hardshrink: expected floating point, got ${x.dtype}`);
    const out = withGradMode('hardshrink', false, () => where(within(x, size), 0, x));
    return record(out, Hardshrink, [x], [x], size);
  },
);

const PreluKernel = defineGradient('PreluKernel', (g, node) => {
  const [x, weight] = [node.input(0), node.input(1)];
  const positive = gt(x, 0);
  return [
    node.needs(0) ? where(positive, g, mul(weight, g)) : null,
    node.needs(1) ? where(positive, 0, mul(x, g)) : null,
  ];
});

/** The weight as it broadcasts along x's channels, its second dimension. */
function alongChannels(x: Tensor, weight: Tensor): Tensor {
  const rank = x.shape.length;
  if (weight.shape.length > 1)
    throw new ShapeError(`prelu: expected a weight of 0 or 1 dimensions, got ${showShape(weight.shape)}`);
  if (weight.count !== 1) {
    if (rank === 0) throw new ShapeError('prelu: a 0-d input takes one weight only');
    const channels = rank === 1 ? 1 : x.shape[1]!;
    if (weight.count !== channels)
      throw new ShapeError(
        `prelu: expected 1 or ${channels} weights (the input's shape is ${showShape(x.shape)}), got ${weight.count}`,
      );
  }
  if (rank < 2) return weight.count === 1 && rank === 0 ? reshape(weight, []) : weight;
  return reshape(weight, [weight.count, ...new Array<number>(rank - 2).fill(1)]);
}

/** x where it is positive, weight x elsewhere: one weight, or one for each channel (https://pytorch.org/docs/stable/generated/torch.nn.functional.prelu.html). */
export const prelu = inLowPrecision(
  named<[weight: Tensor], { weight: Tensor }, Tensor>('prelu', ['weight'], (x, weight) => {
    checkTensor('prelu', x);
    checkTensor('prelu', weight, 'weight');
    if (!isFloatingCode(x.code)) throw new DTypeError(`prelu: expected floating point, got ${x.dtype}`);
    if (weight.code !== x.code)
      throw new DTypeError(`prelu: expected the weight to be ${x.dtype} as the input, got ${weight.dtype}`);
    if (cudaInUse) [x, weight] = gathered('prelu', x, weight);
    const w = alongChannels(x, weight);
    const out = withGradMode('prelu', false, () => where(gt(x, 0), x, mul(w, x)));
    return record(out, PreluKernel, [x, w], [x, w], null);
  }),
);
