/** Linear maps between tensors of any rank, and Vandermonde matrices. */
import { ArgumentError, ShapeError } from '../../errors';
import { numelOf, showShape, wrapDims } from '../../shape';
import { checkTensor, type Tensor } from '../../tensor';
import { integerArgument, named } from '../arguments';
import { mul } from '../arithmetic';
import { inFloat32 } from '../autocast';
import { stack } from '../join';
import { cast } from '../cast';
import { Code } from '../../dtype';
import { fullOf } from '../kernel';
import { movedim, reshape } from '../view';
import { checkFloating } from './matrices';
import { inv, solve } from './solve';

/** The inverse of the map that x is, of its last dimensions to its first `ind` (https://pytorch.org/docs/stable/generated/torch.linalg.tensorinv.html). */
export const tensorinv = inFloat32(
  named<[ind?: number], { ind?: number }, Tensor>('linalg.tensorinv', ['ind'], (x, ind = 2) => {
    const op = 'linalg.tensorinv';
    checkTensor(op, x);
    checkFloating(op, x);
    if (integerArgument(op, 'ind', ind) <= 0)
      throw new ArgumentError(`${op}: expected ind to be at least 1, got ${ind}`);
    const [to, from] = [x.shape.slice(0, ind), x.shape.slice(ind)];
    if (numelOf(to) !== numelOf(from))
      throw new ShapeError(
        `${op}: expected as many elements before dimension ${ind} as from it on, got shape ${showShape(x.shape)}`,
      );
    return reshape(inv(reshape(x, numelOf(to), numelOf(from))), [...from, ...to]);
  }),
  'cpu',
);

/** X with tensordot(A, X) = B; `dims` of A are moved to its end first (https://pytorch.org/docs/stable/generated/torch.linalg.tensorsolve.html). */
export const tensorsolve = inFloat32(
  named<
    [B: Tensor, dims?: readonly number[] | null],
    { B?: Tensor; dims?: readonly number[] | null },
    Tensor
  >('linalg.tensorsolve', ['B', 'dims'], (a, b, dims = null) => {
    const op = 'linalg.tensorsolve';
    checkTensor(op, a, 'A');
    checkTensor(op, b, 'B');
    checkFloating(op, a);
    const rank = a.shape.length;
    if (dims !== null && !Array.isArray(dims)) throw new ArgumentError(`${op}: expected dims to be a list`);
    wrapDims(op, dims, rank);
    const moved =
      dims === null || dims.length === 0
        ? a
        : movedim(
            a,
            dims,
            dims.map((_, i) => rank - dims.length + i),
          );
    const shape = moved.shape.slice(b.shape.length);
    if (numelOf(shape) !== b.count || numelOf(moved.shape.slice(0, b.shape.length)) !== b.count)
      throw new ShapeError(`${op}: sizes differ: A ${showShape(a.shape)}, B ${showShape(b.shape)}`);
    return reshape(solve(reshape(moved, b.count, b.count), reshape(b, b.count)), shape);
  }),
  'cpu',
);

/** The powers 0 to N - 1 of the elements, in a new last dimension (https://pytorch.org/docs/stable/generated/torch.linalg.vander.html). */
export const vander = named<[N?: number | null], { N?: number | null }, Tensor>(
  'linalg.vander',
  ['N'],
  (x, n = null) => {
    const op = 'linalg.vander';
    checkTensor(op, x);
    if (x.shape.length === 0) throw new ShapeError(`${op}: expected at least 1 dimension, got a 0-d tensor`);
    const count = n === null ? x.shape[x.shape.length - 1]! : integerArgument(op, 'N', n);
    if (count < (n === null ? 1 : 2))
      throw new ArgumentError(`${op}: expected N to be greater than 1, got ${count}`);
    const base = x.code === Code.bool ? cast(x, Code.int64) : x;
    const powers = [fullOf(base.shape, base.code, base.place, 1)];
    for (let i = 1; i < count; i++) powers.push(i === 1 ? base : mul(powers[i - 1]!, base));
    return stack(powers, -1);
  },
);
