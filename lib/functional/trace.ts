/** The sum of a matrix's diagonal. */
import { autocastUsed } from '../autograd/mode';
import { Code } from '../dtype';
import { DTypeError, ShapeError } from '../errors';
import { showShape } from '../shape';
import { type Tensor, checkTensor } from '../tensor';
import { widened } from './autocast';
import { diagonalOf } from './diagonal';
import { underName } from './node-name';
import { sum } from './reduce';

/** The sum of the diagonal of a matrix; of integers as int64 (https://pytorch.org/docs/stable/generated/torch.trace.html). */
export function trace(x: Tensor): Tensor {
  checkTensor('trace', x);
  if (autocastUsed) [x] = widened([x] as const, 'cpu');
  if (x.shape.length !== 2) throw new ShapeError(`trace: expected a matrix, got shape ${showShape(x.shape)}`);
  if (x.code === Code.bool) throw new DTypeError('trace: not defined for bool');
  return underName('Trace', sum(diagonalOf(x, 0, [0, 1])));
}
