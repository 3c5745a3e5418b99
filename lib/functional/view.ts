/** Views: other shapes and strides on the same storage. Gradients flow through; changes in place are shared. */
import { recordView, recordViews } from '../autograd/view';
import { defineGradient, record, type GradRule, type Node } from '../autograd/node';
import { MAX_TENSORS } from '../backend/commands';
import { ArgumentError, IndexError, OutOfMemoryError, ShapeError, describe } from '../errors';
import {
  MAX_RANK,
  broadcastsTo,
  checkShape,
  inferShape,
  isPermutedDense,
  isRowMajor,
  numelOf,
  showShape,
  unpackList,
  wrapDim,
  wrapDims,
  type Shape,
} from '../shape';
import { type Tensor, alias as shareOf, checkTensor, stridesOf, uninitialised } from '../tensor';
import { bindArguments, integerArgument, isOptions, named } from './arguments';
import { copied } from './cast';
import { contiguous, copy_ } from './copy';
import { fullOf } from './kernel';

/** The strides that give `shape` the elements of x in their order, or null when there are none without a copy. */
export function viewStrides(x: Tensor, shape: Shape): number[] | null {
  const strides = stridesOf(x);
  const out = new Array<number>(shape.length);
  // Runs of x's dimensions that lie one behind the other in memory are cut anew, from the last to the first.
  let i = x.shape.length - 1;
  let k = shape.length - 1;
  while (i >= 0 || k >= 0) {
    let size = 1;
    let step = 1;
    let base = 1;
    if (i >= 0) {
      size = x.shape[i]!;
      base = strides[i]!;
      step = base * size;
      i--;
      while (i >= 0 && (x.shape[i] === 1 || size === 1 || strides[i] === step)) {
        if (size === 1) base = strides[i]!;
        if (x.shape[i] !== 1) step = strides[i]! * x.shape[i]!;
        size *= x.shape[i]!;
        i--;
      }
    }
    let rest = size;
    while (k >= 0 && (rest > 1 || shape[k] === 1)) {
      const n = shape[k]!;
      if (rest % n !== 0) return null;
      out[k] = base;
      base *= n;
      rest /= n;
      k--;
    }
    if (rest !== 1) return null;
  }
  return out;
}

type Sizes = readonly (number | readonly number[])[];

/** A list given as arguments, as one array or by its name. */
function listed(op: string, name: string, given: readonly unknown[]): readonly unknown[] {
  return unpackList(op, given.length === 1 && isOptions(given[0]) ? bindArguments(op, [name], given) : given);
}

const View = defineGradient<Shape>('View', (grad, _, shape) => [reshape(grad, shape)]);

function viewAs(x: Tensor, shape: Shape, op: string): Tensor | null {
  if (x.count === 0) return makeView(x, shape, null);
  const strides = x.layout === null ? null : viewStrides(x, shape);
  if (x.layout !== null && strides === null) return null;
  return makeView(x, shape, strides);

  function makeView(of: Tensor, to: Shape, layout: readonly number[] | null): Tensor {
    return recordView(of, to, layout, of.offset, View, of.shape, (other) => viewAs(other, to, op)!);
  }
}

/**
 * The same elements as another shape, without a copy; one size may be -1 (https://pytorch.org/docs/stable/generated/torch.Tensor.view.html).
 * @throws ShapeError when the strides don't allow it: use `reshape`.
 */
export function view(x: Tensor, ...size: Sizes | [{ size: readonly number[] }]): Tensor {
  checkTensor('view', x);
  const shape = inferShape('view', listed('view', 'size', size), x.count);
  const out = viewAs(x, shape, 'view');
  if (out === null)
    throw new ShapeError(
      `view: a tensor of shape ${showShape(x.shape)} and strides ${showShape(stridesOf(x))} can't be seen as ${showShape(shape)} without a copy; use reshape`,
    );
  return out;
}

// What a copy was reshaped to is nobody's view.
const UnsafeView = defineGradient<Shape>('UnsafeView', (grad, _, shape) => [reshape(grad, shape)]);

/** A row-major tensor that nobody else has as another shape: no view of it as far as autograd is concerned. */
export function unsafeView(x: Tensor, shape: Shape): Tensor {
  return record(shareOf(x, shape, null, x.offset), UnsafeView, [x], [], x.shape);
}

