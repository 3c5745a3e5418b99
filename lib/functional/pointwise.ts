/** Arithmetic and elementary functions, element by element, each with its derivative. */
import { withGradMode } from '../autograd/mode';
import { defineGradient, record } from '../autograd/node';
import { Code, isFloatingCode } from '../dtype';
import { ArgumentError, DTypeError, describe } from '../errors';
import { Tensor, checkTensor } from '../tensor';
import { checkOptions, integerArgument } from './arguments';
import { eq, ge, gt, logicalAnd, logicalNot, lt } from './compare';
import { cast, clone, copy_ } from './copy';
import { fill_ } from './fill';
import { fullOf, type KernelOperand } from './kernel';
import { binaryOp, unaryOp, type BinaryFunction, type Operand, type UnaryFunction } from './kinds';
import { elementValue } from './number';
import { where } from './where';

const zerosLike = (t: Tensor): Tensor => fullOf(t.shape, t.code, 0);
const INVERSE_LN2 = 1 / Math.LN2;
const LN10 = Math.LN10;
const TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);

// One operand.

export const neg = unaryOp('neg', { noBool: true, gradient: 'Neg', backward: (g) => neg(g) });
export const abs = unaryOp('abs', {
  noBool: true,
  gradient: 'Abs',
  saves: 'input',
  backward: (g, x) => mul(g, sign(x)),
});
export const sign = unaryOp('sign', { gradient: 'Sign', backward: zerosLike });
/** `sign`, which is what it is without complex numbers. */
export const sgn = unaryOp('sign', { gradient: 'Sgn', backward: zerosLike });
const squareOfNumbers = unaryOp('square', {
  noBool: true,
  gradient: 'Pow',
  saves: 'input',
  backward: (g, x) => mul(g, mul(x, 2)),
});
/** x times x; of booleans as int64, as `pow` has it. */
export const square: UnaryFunction = Object.assign(
  (x: Tensor) => (x instanceof Tensor && x.code === Code.bool ? pow(x, 2) : squareOfNumbers(x)),
  { inPlace: squareOfNumbers.inPlace },
);

/** Integers are whole already. */
function roundingOp(name: 'floor' | 'ceil' | 'round' | 'trunc', gradient: string): UnaryFunction {
  const op = unaryOp(name, { gradient, backward: zerosLike });
  const whole = (as: string, x: Tensor): boolean => {
    checkTensor(as, x);
    if (x.code === Code.bool) throw new DTypeError(`${as}: not defined for bool`);
    return !isFloatingCode(x.code);
  };
  return Object.assign((x: Tensor) => (whole(name, x) ? clone(x) : op(x)), {
    inPlace: (x: Tensor) => (whole(`${name}_`, x) ? x : op.inPlace(x)),
  });
}

export const floor = roundingOp('floor', 'Floor');
export const ceil = roundingOp('ceil', 'Ceil');
const roundWhole = roundingOp('round', 'Round');
export const trunc = roundingOp('trunc', 'Trunc');

const RoundDecimals = defineGradient('Round', (g) => [zerosLike(g)]);

function decimalsOf(op: string, options: { decimals?: number } | undefined): number {
  checkOptions(op, ['decimals'], options);
  return options?.decimals === undefined ? 0 : integerArgument(op, 'decimals', options.decimals);
}

