/** Gathering and scattering along one dimension. */
import { Op } from '../backend/ops.generated';
import { checkInPlace, recordInPlace } from '../autograd/view';
import { defineGradient, record } from '../autograd/node';
import { COMPUTE, Code } from '../dtype';
import { ArgumentError, DTypeError, IndexError, ShapeError } from '../errors';
import { showShape, wrapDim, type Shape } from '../shape';
import { type Tensor, checkTensor } from '../tensor';
import { named, numberArgument } from './arguments';
import { cast } from './cast';
import { clone } from './copy';
import { brought, gathered } from './devices';
import { fullOf, launch, launchInto } from './kernel';
import { mul } from './arithmetic';
import { converted } from './where';

/** The index as int64. */
function indexOf(op: string, index: Tensor): Tensor {
  if (index.code !== Code.int64 && index.code !== Code.int32)
    throw new DTypeError(
      `${op}: expected an int64 index, got ${index.dtype}; make it with { dtype: 'int64' }`,
    );
  if (index.shape.length > 1)
    throw new IndexError(`${op}: expected a 1-d index, got shape ${showShape(index.shape)}`);
  return converted(index, Code.int64);
}

interface Along {
  readonly dim: number;
  readonly shape: Shape;
}

const IndexSelect = defineGradient<Along>('IndexSelect', (grad, node, { dim, shape }) => [
  indexAdd_(fullOf(shape, grad.code, grad.place, 0), dim, node.input(0), grad),
]);

/**
 * The entries of a dimension that a 1-d int64 index names, in its order (https://pytorch.org/docs/stable/generated/torch.index_select.html).
 * @throws IndexError when an index is out of range.
 */
export const indexSelect = named<[dim: number, index: Tensor], { dim?: number; index?: Tensor }, Tensor>(
  'indexSelect',
  ['dim', 'index'],
  (x, dim, given) => {
    checkTensor('indexSelect', x);
    const d = wrapDim('indexSelect', dim, x.shape.length);
    checkTensor('indexSelect', given, 'index');
    if (x.place !== given.place) [x, given] = gathered('indexSelect', x, given);
    const index = indexOf('indexSelect', given);
    const shape = x.shape.map((n, i) => (i === d ? index.count : n));
    const out = launch(Op.indexSelect, COMPUTE[x.code]!, shape, x.code, [x, index], [d]);
    return record(out, IndexSelect, [x], [index], { dim: d, shape: x.shape });
  },
);

const IndexAdd = defineGradient<number>('IndexAdd', (grad, node, dim) => [
  grad,
  node.needs(1) ? indexSelect(grad, dim, node.input(0)) : null,
]);

type Addition = [dim: number, index: Tensor, source: Tensor, alpha?: number];
interface NamedAddition {
  dim?: number;
  index?: Tensor;
  source?: Tensor;
  alpha?: number;
}
const ADDITION = ['dim', 'index', 'source', 'alpha'] as const;

/** Adds the entries of `source`, times `alpha`, to those of x that the index names. */
export const indexAdd_ = named<Addition, NamedAddition, Tensor>('indexAdd_', ADDITION, addAt);

/** `indexAdd_` on a copy. */
export const indexAdd = named<Addition, NamedAddition, Tensor>('indexAdd', ADDITION, (x, ...given) => {
  checkTensor('indexAdd', x);
  return addAt(clone(x), ...given);
});

function addAt(x: Tensor, dim: number, indices: Tensor, given: Tensor, alpha = 1): Tensor {
  checkTensor('indexAdd_', x);
  checkTensor('indexAdd_', given, 'source');
  checkTensor('indexAdd_', indices, 'index');
  if (indices.place !== x.place) indices = cast(brought('indexAdd_', x, indices), indices.code, x.place);
  if (given.place !== x.place) given = cast(brought('indexAdd_', x, given), given.code, x.place);
  const index = indexOf('indexAdd_', indices);
  const d = wrapDim('indexAdd_', dim, x.shape.length);
  const expected = x.shape.map((n, i) => (i === d ? index.count : n));
  if (given.shape.length !== expected.length || given.shape.some((n, i) => n !== expected[i]))
    throw new ShapeError(
      `indexAdd_: expected a source of shape ${showShape(expected)}, got ${showShape(given.shape)}`,
    );
  if (given.code !== x.code)
    throw new DTypeError(`indexAdd_: expected a ${x.dtype} source, got ${given.dtype}`);
  numberArgument('indexAdd_', 'alpha', alpha);
  const source = alpha === 1 ? given : mul(given, alpha);
  if (source.code !== x.code)
    throw new ArgumentError(`indexAdd_: for integers alpha must be an integer, got ${alpha}`);
  checkInPlace('indexAdd_', x, [x, source]);
  launchInto(Op.indexAdd, COMPUTE[x.code]!, [x], [source, index], [d]);
  return recordInPlace(x, IndexAdd, [x, source], [index], -1, d);
}