/** The same elements as another shape: a view where that is possible, else a copy. */
export function reshape(x: Tensor, ...sizes: Sizes | [{ shape: readonly number[] }]): Tensor {
  checkTensor('reshape', x);
  const shape = inferShape('reshape', listed('reshape', 'shape', sizes), x.count);
  const out = viewAs(x, shape, 'reshape');
  if (out !== null) return out;
  return record(shareOf(copied(x, x.code), shape, null, 0), UnsafeView, [x], [], x.shape);
}

/** The options of `flatten`, which may come by position too. */
export interface FlattenOptions {
  startDim?: number;
  endDim?: number;
}

/** Makes one dimension of those from `startDim` (0) to `endDim` (-1). */
export const flatten = named<[startDim?: number, endDim?: number], FlattenOptions, Tensor>(
  'flatten',
  ['startDim', 'endDim'],
  (x, startDim = 0, endDim = -1) => {
    checkTensor('flatten', x);
    const rank = x.shape.length;
    const start = wrapDim('flatten', startDim, rank);
    const end = wrapDim('flatten', endDim, rank);
    if (start > end) throw new ArgumentError(`flatten: startDim ${startDim} comes after endDim ${endDim}`);
    if (rank === 0) return reshape(x, [1]);
    if (start === end) return x;
    const { shape } = x;
    return reshape(x, [
      ...shape.slice(0, start),
      numelOf(shape.slice(start, end + 1)),
      ...shape.slice(end + 1),
    ]);
  },
);

/** Makes several dimensions of one: one size may be -1. */
export const unflatten = named<
  [dim: number, sizes: readonly number[]],
  { dim: number; sizes: readonly number[] },
  Tensor
>('unflatten', ['dim', 'sizes'], (x, dim, sizes) => {
  checkTensor('unflatten', x);
  if (!Array.isArray(sizes) || sizes.length === 0)
    throw new ArgumentError(`unflatten: expected a list of sizes, got ${describe(sizes)}`);
  if (x.shape.length === 0) throw new IndexError('unflatten: a 0-d tensor has no dimension to divide');
  const d = wrapDim('unflatten', dim, x.shape.length);
  const inner = inferShape('unflatten', sizes, x.shape[d]!);
  return view(x, [...x.shape.slice(0, d), ...inner, ...x.shape.slice(d + 1)]);
});

/** All elements in one dimension. */
export function ravel(x: Tensor): Tensor {
  checkTensor('ravel', x);
  return view(contiguous(x), -1);
}

const Permute: GradRule<readonly number[]> = defineGradient<readonly number[]>('Permute', (grad, _, dims) => {
  const inverse = new Array<number>(dims.length);
  dims.forEach((d, i) => (inverse[d] = i));
  return [permuted(grad, inverse, Permute)];
});
const Transpose: GradRule<readonly number[]> = { name: 'TransposeBackward', backward: Permute.backward };
const T: GradRule<readonly number[]> = { name: 'TBackward', backward: Permute.backward };

function permuted(x: Tensor, dims: readonly number[], rule: GradRule<readonly number[]>): Tensor {
  const strides = stridesOf(x);
  return recordView(
    x,
    dims.map((d) => x.shape[d]!),
    dims.map((d) => strides[d]!),
    x.offset,
    rule,
    dims,
    (other) => permuted(other, dims, rule),
  );
}

/** The dimensions in another order. */
export function permute(x: Tensor, ...dims: Sizes | [{ dims: readonly number[] }]): Tensor {
  checkTensor('permute', x);
  const rank = x.shape.length;
  // Not map, which passes over what a sparse list lacks.
  const list = Array.from(listed('permute', 'dims', dims), (d) => wrapDim('permute', d, rank));
  if (list.length !== rank || new Set(list).size !== rank)
    throw new ArgumentError(
      `permute: expected every one of the ${rank} dimensions once, got ${showShape(list)}`,
    );
  return permuted(x, list, Permute);
}

function swapped(x: Tensor, a: number, b: number, rule: GradRule<readonly number[]>): Tensor {
  const dims = x.shape.map((_, i) => i);
  if (dims.length > 0) {
    dims[a] = b;
    dims[b] = a;
  }
  return permuted(x, dims, rule);
}

/** Two dimensions exchanged. */
export const transpose = named<[dim0: number, dim1: number], { dim0: number; dim1: number }, Tensor>(
  'transpose',
  ['dim0', 'dim1'],
  (x, dim0, dim1) => {
    checkTensor('transpose', x);
    const rank = x.shape.length;
    return swapped(x, wrapDim('transpose', dim0, rank), wrapDim('transpose', dim1, rank), Transpose);
  },
);