/** Halves to even; to so many `decimals`, which may be negative. */
function roundTo(x: Tensor, options?: { decimals?: number }): Tensor {
  const decimals = decimalsOf('round', options);
  if (decimals === 0) return roundWhole(x);
  checkTensor('round', x);
  if (!isFloatingCode(x.code)) throw new DTypeError(`round: expected floating point, got ${x.dtype}`);
  const power = 10 ** Math.abs(decimals);
  const out = withGradMode('round', false, () => {
    const y = x.code === Code.float64 ? x : cast(x, Code.float32);
    const rounded =
      decimals > 0 ? div(roundWhole(mul(y, power)), power) : mul(roundWhole(div(y, power)), power);
    return cast(rounded, x.code);
  });
  return record(out, RoundDecimals, [x], [], null);
}
export const round = Object.assign(roundTo, {
  inPlace: (x: Tensor, options?: { decimals?: number }): Tensor =>
    decimalsOf('round_', options) === 0 ? roundWhole.inPlace(x) : copy_(x, roundTo(x, options)),
});
export const reciprocal = unaryOp('reciprocal', {
  gradient: 'Reciprocal',
  saves: 'output',
  backward: (g, y) => neg(mul(g, mul(y, y))),
});
export const sqrt = unaryOp('sqrt', {
  gradient: 'Sqrt',
  saves: 'output',
  backward: (g, y) => div(g, mul(y, 2)),
});
export const rsqrt = unaryOp('rsqrt', {
  gradient: 'Rsqrt',
  saves: 'output',
  backward: (g, y) => mul(mul(g, -0.5), mul(y, mul(y, y))),
});
export const exp = unaryOp('exp', { gradient: 'Exp', saves: 'output', backward: (g, y) => mul(g, y) });
export const expm1 = unaryOp('expm1', {
  gradient: 'Expm1',
  saves: 'output',
  backward: (g, y) => mul(g, add(y, 1)),
});
export const log = unaryOp('log', { gradient: 'Log', saves: 'input', backward: (g, x) => div(g, x) });
export const log1p = unaryOp('log1p', {
  gradient: 'Log1P',
  saves: 'input',
  backward: (g, x) => div(g, add(x, 1)),
});
export const log2 = unaryOp('log2', {
  gradient: 'Log2',
  saves: 'input',
  backward: (g, x) => div(mul(g, INVERSE_LN2), x),
});
export const log10 = unaryOp('log10', {
  gradient: 'Log10',
  saves: 'input',
  backward: (g, x) => div(g, mul(x, LN10)),
});
export const sin = unaryOp('sin', { gradient: 'Sin', saves: 'input', backward: (g, x) => mul(g, cos(x)) });
export const cos = unaryOp('cos', {
  gradient: 'Cos',
  saves: 'input',
  backward: (g, x) => neg(mul(g, sin(x))),
});
export const tan = unaryOp('tan', {
  gradient: 'Tan',
  saves: 'output',
  backward: (g, y) => mul(g, add(mul(y, y), 1)),
});
export const erf = unaryOp('erf', {
  gradient: 'Erf',
  saves: 'input',
  backward: (g, x) => mul(g, mul(exp(neg(mul(x, x))), TWO_OVER_SQRT_PI)),
});
export const tanh = unaryOp('tanh', {
  gradient: 'Tanh',
  saves: 'output',
  backward: (g, y) => tanhBackward(g, y),
});
export const sigmoid = unaryOp('sigmoid', {
  gradient: 'Sigmoid',
  saves: 'output',
  backward: (g, y) => sigmoidBackward(g, y),
});
export const relu = unaryOp('relu', {
  noBool: true,
  gradient: 'Relu',
  saves: 'output',
  backward: (g, y) => reluBackward(g, y),
});

const bitwiseNotInteger = unaryOp('bitwiseNot', { noFloat: true });
const isBool = (x: Tensor): boolean => x instanceof Tensor && x.code === Code.bool;

/** Of integers all bits, of booleans the truth value, inverted. */
export const bitwiseNot: UnaryFunction = Object.assign(
  (x: Tensor) => (isBool(x) ? logicalNot(x) : bitwiseNotInteger(x)),
  { inPlace: (x: Tensor) => (isBool(x) ? logicalNot.inPlace(x) : bitwiseNotInteger.inPlace(x)) },
);

// Two operands.

export const add = binaryOp('add', { gradient: 'Add', backward: [(g) => g, (g) => g] });
export const sub = binaryOp('sub', {
  noBoolOperand: true,
  gradient: 'Sub',
  gradientOfNumber: 'Rsub',
  backward: [(g) => g, (g) => neg(g)],
});
export const mul = binaryOp('mul', {
  wideNumbers: true,
  gradient: 'Mul',
  keep: ['ifOther', 'ifOther'],
  backward: [(g, { y }) => mul(g, y), (g, { x }) => mul(g, x)],
});
export const div = binaryOp('div', {
  wideNumbers: true,
  gradient: 'Div',
  gradientOfNumber: 'Mul', // PyTorch multiplies the reciprocal
  keep: ['ifOther', 'always'],
  backward: [(g, { y }) => div(g, y), (g, { x, y }) => neg(mul(g, div(div(x, y), y)))],
});

// As functions of real numbers these two are constant between jumps.
const toZero = [zerosLike, zerosLike] as const;
const rounded = { noBool: true, wideNumbers: true, gradient: 'Div', backward: toZero };
const divFloor = binaryOp('floorDivide', rounded);
const divTrunc = binaryOp('truncDivide', rounded);

/** How `div` rounds its results: down, towards zero, or not. */
export interface Rounding {
  roundingMode?: 'floor' | 'trunc' | null;
}

function divisionOf(op: string, options: Rounding | undefined): BinaryFunction {
  if (options === undefined) return div;
  checkOptions(op, ['roundingMode'], options);
  const mode = options.roundingMode ?? null;
  if (mode === null) return div;
  if (mode === 'floor') return divFloor;
  if (mode === 'trunc') return divTrunc;
  throw new ArgumentError(
    `${op}: expected roundingMode to be 'floor', 'trunc' or null, got ${describe(mode)}`,
  );
}

