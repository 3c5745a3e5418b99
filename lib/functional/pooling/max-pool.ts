/** The largest elements of windows, and where they are. */
import { Op } from '../../backend/ops.generated';
import { autocastUsed, gradEnabled } from '../../autograd/mode';
import { defineGradient, record, requiresGrad, type GradRule } from '../../autograd/node';
import { Code, DTYPES } from '../../dtype';
import { DTypeError } from '../../errors';
import { numelOf, type Shape } from '../../shape';
import type { Tensor } from '../../tensor';
import { booleanArgument, named, type Named, type WithOptions } from '../arguments';
import { widened } from '../autocast';
import { launch, launchMany } from '../kernel';
import { gather } from '../scatter';
import { reshape } from '../view';
import { type PerDim } from '../spatial';
import {
  checkPlanes,
  computeOf,
  pooledShape,
  returned,
  windowScalars,
  windowsOf,
  worked,
  type Dims,
  type Windows,
} from './windows';

/** What the backward pass knows besides the places. */
interface Planes {
  readonly dims: Dims;
  /** null: adaptive ones. */
  readonly windows: Windows | null;
  readonly shape: Shape;
}

/** Values and their places in the plane, int64. */
export type PooledAndIndices = readonly [output: Tensor, indices: Tensor];

/** x in planes of one dimension. */
function flat(x: Tensor, dims: Dims): Tensor {
  const lead = x.shape.slice(0, x.shape.length - dims);
  return reshape(x, [...lead, numelOf(x.shape.slice(lead.length))]);
}

/** @internal The elements of x's planes at places. */
export function elementsAt(x: Tensor, places: Tensor, dims: Dims): Tensor {
  const index = returned(places, Code.int64);
  return reshape(gather(flat(x, dims), -1, flat(index, dims)), places.shape);
}

const MaxPoolBackward = defineGradient<Planes>('MaxPoolBackward', (h, node, { dims }) => [
  elementsAt(h, node.input(0), dims),
]);

function maxPoolBackward(grad: Tensor, places: Tensor, planes: Planes): Tensor {
  const source = worked(grad);
  const scalars = windowScalars(planes.dims, planes.windows);
  const inputs = [source, places];
  const out = launch(Op.maxPoolBackward, computeOf(source), planes.shape, source.code, inputs, scalars);
  return record(returned(out, grad.code), MaxPoolBackward, [grad], [places], planes);
}

const rule = (name: string): GradRule<Planes> =>
  defineGradient<Planes>(name, (grad, node, planes) => [maxPoolBackward(grad, node.input(0), planes)]);

export const MAX_POOL = {
  1: rule('Squeeze'),
  2: rule('MaxPool2DWithIndices'),
  3: rule('MaxPool3DWithIndices'),
};
export const ADAPTIVE_MAX_POOL = {
  1: rule('Squeeze'),
  2: rule('AdaptiveMaxPool2D'),
  3: rule('AdaptiveMaxPool3D'),
};

/** @internal Of windows, or adaptive ones (null). Places are made if they are wanted: int64, or what will do for the gradient. */
export function maxPooled(
  x: Tensor,
  shape: Shape,
  dims: Dims,
  windows: Windows | null,
  wanted: boolean,
): [values: Tensor, indices: Tensor | null] {
  const source = worked(x);
  const scalars = windowScalars(dims, windows);
  const compute = computeOf(source);
  const recorded = gradEnabled() && requiresGrad(x);
  if (!wanted && !recorded) {
    const out = launch(Op.maxPool, compute, shape, source.code, [source], scalars);
    return [returned(out, x.code), null];
  }
  const plane = numelOf(x.shape.slice(x.shape.length - dims));
  const indexCode = wanted || plane >= 2 ** 31 ? Code.int64 : Code.int32;
  const [values, indices] = launchMany(
    Op.maxPool,
    compute,
    [shape, shape],
    [source.code, indexCode],
    [source],
    scalars,
  ) as [Tensor, Tensor];
  const rules = windows === null ? ADAPTIVE_MAX_POOL : MAX_POOL;
  const planes = { dims, windows, shape: x.shape };
  const out = record(returned(values, x.code), rules[dims], [x], [indices], planes);
  return [out, indices];
}

