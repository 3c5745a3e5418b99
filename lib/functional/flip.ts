/** Elements in another order along whole dimensions: reversed, rolled, turned. */
import { withGradMode } from '../autograd/mode';
import { defineGradient, record, type GradRule } from '../autograd/node';
import { ArgumentError, IndexError, ShapeError, describe } from '../errors';
import { showShape, unpackList, wrapDim, type Shape } from '../shape';
import { alias, checkTensor, stridesOf, uninitialised, type Tensor } from '../tensor';
import { bindArguments, integerArgument, isOptions, named } from './arguments';
import { copied } from './cast';
import { fillWith, slicesOf } from './parts';

/** Dimensions of x, each but once. */
function dimsOf(op: string, x: Tensor, given: readonly unknown[]): number[] {
  const rank = x.shape.length;
  const dims = Array.from(unpackList(op, given), (d) => wrapDim(op, d, rank));
  if (new Set(dims).size < dims.length)
    throw new ArgumentError(`${op}: expected every dimension at most once, got ${showShape(dims)}`);
  return dims;
}

function flipped(x: Tensor, dims: readonly number[]): Tensor {
  if (x.count === 0 || x.shape.length === 0) return copied(x, x.code);
  const strides = stridesOf(x).slice();
  let { offset } = x;
  for (const d of dims) {
    offset += (x.shape[d]! - 1) * strides[d]!;
    strides[d]! *= -1;
  }
  return copied(alias(x, x.shape, strides, offset), x.code);
}

const Flip: GradRule<readonly number[]> = defineGradient<readonly number[]>('Flip', (grad, _, dims) => [
  flipAlong(grad, dims),
]);

function flipAlong(x: Tensor, dims: readonly number[]): Tensor {
  return record(flipped(x, dims), Flip, [x], [], dims);
}

type Dims = readonly (number | readonly number[])[];

/** The elements in reverse order along the dimensions: a copy. */
export function flip(x: Tensor, ...dims: Dims | [{ dims: readonly number[] }]): Tensor {
  checkTensor('flip', x);
  const list = dims.length === 1 && isOptions(dims[0]) ? bindArguments('flip', ['dims'], dims) : dims;
  return flipAlong(x, dimsOf('flip', x, list));
}

/** The columns (dimension 1) in reverse order. */
export function fliplr(x: Tensor): Tensor {
  checkTensor('fliplr', x);
  if (x.shape.length < 2)
    throw new ShapeError(`fliplr: expected at least 2 dimensions, got ${showShape(x.shape)}`);
  return flipAlong(x, [1]);
}

/** The rows (dimension 0) in reverse order. */
export function flipud(x: Tensor): Tensor {
  checkTensor('flipud', x);
  if (x.shape.length < 1) throw new ShapeError('flipud: expected at least 1 dimension, got []');
  return flipAlong(x, [0]);
}

interface Rolling {
  readonly shifts: readonly number[];
  readonly dims: readonly number[];
}

/** x with the elements moved along a dimension; those that fall off come back on the other side. */
function rolled(x: Tensor, shift: number, dim: number): Tensor {
  const n = x.shape[dim]!;
  const first = ((shift % n) + n) % n;
  if (first === 0) return copied(x, x.code);
  const out = uninitialised(x.shape, x.code, x.place, 'roll');
  const slices = (start: number, length: number): Tensor =>
    slicesOf(
      x,
      x.shape.map((size, i) => (i === dim ? length : size)),
      dim,
      start,
    );
  fillWith(out, dim, () => [slices(n - first, first), slices(0, n - first)]);
  return out;
}

const Roll: GradRule<Rolling> = defineGradient<Rolling>('Roll', (grad, _, { shifts, dims }) => [
  rollAlong(grad, { shifts: shifts.map((n) => -n), dims }),
]);

