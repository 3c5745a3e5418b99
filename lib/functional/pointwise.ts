/** Arithmetic and elementary functions, element by element, each with its derivative. */
import { Op } from '../backend/ops.generated';
import { checkInPlace, recordInPlace } from '../autograd/view';
import { defineGradient, record } from '../autograd/node';
import { COMPUTE, Code, isFloatingCode } from '../dtype';
import { ArgumentError, DTypeError, describe } from '../errors';
import { broadcastShapes } from '../shape';
import { Tensor, checkTensor } from '../tensor';
import { bindArguments, checkOptions, numberArgument } from './arguments';
import { eq, ge, gt, le, logicalAnd, lt, ne } from './compare';
import { copy_ } from './copy';
import { fullOf, launch, launchInto, type KernelOperand } from './kernel';
import { binaryOp, checkFits, kernelOperand, separate, unaryOp, type Operand } from './kinds';
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
export const square = unaryOp('square', {
  gradient: 'Pow',
  saves: 'input',
  backward: (g, x) => mul(g, mul(x, 2)),
});
export const floor = unaryOp('floor', { gradient: 'Floor', backward: zerosLike });
export const ceil = unaryOp('ceil', { gradient: 'Ceil', backward: zerosLike });
export const round = unaryOp('round', { gradient: 'Round', backward: zerosLike });
export const trunc = unaryOp('trunc', { gradient: 'Trunc', backward: zerosLike });
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

/** Of integers all bits, of booleans the truth value, inverted. */
export function bitwiseNot(x: Tensor): Tensor {
  checkTensor('bitwiseNot', x);
  return x.code === Code.bool ? eq(x, false) : bitwiseNotInteger(x);
}

const Clamp = defineGradient<Bounds>('Clamp', (grad, node, [min, max]) => {
  const x = node.input(0);
  const above = Number.isNaN(min) ? null : ge(x, min);
  const below = Number.isNaN(max) ? null : le(x, max);
  const inside = above === null ? below : below === null ? above : logicalAnd(above, below);
  return [where(inside!, grad, 0)];
});
type Bounds = readonly [min: number, max: number];

function clampBounds(op: string, x: Tensor, given: readonly unknown[]): Bounds {
  checkTensor(op, x);
  const [min, max] = bindArguments(op, ['min', 'max'], given).map((bound): number | null => {
    if (bound === undefined || bound === null) return null;
    if (typeof bound !== 'number' || Number.isNaN(bound))
      throw new ArgumentError(`${op}: expected min and max to be numbers or null, got ${describe(bound)}`);
    return bound;
  }) as [number | null, number | null];
  if (min === null && max === null) throw new ArgumentError(`${op}: expected min, max or both`);
  if (x.code === Code.bool) throw new DTypeError(`${op}: not defined for bool`);
  if (!isFloatingCode(x.code) && [min, max].some((b) => b !== null && !Number.isInteger(b)))
    throw new DTypeError(`${op}: the bounds of ${x.dtype} must be integers`);
  return [min ?? NaN, max ?? NaN];
}

/** x, but not below `min` and not above `max`; null: no bound (https://pytorch.org/docs/stable/generated/torch.clamp.html). */
export function clamp(x: Tensor, min?: number | null, max?: number | null): Tensor;
export function clamp(x: Tensor, options: ClampOptions): Tensor;
export function clamp(x: Tensor, ...given: readonly unknown[]): Tensor {
  const bounds = clampBounds('clamp', x, given);
  const out = launch(Op.clamp, COMPUTE[x.code]!, x.shape, x.code, [x], bounds);
  return record(out, Clamp, [x], [x], bounds);
}

/** `clamp`, in place. */
export function clamp_(x: Tensor, ...given: readonly unknown[]): Tensor {
  const bounds = clampBounds('clamp_', x, given);
  checkInPlace('clamp_', x, [x]);
  launchInto(Op.clamp, COMPUTE[x.code]!, [x], [x], bounds);
  return recordInPlace(x, Clamp, [x], [x], -1, bounds);
}

