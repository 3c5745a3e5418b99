/** Angles: of points and of numbers, and their units. */
import { withGradMode } from '../autograd/mode';
import { defineGradient, record } from '../autograd/node';
import { defaultDtypeCode, isFloatingCode } from '../dtype';
import { type Tensor, checkTensor } from '../tensor';
import { add, div, mul, neg } from './arithmetic';
import { copied } from './cast';
import { eq, isnan, lt } from './compare';
import { zerosOf, type KernelOperand } from './kernel';
import { binaryOp } from './kinds';
import { overwriting } from './overwrite';
import { tensorsOnly } from './tensors-only';
import { where } from './where';

/** The angle of the point (y, x) with the x axis, in (-pi, pi] (https://pytorch.org/docs/stable/generated/torch.atan2.html). */
export const atan2 = tensorsOnly(
  'atan2',
  binaryOp('atan2', {
    gradient: 'Atan2',
    keep: ['always', 'always'],
    backward: [
      (g, { x, y }) => div(mul(g, y), squares(x, y)),
      (g, { x, y }) => neg(div(mul(g, x), squares(x, y))),
    ],
  }),
);
/** x^2 + y^2, and 1 where there is no angle: its derivative is taken to be 0. */
function squares(x: KernelOperand, y: KernelOperand): Tensor {
  const sum = add(mul(x, x), mul(y, y));
  return where(eq(sum, 0), 1, sum);
}

/** sqrt(x^2 + y^2), without overflow. */
export const hypot = tensorsOnly(
  'hypot',
  binaryOp('hypot', {
    noInteger: true,
    gradient: 'Hypot',
    keep: ['always', 'always'],
    keepOutput: true,
    backward: [(g, { x, out }) => mul(g, div(x, out)), (g, { y, out }) => mul(g, div(y, out))],
  }),
);

const Angle = defineGradient('Angle', (g) => [zerosOf(g)]);

/** The angle of numbers as points of the complex plane: pi for negative ones, 0 for others; NaN stays. */
export function angle(x: Tensor): Tensor {
  checkTensor('angle', x);
  const out = withGradMode('angle', false, () => {
    const y = isFloatingCode(x.code) ? x : copied(x, defaultDtypeCode());
    return where(lt(y, 0), Math.PI, where(isnan(y), y, 0));
  });
  return record(out, Angle, [x], [], null);
}

/** x times a factor, under a name of its own: the function, and what changes its tensor in place. */
function unit(
  name: string,
  gradient: string,
  factor: number,
): [(x: Tensor) => Tensor, (x: Tensor) => Tensor] {
  const rule = defineGradient(gradient, (g) => [mul(g, factor)]);
  const scaled = (op: string, x: Tensor): Tensor => {
    checkTensor(op, x);
    const out = withGradMode(op, false, () => mul(x, factor));
    return record(out, rule, [x], [], null);
  };
  return [(x) => scaled(name, x), overwriting(`${name}_`, gradient, scaled)];
}

/** Degrees as radians. */
export const [deg2rad, deg2rad_] = unit('deg2rad', 'Deg2Rad', Math.PI / 180);
/** Radians as degrees. */
export const [rad2deg, rad2deg_] = unit('rad2deg', 'Rad2Deg', 180 / Math.PI);
