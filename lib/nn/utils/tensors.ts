import { ArgumentError, describe } from '../../errors';
import { Tensor, checkTensor } from '../../tensor';

/** One tensor, or any number of them. */
export type Tensors = Tensor | Iterable<Tensor>;

/** @internal Tensors as a list; errors name `op`. */
export function listOf(op: string, given: unknown): Tensor[] {
  if (given instanceof Tensor) return [given];
  if (typeof given !== 'object' || given === null || !(Symbol.iterator in given))
    throw new ArgumentError(`${op}: expected a Tensor or a list of them, got ${describe(given)}`);
  return Array.from(given as Iterable<unknown>, (t) => {
    checkTensor(op, t, 'each element');
    return t;
  });
}