type Positions = [
  kernelSize: PerDim,
  stride?: PerDim | null,
  padding?: PerDim,
  dilation?: PerDim,
  ceilMode?: boolean,
  returnIndices?: boolean,
];

export interface MaxPoolOptions {
  kernelSize?: PerDim;
  /** The distance of windows (the kernel's size). */
  stride?: PerDim | null;
  /** Minus infinity at all ends (0); at most half of the kernel. */
  padding?: PerDim;
  /** The distance of a window's elements (1). */
  dilation?: PerDim;
  /** Whether a window may reach beyond the padding. */
  ceilMode?: boolean;
  /** Whether the result is [output, indices]. */
  returnIndices?: boolean;
}

type WithIndices = MaxPoolOptions & { returnIndices: true };
type WithoutIndices = MaxPoolOptions & { returnIndices?: false };

export interface MaxPool {
  (x: Tensor, ...args: WithOptions<Required<Positions>, WithIndices>): PooledAndIndices;
  (x: Tensor, ...args: WithOptions<Required<Positions>, WithoutIndices>): Tensor;
  (
    x: Tensor,
    kernelSize: PerDim,
    stride: PerDim | null,
    padding: PerDim,
    dilation: PerDim,
    ceilMode: boolean,
    returnIndices: true,
  ): PooledAndIndices;
  (
    x: Tensor,
    kernelSize: PerDim,
    stride?: PerDim | null,
    padding?: PerDim,
    dilation?: PerDim,
    ceilMode?: boolean,
    returnIndices?: false,
  ): Tensor;
}

const NAMES = ['kernelSize', 'stride', 'padding', 'dilation', 'ceilMode', 'returnIndices'] as const;

const maxPool = (dims: Dims, op = `maxPool${dims}d`, always = false): MaxPool => {
  return named<Positions, MaxPoolOptions, Tensor | PooledAndIndices>(
    op,
    NAMES,
    (x, kernelSize, stride, padding, dilation, ceilMode, returnIndices) => {
      checkPlanes(op, x, dims);
      const wanted = booleanArgument(op, 'returnIndices', returnIndices, false) || always;
      // PyTorch's function that gives indices is another one, which autocast does not know.
      if (autocastUsed && dims === 3 && !wanted) [x] = widened([x] as const, 'cpu');
      const windows = windowsOf(op, dims, kernelSize, stride, padding, dilation, ceilMode);
      if (x.code === Code.bool) throw new DTypeError(`${op}: not defined for ${DTYPES[x.code]}`);
      const [out, indices] = maxPooled(x, pooledShape(op, x, dims, windows), dims, windows, wanted);
      return wanted ? [out, indices!] : out;
    },
  ) as unknown as MaxPool;
};

/**
 * The largest elements of windows of [N, C, L] or [C, L]
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool1d.html).
 */
export const maxPool1d = maxPool(1);
/**
 * The largest elements of windows of [N, C, H, W] or [C, H, W]
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool2d.html). With `returnIndices` also where
 * they are: their places in the plane, as `maxUnpool2d` takes them.
 */
export const maxPool2d = maxPool(2);
/**
 * The largest elements of windows of [N, C, D, H, W] or [C, D, H, W]
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool3d.html).
 */
export const maxPool3d = maxPool(3);

type WithPlaces = Named<Positions, MaxPoolOptions, PooledAndIndices>;
const maxPoolWithIndices = (dims: Dims): WithPlaces =>
  maxPool(dims, `maxPool${dims}dWithIndices`, true) as unknown as WithPlaces;

/** `maxPool1d` with `returnIndices`. */
export const maxPool1dWithIndices = maxPoolWithIndices(1);
/** `maxPool2d` with `returnIndices`. */
export const maxPool2dWithIndices = maxPoolWithIndices(2);
/** `maxPool3d` with `returnIndices`. */
export const maxPool3dWithIndices = maxPoolWithIndices(3);
