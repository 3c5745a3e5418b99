/** All elements of a tensor made one value. */
import { Op } from '../backend/ops.generated';
import { checkInPlace, checkRecordable, recordInPlace } from '../autograd/view';
import { defineGradient } from '../autograd/node';
import { COMPUTE } from '../dtype';
import { ShapeError } from '../errors';
import { showShape } from '../shape';
import { Tensor, checkTensor } from '../tensor';
import { launchInto, zerosOf } from './kernel';
import { copied } from './cast';
import type { Operand } from './kinds';
import { elementValue, numberValue } from './number';

const fillRule = (name: string) =>
  defineGradient(name, (grad, node) => [node.needs(0) ? zerosOf(grad) : null, grad]);
const Fill = fillRule('Fill');
const Zero = fillRule('Zero');

/** Writes one value, a number or a 0-d tensor, to all elements of t. */
export function fill_(t: Tensor, value: Operand): Tensor {
  checkTensor('fill_', t);
  if (!(value instanceof Tensor)) {
    const number = elementValue('fill_', numberValue('fill_', value), t.code);
    checkRecordable('fill_', t, [t]); // elements that share a place get the same value
    launchInto(Op.fill, COMPUTE[t.code]!, [t], [], [number]);
    return recordInPlace(t, Fill, [t, null], [], -1, null);
  }
  if (value.shape.length > 0)
    throw new ShapeError(`fill_: expected a number or a 0-d tensor, got shape ${showShape(value.shape)}`);
  const from = t.code <= 3 && value.code <= 3 ? value : null;
  checkInPlace('fill_', t, [t, from]);
  const element = value.place === t.place ? value : copied(value, value.code, t.place);
  launchInto(Op.copy, COMPUTE[t.code]!, [t], [element], []);
  return recordInPlace(t, Fill, [t, from], [], -1, null);
}

/** Writes 0 to all elements of t. */
export function zero_(t: Tensor): Tensor {
  checkTensor('zero_', t);
  checkRecordable('zero_', t, [t]);
  launchInto(Op.fill, COMPUTE[t.code]!, [t], [], [0]);
  return recordInPlace(t, Zero, [t, null], [], -1, null);
}