/** Division; `roundingMode` makes it one of whole numbers (https://pytorch.org/docs/stable/generated/torch.div.html). */
export function divRounded(x: Operand, y: Operand, options?: Rounding): Tensor {
  return divisionOf('div', options)(x, y);
}

/** `div`, in place. */
export function divRounded_(x: Tensor, y: Operand, options?: Rounding): Tensor {
  return divisionOf('div_', options).inPlace(x, y);
}

export const floorDivide = binaryOp('floorDivide', { noBool: true, wideNumbers: true });
export const remainder = binaryOp('remainder', {
  noBool: true,
  gradient: 'Remainder',
  gradientOfNumber: null,
  keep: ['ifOther', 'always'],
  backward: [(g) => g, (g, { x, y }) => neg(mul(g, divFloor(x, y)))],
});
const power = binaryOp('pow', {
  noBool: true,
  gradient: 'Pow',
  keep: ['always', 'always'],
  keepOutput: true,
  backward: [
    (g, { x, y }) => {
      if (typeof y === 'number') return y === 0 ? zerosLike(g) : mul(g, mul(pow(x, y - 1), y));
      return where(eq(y, 0), 0, mul(g, mul(y, pow(x, sub(y, 1)))));
    },
    (g, { x, y, out }) => {
      const base = asTensor(x, g);
      const slope = mul(g, mul(out, log(base)));
      return where(logicalAnd(eq(base, 0), ge(asTensor(y, g), 0)), 0, slope);
    },
  ],
});
const asTensor = (x: KernelOperand, like: Tensor): Tensor =>
  typeof x === 'number' ? fullOf([], like.code, x) : cast(x, like.code);

/**
 * x to the power of y (https://pytorch.org/docs/stable/generated/torch.pow.html).
 * @throws ArgumentError for integers to a negative power.
 */
export function pow(x: Operand, y: Operand): Tensor {
  checkExponent('pow', x, y);
  if (x instanceof Tensor && isBool(x) && typeof y === 'boolean')
    return y ? clone(x) : fullOf(x.shape, Code.bool, 1);
  return power(x, y);
}

/** `pow`, in place. */
export function pow_(x: Tensor, y: Operand): Tensor {
  checkExponent('pow_', x, y);
  if (isBool(x) && typeof y === 'boolean') return y ? x : fill_(x, true);
  return power.inPlace(x, y);
}

function checkExponent(op: string, x: Operand, y: Operand): void {
  if (typeof y !== 'bigint' && (typeof y !== 'number' || !Number.isInteger(y))) return;
  if (y < 0 && (!(x instanceof Tensor) || !isFloatingCode(x.code)))
    throw new ArgumentError(
      `${op}: integers to a negative power (${y}) are no integers; convert to float32 first`,
    );
  if (x instanceof Tensor && x.code !== Code.bool) elementValue(op, Number(y), x.code);
}

export const maximum = binaryOp('maximum', {
  gradient: 'Maximum',
  keep: ['always', 'always'],
  backward: [
    (g, { x, y }) => unlessLost(g, lt(x, y), eq(x, y)),
    (g, { x, y }) => unlessLost(g, gt(x, y), eq(x, y)),
  ],
});
export const minimum = binaryOp('minimum', {
  gradient: 'Minimum',
  keep: ['always', 'always'],
  backward: [
    (g, { x, y }) => unlessLost(g, gt(x, y), eq(x, y)),
    (g, { x, y }) => unlessLost(g, lt(x, y), eq(x, y)),
  ],
});
/** A tie shares the gradient; beside a NaN nobody loses. */
function unlessLost(g: Tensor, lost: Tensor, ties: Tensor): Tensor {
  return where(lost, 0, where(ties, div(g, 2), g));
}

export const bitwiseAnd = binaryOp('bitwiseAnd', { noFloat: true });
export const bitwiseOr = binaryOp('bitwiseOr', { noFloat: true });
export const bitwiseXor = binaryOp('bitwiseXor', { noFloat: true });

// Derivatives that have a kernel of their own, differentiable again: d(output) is 0 for the piecewise linear relu.

export const sigmoidBackward = binaryOp('sigmoidBackward', {
  gradient: 'SigmoidBackward',
  keep: ['ifOther', 'always'],
  backward: [(g, { y }) => sigmoidBackward(g, y), (g, { x, y }) => mul(mul(g, x), sub(1, mul(y, 2)))],
});
export const tanhBackward = binaryOp('tanhBackward', {
  gradient: 'TanhBackward',
  keep: ['ifOther', 'always'],
  backward: [(g, { y }) => tanhBackward(g, y), (g, { x, y }) => mul(mul(g, x), mul(y, -2))],
});
export const reluBackward = binaryOp('reluBackward', {
  gradient: 'ThresholdBackward',
  keep: ['never', 'always'],
  backward: [(g, { y }) => reluBackward(g, y), (g) => zerosLike(g)],
});
