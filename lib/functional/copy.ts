/** Copies: to another dtype, to fresh memory, into an existing tensor. */
import { Op } from '../backend/ops.generated';
import { checkInPlace, recordInPlace } from '../autograd/view';
import { defineGradient, record } from '../autograd/node';
import { COMPUTE } from '../dtype';
import { type Tensor, checkTensor } from '../tensor';
import { NONE, fullOf, launch, launchInto } from './kernel';
import { checkFits, separate } from './kinds';

const ToCopy = defineGradient('ToCopy', (grad) => [grad]);
const Clone = defineGradient('Clone', (grad) => [grad]);
const Copy = defineGradient('Copy', (grad, node) => [
  node.needs(0) ? fullOf(grad.shape, grad.code, 0) : null,
  grad,
]);

/** x as the dtype of a code; x itself if it has it. */
export function cast(x: Tensor, code: number): Tensor {
  if (x.code === code) return x;
  const out = launch(Op.copy, COMPUTE[code]!, x.shape, code, [x], NONE);
  return code <= 3 ? record(out, ToCopy, [x], [], null) : out;
}

/** A contiguous copy in memory of its own; gradients flow through. */
export function clone(x: Tensor): Tensor {
  checkTensor('clone', x);
  return record(launch(Op.copy, COMPUTE[x.code]!, x.shape, x.code, [x], NONE), Clone, [x], [], null);
}

/** x if it is row major, else a copy that is. */
export function contiguous(x: Tensor): Tensor {
  checkTensor('contiguous', x);
  return x.layout === null ? x : clone(x);
}

/** Writes `source`, which broadcasts and is converted, into x. */
export function copy_(x: Tensor, source: Tensor): Tensor {
  checkTensor('copy_', x);
  checkTensor('copy_', source, 'the source');
  checkFits('copy_', x, source);
  checkInPlace('copy_', x, [x, source]);
  launchInto(Op.copy, COMPUTE[x.code]!, [x], [separate(x, source)], []);
  return recordInPlace(x, Copy, [x, source.code <= 3 ? source : null], [], -1, null);
}
