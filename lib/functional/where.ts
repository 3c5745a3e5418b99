/** Choosing between two tensors element by element. */
import { Op } from '../backend/ops.generated';
import { checkInPlace, recordInPlace } from '../autograd/view';
import { defineGradient, record } from '../autograd/node';
import { COMPUTE, Code, resultCode, Standing } from '../dtype';
import { CPU } from '../device';
import { DTypeError, ShapeError } from '../errors';
import { broadcastShapes, showShape } from '../shape';
import { Tensor, checkTensor, cudaInUse } from '../tensor';
import { named } from './arguments';
import { brought, together } from './devices';
import { NONE, fullOf, launch, launchInto } from './kernel';
import { checkFits, kernelOperand, type Operand } from './kinds';
import { elementValue, numberCode, numberValue, scalarElement } from './number';

const Where = defineGradient('Where', (grad, node) => {
  const condition = node.input(0);
  return [
    null,
    node.needs(1) ? where(condition, grad, 0) : null,
    node.needs(2) ? where(condition, 0, grad) : null,
  ];
});

/** @internal t as the dtype, without recording; t itself if it has it. */
export function converted(t: Tensor, code: number): Tensor {
  return t.code === code ? t : launch(Op.copy, COMPUTE[code]!, t.shape, code, [t], NONE);
}

/** A condition as bool: uint8 stands for it, as it did in PyTorch's early days. */
function conditionOf(op: string, condition: unknown, name: string): Tensor {
  checkTensor(op, condition, name);
  if (condition.code !== Code.bool && condition.code !== Code.uint8)
    throw new DTypeError(`${op}: expected a bool ${name}, got ${condition.dtype}`);
  return converted(condition, Code.bool);
}

/** The tensors among these on one device. */
function onOneDevice(op: string, first: Tensor, x: Operand, y: Operand): [Tensor, Operand, Operand] {
  const tensorOf = (value: Operand): Tensor | null => (value instanceof Tensor ? value : null);
  const [a, b, c] = together(op, first, tensorOf(x), tensorOf(y));
  return [a, b ?? x, c ?? y];
}

/** A value as a tensor of the dtype. */
function valueOf(op: string, value: Operand, code: number, element: typeof elementValue): Tensor {
  if (value instanceof Tensor) return converted(value, code);
  return fullOf([], code, CPU, element(op, numberValue(op, value), code));
}

function standingOf(value: Operand): [code: number, standing: Standing] {
  if (!(value instanceof Tensor)) return [numberCode(value), Standing.number];
  return [value.code, value.shape.length === 0 ? Standing.scalarTensor : Standing.dimensioned];
}

/**
 * x where the condition is true, y elsewhere; all three broadcast (https://pytorch.org/docs/stable/generated/torch.where.html).
 * @throws DTypeError when the condition isn't bool.
 */
export function where(condition: Tensor, x: Operand, y: Operand): Tensor {
  checkTensor('where', condition, 'condition');
  kernelOperand('where', x, 'x');
  kernelOperand('where', y, 'y');
  if (cudaInUse) [condition, x, y] = onOneDevice('where', condition, x, y);
  const c = conditionOf('where', condition, 'condition');
  const code = resultCode(...standingOf(x), ...standingOf(y));
  const [p, q] = [valueOf('where', x, code, scalarElement), valueOf('where', y, code, scalarElement)];
  const shape = broadcastShapes('where', c.shape, broadcastShapes('where', p.shape, q.shape));
  const out = launch(Op.where, COMPUTE[code]!, shape, code, [c, p, q], NONE);
  return record(
    out,
    Where,
    [null, x instanceof Tensor ? x : null, y instanceof Tensor ? y : null],
    [c],
    null,
  );
}

const MaskedFill = defineGradient('MaskedFill', (grad, node) => {
  const mask = node.input(0);
  return [node.needs(0) ? where(mask, 0, grad) : null, node.needs(1) ? where(mask, grad, 0) : null];
});

/** The mask, and the value as a 0-d tensor of x's dtype. */
function maskedOperands(op: string, x: Tensor, mask: Tensor, value: Operand): [Tensor, Tensor] {
  if (mask.code !== Code.bool) throw new DTypeError(`${op}: expected a bool mask, got ${mask.dtype}`);
  if (value instanceof Tensor && value.shape.length > 0)
    throw new ShapeError(`${op}: expected a number or a 0-d tensor, got shape ${showShape(value.shape)}`);
  return [mask, valueOf(op, value, x.code, elementValue)];
}

type MaskAndValue = [mask: Tensor, value: Operand];
interface Masked {
  mask: Tensor;
  value: Operand;
}
const MASKED = ['mask', 'value'] as const;

/** x with `value` where the mask, which broadcasts, is true. */
export const maskedFill = named<MaskAndValue, Masked, Tensor>('maskedFill', MASKED, (x, mask, value) => {
  checkTensor('maskedFill', x);
  checkTensor('maskedFill', mask, 'mask');
  if (cudaInUse) [x, mask, value] = onOneDevice('maskedFill', x, mask, value) as [Tensor, Tensor, Operand];
  const [m, v] = maskedOperands('maskedFill', x, mask, value);
  const shape = broadcastShapes('maskedFill', x.shape, m.shape);
  const out = launch(Op.where, COMPUTE[x.code]!, shape, x.code, [m, v, x], NONE);
  return record(out, MaskedFill, [x, value instanceof Tensor ? value : null], [m], null);
});

/** `maskedFill`, in place. */
export const maskedFill_ = named<MaskAndValue, Masked, Tensor>('maskedFill_', MASKED, (x, mask, value) => {
  checkTensor('maskedFill_', x);
  checkTensor('maskedFill_', mask, 'mask');
  if (mask.place !== x.place) mask = brought('maskedFill_', x, mask);
  if (value instanceof Tensor && value.place !== x.place) value = brought('maskedFill_', x, value);
  const [m, v] = maskedOperands('maskedFill_', x, mask, value);
  checkFits('maskedFill_', x, m);
  const inputs = [x, value instanceof Tensor ? value : null];
  checkInPlace('maskedFill_', x, inputs);
  launchInto(Op.where, COMPUTE[x.code]!, [x], [m, v, x], NONE);
  return recordInPlace(x, MaskedFill, inputs, [m], -1, null);
});
