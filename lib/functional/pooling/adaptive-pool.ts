/** Pooling to a given size: the input is divided into as many windows, as equal as can be. */
import { ArgumentError, describe } from '../../errors';
import { checkShape, type Shape } from '../../shape';
import type { Tensor } from '../../tensor';
import { booleanArgument, named, type Named } from '../arguments';
import { inFloat32 } from '../autocast';
import { mean } from '../reduce';
import { perDim } from '../spatial';
import { averaged, averagingRule } from './average-pool';
import { maxPooled, type PooledAndIndices } from './max-pool';
import { checkFloating, checkPlanes, type Dims } from './windows';

/** Sizes of the result; null: as the input's. */
export type OutputSize = number | null | readonly (number | null)[];

function outputShape(op: string, x: Tensor, dims: Dims, outputSize: unknown): Shape {
  if (outputSize === undefined)
    throw new ArgumentError(`${op}: expected outputSize to be a number or a list of ${dims}, got undefined`);
  const list: readonly unknown[] = Array.isArray(outputSize) ? (outputSize as unknown[]) : [outputSize];
  if (list.length !== 1 && list.length !== dims)
    throw new ArgumentError(
      `${op}: expected outputSize to be a number or a list of ${dims}, got ${describe(outputSize)}`,
    );
  const skip = x.shape.length - dims;
  const own = Array.from({ length: dims }, (_, i) => list[list.length === 1 ? 0 : i] ?? x.shape[skip + i]!);
  return checkShape(op, [[...x.shape.slice(0, skip), ...perDim(op, 'outputSize', own, dims, 0)]]);
}

const ADAPTIVE_AVG_POOL = {
  1: averagingRule('Squeeze'),
  2: averagingRule('AdaptiveAvgPool2D'),
  3: averagingRule('AdaptiveAvgPool3D'),
};

type AvgPool = Named<[outputSize: OutputSize], { outputSize: OutputSize }, Tensor>;

const adaptiveAvgPool = (dims: Dims): AvgPool => {
  const op = `adaptiveAvgPool${dims}d`;
  return named<[outputSize: OutputSize], { outputSize: OutputSize }, Tensor>(
    op,
    ['outputSize'],
    (x, outputSize) => {
      checkPlanes(op, x, dims, false);
      checkFloating(op, x);
      const to = outputShape(op, x, dims, outputSize);
      const skip = x.shape.length - dims;
      // One window is all there is.
      if (to.slice(skip).every((n) => n === 1))
        return mean(x, { dim: Array.from({ length: dims }, (_, i) => skip + i), keepdim: true });
      const rest = { windows: null, countIncludePad: false, divisor: 0 };
      return averaged(x, { dims, from: x.shape, to, rule: ADAPTIVE_AVG_POOL[dims], ...rest });
    },
  );
};

/**
 * The means of as many windows of [N, C, L] or [C, L] as `outputSize` says
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool1d.html).
 */
export const adaptiveAvgPool1d = adaptiveAvgPool(1);
/**
 * The means of as many windows of [N, C, H, W] or [C, H, W] as `outputSize` says
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool2d.html).
 */
export const adaptiveAvgPool2d = adaptiveAvgPool(2);
/**
 * The means of as many windows of [N, C, D, H, W] or [C, D, H, W] as `outputSize` says
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool3d.html).
 */
export const adaptiveAvgPool3d = inFloat32(adaptiveAvgPool(3), 'cpu');

export interface AdaptiveMaxPool {
  (x: Tensor, outputSize: OutputSize, returnIndices: true): PooledAndIndices;
  (x: Tensor, outputSize: OutputSize, returnIndices?: false): Tensor;
  (x: Tensor, outputSize: OutputSize, options: { returnIndices: true }): PooledAndIndices;
  (x: Tensor, outputSize: OutputSize, options: { returnIndices?: false }): Tensor;
  (x: Tensor, options: { outputSize: OutputSize; returnIndices: true }): PooledAndIndices;
  (x: Tensor, options: { outputSize: OutputSize; returnIndices?: false }): Tensor;
}

const adaptiveMaxPool = (dims: Dims): AdaptiveMaxPool => {
  const op = `adaptiveMaxPool${dims}d`;
  return named<
    [outputSize: OutputSize, returnIndices?: boolean],
    { outputSize: OutputSize; returnIndices?: boolean },
    Tensor | PooledAndIndices
  >(op, ['outputSize', 'returnIndices'], (x, outputSize, returnIndices) => {
    checkPlanes(op, x, dims);
    checkFloating(op, x);
    const wanted = booleanArgument(op, 'returnIndices', returnIndices, false);
    const [out, indices] = maxPooled(x, outputShape(op, x, dims, outputSize), dims, null, wanted);
    return wanted ? [out, indices!] : out;
  }) as unknown as AdaptiveMaxPool;
};

/**
 * The largest elements of as many windows of [N, C, L] or [C, L] as `outputSize` says
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool1d.html).
 */
export const adaptiveMaxPool1d = adaptiveMaxPool(1);
/**
 * The largest elements of as many windows of [N, C, H, W] or [C, H, W] as `outputSize` says
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool2d.html).
 */
export const adaptiveMaxPool2d = adaptiveMaxPool(2);
/**
 * The largest elements of as many windows of [N, C, D, H, W] or [C, D, H, W] as `outputSize` says
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool3d.html).
 */
export const adaptiveMaxPool3d = inFloat32(adaptiveMaxPool(3), 'cpu');
