/** Products of vectors. */
import { broadcastShapes, wrapDim } from '../../shape';
import { checkTensor, type Tensor } from '../../tensor';
import { named } from '../arguments';
import { mul } from '../arithmetic';
import { inLowPrecision } from '../autocast';
import { crossProduct } from '../cross';
import { sum } from '../reduce';
import { checkFloating, paired } from './matrices';

/** The cross product of vectors of three along `dim` (https://pytorch.org/docs/stable/generated/torch.linalg.cross.html). */
export const cross = named<[other: Tensor, dim?: number], { other?: Tensor; dim?: number }, Tensor>(
  'linalg.cross',
  ['other', 'dim'],
  (x, other, dim = -1) => crossProduct('linalg.cross', x, other, dim),
);

/** The sum of products along `dim` (https://pytorch.org/docs/stable/generated/torch.linalg.vecdot.html). */
export const vecdot = inLowPrecision(
  named<[y: Tensor, dim?: number], { y?: Tensor; dim?: number }, Tensor>(
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
  ),
);
