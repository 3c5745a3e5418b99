/** `where` of a condition alone: the indices of what is true. */
import { binding } from '../backend/load';
import { withGradMode } from '../autograd/mode';
import { Code } from '../dtype';
import { checkTensor, uninitialised, type Tensor } from '../tensor';
import { cast } from './cast';
import { hostArray } from './convert';
import type { Operand } from './kinds';
import { contiguous } from './copy';
import { where as choose } from './where';

/** For each dimension the indices of what is not zero, in row-major order. */
function trueIndices(condition: Tensor): Tensor[] {
  const mask = withGradMode('where', false, () => contiguous(cast(condition.detach(), Code.bool)));
  const bytes = hostArray('where', Uint8Array, mask.count);
  binding.download(mask.id, bytes);
  let count = 0;
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 0) count++;
  // A 0-d tensor counts as one of one dimension.
  const sizes = mask.shape.length === 0 ? [1] : mask.shape;
  const lists = sizes.map(() => hostArray('where', BigInt64Array, count));
  for (let i = 0, k = 0; k < count; i++) {
    if (bytes[i] === 0) continue;
    let rest = i;
    for (let d = sizes.length - 1; d >= 0; d--) {
      lists[d]![k] = BigInt(rest % sizes[d]!);
      rest = Math.floor(rest / sizes[d]!);
    }
    k++;
  }
  return lists.map((list) => {
    const out = uninitialised([count], Code.int64, condition.place, 'where');
    binding.upload(out.id, list);
    return out;
  });
}

/**
 * x where the condition is true, y elsewhere; all three broadcast. Of a condition alone the indices of what is true, a
 * tensor for each dimension (https://docs.pytorch.org/docs/stable/generated/torch.where.html).
 * @throws DTypeError when the condition isn't bool.
 */
export function where(condition: Tensor): Tensor[];
export function where(condition: Tensor, x: Operand, y: Operand): Tensor;
export function where(...given: [condition: Tensor, x?: Operand, y?: Operand]): Tensor | Tensor[] {
  const [condition, x, y] = given;
  if (given.length !== 1) return choose(condition, x!, y!);
  checkTensor('where', condition, 'condition');
  return trueIndices(condition);
}
