/** Copies: to fresh memory, into an existing tensor. */
import { Op } from '../backend/ops.generated';
import { checkInPlace, recordInPlace } from '../autograd/view';
import { defineGradient, record, type GradRule } from '../autograd/node';
import { COMPUTE } from '../dtype';
import { SCALAR_SHAPE } from '../shape';
import { type Tensor, checkTensor } from '../tensor';
import { copied } from './cast';
import { fullOf, launchInto, zerosOf } from './kernel';
import { checkFits, separate, type Operand } from './kinds';
import { numberCode, numberValue } from './number';

const Clone = defineGradient('Clone', (grad) => [grad]);
const Copy: GradRule<null> = {
  name: 'CopyBackwards',
  backward: (grad, node) => [node.needs(0) ? zerosOf(grad) : null, grad],
};

/** A contiguous copy in memory of its own; gradients flow through. */
export function clone(x: Tensor): Tensor {
  checkTensor('clone', x);
  return record(copied(x, x.code), Clone, [x], [], null);
}

/** x if it is row major, else a copy that is. */
export function contiguous(x: Tensor): Tensor {
  checkTensor('contiguous', x);
  return x.layout === null ? x : clone(x);
}

/** A source on another device than x, as it can be copied into x: as it is, if it fills x from end to end. */
function sent(x: Tensor, source: Tensor): Tensor {
  const direct =
    source.code === x.code && x.layout === null && source.layout === null && source.count === x.count;
  return direct ? source : copied(source, source.code, x.place);
}

/** Writes a number or a tensor, which broadcasts, is converted, and may be on another device, into x. */
export function copy_(x: Tensor, given: Operand): Tensor {
  checkTensor('copy_', x);
  const source =
    typeof given === 'number' || typeof given === 'boolean' || typeof given === 'bigint'
      ? fullOf(SCALAR_SHAPE, numberCode(given), x.place, numberValue('copy_', given))
      : given;
  checkTensor('copy_', source, 'the source');
  checkFits('copy_', x, source);
  const from = source.code <= 3 && x.code <= 3 ? source : null;
  checkInPlace('copy_', x, [x, from]);
  launchInto(
    Op.copy,
    COMPUTE[x.code]!,
    [x],
    [source.place === x.place ? separate(x, source) : sent(x, source)],
    [],
  );
  return recordInPlace(x, Copy, [x, from], [], -1, null);
}