/** The dimensions `source` at the places `destination`; the others keep their order. */
export const movedim = named<
  [source: number | readonly number[], destination: number | readonly number[]],
  { source: number | readonly number[]; destination: number | readonly number[] },
  Tensor
>('movedim', ['source', 'destination'], (x, source, destination) => {
  checkTensor('movedim', x);
  const rank = x.shape.length;
  const [from, to] = [source, destination].map((dims) =>
    Array.from(unpackList('movedim', [dims]), (d) => wrapDim('movedim', d, rank)),
  ) as [number[], number[]];
  if (from.length !== to.length || new Set(from).size < from.length || new Set(to).size < to.length)
    throw new ArgumentError(
      `movedim: expected as many different sources as destinations, got ${showShape(from)} and ${showShape(to)}`,
    );
  if (rank === 0) return alias(x);
  const rest = x.shape.map((_, i) => i).filter((i) => !from.includes(i));
  return permuted(
    x,
    x.shape.map((_, i) => (to.includes(i) ? from[to.indexOf(i)]! : rest.shift()!)),
    Permute,
  );
});

const Alias = defineGradient('Alias', (grad) => [grad]);

/** A view of all of x. */
export function alias(x: Tensor): Tensor {
  return recordView(x, x.shape, x.layout, x.offset, Alias, null, alias);
}

/** The last two dimensions exchanged; of one dimension that is an error, of none x itself. */
export function matrixTranspose(op: string, x: Tensor): Tensor {
  checkTensor(op, x);
  const rank = x.shape.length;
  if (rank === 0) return x;
  if (rank === 1) throw new ShapeError(`${op}: expected at least 2 dimensions, got ${showShape(x.shape)}`);
  return transpose(x, -2, -1);
}

/** The transpose of the last two dimensions: there are no complex numbers to conjugate. */
export function adjoint(x: Tensor): Tensor {
  return matrixTranspose('adjoint', x);
}

/** The transpose of a matrix; tensors of fewer dimensions as they are. */
export function t(x: Tensor): Tensor {
  checkTensor('t', x);
  if (x.shape.length > 2)
    throw new ShapeError(`t: expected at most 2 dimensions, got shape ${showShape(x.shape)}`);
  return swapped(x, 0, x.shape.length - 1, T);
}

/** All dimensions in reverse order. */
export function reversed(x: Tensor): Tensor {
  return permuted(
    x,
    x.shape.map((_, i) => x.shape.length - 1 - i),
    Permute,
  );
}

const Squeeze = defineGradient<Shape>('Squeeze', (grad, _, shape) => [reshape(grad, shape)]);
const Unsqueeze: GradRule<Shape> = { name: 'UnsqueezeBackward', backward: Squeeze.backward };

function withoutDims(x: Tensor, dims: readonly number[]): Tensor {
  const strides = stridesOf(x);
  const keep = x.shape.map((_, i) => i).filter((i) => !dims.includes(i));
  return recordView(
    x,
    keep.map((i) => x.shape[i]!),
    keep.map((i) => strides[i]!),
    x.offset,
    Squeeze,
    x.shape,
    (other) => withoutDims(other, dims),
  );
}

/** Without the dimensions of size 1, or without those of `dim` that have it. */
export const squeeze = named<
  [dim?: number | readonly number[]],
  { dim?: number | readonly number[] },
  Tensor
>('squeeze', ['dim'], (x, dim) => {
  checkTensor('squeeze', x);
  const none = Array.isArray(dim) && dim.length === 0;
  const dims = none ? [] : wrapDims('squeeze', dim, x.shape.length);
  return withoutDims(
    x,
    dims.filter((d) => x.shape[d] === 1),
  );
});

/** Throws when there can't be another dimension. */
export function checkRoom(op: string, shape: Shape): void {
  if (shape.length >= MAX_RANK)
    throw new ShapeError(
      `${op}: expected at most ${MAX_RANK - 1} dimensions to add one to, got ${shape.length}`,
    );
}

/** With a dimension of size 1 before `dim`; -1 appends it. */
export const unsqueeze = named<[dim: number], { dim: number }, Tensor>('unsqueeze', ['dim'], (x, dim) => {
  checkTensor('unsqueeze', x);
  checkRoom('unsqueeze', x.shape);
  const at = wrapDim('unsqueeze', dim, x.shape.length + 1);
  return unsqueezed(x, at);
});

