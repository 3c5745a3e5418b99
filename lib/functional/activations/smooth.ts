/** Activations that are smooth functions. */
import { ArgumentError, describe } from '../../errors';
import type { Tensor } from '../../tensor';
import { booleanArgument, named, numberArgument } from '../arguments';
import { add, mul, neg, sub } from '../arithmetic';
import { inFloat32 } from '../autocast';
import { ge } from '../compare';
import { exp, sigmoid, tanh } from '../elementary';
import { square } from '../pointwise';
import { where } from '../where';
import { activationOp, chosen } from './op';

const INVERSE_SQRT_TWO_PI = 1 / Math.sqrt(2 * Math.PI);
const SQRT_TWO_OVER_PI = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

/** 1 - x². */
const rest = (x: Tensor): Tensor => sub(1, square(x));

const normalGelu = activationOp({
  kernel: 'gelu',
  derivative: 'geluBackward',
  gradient: 'Gelu',
  curvature: (x) => {
    const z = square(x);
    return mul(mul(exp(mul(z, -0.5)), INVERSE_SQRT_TWO_PI), sub(2, z));
  },
});
const tanhGelu = activationOp({
  kernel: 'geluTanh',
  derivative: 'geluTanhBackward',
  gradient: 'Gelu',
  // With t = tanh u: (1 - t²) (u' + x (u'' - 2 t u'²) / 2).
  curvature: (x) => {
    const z = square(x);
    const t = tanh(mul(mul(x, add(mul(z, CUBIC), 1)), SQRT_TWO_OVER_PI));
    const first = mul(add(mul(z, 3 * CUBIC), 1), SQRT_TWO_OVER_PI);
    const second = sub(mul(x, 6 * CUBIC * SQRT_TWO_OVER_PI), mul(mul(t, 2), square(first)));
    return mul(rest(t), add(first, mul(mul(x, second), 0.5)));
  },
});

export type GeluApproximation = 'none' | 'tanh';

/** @internal Throws for an unknown name. */
export function checkApproximation(op: string, value: unknown): GeluApproximation {
  if (value === 'none' || value === 'tanh') return value;
  throw new ArgumentError(`${op}: expected approximate to be 'none' or 'tanh', got ${describe(value)}`);
}

/**
 * x Φ(x), Φ the normal distribution's cumulative function, or an `approximate` of it
 * (https://pytorch.org/docs/stable/generated/torch.nn.functional.gelu.html).
 */
export const gelu = named<[approximate?: GeluApproximation], { approximate?: GeluApproximation }, Tensor>(
  'gelu',
  ['approximate'],
  (x, approximate = 'none') =>
    (checkApproximation('gelu', approximate) === 'tanh' ? tanhGelu : normalGelu)('gelu', x),
);

interface InPlace {
  inplace?: boolean;
}

const siluOp = activationOp({
  kernel: 'silu',
  derivative: 'siluBackward',
  gradient: 'Silu',
  // s (1 - s) (2 + x (1 - 2 s))
  curvature: (x) => {
    const s = sigmoid(x);
    return mul(mul(s, sub(1, s)), add(mul(x, sub(1, mul(s, 2))), 2));
  },
});
const mishOp = activationOp({
  kernel: 'mish',
  derivative: 'mishBackward',
  gradient: 'Mish',
  // With t = tanh(softplus x): s (1 - t²) (2 + x (1 - s - 2 t s))
  curvature: (x) => {
    const s = sigmoid(x);
    const t = tanh(softplus(x));
    const inner = sub(sub(1, s), mul(mul(t, s), 2));
    return mul(mul(s, rest(t)), add(mul(x, inner), 2));
  },
});

/** x sigmoid(x) (https://pytorch.org/docs/stable/generated/torch.nn.functional.silu.html). */
export const silu = named<[inplace?: boolean], InPlace, Tensor>('silu', ['inplace'], (x, inplace) =>
  chosen(siluOp, booleanArgument('silu', 'inplace', inplace, false))('silu', x),
);

/** x tanh(softplus(x)) (https://pytorch.org/docs/stable/generated/torch.nn.functional.mish.html). */
export const mish = named<[inplace?: boolean], InPlace, Tensor>('mish', ['inplace'], (x, inplace) =>
  chosen(mishOp, booleanArgument('mish', 'inplace', inplace, false))('mish', x),
);

const softplusOp = activationOp({
  kernel: 'softplus',
  derivative: 'softplusBackward',
  gradient: 'Softplus',
  curvature: (x, [beta, threshold]) => {
    const z = mul(x, beta!);
    const s = sigmoid(z);
    return where(ge(z, threshold!), 0, mul(mul(s, sub(1, s)), beta!));
  },
});

interface SoftplusOptions {
  beta?: number;
  threshold?: number;
}

/**
 * log(1 + exp(beta x)) / beta; x where beta x is above the threshold (20)
 * (https://pytorch.org/docs/stable/generated/torch.nn.functional.softplus.html).
 */
export const softplus = named<[beta?: number, threshold?: number], SoftplusOptions, Tensor>(
  'softplus',
  ['beta', 'threshold'],
  inFloat32(
    (x: Tensor, beta = 1, threshold = 20) =>
      softplusOp('softplus', x, [
        numberArgument('softplus', 'beta', beta),
        numberArgument('softplus', 'threshold', threshold),
      ]),
    'cuda',
  ),
);

const logSigmoidOp = activationOp({
  kernel: 'logSigmoid',
  derivative: 'logSigmoidBackward',
  gradient: 'LogSigmoid',
  curvature: (x) => {
    const s = sigmoid(x);
    return neg(mul(s, sub(1, s)));
  },
});

/** log(sigmoid(x)) (https://pytorch.org/docs/stable/generated/torch.nn.functional.logsigmoid.html). */
export function logsigmoid(x: Tensor): Tensor {
  return logSigmoidOp('logsigmoid', x);
}