/** Along no dimension: as if there were but one. */
function rollAlong(x: Tensor, rolling: Rolling): Tensor {
  const { shifts, dims } = rolling;
  if (x.count === 0) return record(copied(x, x.code), Roll, [x], [], rolling);
  if (dims.length === 0) {
    const dense = x.layout === null ? x : copied(x, x.code);
    const flat = rolled(alias(dense, [dense.count], null, dense.offset), shifts[0]!, 0);
    return record(alias(flat, x.shape, null, flat.offset), Roll, [x], [], rolling);
  }
  const out = dims.reduce((t, dim, i) => rolled(t, shifts[i]!, dim), x);
  return record(out, Roll, [x], [], rolling);
}

function integersOf(op: string, name: string, given: unknown): number[] {
  return Array.from(unpackList(op, [given]), (n) => integerArgument(op, name, n));
}

/**
 * The elements moved along dimensions by as many places; those that fall off come back on the other side. Without
 * dimensions, the flattened tensor is rolled (https://docs.pytorch.org/docs/stable/generated/torch.roll.html).
 */
export const roll = named<
  [shifts: number | readonly number[], dims?: number | readonly number[] | null],
  { shifts?: number | readonly number[]; dims?: number | readonly number[] | null },
  Tensor
>('roll', ['shifts', 'dims'], (x, shifts, dims) => {
  checkTensor('roll', x);
  const by = integersOf('roll', 'each of shifts', shifts);
  const along =
    dims === undefined || dims === null
      ? []
      : Array.from(unpackList('roll', [dims]), (d) => wrapDim('roll', d, x.shape.length));
  if (by.length === 0) throw new ArgumentError('roll: expected at least one shift, got []');
  if (along.length === 0 ? by.length !== 1 : by.length !== along.length)
    throw new ArgumentError(
      `roll: expected a shift for each dimension, got ${by.length} shifts and ${along.length} dims`,
    );
  if (along.length > 0 && x.shape.length === 0)
    throw new IndexError('roll: a 0-d tensor has no dimension to roll along');
  return rollAlong(x, { shifts: by, dims: along });
});

interface Turn {
  readonly k: number;
  readonly dims: readonly number[];
}

const Rot90: GradRule<Turn> = defineGradient<Turn>('Rot90', (grad, _, { k, dims }) => [
  turned(grad, { k: -k, dims }),
]);

function turned(x: Tensor, turn: Turn): Tensor {
  const [a, b] = turn.dims as [number, number];
  const quarter = ((turn.k % 4) + 4) % 4;
  const over = quarter === 1 ? [b] : quarter === 2 ? [a, b] : quarter === 3 ? [a] : [];
  const flat = withGradMode('rot90', false, () => flipped(x, over));
  return record(quarter % 2 === 0 ? flat : exchanged(flat, a, b), Rot90, [x], [], turn);
}

/** Two dimensions exchanged, of a tensor that nobody else knows. */
function exchanged(t: Tensor, a: number, b: number): Tensor {
  const swap = (list: Shape): number[] => list.map((n, i) => (i === a ? list[b]! : i === b ? list[a]! : n));
  return alias(t, swap(t.shape), swap(stridesOf(t)), t.offset);
}

/** x turned by k times 90 degrees in the plane of two dimensions, from the first towards the second. */
export const rot90 = named<
  [k?: number, dims?: readonly number[]],
  { k?: number; dims?: readonly number[] },
  Tensor
>('rot90', ['k', 'dims'], (x, k = 1, given = [0, 1]) => {
  checkTensor('rot90', x);
  integerArgument('rot90', 'k', k);
  if (!Array.isArray(given) || given.length !== 2)
    throw new ArgumentError(`rot90: expected a list of two dims, got ${describe(given)}`);
  if (x.shape.length < 2)
    throw new ShapeError(`rot90: expected at least 2 dimensions, got ${showShape(x.shape)}`);
  return turned(x, { k, dims: dimsOf('rot90', x, [given]) });
});