function unsqueezed(x: Tensor, at: number): Tensor {
  const strides = stridesOf(x);
  const shape = [...x.shape.slice(0, at), 1, ...x.shape.slice(at)];
  const step = at < strides.length ? strides[at]! * x.shape[at]! : 1;
  const layout = [...strides.slice(0, at), step, ...strides.slice(at)];
  return recordView(x, shape, x.layout === null ? null : layout, x.offset, Unsqueeze, x.shape, (other) =>
    unsqueezed(other, at),
  );
}

// The engine sums a gradient to the shape it was broadcast from.
const Expand = defineGradient('Expand', (grad) => [grad]);

/** x repeated without a copy: sizes of 1 become larger, dimensions are added in front; -1 keeps a size. */
export function expand(x: Tensor, ...size: Sizes | [{ size: readonly number[] }]): Tensor {
  checkTensor('expand', x);
  const list = listed('expand', 'size', size);
  const skip = list.length - x.shape.length;
  const shape = checkShape('expand', [list.map((n, i) => (n === -1 && i >= skip ? x.shape[i - skip]! : n))]);
  if (!broadcastsTo(x.shape, shape))
    throw new ShapeError(
      `expand: a tensor of shape ${showShape(x.shape)} can't be expanded to ${showShape(shape)}`,
    );
  return expanded(x, shape);
}

function expanded(x: Tensor, shape: Shape): Tensor {
  const strides = stridesOf(x);
  const skip = shape.length - x.shape.length;
  const layout = shape.map((n, i) =>
    i < skip || (x.shape[i - skip] === 1 && n !== 1) ? 0 : strides[i - skip]!,
  );
  return recordView(x, shape, layout, x.offset, Expand, null, (other) => expanded(other, shape));
}

/** x expanded to the shape of `other`. */
export function expandAs(x: Tensor, other: Tensor): Tensor {
  checkTensor('expandAs', other, 'other');
  return expand(x, other.shape);
}

/** x seen as the shape of `other`. */
export function viewAsTensor(x: Tensor, other: Tensor): Tensor {
  checkTensor('viewAs', other, 'other');
  return view(x, other.shape);
}

/** x in the shape of `other`. */
export function reshapeAs(x: Tensor, other: Tensor): Tensor {
  checkTensor('reshapeAs', other, 'other');
  return reshape(x, other.shape);
}

/** What a part of a tensor was cut from, and where. */
interface Part {
  readonly shape: Shape;
  readonly dim: number;
  readonly start: number;
  readonly step: number;
}

const Slice = defineGradient<Part>('Slice', (grad, _, part) => [embed(grad, part, false)]);
const Select = defineGradient<Part>('Select', (grad, _, part) => [embed(grad, part, true)]);

/** The gradient of a part as that of the whole: zeros around it. Differentiable, being made of a view and a copy. */
function embed(grad: Tensor, part: Part, selected: boolean): Tensor {
  const whole = fullOf(part.shape, grad.code, grad.place, 0);
  const length = selected ? 1 : grad.shape[part.dim]!;
  const region = selected
    ? selectedAt(whole, part.dim, part.start)
    : sliced(whole, part.dim, part.start, length, part.step);
  copy_(region, grad);
  return whole;
}

function sliced(x: Tensor, dim: number, start: number, length: number, step: number): Tensor {
  const strides = stridesOf(x).slice();
  const offset = x.offset + (length === 0 ? 0 : start * strides[dim]!);
  strides[dim]! *= step;
  const shape = x.shape.slice();
  shape[dim] = length;
  const context = { shape: x.shape, dim, start, step };
  return recordView(x, shape, strides, offset, Slice, context, (other) =>
    sliced(other, dim, start, length, step),
  );
}

/** Every `step`-th of the elements of a dimension from `start` to before `end`, which count as in Python. */
export function slice(x: Tensor, dim: number, start: number | null, end: number | null, step = 1): Tensor {
  checkTensor('slice', x);
  if (x.shape.length === 0) throw new IndexError('slice: a 0-d tensor has no dimension to slice');
  const d = wrapDim('slice', dim, x.shape.length);
  if (integerArgument('slice', 'step', step) <= 0)
    throw new ArgumentError(`slice: expected a positive step, got ${step}`);
  const n = x.shape[d]!;
  const place = (value: number, name: string): number => {
    integerArgument('slice', name, value);
    return Math.min(Math.max(value < 0 ? value + n : value, 0), n);
  };
  const from = start === null ? 0 : place(start, 'start');
  const to = end === null ? n : place(end, 'end');
  return sliced(x, d, from, Math.max(0, Math.ceil((to - from) / step)), step);
}

