/** The means of windows. */
import { Op } from '../../backend/ops.generated';
import { autocastUsed } from '../../autograd/mode';
import { defineGradient, record, type GradRule } from '../../autograd/node';
import { Code, DTYPES, isFloatingCode } from '../../dtype';
import { ArgumentError, DTypeError } from '../../errors';
import type { Shape } from '../../shape';
import type { Tensor } from '../../tensor';
import { booleanArgument, integerArgument, named, type Named } from '../arguments';
import { widened } from '../autocast';
import { launch } from '../kernel';
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

/** A pooling that is linear in the input: all that its derivatives need. */
interface Averaging {
  readonly dims: Dims;
  /** null: adaptive ones. */
  readonly windows: Windows | null;
  readonly countIncludePad: boolean;
  /** 0: the number of a window's elements. */
  readonly divisor: number;
  readonly from: Shape;
  readonly to: Shape;
  readonly rule: GradRule<Averaging>;
}

function scalarsOf({ dims, windows, countIncludePad, divisor }: Averaging): number[] {
  return [...windowScalars(dims, windows), Number(countIncludePad), divisor];
}

const AvgPoolBackward = defineGradient<Averaging>('AvgPoolBackward', (h, _, averaging) => [
  averaged(h, averaging),
]);

function averageBackward(grad: Tensor, averaging: Averaging): Tensor {
  const source = worked(grad);
  const out = launch(
    Op.averagePoolBackward,
    computeOf(source),
    averaging.from,
    source.code,
    [source],
    scalarsOf(averaging),
  );
  return record(returned(out, grad.code), AvgPoolBackward, [grad], [], averaging);
}

/** @internal */
export function averaged(x: Tensor, averaging: Averaging): Tensor {
  const source = worked(x);
  const out = launch(
    Op.averagePool,
    computeOf(source),
    averaging.to,
    source.code,
    [source],
    scalarsOf(averaging),
  );
  return record(returned(out, x.code), averaging.rule, [x], [], averaging);
}

/** @internal */
export const averagingRule = (name: string): GradRule<Averaging> =>
  defineGradient<Averaging>(name, (grad, _, averaging) => [averageBackward(grad, averaging)]);

const AVG_POOL = {
  1: averagingRule('Squeeze'),
  2: averagingRule('AvgPool2D'),
  3: averagingRule('AvgPool3D'),
};

type Positions = [
  kernelSize: PerDim,
  stride?: PerDim | null,
  padding?: PerDim,
  ceilMode?: boolean,
  countIncludePad?: boolean,
];

export interface AvgPool1dOptions {
  kernelSize?: PerDim;
  /** The distance of windows (the kernel's size). */
  stride?: PerDim | null;
  /** Zeros at all ends (0); at most half of the kernel. */
  padding?: PerDim;
  /** Whether a window may reach beyond the padding. */
  ceilMode?: boolean;
  /** Whether the padding counts as elements of a window (true). */
  countIncludePad?: boolean;
}

export interface AvgPoolOptions extends AvgPool1dOptions {
  /** What sums are divided by, instead of the number of elements. */
  divisorOverride?: number | null;
}

const NAMES = ['kernelSize', 'stride', 'padding', 'ceilMode', 'countIncludePad'] as const;

/** @internal The means of windows, under the name of an op. */
export function averagePool(
  op: string,
  dims: Dims,
  x: Tensor,
  kernelSize: unknown,
  stride?: unknown,
  padding?: unknown,
  ceilMode?: unknown,
  countIncludePad?: unknown,
  divisorOverride?: unknown,
): Tensor {
  checkPlanes(op, x, dims);
  if (autocastUsed && dims === 3) [x] = widened([x] as const, 'cpu');
  const windows = windowsOf(op, dims, kernelSize, stride, padding, 1, ceilMode);
  const counts = booleanArgument(op, 'countIncludePad', countIncludePad, true);
  const fixed = divisorOverride !== undefined && divisorOverride !== null;
  const divisor = fixed ? integerArgument(op, 'divisorOverride', divisorOverride) : 0;
  if (fixed && divisor === 0) throw new ArgumentError(`${op}: expected divisorOverride to be other than 0`);
  if (!isFloatingCode(x.code) && x.code !== Code.int64)
    throw new DTypeError(`${op}: expected floating point or int64, got ${DTYPES[x.code]}`);
  return averaged(x, {
    dims,
    windows,
    countIncludePad: counts,
    divisor,
    from: x.shape,
    to: pooledShape(op, x, dims, windows),
    rule: AVG_POOL[dims],
  });
}

/**
 * The means of windows of [N, C, L] or [C, L]
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool1d.html).
 */
export const avgPool1d = named<Positions, AvgPool1dOptions, Tensor>('avgPool1d', NAMES, (x, ...rest) =>
  averagePool('avgPool1d', 1, x, ...rest),
);

type Pool = Named<[...Positions, divisorOverride?: number | null], AvgPoolOptions, Tensor>;

const avgPool = (dims: Dims): Pool =>
  named(`avgPool${dims}d`, [...NAMES, 'divisorOverride'], (x, ...rest) =>
    averagePool(`avgPool${dims}d`, dims, x, ...rest),
  );

/**
 * The means of windows of [N, C, H, W] or [C, H, W]
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool2d.html).
 */
export const avgPool2d = avgPool(2);
/**
 * The means of windows of [N, C, D, H, W] or [C, D, H, W]
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool3d.html).
 */
export const avgPool3d = avgPool(3);
