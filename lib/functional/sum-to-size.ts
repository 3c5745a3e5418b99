/** The reverse of broadcasting. */
import { Code, isFloatingCode } from '../dtype';
import { ArgumentError, ShapeError } from '../errors';
import { broadcastsTo, checkShape, sameShape, showShape } from '../shape';
import { type Tensor, checkTensor } from '../tensor';
import { bindArguments, isOptions } from './arguments';
import { cast } from './cast';
import { sumTo } from './reduce';

/** The sum of what broadcasting made of `size`; x itself if that is its shape. */
export function sumToSize(
  x: Tensor,
  ...size: readonly (number | readonly number[])[] | [{ size: readonly number[] }]
): Tensor {
  checkTensor('sumToSize', x);
  const [given] = size;
  if (given === undefined) throw new ArgumentError('sumToSize: expected a size');
  const shape = checkShape('sumToSize', isOptions(given) ? bindArguments('sumToSize', ['size'], size) : size);
  if (!broadcastsTo(shape, x.shape))
    throw new ShapeError(`sumToSize: ${showShape(shape)} does not broadcast to ${showShape(x.shape)}`);
  if (sameShape(shape, x.shape)) return x;
  return sumTo(isFloatingCode(x.code) ? x : cast(x, Code.int64), shape);
}