/** `length` elements of a dimension, from `start` on. */
export const narrow = named<
  [dim: number, start: number, length: number],
  { dim: number; start: number; length: number },
  Tensor
>('narrow', ['dim', 'start', 'length'], (x, dim, start, length) => {
  checkTensor('narrow', x);
  if (x.shape.length === 0) throw new IndexError('narrow: a 0-d tensor has no dimension to narrow');
  const d = wrapDim('narrow', dim, x.shape.length);
  const n = x.shape[d]!;
  const from = integerArgument('narrow', 'start', start) < 0 ? start + n : start;
  if (from < 0 || integerArgument('narrow', 'length', length) < 0 || from + length > n)
    throw new IndexError(`narrow: ${length} elements from ${start} on exceed dimension ${d} of size ${n}`);
  return sliced(x, d, from, length, 1);
});

function selectedAt(x: Tensor, dim: number, index: number): Tensor {
  const strides = stridesOf(x);
  const shape = x.shape.filter((_, i) => i !== dim);
  const layout = strides.filter((_, i) => i !== dim);
  const context = { shape: x.shape, dim, start: index, step: 1 };
  return recordView(x, shape, layout, x.offset + index * strides[dim]!, Select, context, (other) =>
    selectedAt(other, dim, index),
  );
}

/** One index of a dimension, which disappears; negative ones count from the end. */
export const select = named<[dim: number, index: number], { dim: number; index: number }, Tensor>(
  'select',
  ['dim', 'index'],
  (x, dim, index) => {
    checkTensor('select', x);
    if (x.shape.length === 0) throw new IndexError('select: a 0-d tensor has no dimension to select from');
    const d = wrapDim('select', dim, x.shape.length);
    const n = x.shape[d]!;
    const i = integerArgument('select', 'index', index);
    if (i < -n || i >= n)
      throw new IndexError(`select: index ${i} is out of range for dimension ${d} of size ${n}`);
    return selectedAt(x, d, i < 0 ? i + n : i);
  },
);

/** How a dimension was divided, and how the whole lay in memory. */
interface Division {
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly dim: number;
  readonly sizes: readonly number[];
}

/**
 * For the gradients of all parts, in the order of the whole's elements in memory, so that what made a permuted view of it
 * need not copy: zeros where a part has none.
 */
function blankFor(grads: readonly (Tensor | null)[], node: Node, { shape, strides }: Division): Tensor {
  const memory = grads.includes(null)
    ? fullOf(shape, node.code, node.place, 0)
    : uninitialised(shape, node.code, node.place, 'backward');
  const isPermuted = !isRowMajor(shape, strides) && isPermutedDense(shape, strides);
  return isPermuted ? shareOf(memory, shape, strides, 0) : memory;
}

/** The gradients of the parts side by side. Differentiable, being made of views and copies. */
function divisionRule(name: string): GradRule<Division> {
  return {
    ...defineGradient<Division>(name, () => []),
    backwardAll(grads, node, division) {
      const { dim, sizes } = division;
      const whole = blankFor(grads, node, division);
      let start = 0;
      grads.forEach((g, i) => {
        if (g !== null) copy_(sliced(whole, dim, start, sizes[i]!, 1), g);
        start += sizes[i]!;
      });
      return [whole];
    },
  };
}

const Split = divisionRule('Split');
const SplitWithSizes = divisionRule('SplitWithSizes');

function divided(x: Tensor, dim: number, sizes: readonly number[], rule: GradRule<Division>): Tensor[] {
  const strides = stridesOf(x);
  let start = 0;
  const parts = sizes.map((length) => {
    const from = start;
    start += length;
    const shape = x.shape.map((n, i) => (i === dim ? length : n));
    const offset = x.offset + (length === 0 ? 0 : from * strides[dim]!);
    return { shape, strides, offset, replay: (of: Tensor) => sliced(of, dim, from, length, 1) };
  });
  return recordViews(x, parts, rule, { shape: x.shape, strides, dim, sizes });
}

/** Parts of the given size (the last one may be smaller) or sizes. */
export const split = named<
  [splitSize: number | readonly number[], dim?: number],
  { splitSize?: number | readonly number[]; dim?: number },
  Tensor[]
