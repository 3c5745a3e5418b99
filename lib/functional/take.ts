/** Elements by their number in the flattened tensor. */
import { Op } from '../backend/ops.generated';
import { defineGradient, record } from '../autograd/node';
import { COMPUTE, Code } from '../dtype';
import { DTypeError, IndexError, ShapeError } from '../errors';
import { broadcastShapes, showShape, wrapDim, type Shape } from '../shape';
import { alias, checkTensor, type Tensor } from '../tensor';
import { bindArguments, booleanArgument, named } from './arguments';
import { copied } from './cast';
import { besides, inCopy, inPlace, inTheNameOf, unshared, type Change } from './change';
import { NONE, fullOf, launch, launchInto } from './kernel';
import { gatherAs } from './scatter';
import { expand, reshape, viewStrides } from './view';

/** Throws unless indices are int64. */
export function checkLong(op: string, index: Tensor): void {
  if (index.code !== Code.int64)
    throw new DTypeError(
      `${op}: expected an int64 index, got ${index.dtype}; make it with { dtype: 'int64' }`,
    );
}

/** Indices below `size`, from the end if negative, as places, in one dimension. */
export function placesOf(op: string, index: Tensor, size: number): Tensor {
  const inputs = [index];
  const places = inTheNameOf(op, () =>
    launch(Op.linearIndex, COMPUTE[Code.int64]!, index.shape, Code.int64, inputs, [size]),
  );
  return index.shape.length === 1 ? places : flatAlias(places);
}

/** A row-major tensor in one dimension, without recording. */
function flatAlias(t: Tensor): Tensor {
  return t.shape.length === 1 ? t : alias(t, [t.count], null, t.offset);
}

/** x's elements in one dimension: its own, if they can be seen so, else a copy. */
function flattened(x: Tensor): Tensor {
  return flatAlias(x.layout === null ? x : copied(x, x.code));
}

const Take = defineGradient<Shape>('Take', (grad, node, shape) => [
  put_(fullOf(shape, grad.code, grad.place, 0), node.input(0), grad, true),
]);

/**
 * The elements whose numbers in the flattened tensor `index` names, in its shape
 * (https://docs.pytorch.org/docs/stable/generated/torch.take.html).
 * @throws IndexError when a number is out of range.
 */
export const take = named<[index: Tensor], { index: Tensor }, Tensor>('take', ['index'], (x, given) => {
  checkTensor('take', x);
  checkTensor('take', given, 'index');
  checkLong('take', given);
  const index = besides('take', x, given);
  const out = launch(Op.take, COMPUTE[x.code]!, index.shape, x.code, [flattened(x), index], NONE);
  return record(out, Take, [x], [index], x.shape);
});

/** Whether elements are added; and of which shape they came. */
interface Putting {
  readonly accumulate: boolean;
  readonly shape: Shape;
}

const Put = defineGradient<Putting>('Put', (grad, node, { accumulate, shape }) => {
  const index = node.input(0);
  const zeros = (): Tensor => fullOf(index.shape, grad.code, grad.place, 0);
  return [
    !node.needs(0) ? null : accumulate ? grad : put(grad, index, zeros()),
    node.needs(1) ? reshape(take(grad, index), shape) : null,
  ];
});

function putting(op: string, x: Tensor, given: readonly unknown[]): Change<Putting> {
  const [indices, values, adds] = bindArguments(op, ['index', 'source', 'accumulate'], given);
  checkTensor(op, indices, 'index');
  checkTensor(op, values, 'source');
  const accumulate = booleanArgument(op, 'accumulate', adds, false);
  checkLong(op, indices);
  if (values.code !== x.code)
    throw new DTypeError(`${op}: expected a ${x.dtype} source, got ${values.dtype}`);
  if (values.count !== indices.count)
    throw new ShapeError(
      `${op}: expected as many elements as the index's ${indices.count}, got a source of shape ${showShape(values.shape)}`,
    );
  const index = besides(op, x, indices);
  const source = besides(op, x, values);
  const places = placesOf(op, unshared(x, index), x.count);
  return {
    rule: Put,
    operands: [source],
    saved: [index],
    context: { accumulate, shape: source.shape },
    write(t) {
      const from = flattened(unshared(t, source));
      const strides = t.layout === null ? [1] : viewStrides(t, [t.count]);
      const flat = strides === null ? flattened(t) : alias(t, [t.count], strides, t.offset);
      launchInto(accumulate ? Op.indexAdd : Op.indexCopy, COMPUTE[t.code]!, [flat], [from, places], [0]);
      // Where t can't be seen as one dimension, a copy of it was written to.
      if (strides === null)
        launchInto(Op.copy, COMPUTE[t.code]!, [t], [alias(flat, t.shape, null, flat.offset)], NONE);
    },
  };
}

/** The arguments of `put` by name. */
export interface NamedPut {
  index: Tensor;
  source: Tensor;
  accumulate?: boolean;
}

/**
 * A copy of x with the elements of `source` at those that `index` numbers in the flattened tensor; they replace what is
 * there, or are added to it (https://docs.pytorch.org/docs/stable/generated/torch.Tensor.put_.html).
 */
export function put(x: Tensor, index: Tensor, source: Tensor, accumulate?: boolean): Tensor;
export function put(x: Tensor, index: Tensor, source: Tensor, options: { accumulate?: boolean }): Tensor;
export function put(x: Tensor, options: NamedPut): Tensor;
export function put(x: Tensor, ...given: readonly unknown[]): Tensor {
  checkTensor('put', x);
  return inCopy('put', x, putting('put', x, given));
}

/** `put`, in place. */
export function put_(x: Tensor, ...given: readonly unknown[]): Tensor {
  checkTensor('put_', x);
  return inPlace('put_', x, putting('put_', x, given));
}

/**
 * The elements that `indices` names along `dim`, as argsort and argmax give them, or from the end if negative; both
 * broadcast along the others. Without `dim` of the flattened tensors, by indices that aren't negative
 * (https://docs.pytorch.org/docs/stable/generated/torch.take_along_dim.html).
 */
export const takeAlongDim = named<
  [indices: Tensor, dim?: number | null],
  { indices?: Tensor; dim?: number | null },
  Tensor
>('takeAlongDim', ['indices', 'dim'], (x, indices, dim) => {
  const op = 'takeAlongDim';
  checkTensor(op, x);
  checkTensor(op, indices, 'indices');
  checkLong(op, indices);
  if (dim === undefined || dim === null) return gatherAs(op, reshape(x, -1), 0, reshape(indices, -1));
  if (x.shape.length === 0) throw new IndexError(`${op}: a 0-d tensor has no dimension to take along`);
  if (x.shape.length !== indices.shape.length)
    throw new ShapeError(
      `${op}: expected indices of ${x.shape.length} dimensions, as the input has, got shape ${showShape(indices.shape)}`,
    );
  const d = wrapDim(op, dim, x.shape.length);
  const without = (shape: Shape, n: number): number[] => shape.map((size, i) => (i === d ? n : size));
  const shape = broadcastShapes(op, without(x.shape, 1), without(indices.shape, 1));
  const spread = (t: Tensor): Tensor => expand(t, without(shape, t.shape[d]!));
  const places = placesOf(op, besides(op, x, indices), x.shape[d]!);
  return gatherAs(op, spread(x), d, spread(reshape(places, indices.shape)));
});
