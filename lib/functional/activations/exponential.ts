/** ELU and its relatives: exponential below zero, linear above, one kernel with other factors. */
import { ArgumentError } from '../../errors';
import type { Tensor } from '../../tensor';
import { booleanArgument, named, numberArgument } from '../arguments';
import { mul } from '../arithmetic';
import { lt } from '../compare';
import { exp } from '../elementary';
import { where } from '../where';
import { activationOp, chosen } from './op';

type Factors = readonly [below: number, above: number, rate: number];

const eluOp = activationOp({
  kernel: 'elu',
  derivative: 'eluBackward',
  gradient: 'Elu',
  curvature: (x, [below, , rate]) => where(lt(x, 0), mul(exp(mul(x, rate!)), below! * rate! * rate!), 0),
});

// Klambauer et al., "Self-normalizing neural networks" (2017).
const SELU_ALPHA = 1.6732632423543772848170429916717;
const SELU_SCALE = 1.0507009873554804934193349852946;
const SELU: Factors = [SELU_ALPHA * SELU_SCALE, SELU_SCALE, 1];

const eluFactors = (op: string, alpha: unknown): Factors => [numberArgument(op, 'alpha', alpha), 1, 1];

function celuFactors(op: string, alpha: unknown): Factors {
  const a = numberArgument(op, 'alpha', alpha);
  if (a === 0) throw new ArgumentError(`${op}: expected alpha not to be 0`);
  return [a, 1, 1 / a];
}

interface EluOptions {
  alpha?: number;
  inplace?: boolean;
}

/** x above 0, alpha (exp(x) - 1) below (https://pytorch.org/docs/stable/generated/torch.nn.functional.elu.html). */
export const elu = named<[alpha?: number, inplace?: boolean], EluOptions, Tensor>(
  'elu',
  ['alpha', 'inplace'],
  (x, alpha = 1, inplace) =>
    chosen(eluOp, booleanArgument('elu', 'inplace', inplace, false))('elu', x, eluFactors('elu', alpha)),
);

/** `elu`, in place. */
export const elu_ = named<[alpha?: number], { alpha?: number }, Tensor>('elu_', ['alpha'], (x, alpha = 1) =>
  eluOp.inPlace('elu_', x, eluFactors('elu_', alpha)),
);

/** x above 0, alpha (exp(x / alpha) - 1) below (https://pytorch.org/docs/stable/generated/torch.nn.functional.celu.html). */
export const celu = named<[alpha?: number, inplace?: boolean], EluOptions, Tensor>(
  'celu',
  ['alpha', 'inplace'],
  (x, alpha = 1, inplace) =>
    chosen(eluOp, booleanArgument('celu', 'inplace', inplace, false))('celu', x, celuFactors('celu', alpha)),
);

/** `celu`, in place. */
export const celu_ = named<[alpha?: number], { alpha?: number }, Tensor>('celu_', ['alpha'], (x, alpha = 1) =>
  eluOp.inPlace('celu_', x, celuFactors('celu_', alpha)),
);

/** ELU with factors that keep mean and variance (https://pytorch.org/docs/stable/generated/torch.nn.functional.selu.html). */
export const selu = named<[inplace?: boolean], { inplace?: boolean }, Tensor>(
  'selu',
  ['inplace'],
  (x, inplace) => chosen(eluOp, booleanArgument('selu', 'inplace', inplace, false))('selu', x, SELU),
);

/** `selu`, in place. */
export function selu_(x: Tensor): Tensor {
  return eluOp.inPlace('selu_', x, SELU);
}