export interface ClampOptions {
  min?: number | null;
  max?: number | null;
}

// Two operands.

export const add = binaryOp('add', { gradient: 'Add', backward: [(g) => g, (g) => g] });
export const sub = binaryOp('sub', { noBool: true, gradient: 'Sub', backward: [(g) => g, (g) => neg(g)] });
export const mul = binaryOp('mul', {
  gradient: 'Mul',
  keep: ['ifOther', 'ifOther'],
  backward: [(g, { y }) => mul(g, y), (g, { x }) => mul(g, x)],
});
export const div = binaryOp('div', {
  gradient: 'Div',
  keep: ['ifOther', 'always'],
  backward: [(g, { y }) => div(g, y), (g, { x, y }) => neg(mul(g, div(div(x, y), y)))],
});

/** The options of `div`. */
export interface Rounding {
  /** Null: not rounded. */
  roundingMode?: 'floor' | 'trunc' | null;
}

function roundingOf(op: string, options: Rounding | undefined): 'floor' | 'trunc' | null {
  checkOptions(op, ['roundingMode'], options);
  const mode = options?.roundingMode ?? null;
  if (mode !== null && mode !== 'floor' && mode !== 'trunc')
    throw new ArgumentError(
      `${op}: expected roundingMode to be 'floor', 'trunc' or null, got ${describe(mode)}`,
    );
  return mode;
}

/** Division; `roundingMode` makes it one of whole numbers, rounded down or towards zero. */
export function divRounded(x: Operand, y: Operand, options?: Rounding): Tensor {
  const mode = roundingOf('div', options);
  if (mode === null) return div(x, y);
  if (mode === 'floor') return floorDivide(x, y);
  // For integers floor and trunc differ where signs do and the division isn't even.
  const quotient = floorDivide(x, y);
  if (isFloatingCode(quotient.code)) return trunc(div(x, y));
  return where(logicalAnd(lt(quotient, 0), ne(mul(quotient, y), x)), add(quotient, 1), quotient);
}

/** Division in place; `roundingMode` as for `div`. */
export function divRounded_(x: Tensor, y: Operand, options?: Rounding): Tensor {
  const mode = roundingOf('div_', options);
  if (mode === null) return div.inPlace(x, y);
  return mode === 'floor' ? floorDivide.inPlace(x, y) : copy_(x, divRounded(x, y, options));
}

export const floorDivide = binaryOp('floorDivide', { noBool: true });
export const remainder = binaryOp('remainder', {
  noBool: true,
  gradient: 'Remainder',
  keep: ['ifOther', 'always'],
  backward: [(g) => g, (g, { x, y }) => neg(mul(g, floorDivide(x, y)))],
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
      const slope = mul(g, mul(out, log(typeof x === 'number' ? fullOf([], g.code, x) : x)));
      return where(logicalAnd(eq(fullTensor(x, g), 0), ge(fullTensor(y, g), 0)), 0, slope);
    },
  ],
});
const fullTensor = (x: KernelOperand, like: Tensor): Tensor =>
  typeof x === 'number' ? fullOf([], like.code, x) : x;

/**
 * x to the power of y (https://pytorch.org/docs/stable/generated/torch.pow.html).
 * @throws ArgumentError for integers to a negative power.
 */
export function pow(x: Operand, y: Operand): Tensor {
  checkExponent('pow', x, y);
  return power(x, y);
}

/** `pow`, in place. */
export function pow_(x: Tensor, y: Operand): Tensor {
  checkExponent('pow_', x, y);
  return power.inPlace(x, y);
}

function checkExponent(op: string, x: Operand, y: Operand): void {
  const integers = !(x instanceof Tensor) || !isFloatingCode(x.code);
  if (integers && (typeof y === 'bigint' || (typeof y === 'number' && Number.isInteger(y))) && y < 0)
    throw new ArgumentError(
      `${op}: integers to a negative power (${y}) are no integers; convert to float32 first`,
    );
}

