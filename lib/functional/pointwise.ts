/** Functions of one and two operands, element by element, that need more than their kernel: each with its derivative. */
import { autocastUsed } from '../autograd/mode';
import { Code, isFloatingCode } from '../dtype';
import { CPU } from '../device';
import { ArgumentError, describe } from '../errors';
import { Tensor } from '../tensor';
import { checkOptions } from './arguments';
import { div, mul, neg, sub } from './arithmetic';
import { widened } from './autocast';
import { eq, ge, gt, logicalAnd, logicalNot, lt } from './compare';
import { cast } from './cast';
import { clone } from './copy';
import { log } from './elementary';
import { fill_ } from './fill';
import { fullOf, zerosOf, type KernelOperand } from './kernel';
import { binaryOp, unaryOp, type BinaryFunction, type Operand, type UnaryFunction } from './kinds';
import { elementValue } from './number';
import { where } from './where';

// One operand.

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

const bitwiseNotInteger = unaryOp('bitwiseNot', { noFloat: true });
const isBool = (x: Tensor): boolean => x instanceof Tensor && x.code === Code.bool;

/** Of integers all bits, of booleans the truth value, inverted. */
export const bitwiseNot: UnaryFunction = Object.assign(
  (x: Tensor) => (isBool(x) ? logicalNot(x) : bitwiseNotInteger(x)),
  { inPlace: (x: Tensor) => (isBool(x) ? logicalNot.inPlace(x) : bitwiseNotInteger.inPlace(x)) },
);

// Two operands.

// As functions of real numbers these two are constant between jumps.
const toZero = [zerosOf, zerosOf] as const;
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
      if (typeof y === 'number') return y === 0 ? zerosOf(g) : mul(g, mul(pow(x, y - 1), y));
      return where(eq(y, 0), 0, mul(g, mul(y, pow(x, sub(y, 1)))));
    },
    (g, { x, y, out }) => {
      const base = asTensor(x, g);
      const slope = mul(g, mul(out, log(base)));
      return where(logicalAnd(eq(base, 0), ge(asTensor(y, g), 0)), 0, slope);
    },
  ],
});
/** @internal An operand as a tensor of a dtype. */
export const asTensor = (x: KernelOperand, like: Tensor): Tensor =>
  typeof x === 'number' ? fullOf([], like.code, CPU, x) : cast(x, like.code);

/**
 * x to the power of y (https://pytorch.org/docs/stable/generated/torch.pow.html).
 * @throws ArgumentError for integers to a negative power.
 */
export function pow(x: Operand, y: Operand): Tensor {
  checkExponent('pow', x, y);
  if (autocastUsed) [x, y] = widened([x, y] as const, 'cuda');
  if (x instanceof Tensor && isBool(x) && typeof y === 'boolean')
    return y ? clone(x) : fullOf(x.shape, Code.bool, x.place, 1);
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