>('split', ['splitSize', 'dim'], (x, size, dim = 0) => {
  checkTensor('split', x);
  if (Array.isArray(size)) return dividedAs('split', x, size, dim);
  if (x.shape.length === 0) throw new ShapeError('split: a 0-d tensor has no dimension to split');
  const d = wrapDim('split', dim, x.shape.length);
  const n = x.shape[d]!;
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 0 || (size === 0 && n > 0))
    throw new ArgumentError(`split: expected a positive size or a list of sizes, got ${describe(size)}`);
  const count = Math.max(1, n === 0 ? 1 : Math.ceil(n / size));
  checkParts('split', count);
  return divided(
    x,
    d,
    Array.from({ length: count }, (_, i) => Math.min(size, n - i * size)),
    Split,
  );
});

/** Parts of the given sizes. */
export const splitWithSizes = named<
  [splitSizes: readonly number[], dim?: number],
  { splitSizes?: readonly number[]; dim?: number },
  Tensor[]
>('splitWithSizes', ['splitSizes', 'dim'], (x, sizes, dim = 0) => {
  checkTensor('splitWithSizes', x);
  return dividedAs('splitWithSizes', x, sizes, dim);
});

function checkParts(op: string, count: number): void {
  if (count > MAX_TENSORS)
    throw new OutOfMemoryError(`${op}: expected at most ${MAX_TENSORS} parts, got ${count}`);
}

function dividedAs(op: string, x: Tensor, sizes: unknown, dim: number): Tensor[] {
  if (!Array.isArray(sizes))
    throw new ArgumentError(`${op}: expected a list of sizes, got ${describe(sizes)}`);
  if (x.shape.length === 0) throw new ShapeError(`${op}: a 0-d tensor has no dimension to split`);
  const d = wrapDim(op, dim, x.shape.length);
  const list: number[] = [];
  let sum = 0;
  for (const size of sizes as unknown[]) {
    if (integerArgument(op, 'each size', size) < 0)
      throw new ArgumentError(`${op}: expected sizes of at least 0, got ${describe(size)}`);
    list.push(size as number);
    sum += size as number;
  }
  if (sum !== x.shape[d]) throw new ShapeError(`${op}: ${showSizes(list)} don't add up to ${x.shape[d]}`);
  return divided(x, d, list, SplitWithSizes);
}

/** Sizes for a message, unless they are many. */
function showSizes(sizes: readonly number[]): string {
  return sizes.length > MAX_RANK ? `${sizes.length} sizes` : `sizes ${showShape(sizes)}`;
}

/** At most `chunks` parts of one size (the last one may be smaller). */
export const chunk = named<[chunks: number, dim?: number], { chunks?: number; dim?: number }, Tensor[]>(
  'chunk',
  ['chunks', 'dim'],
  (x, chunks, dim = 0) => {
    checkTensor('chunk', x);
    if (typeof chunks !== 'number' || !Number.isInteger(chunks) || chunks <= 0)
      throw new ArgumentError(`chunk: expected a positive number of chunks, got ${describe(chunks)}`);
    if (x.shape.length === 0) throw new ShapeError('chunk: a 0-d tensor has no dimension to split');
    const d = wrapDim('chunk', dim, x.shape.length);
    const n = x.shape[d]!;
    if (n === 0) checkParts('chunk', chunks);
    if (n === 0) return divided(x, d, new Array<number>(chunks).fill(0), SplitWithSizes);
    return split(x, Math.ceil(n / chunks), dim);
  },
);

const Unbind: GradRule<Division> = {
  ...defineGradient<Division>('Unbind', () => []),
  backwardAll(grads, node, division) {
    const whole = blankFor(grads, node, division);
    grads.forEach((g, i) => g !== null && copy_(selectedAt(whole, division.dim, i), g));
    return [whole];
  },
};

/** The slices along a dimension, without it. */
export const unbind = named<[dim?: number], { dim?: number }, Tensor[]>('unbind', ['dim'], (x, dim = 0) => {
  checkTensor('unbind', x);
  if (x.shape.length === 0) throw new IndexError('unbind: a 0-d tensor has no dimension to take apart');
  const d = wrapDim('unbind', dim, x.shape.length);
  checkParts('unbind', x.shape[d]!);
  const strides = stridesOf(x);
  const shape = x.shape.filter((_, i) => i !== d);
  const layout = strides.filter((_, i) => i !== d);
  const parts = Array.from({ length: x.shape[d]! }, (_, i) => ({
    shape,
    strides: layout,
    offset: x.offset + i * strides[d]!,
    replay: (of: Tensor) => selectedAt(of, d, i),
  }));
  return recordViews(x, parts, Unbind, { shape: x.shape, strides, dim: d, sizes: [] });
});
