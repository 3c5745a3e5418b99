/** A tensor's elements as another dtype, or on another device. */
import { run } from '../backend/commands';
import { Op } from '../backend/ops.generated';
import { defineGradient, record } from '../autograd/node';
import { COMPUTE, ELEMENT_SIZE } from '../dtype';
import { type Tensor, allocate } from '../tensor';
import { NONE, launch } from './kernel';

// The engine takes the gradient back to the dtype and the device.
const ToCopy = defineGradient('ToCopy', (grad) => [grad]);

/** x's elements as a dtype in memory of their own on the device of a place, without recording. */
export function copied(x: Tensor, code: number, place = x.place): Tensor {
  if (place === x.place) return launch(Op.copy, COMPUTE[code]!, x.shape, code, [x], NONE);
  // Only what is row major can be sent, and no dtype changes on the way: it does where there is less to send.
  const first = ELEMENT_SIZE[code]! < ELEMENT_SIZE[x.code]! ? code : x.code;
  const source = x.code === first && x.layout === null ? x : copied(x, first);
  const out = allocate(x.shape, first, place);
  run(Op.copy, COMPUTE[first]!, out, [source], NONE);
  return first === code ? out : copied(out, code);
}

/** x as the dtype of a code on the device of a place; x itself if it is that. */
export function cast(x: Tensor, code: number, place = x.place): Tensor {
  if (x.code === code && x.place === place) return x;
  const out = copied(x, code, place);
  return code <= 3 ? record(out, ToCopy, [x], [], null) : out;
}
