/** Entries of a dimension that a 1-d index names: copied over, and filled. */
import { Op } from '../backend/ops.generated';
import { autocastUsed } from '../autograd/mode';
import { defineGradient, type GradRule } from '../autograd/node';
import { COMPUTE } from '../dtype';
import { DTypeError, IndexError, ShapeError } from '../errors';
import { sameShape, showShape, wrapDim } from '../shape';
import { Tensor, alias, checkTensor } from '../tensor';
import { bindArguments } from './arguments';
import { promoted } from './autocast';
import { copied } from './cast';
import { besides, inCopy, inPlace, unshared, type Change } from './change';
import { indexSelect } from './index-select';
import { fullOf, launchInto } from './kernel';
import type { Operand } from './kinds';
import { elementValue, numberValue } from './number';
import { sum } from './reduce';
import { checkLong, placesOf } from './take';
import { reshape } from './view';

/** A dimension of x and a 1-d int64 index for it. */
function indexFor(op: string, x: Tensor, dim: unknown, index: unknown): [dim: number, index: Tensor] {
  const d = wrapDim(op, dim, x.shape.length);
  checkTensor(op, index, 'index');
  checkLong(op, index);
  if (index.shape.length > 1)
    throw new IndexError(`${op}: expected a 1-d index, got shape ${showShape(index.shape)}`);
  return [d, besides(op, x, index)];
}

const IndexCopy = defineGradient<number>('IndexCopy', (grad, node, dim) => {
  const index = node.input(0);
  return [
    node.needs(0) ? indexFill(grad, dim, index, 0) : null,
    // Of a source without dimensions, too, which the engine makes of it.
    node.needs(1) ? indexSelect(grad, dim, index) : null,
  ];
});

function copying(op: string, x: Tensor, given: readonly unknown[]): Change<number> {
  const [dim, indices, values] = bindArguments(op, ['dim', 'index', 'source'], given);
  const [d, index] = indexFor(op, x, dim, indices);
  checkTensor(op, values, 'source');
  const expected = x.shape.map((n, i) => (i === d ? index.count : n));
  const single = index.count === 1 && values.count === 1 && x.shape.length <= 1 && values.shape.length <= 1;
  if ((!sameShape(values.shape, expected) || (expected.length === 0 && index.count !== 1)) && !single)
    throw new ShapeError(
      `${op}: expected a source of shape ${showShape(expected)}, got ${showShape(values.shape)}`,
    );
  if (values.code !== x.code)
    throw new DTypeError(`${op}: expected a ${x.dtype} source, got ${values.dtype}`);
  const source = reshape(besides(op, x, values), expected);
  return {
    rule: IndexCopy,
    operands: [source],
    saved: [index],
    context: d,
    write: copyAt(d, index, source),
  };
}

function copyAt(dim: number, index: Tensor, source: Tensor): (t: Tensor) => void {
  return (t) =>
    launchInto(Op.indexCopy, COMPUTE[t.code]!, [t], [unshared(t, source), unshared(t, index)], [dim]);
}

/** The arguments of `indexCopy` by name. */
export interface NamedIndexCopy {
  dim: number;
  index: Tensor;
  source: Tensor;
}

/**
 * A copy of x with the entries of `source` along a dimension where a 1-d int64 index says; of equal indices the last one
 * counts (https://docs.pytorch.org/docs/stable/generated/torch.Tensor.index_copy_.html).
 */
export function indexCopy(x: Tensor, dim: number, index: Tensor, source: Tensor): Tensor;
export function indexCopy(x: Tensor, options: NamedIndexCopy): Tensor;
export function indexCopy(x: Tensor, ...given: readonly unknown[]): Tensor {
  checkTensor('indexCopy', x);
  if (autocastUsed) [x, given] = promoted([x, given] as const, 'cpu');
  return inCopy('indexCopy', x, copying('indexCopy', x, given));
}

/** `indexCopy`, in place. */
export function indexCopy_(x: Tensor, ...given: readonly unknown[]): Tensor {
  checkTensor('indexCopy_', x);
  return inPlace('indexCopy_', x, copying('indexCopy_', x, given));
}

const IndexFill: GradRule<number> = defineGradient<number>('IndexFill', (grad, node, dim) => {
  const index = node.input(0);
  return [
    node.needs(0) ? indexFill(grad, dim, index, 0) : null,
    node.needs(1) ? sum(indexSelect(grad, dim, index)) : null,
  ];
});

function filling(op: string, x: Tensor, given: readonly unknown[]): Change<number> {
  const [dim, indices, value] = bindArguments(op, ['dim', 'index', 'value'], given);
  const [d, index] = indexFor(op, x, dim, indices);
  if (value instanceof Tensor && value.shape.length > 0)
    throw new ShapeError(`${op}: expected a number or a 0-d tensor, got shape ${showShape(value.shape)}`);
  const element =
    value instanceof Tensor
      ? copied(value, x.code, x.place)
      : fullOf([], x.code, x.place, elementValue(op, numberValue(op, value), x.code));
  const places = placesOf(op, unshared(x, index), x.shape[d] ?? 1);
  const shape = x.shape.map((n, i) => (i === d ? index.count : n));
  const source = alias(
    element,
    shape,
    shape.map(() => 0),
    0,
  );
  return {
    rule: IndexFill,
    operands: [value instanceof Tensor && value.code <= 3 && x.code <= 3 ? value : null],
    saved: [places],
    context: d,
    write(t) {
      if (index.count > 0) copyAt(d, t.shape.length > 0 ? places : firstOf(places), source)(t);
    },
  };
}

/** What has one element is filled once, however often it is named. */
function firstOf(places: Tensor): Tensor {
  return alias(places, [1], null, places.offset);
}

/** The arguments of `indexFill` by name. */
export interface NamedIndexFill {
  dim: number;
  index: Tensor;
  value: Operand;
}

/** A copy of x with `value` in all entries of a dimension that a 1-d int64 index names. */
export function indexFill(x: Tensor, dim: number, index: Tensor, value: Operand): Tensor;
export function indexFill(x: Tensor, options: NamedIndexFill): Tensor;
export function indexFill(x: Tensor, ...given: readonly unknown[]): Tensor {
  checkTensor('indexFill', x);
  return inCopy('indexFill', x, filling('indexFill', x, given));
}

/** `indexFill`, in place. */
export function indexFill_(x: Tensor, ...given: readonly unknown[]): Tensor {
  checkTensor('indexFill_', x);
  return inPlace('indexFill_', x, filling('indexFill_', x, given));
}
