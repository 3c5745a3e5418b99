/** Products of vectors. */
import { withGradMode } from '../../autograd/mode';
import { defineGradient, record } from '../../autograd/node';
import { Code } from '../../dtype';
import { DTypeError, ShapeError } from '../../errors';
import { broadcastShapes, showShape, wrapDim } from '../../shape';
import { checkTensor, type Tensor } from '../../tensor';
import { named } from '../arguments';
import { mul, sub } from '../arithmetic';
import { cat } from '../join';
import { sum } from '../reduce';
import { narrow } from '../view';
import { checkFloating, paired } from './matrices';

/** The three entries along a dimension, moved on by n. */
function rolled(x: Tensor, dim: number, n: 1 | 2): Tensor {
  return cat([narrow(x, dim, n, 3 - n), narrow(x, dim, 0, n)], dim);
}

const Cross = defineGradient<number>('LinalgCross', (grad, node, dim) => [
  node.needs(0) ? product(node.input(1), grad, dim) : null,
  node.needs(1) ? product(grad, node.input(0), dim) : null,
]);

function product(a: Tensor, b: Tensor, dim: number): Tensor {
  const out = withGradMode('linalg.cross', false, () =>
    sub(mul(rolled(a, dim, 1), rolled(b, dim, 2)), mul(rolled(a, dim, 2), rolled(b, dim, 1))),
  );
  return record(out, Cross, [a, b], [a, b], dim);
}

/** The cross product of vectors of three along `dim` (https://pytorch.org/docs/stable/generated/torch.linalg.cross.html). */
export const cross = named<[other: Tensor, dim?: number], { other?: Tensor; dim?: number }, Tensor>(
  'linalg.cross',
  ['other', 'dim'],
  (x, other, dim = -1) => {
    const op = 'linalg.cross';
    checkTensor(op, x);
    checkTensor(op, other, 'other');
    if (x.code === Code.bool) throw new DTypeError(`${op}: not defined for bool`);
    if (x.shape.length !== other.shape.length)
      throw new ShapeError(
        `${op}: expected as many dimensions, got shapes ${showShape(x.shape)} and ${showShape(other.shape)}`,
      );
    const d = wrapDim(op, dim, x.shape.length);
    if (x.shape[d] !== 3 || other.shape[d] !== 3)
      throw new ShapeError(
        `${op}: expected 3 elements along dimension ${d}, got shapes ${showShape(x.shape)} and ${showShape(other.shape)}`,
      );
    broadcastShapes(op, x.shape, other.shape);
    return product(...paired(op, x, other), d);
  },
);

/** The sum of products along `dim` (https://pytorch.org/docs/stable/generated/torch.linalg.vecdot.html). */
export const vecdot = named<[y: Tensor, dim?: number], { y?: Tensor; dim?: number }, Tensor>(
  'linalg.vecdot',
  ['y', 'dim'],
  (x, y, dim = -1) => {
    const op = 'linalg.vecdot';
    checkTensor(op, x);
    checkTensor(op, y, 'y');
    const [a, b] = paired(op, x, y);
    checkFloating(op, a, false);
    const d = wrapDim(op, dim, broadcastShapes(op, a.shape, b.shape).length);
    return sum(mul(a, b), d);
  },
);
