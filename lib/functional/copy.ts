/** Copies: to another dtype, to fresh memory, into an existing tensor. */
import { Op } from '../backend/ops.generated';
import { checkInPlace, recordInPlace } from '../autograd/view';
import { defineGradient, record, type GradRule } from '../autograd/node';
import { COMPUTE } from '../dtype';
import { type Tensor, checkTensor } from '../tensor';
import { NONE, fullOf, launch, launchInto } from './kernel';
import { checkFits, separate } from './kinds';

const ToCopy = defineGradient('ToCopy', (grad) => [grad]);
const Clone = defineGradient('Clone', (grad) => [grad]);
const Copy: GradRule<null> = {
  name: 'CopyBackwards',
  backward: (grad, node) => [node.needs(0) ? fullOf(grad.shape, grad.code, 0) : null, grad],
};

/** x's elements as a dtype in memory of their own, without recording. */
export function copied(x: Tensor, code: number): Tensor {
  return launch(Op.copy, COMPUTE[code]!, x.shape, code, [x], NONE);
}

/** x as the dtype of a code; x itself if it has it. */
export function cast(x: Tensor, code: number): Tensor {
  if (x.code === code) return x;
  const out = copied(x, code);
  return code <= 3 ? record(out, ToCopy, [x], [], null) : out;
}

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

/** Writes `source`, which broadcasts and is converted, into x. */
export function copy_(x: Tensor, source: Tensor): Tensor {
  checkTensor('copy_', x);
  checkTensor('copy_', source, 'the source');
  checkFits('copy_', x, source);
  const from = source.code <= 3 && x.code <= 3 ? source : null;
  checkInPlace('copy_', x, [x, from]);
  launchInto(Op.copy, COMPUTE[x.code]!, [x], [separate(x, source)], []);
  return recordInPlace(x, Copy, [x, from], [], -1, null);
}
