/** `add`, `sub` and `rsub` with a factor: x + alpha y, in one pass over the elements. */
import { Op } from '../backend/ops.generated';
import { checkInPlace, recordInPlace } from '../autograd/view';
import { defineGradient, record, type GradRule } from '../autograd/node';
import { COMPUTE, Code, isFloatingCode } from '../dtype';
import { CPU } from '../device';
import { ArgumentError, DTypeError, describe } from '../errors';
import { broadcastShapes, SCALAR_SHAPE } from '../shape';
import { Tensor, checkTensor } from '../tensor';
import { checkOptions } from './arguments';
import { brought, together } from './devices';
import { fullOf, launch, launchInto } from './kernel';
import { checkFits, checkResultFits, kernelOperand, promotedCode, separate, type Operand } from './kinds';
import { numberValue } from './number';
import { add, mul, sub } from './arithmetic';
import { converted } from './where';

/** The options of `add` and `sub`. */
export interface Alpha {
  /** The other operand is multiplied by it first. */
  alpha?: number | boolean;
}

/** x + alpha y; alpha is 1 unless given (https://pytorch.org/docs/stable/generated/torch.add.html). */
export function addWithAlpha(x: Operand, y: Operand, options?: Alpha): Tensor {
  return options === undefined ? add(x, y) : addScaled('add', x, y, options, 1);
}

/** x - alpha y; alpha is 1 unless given. */
export function subWithAlpha(x: Operand, y: Operand, options?: Alpha): Tensor {
  return options === undefined ? sub(x, y) : addScaled('sub', x, y, options, -1);
}

/** y - alpha x; alpha is 1 unless given. */
export function rsub(x: Operand, y: Operand, options?: Alpha): Tensor {
  if (options === undefined && typeof y === 'number') return sub(y, x);
  kernelOperand('rsub', x, 'input');
  kernelOperand('rsub', y, 'other');
  return addScaled('rsub', y, x, options ?? {}, -1, Rsub);
}

/** x += alpha y. */
export function addWithAlpha_(x: Tensor, y: Operand, options?: Alpha): Tensor {
  return options === undefined ? add.inPlace(x, y) : addScaled_('add_', x, y, options, 1);
}

/** x -= alpha y. */
export function subWithAlpha_(x: Tensor, y: Operand, options?: Alpha): Tensor {
  return options === undefined ? sub.inPlace(x, y) : addScaled_('sub_', x, y, options, -1);
}

const scaledRule = (name: string): GradRule<number> =>
  defineGradient<number>(name, (grad, node, alpha) => [grad, node.needs(1) ? mul(grad, alpha) : null]);
const Add = scaledRule('Add');
const Sub = scaledRule('Sub');
const Rsub = scaledRule('Rsub');

/** The dtype's code that x + alpha y has, and the factor as kernels take it. */
function scaledBy(
  op: string,
  x: Operand,
  y: Operand,
  options: Alpha,
  sign: 1 | -1,
): [code: number, factor: number] {
  kernelOperand(op, x, 'input');
  kernelOperand(op, y, 'other');
  checkOptions(op, ['alpha'], options);
  const { alpha = 1 } = options;
  const code = promotedCode(op, x, y);
  const bools = [x, y].some((t) => typeof t === 'boolean' || (t instanceof Tensor && t.code === Code.bool));
  if (sign < 0 && bools) throw new DTypeError(`${op}: not defined for bool`);
  if (typeof alpha === 'boolean' && code !== Code.bool)
    throw new ArgumentError(`${op}: a boolean alpha needs boolean operands`);
  if (typeof alpha !== 'number' && typeof alpha !== 'boolean')
    throw new ArgumentError(`${op}: expected alpha to be a number, got ${describe(alpha)}`);
  const factor = Number(alpha);
  if (!isFloatingCode(code) && !Number.isInteger(factor))
    throw new ArgumentError(`${op}: for integers alpha must be an integer, got ${factor}`);
  return [code, code === Code.bool ? Number(factor !== 0) : sign * factor];
}

/** An operand as a tensor of the dtype; numbers wrap. */
function operandOf(op: string, value: Operand, code: number): Tensor {
  if (value instanceof Tensor) return converted(value, code);
  const wide = isFloatingCode(code) ? code : Code.int64;
  return converted(fullOf(SCALAR_SHAPE, wide, CPU, numberValue(op, value)), code);
}

function addScaled(
  op: string,
  x: Operand,
  y: Operand,
  options: Alpha,
  sign: 1 | -1,
  rule: GradRule<number> = sign > 0 ? Add : Sub,
): Tensor {
  if (x instanceof Tensor && y instanceof Tensor && x.place !== y.place) [x, y] = together(op, x, y);
  const [code, factor] = scaledBy(op, x, y, options, sign);
  const a = operandOf(op, x, code);
  const b = operandOf(op, y, code);
  const shape = broadcastShapes(op, a.shape, b.shape);
  const out = launch(Op.addScaled, COMPUTE[code]!, shape, code, [a, b], [factor]);
  const inputs = [x instanceof Tensor ? x : null, y instanceof Tensor ? y : null];
  return record(out, rule, inputs, [], factor);
}

function addScaled_(op: string, x: Tensor, y: Operand, options: Alpha, sign: 1 | -1): Tensor {
  checkTensor(op, x);
  if (y instanceof Tensor && y.place !== x.place) y = brought(op, x, y);
  const [code, factor] = scaledBy(op, x, y, options, sign);
  checkResultFits(op, x, code);
  const b = operandOf(op, y, code);
  checkFits(op, x, b);
  const inputs = [x, y instanceof Tensor ? y : null];
  checkInPlace(op, x, inputs);
  launchInto(Op.addScaled, COMPUTE[code]!, [x], [x, separate(x, b)], [factor]);
  return recordInPlace(x, sign > 0 ? Add : Sub, inputs, [], -1, factor);
}
