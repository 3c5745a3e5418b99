/** Views by strides, and of windows. */
import { Op } from '../backend/ops.generated';
import { recordView } from '../autograd/view';
import { defineGradient, type GradRule } from '../autograd/node';
import { COMPUTE, Code, defaultDtypeCode } from '../dtype';
import { ArgumentError, AutogradError, IndexError, ShapeError, describe } from '../errors';
import { checkShape, numelOf, sameShape, showShape, wrapDim, type Shape } from '../shape';
import { alias, checkTensor, stridesOf, uninitialised, type Tensor } from '../tensor';
import { add, div, mul } from './arithmetic';
import { integerArgument, named } from './arguments';
import { clampMin } from './clamp';
import { finish, namedArguments, optionsCode, optionsPlace, type TensorOptions } from './creation';
import { indexAdd_, indexSelect } from './index-select';
import { fullOf, generate } from './kernel';
import { permute, reshape, unsqueeze } from './view';

/** Where elements are in a storage. */
interface Geometry {
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
}

/** The place after the last one that elements take. */
function endOf({ shape, strides, offset }: Geometry): number {
  if (numelOf(shape) === 0) return 0;
  return shape.reduce((end, n, i) => end + (n - 1) * Math.max(strides[i]!, 0), offset) + 1;
}

function counting(n: number, place: number): Tensor {
  return generate(Op.arange, COMPUTE[Code.int64]!, [n], Code.int64, place, [0, 1]);
}

/** The places of all elements, in one dimension. */
function placesOf({ shape, strides, offset }: Geometry, place: number): Tensor {
  const start = fullOf([], Code.int64, place, offset);
  const all = shape.reduce(
    (sofar, n, i) => add(unsqueeze(sofar, -1), mul(counting(n, place), strides[i]!)),
    start,
  );
  return reshape(all, -1);
}

/** What `asStrided` made of what. */
interface Restriding {
  readonly from: Geometry;
  readonly to: Geometry;
}

// As PyTorch's as_strided_backward: summed where elements share a place, and divided among those of the input that do.
const AsStrided: GradRule<Restriding> = defineGradient<Restriding>('AsStrided', (grad, _, { from, to }) => {
  const n = Math.max(endOf(from), endOf(to));
  const zeros = (): Tensor => fullOf([n], grad.code, grad.place, 0);
  const places = placesOf(from, grad.place);
  let total = indexAdd_(zeros(), 0, placesOf(to, grad.place), reshape(grad, -1));
  const shared = from.strides.some((stride, i) => stride === 0 && from.shape[i]! > 1);
  if (shared) {
    const ones = fullOf([places.count], grad.code, grad.place, 1);
    total = div(total, clampMin(indexAdd_(zeros(), 0, places, ones), 1));
  }
  return [reshape(indexSelect(total, 0, places), from.shape)];
});

function restrided(x: Tensor, to: Geometry): Tensor {
  const from = { shape: x.shape, strides: stridesOf(x), offset: x.offset };
  return recordView(x, to.shape, to.strides, to.offset, AsStrided, { from, to }, (other) => {
    if (!sameShape(stridesOf(other), from.strides))
      throw new AutogradError(
        `asStrided: a change in place of this view can't be followed: its base has strides ${showShape(from.strides)}`,
      );
    return restrided(other, { ...to, offset: to.offset - from.offset + other.offset });
  });
}

function stridesArgument(op: string, given: unknown, rank: number): number[] {
  if (!Array.isArray(given) || given.length !== rank)
    throw new ArgumentError(`${op}: expected a list of ${rank} strides, got ${describe(given)}`);
  return Array.from(given as readonly unknown[], (stride) => {
    if (integerArgument(op, 'each stride', stride) < 0)
      throw new ArgumentError(`${op}: expected strides of at least 0, got ${describe(stride)}`);
    return (stride as number) + 0;
  });
}

/**
 * A view of x's storage by sizes, strides and an offset in elements, whatever x's own are
 * (https://docs.pytorch.org/docs/stable/generated/torch.as_strided.html).
 */
export const asStrided = named<
  [size: readonly number[], stride: readonly number[], storageOffset?: number | null],
  { size?: readonly number[]; stride?: readonly number[]; storageOffset?: number | null },
  Tensor
