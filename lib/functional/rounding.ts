/** Rounding to whole numbers, and to decimals. */
import { withGradMode } from '../autograd/mode';
import { defineGradient, record } from '../autograd/node';
import { Code, isFloatingCode } from '../dtype';
import { DTypeError } from '../errors';
import { checkTensor, type Tensor } from '../tensor';
import { checkOptions, integerArgument } from './arguments';
import { div, mul } from './arithmetic';
import { cast } from './cast';
import { clone, copy_ } from './copy';
import { zerosOf } from './kernel';
import { unaryOp, type UnaryFunction } from './kinds';

/** Integers are whole already. */
export function roundingOp(name: 'floor' | 'ceil' | 'round' | 'trunc', gradient: string): UnaryFunction {
  const op = unaryOp(name, { gradient, backward: zerosOf });
  const whole = (as: string, x: Tensor): boolean => {
    checkTensor(as, x);
    if (x.code === Code.bool) throw new DTypeError(`${as}: not defined for bool`);
    return !isFloatingCode(x.code);
  };
  return Object.assign((x: Tensor) => (whole(name, x) ? clone(x) : op(x)), {
    inPlace: (x: Tensor) => (whole(`${name}_`, x) ? x : op.inPlace(x)),
  });
}

const roundWhole = roundingOp('round', 'Round');

const RoundDecimals = defineGradient('Round', (g) => [zerosOf(g)]);

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