export const maximum = binaryOp('maximum', {
  gradient: 'Maximum',
  keep: ['always', 'always'],
  backward: [
    (g, { x, y }) => toWinner(g, gt(x, y), eq(x, y)),
    (g, { x, y }) => toWinner(g, lt(x, y), eq(x, y)),
  ],
});
export const minimum = binaryOp('minimum', {
  gradient: 'Minimum',
  keep: ['always', 'always'],
  backward: [
    (g, { x, y }) => toWinner(g, lt(x, y), eq(x, y)),
    (g, { x, y }) => toWinner(g, gt(x, y), eq(x, y)),
  ],
});
/** A tie shares the gradient. */
function toWinner(g: Tensor, wins: Tensor, ties: Tensor): Tensor {
  return where(wins, g, where(ties, div(g, 2), 0));
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

// x + alpha * y.

/** The options of `add` and `sub`. */
export interface Alpha {
  /** The other operand is multiplied by it first. */
  alpha?: number;
}

function alphaOf(op: string, options: Alpha): number {
  checkOptions(op, ['alpha'], options);
  return options.alpha === undefined ? 1 : numberArgument(op, 'alpha', options.alpha);
}

/** x + alpha y; alpha is 1 unless given (https://pytorch.org/docs/stable/generated/torch.add.html). */
export function addWithAlpha(x: Operand, y: Operand, options?: Alpha): Tensor {
  return options === undefined ? add(x, y) : addScaled('add', x, y, alphaOf('add', options));
}

/** x - alpha y; alpha is 1 unless given. */
export function subWithAlpha(x: Operand, y: Operand, options?: Alpha): Tensor {
  return options === undefined ? sub(x, y) : addScaled('sub', x, y, -alphaOf('sub', options));
}

/** x += alpha y. */
export function addWithAlpha_(x: Tensor, y: Operand, options?: Alpha): Tensor {
  return options === undefined ? add.inPlace(x, y) : addScaled_('add_', x, y, alphaOf('add_', options));
}

/** x -= alpha y. */
export function subWithAlpha_(x: Tensor, y: Operand, options?: Alpha): Tensor {
  return options === undefined ? sub.inPlace(x, y) : addScaled_('sub_', x, y, -alphaOf('sub_', options));
}

const AddScaled = defineGradient<number>('Add', (grad, node, alpha) => [
  grad,
  node.needs(1) ? mul(grad, alpha) : null,
]);

function checkAlpha(op: string, code: number, alpha: number): void {
  if (code === Code.bool && op.startsWith('sub')) throw new DTypeError(`${op}: not defined for bool`);
  if (!isFloatingCode(code) && !Number.isInteger(alpha))
    throw new ArgumentError(`${op}: for integers alpha must be an integer, got ${alpha}`);
}

/** alpha * y, where y is of another dtype or no tensor. */
function scaled(op: string, y: Operand, alpha: number): Operand {
  const operand = kernelOperand(op, y, 'other');
  return typeof operand === 'number' ? operand * alpha : mul(operand, alpha);
}

/** x + alpha * y, in one pass over the elements. */
function addScaled(op: string, x: Operand, y: Operand, alpha: number): Tensor {
  if (!(x instanceof Tensor) || !(y instanceof Tensor) || x.code !== y.code)
    return add(x, scaled(op, y, alpha));
  checkAlpha(op, x.code, alpha);
  const shape = broadcastShapes(op, x.shape, y.shape);
  const out = launch(Op.addScaled, COMPUTE[x.code]!, shape, x.code, [x, y], [alpha]);
  return record(out, AddScaled, [x, y], [], alpha);
}

/** x += alpha * y. */
function addScaled_(op: string, x: Tensor, y: Operand, alpha: number): Tensor {
  checkTensor(op, x);
  if (!(y instanceof Tensor) || x.code !== y.code) return add.inPlace(x, scaled(op, y, alpha));
  checkAlpha(op, x.code, alpha);
  checkFits(op, x, y);
  checkInPlace(op, x, [x, y]);
  launchInto(Op.addScaled, COMPUTE[x.code]!, [x], [x, separate(x, y)], [alpha]);
  return recordInPlace(x, AddScaled, [x, y], [], -1, alpha);
}
