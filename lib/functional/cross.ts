/** The vector product in three dimensions. */
import { withGradMode } from '../autograd/mode';
import { defineGradient, record } from '../autograd/node';
import { ShapeError } from '../errors';
import { broadcastShapes, showShape, wrapDim } from '../shape';
import { type Tensor, checkTensor } from '../tensor';
import { named } from './arguments';
import { mul, sub } from './arithmetic';
import { gathered } from './devices';
import { cat } from './join';
import { checkSame } from './matmul';
import { narrow } from './view';

/** Elements `k` places further, in a circle. */
const rolled = (x: Tensor, dim: number, k: number): Tensor =>
  cat([narrow(x, dim, k, 3 - k), narrow(x, dim, 0, k)], dim);

const LinalgCross = defineGradient<number>('LinalgCross', (grad, node, dim) => [
  node.needs(0) ? crossAlong(node.input(1), grad, dim) : null,
  node.needs(1) ? crossAlong(grad, node.input(0), dim) : null,
]);

function crossAlong(a: Tensor, b: Tensor, dim: number): Tensor {
  const out = withGradMode('cross', false, () =>
    sub(mul(rolled(a, dim, 1), rolled(b, dim, 2)), mul(rolled(a, dim, 2), rolled(b, dim, 1))),
  );
  return record(out, LinalgCross, [a, b], [a, b], dim);
}

/** @internal The vector product along a dimension of size 3; other sizes broadcast. `dim` null: the first of size 3. */
export function crossProduct(op: string, x: Tensor, other: Tensor, dim: number | null): Tensor {
  checkTensor(op, x);
  checkTensor(op, other, 'other');
  if (x.place !== other.place) [x, other] = gathered(op, x, other);
  checkSame(op, x, other);
  const rank = x.shape.length;
  if (rank !== other.shape.length)
    throw new ShapeError(
      `${op}: expected as many dimensions of both, got ${showShape(x.shape)} and ${showShape(other.shape)}`,
    );
  const d = dim === null ? x.shape.indexOf(3) : wrapDim(op, dim, rank);
  if (d < 0 || x.shape[d] !== 3 || other.shape[d] !== 3)
    throw new ShapeError(
      `${op}: expected size 3 in ${dim === null ? 'a dimension' : `dimension ${dim}`}, got ${showShape(x.shape)} and ${showShape(other.shape)}`,
    );
  broadcastShapes(op, x.shape, other.shape);
  return crossAlong(x, other, d);
}

/**
 * The vector product along `dim`, or the first dimension of size 3
 * (https://pytorch.org/docs/stable/generated/torch.cross.html).
 */
export const cross = named<
  [other: Tensor, dim?: number | null],
  { other?: Tensor; dim?: number | null },
  Tensor
>('cross', ['other', 'dim'], (x, other, dim = null) => crossProduct('cross', x, other, dim));
