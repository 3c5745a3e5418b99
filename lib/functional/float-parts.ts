/** What floating-point numbers consist of: sign, mantissa, exponent, neighbours; and what is no number. */
import { Op } from '../backend/ops.generated';
import { withGradMode } from '../autograd/mode';
import { defineGradient, record } from '../autograd/node';
import { COMPUTE, Code, defaultDtypeCode, isFloatingCode } from '../dtype';
import { DTypeError } from '../errors';
import { type Tensor, checkTensor } from '../tensor';
import { named, numberArgument } from './arguments';
import { div, mul } from './arithmetic';
import { cast, copied } from './cast';
import { clone } from './copy';
import { eq, ge, isfinite } from './compare';
import { NONE, launch, zerosOf } from './kernel';
import { binaryOp, predicateOp, promotedCode, type Operand } from './kinds';
import { GREATEST } from './number';
import { overwriting } from './overwrite';
import { parametricOp } from './parametric';
import { tensorsOnly } from './tensors-only';
import { exp2 } from './trigonometric';
import { where } from './where';
import { together } from './devices';

/** Whether the sign is negative, of zeros, too. */
export const signbit = predicateOp('signbit');

export function isposinf(x: Tensor): Tensor {
  checkTensor('isposinf', x);
  return eq(x, Infinity);
}

export function isneginf(x: Tensor): Tensor {
  checkTensor('isneginf', x);
  return eq(x, -Infinity);
}

/** True everywhere: no numbers here have an imaginary part. */
export function isreal(x: Tensor): Tensor {
  checkTensor('isreal', x);
  return ge(signbit(x), 0); // an op on x: it must still be there
}

const signed = binaryOp('copysign', {
  gradient: 'Copysign',
  keep: ['always', 'never'],
  keepOutput: true,
  backward: [
    // The signs' ratio, which is constant.
    (g, { x, out }) =>
      mul(
        g,
        withGradMode('copysign', false, () => where(eq(x, 0), 0, div(out, x))),
      ),
    (g) => zerosOf(g),
  ],
});

/** x's magnitude with y's sign. */
export function copysign(x: Tensor, y: Operand): Tensor {
  checkTensor('copysign', x);
  return signed(x, y);
}
export const copysign_ = signed.inPlace;

/** The number beside x in the direction of y. */
export const nextafter = tensorsOnly(
  'nextafter',
  binaryOp('nextafter', {
    noInteger: true,
    gradient: 'Nextafter',
    keep: ['always', 'always'],
    // It moves along with x, except where it is y.
    backward: [(g, { x, y }) => where(eq(x, y), 0, g), (g) => zerosOf(g)],
  }),
);

export type MantissaAndExponent = readonly [Tensor, Tensor] & {
  readonly mantissa: Tensor;
  readonly exponent: Tensor;
};

const Frexp = defineGradient('Frexp', (g, node) => [div(g, exp2(cast(node.input(0), g.code)))]);

/** x = mantissa 2^exponent, with a mantissa of a magnitude in [1/2, 1) (https://pytorch.org/docs/stable/generated/torch.frexp.html). */
export function frexp(x: Tensor): MantissaAndExponent {
  checkTensor('frexp', x);
  if (!isFloatingCode(x.code)) throw new DTypeError(`frexp: expected floating point, got ${x.dtype}`);
  const compute = COMPUTE[x.code]!;
  const exponent = launch(Op.frexpExponent, compute, x.shape, Code.int32, [x], NONE);
  const mantissa = launch(Op.frexpMantissa, compute, x.shape, x.code, [x], NONE);
  record(mantissa, Frexp, [x], [exponent], null);
  return Object.assign([mantissa, exponent] as const, { mantissa, exponent });
}

const Ldexp = defineGradient('Ldexp', (g, node) => {
  const power = exp2(cast(node.input(1), g.code));
  return [
    node.needs(0) ? mul(g, power) : null,
    node.needs(1) ? mul(g, mul(mul(node.input(0), power), Math.LN2)) : null,
  ];
});

function scaledByPower(op: string, x: Tensor, other: Tensor): Tensor {
  checkTensor(op, x);
  checkTensor(op, other, 'other');
  if (isFloatingCode(x.code) && other.code === Code.bool)
    throw new DTypeError(`${op}: not defined for an exponent of bool`);
  if (x.place !== other.place) [x, other] = together(op, x, other);
  const promoted = promotedCode(op, x, other);
  const code = isFloatingCode(promoted) ? promoted : defaultDtypeCode();
  const compute = code === Code.float64 ? Code.float64 : Code.float32;
  // A half type may have no number for the power, although it has one for the product.
  const out = withGradMode(op, false, () =>
    copied(
      mul(cast(x, compute), isFloatingCode(other.code) ? exp2(other) : exp2(cast(other, compute))),
      code,
    ),
  );
  return record(out, Ldexp, [x, other], [x, other], null);
}

/** x times 2 to the power of `other`. */
export function ldexp(x: Tensor, other: Tensor): Tensor {
  return scaledByPower('ldexp', x, other);
}

/** `ldexp`, in place. */
export const ldexp_ = overwriting('ldexp_', 'Ldexp', scaledByPower);

const replaced = parametricOp('nanToNum', 'NanToNum', (g, x) => mul(g, isfinite(x)));

type Replacement = number | null;
export interface Replacements {
  nan?: Replacement;
  posinf?: Replacement;
  neginf?: Replacement;
}
const REPLACEMENTS = ['nan', 'posinf', 'neginf'] as const;

function replacements(op: string, x: Tensor, given: readonly unknown[]): number[] {
  checkTensor(op, x);
  const greatest = GREATEST[x.code] ?? 0;
  return REPLACEMENTS.map((name, i) => {
    const value = given[i];
    return value === undefined || value === null
      ? [0, greatest, -greatest][i]!
      : numberArgument(op, name, value);
  });
}

type Positions = [nan?: Replacement, posinf?: Replacement, neginf?: Replacement];

/**
 * Numbers in the place of NaN and infinities: 0 and the greatest and the lowest number of the dtype unless others are given
 * (https://pytorch.org/docs/stable/generated/torch.nan_to_num.html).
 */
export const nanToNum = named<Positions, Replacements, Tensor>('nanToNum', REPLACEMENTS, (x, ...given) => {
  const numbers = replacements('nanToNum', x, given);
  return isFloatingCode(x.code) ? replaced(x, numbers) : clone(x);
});

/** `nanToNum`, in place. */
export const nanToNum_ = named<Positions, Replacements, Tensor>('nanToNum_', REPLACEMENTS, (x, ...given) => {
  const numbers = replacements('nanToNum_', x, given);
  return isFloatingCode(x.code) ? replaced.inPlace(x, numbers) : x;
});
