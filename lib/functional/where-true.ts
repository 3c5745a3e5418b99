/** `where` of a condition alone: the indices of what is true. */
import { checkTensor, type Tensor } from '../tensor';
import type { Operand } from './kinds';
import { nonzero } from './nonzero';
import { where as choose } from './where';

/**
 * x where the condition is true, y elsewhere; all three broadcast. Of a condition alone the indices of what is true, a
 * tensor for each dimension, as of `nonzero` (https://docs.pytorch.org/docs/stable/generated/torch.where.html).
 * @throws DTypeError when the condition isn't bool.
 */
export function where(condition: Tensor): Tensor[];
export function where(condition: Tensor, x: Operand, y: Operand): Tensor;
export function where(...given: [condition: Tensor, x?: Operand, y?: Operand]): Tensor | Tensor[] {
  const [condition, x, y] = given;
  if (given.length !== 1) return choose(condition, x!, y!);
  checkTensor('where', condition, 'condition');
  return nonzero(condition, { asTuple: true });
}