>('asStrided', ['size', 'stride', 'storageOffset'], (x, size, stride, storageOffset) => {
  checkTensor('asStrided', x);
  if (!Array.isArray(size))
    throw new ArgumentError(`asStrided: expected a list of sizes, got ${describe(size)}`);
  const shape = checkShape('asStrided', [size]);
  const strides = stridesArgument('asStrided', stride, shape.length);
  const offset =
    storageOffset === undefined || storageOffset === null
      ? x.offset
      : integerArgument('asStrided', 'storageOffset', storageOffset);
  if (offset < 0) throw new ArgumentError(`asStrided: expected a storageOffset of at least 0, got ${offset}`);
  try {
    return restrided(x, { shape, strides, offset });
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw new ShapeError(error.message.replace(/^view:/, 'asStrided:'));
  }
});

/** Uninitialised elements by sizes and strides. */
export function emptyStrided(
  size: readonly number[],
  stride: readonly number[],
  options?: TensorOptions,
): Tensor;
export function emptyStrided(
  options: TensorOptions & { size: readonly number[]; stride: readonly number[] },
): Tensor;
export function emptyStrided(...given: readonly unknown[]): Tensor {
  const op = 'emptyStrided';
  const [[size, stride], options] = namedArguments<TensorOptions>(op, ['size', 'stride'], given);
  if (!Array.isArray(size)) throw new ArgumentError(`${op}: expected a list of sizes, got ${describe(size)}`);
  const shape = checkShape(op, [size]);
  const strides = stridesArgument(op, stride, shape.length);
  const code = optionsCode(op, options, defaultDtypeCode());
  const extent = checkShape(op, [[endOf({ shape, strides, offset: 0 })]]);
  const storage = uninitialised(extent, code, optionsPlace(op, options), op);
  return finish(op, alias(storage, shape, strides, 0), options);
}

interface Windows {
  readonly shape: Shape;
  readonly dim: number;
  readonly size: number;
  readonly step: number;
}

const Unfold: GradRule<Windows> = defineGradient<Windows>('Unfold', (grad, _, w) => {
  const { shape, dim, size, step } = w;
  const whole = fullOf(shape, grad.code, grad.place, 0);
  if (grad.count === 0) return [whole];
  if (shape.length === 0) return [reshape(grad, shape)];
  // The windows' elements beside the windows: their places in the dimension, several of them alike.
  const count = grad.shape[dim]!;
  const places = placesOf({ shape: [count, size], strides: [step, 1], offset: 0 }, grad.place);
  const order = shape.map((_, i) => i);
  order.splice(dim + 1, 0, shape.length);
  const elements = reshape(
    permute(grad, order),
    shape.map((n, i) => (i === dim ? count * size : n)),
  );
  return [indexAdd_(whole, dim, places, elements)];
});

function windows(x: Tensor, w: Windows): Tensor {
  const { dim, size, step } = w;
  const strides = stridesOf(x).slice();
  const own = strides[dim] ?? 1;
  const shape = x.shape.map((n, i) => (i === dim ? Math.floor((n - size) / step) + 1 : n));
  if (strides.length > 0) strides[dim] = own * step;
  return recordView(x, [...shape, size], [...strides, own], x.offset, Unfold, w, (other) =>
    windows(other, w),
  );
}

/**
 * All windows of `size` elements along a dimension, `step` apart; the windows' elements are the last dimension of the view
 * (https://docs.pytorch.org/docs/stable/generated/torch.Tensor.unfold.html).
 */
export const unfold = named<
  [dimension: number, size: number, step: number],
  { dimension?: number; size?: number; step?: number },
  Tensor
>('unfold', ['dimension', 'size', 'step'], (x, dimension, size, step) => {
  checkTensor('unfold', x);
  const dim = wrapDim('unfold', dimension, x.shape.length);
  const n = x.shape[dim] ?? 1;
  if (integerArgument('unfold', 'size', size) < 0)
    throw new ArgumentError(`unfold: expected a size of at least 0, got ${size}`);
  if (integerArgument('unfold', 'step', step) <= 0)
    throw new ArgumentError(`unfold: expected a positive step, got ${step}`);
  if (size > n) throw new IndexError(`unfold: windows of ${size} don't fit dimension ${dim} of size ${n}`);
  if (x.shape.length >= 64)
    throw new ShapeError(`unfold: expected at most 63 dimensions to add one to, got ${x.shape.length}`);
  return windows(x, { shape: x.shape, dim, size, step });
});
