/** Layers that pool: the largest element or the mean of each window (https://docs.pytorch.org/docs/stable/nn.html#pooling-layers). */
import { ArgumentError } from '../errors';
import { bindArguments, booleanArgument, numberArgument, type WithOptions } from '../functional/arguments';
import { avgPool1d, avgPool2d, avgPool3d } from '../functional/pooling/average-pool';
import { lpPool1d, lpPool2d, lpPool3d } from '../functional/pooling/lp-pool';
import { maxPool1d, maxPool2d, maxPool3d, type PooledAndIndices } from '../functional/pooling/max-pool';
import { maxUnpool1d, maxUnpool2d, maxUnpool3d } from '../functional/pooling/max-unpool';
import type { Dims } from '../functional/pooling/windows';
import { perDim, type PerDim } from '../functional/spatial';
import type { Tensor } from '../tensor';
import { Module } from './module';
import { fields } from './repr';

/** A number for all dimensions, or one for each, as it was given. */
function sizeOf(layer: string, name: string, value: unknown, dims: Dims, least: number): PerDim {
  const list = perDim(layer, name, value, dims, least);
  return Array.isArray(value) ? (value as readonly number[]).slice() : list[0]!;
}

/** Windows as all pooling layers know them. */
abstract class Pool extends Module {
  readonly kernelSize: PerDim;
  readonly stride: PerDim;
  readonly padding: PerDim;
  readonly ceilMode: boolean;
  constructor(
    layer: string,
    dims: Dims,
    kernelSize: unknown,
    stride: unknown,
    padding: unknown,
    ceilMode: unknown,
  ) {
    super();
    this.kernelSize = sizeOf(layer, 'kernelSize', kernelSize, dims, 1);
    this.stride = sizeOf(layer, 'stride', stride ?? kernelSize, dims, 1);
    this.padding = sizeOf(layer, 'padding', padding ?? 0, dims, 0);
    this.ceilMode = booleanArgument(layer, 'ceilMode', ceilMode, false);
  }
}

type MaxPositions = [
  kernelSize: PerDim,
  stride?: PerDim | null,
  padding?: PerDim,
  dilation?: PerDim,
  returnIndices?: boolean,
  ceilMode?: boolean,
];
export interface MaxPoolLayerOptions {
  kernelSize?: PerDim;
  /** The distance of windows (the kernel's size). */
  stride?: PerDim | null;
  /** Minus infinity at all ends (0). */
  padding?: PerDim;
  /** The distance of a window's elements (1). */
  dilation?: PerDim;
  /** Whether the result is [output, indices]. */
  returnIndices?: boolean;
  /** Whether a window may reach beyond the padding. */
  ceilMode?: boolean;
}
type MaxArguments = MaxPositions | WithOptions<Required<MaxPositions>, MaxPoolLayerOptions>;
const MAX = ['kernelSize', 'stride', 'padding', 'dilation', 'returnIndices', 'ceilMode'];

abstract class MaxPool extends Pool {
  readonly dilation: PerDim;
  readonly returnIndices: boolean;
  private readonly pool: typeof maxPool2d;
  constructor(layer: string, dims: Dims, pool: typeof maxPool2d, given: readonly unknown[]) {
    const [kernelSize, stride, padding, dilation, returnIndices, ceilMode] = bindArguments(layer, MAX, given);
    super(layer, dims, kernelSize, stride, padding, ceilMode);
    this.dilation = sizeOf(layer, 'dilation', dilation ?? 1, dims, 1);
    this.returnIndices = booleanArgument(layer, 'returnIndices', returnIndices, false);
    this.pool = pool;
  }
  override forward(input: Tensor): Tensor;
  override forward(input: Tensor): Tensor | PooledAndIndices {
    const { kernelSize, stride, padding, dilation, ceilMode } = this;
    const options = { kernelSize, stride, padding, dilation, ceilMode };
    return this.returnIndices
      ? this.pool(input, { ...options, returnIndices: true })
      : this.pool(input, options);
  }
  override extraRepr(): string {
    return fields({
      kernel_size: this.kernelSize,
      stride: this.stride,
      padding: this.padding,
      dilation: this.dilation,
      ceil_mode: this.ceilMode,
    });
  }
}

/** The largest elements of windows of [N, C, L] or [C, L]; with `returnIndices`, and where they are. */
export class MaxPool1d extends MaxPool {
  constructor(...given: MaxArguments) {
    super('MaxPool1d', 1, maxPool1d, given);
  }
}

/** The largest elements of windows of [N, C, H, W] or [C, H, W]; with `returnIndices`, and where they are. */
export class MaxPool2d extends MaxPool {
  constructor(...given: MaxArguments) {
    super('MaxPool2d', 2, maxPool2d, given);
  }
}

/** The largest elements of windows of [N, C, D, H, W] or [C, D, H, W]; with `returnIndices`, and where they are. */
export class MaxPool3d extends MaxPool {
  constructor(...given: MaxArguments) {
    super('MaxPool3d', 3, maxPool3d, given);
  }
}

type AveragePositions = [
  kernelSize: PerDim,
  stride?: PerDim | null,
  padding?: PerDim,
  ceilMode?: boolean,
  countIncludePad?: boolean,
];
export interface AvgPool1dLayerOptions {
  kernelSize?: PerDim;
  /** The distance of windows (the kernel's size). */
  stride?: PerDim | null;
  /** Zeros at all ends (0). */
  padding?: PerDim;
  /** Whether a window may reach beyond the padding. */
  ceilMode?: boolean;
  /** Whether the padding counts as elements of a window (true). */
  countIncludePad?: boolean;
}
export interface AvgPoolLayerOptions extends AvgPool1dLayerOptions {
  /** What sums are divided by, instead of the number of elements. */
  divisorOverride?: number | null;
}
type DividedPositions = [...AveragePositions, divisorOverride?: number | null];
type AverageArguments = DividedPositions | WithOptions<Required<DividedPositions>, AvgPoolLayerOptions>;
const AVERAGE = ['kernelSize', 'stride', 'padding', 'ceilMode', 'countIncludePad', 'divisorOverride'];

abstract class AvgPool extends Pool {
  readonly countIncludePad: boolean;
  readonly divisorOverride: number | null;
  constructor(layer: string, dims: Dims, names: readonly string[], given: readonly unknown[]) {
    const [kernelSize, stride, padding, ceilMode, counts, divisor] = bindArguments(layer, names, given);
    super(layer, dims, kernelSize, stride, padding, ceilMode);
    this.countIncludePad = booleanArgument(layer, 'countIncludePad', counts, true);
    this.divisorOverride = (divisor ?? null) as number | null;
  }
  override extraRepr(): string {
    return fields({ kernel_size: this.kernelSize, stride: this.stride, padding: this.padding });
  }
}

/** The means of windows of [N, C, L] or [C, L]. */
export class AvgPool1d extends AvgPool {
  constructor(...given: AveragePositions | WithOptions<Required<AveragePositions>, AvgPool1dLayerOptions>) {
    super('AvgPool1d', 1, AVERAGE.slice(0, -1), given);
  }
  override forward(input: Tensor): Tensor {
    return avgPool1d(input, this.kernelSize, this.stride, this.padding, this.ceilMode, this.countIncludePad);
  }
  override extraRepr(): string {
    const [kernel, stride, padding] = [this.kernelSize, this.stride, this.padding].map((n) => [n].flat());
    return fields({ kernel_size: kernel, stride, padding });
  }
}

/** The means of windows of [N, C, H, W] or [C, H, W]. */
export class AvgPool2d extends AvgPool {
  constructor(...given: AverageArguments) {
    super('AvgPool2d', 2, AVERAGE, given);
  }
  override forward(input: Tensor): Tensor {
    const { kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride } = this;
    return avgPool2d(input, kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride);
  }
}

/** The means of windows of [N, C, D, H, W] or [C, D, H, W]. */
export class AvgPool3d extends AvgPool {
  constructor(...given: AverageArguments) {
    super('AvgPool3d', 3, AVERAGE, given);
  }
  override forward(input: Tensor): Tensor {
    const { kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride } = this;
    return avgPool3d(input, kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride);
  }
}

type NormPositions = [normType: number, kernelSize: PerDim, stride?: PerDim | null, ceilMode?: boolean];
export interface LPPoolLayerOptions {
  normType?: number;
  kernelSize?: PerDim;
  /** The distance of windows (the kernel's size). */
  stride?: PerDim | null;
  /** Whether a window may reach beyond the input. */
  ceilMode?: boolean;
}
type NormArguments = NormPositions | WithOptions<Required<NormPositions>, LPPoolLayerOptions>;

abstract class LPPool extends Module {
  readonly normType: number;
  readonly kernelSize: PerDim;
  readonly stride: PerDim | null;
  readonly ceilMode: boolean;
  constructor(layer: string, dims: Dims, given: readonly unknown[]) {
    super();
    const names = ['normType', 'kernelSize', 'stride', 'ceilMode'];
    const [normType, kernelSize, stride, ceilMode] = bindArguments(layer, names, given);
    this.normType = numberArgument(layer, 'normType', normType);
    this.kernelSize = sizeOf(layer, 'kernelSize', kernelSize, dims, 1);
    this.stride = stride === undefined || stride === null ? null : sizeOf(layer, 'stride', stride, dims, 1);
    this.ceilMode = booleanArgument(layer, 'ceilMode', ceilMode, false);
    if (this.normType === 0) throw new ArgumentError(`${layer}: expected normType to be other than 0`);
  }
  override extraRepr(): string {
    return fields({
      norm_type: this.normType,
      kernel_size: this.kernelSize,
      stride: this.stride,
      ceil_mode: this.ceilMode,
    });
  }
}

/** (sum of x^p)^(1/p) over windows of [N, C, L] or [C, L]. */
export class LPPool1d extends LPPool {
  constructor(...given: NormArguments) {
    super('LPPool1d', 1, given);
  }
  override forward(input: Tensor): Tensor {
    return lpPool1d(input, this.normType, this.kernelSize, this.stride, this.ceilMode);
  }
}

/** (sum of x^p)^(1/p) over windows of [N, C, H, W] or [C, H, W]. */
export class LPPool2d extends LPPool {
  constructor(...given: NormArguments) {
    super('LPPool2d', 2, given);
  }
  override forward(input: Tensor): Tensor {
    return lpPool2d(input, this.normType, this.kernelSize, this.stride, this.ceilMode);
  }
}

/** (sum of x^p)^(1/p) over windows of [N, C, D, H, W] or [C, D, H, W]. */
export class LPPool3d extends LPPool {
  constructor(...given: NormArguments) {
    super('LPPool3d', 3, given);
  }
  override forward(input: Tensor): Tensor {
    return lpPool3d(input, this.normType, this.kernelSize, this.stride, this.ceilMode);
  }
}

type UnpoolPositions = [kernelSize: PerDim, stride?: PerDim | null, padding?: PerDim];
export interface MaxUnpoolLayerOptions {
  kernelSize?: PerDim;
  /** The distance of windows (the kernel's size). */
  stride?: PerDim | null;
  /** As it was for the layer that pooled (0). */
  padding?: PerDim;
}
type UnpoolArguments = UnpoolPositions | WithOptions<Required<UnpoolPositions>, MaxUnpoolLayerOptions>;

type UnpooledSize = readonly number[] | null | { outputSize?: readonly number[] | null };

abstract class MaxUnpool extends Module {
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  constructor(layer: string, dims: Dims, given: readonly unknown[]) {
    super();
    const [kernelSize, stride, padding] = bindArguments(layer, ['kernelSize', 'stride', 'padding'], given);
    this.kernelSize = perDim(layer, 'kernelSize', kernelSize, dims, 1);
    this.stride = perDim(layer, 'stride', stride ?? kernelSize, dims, 1);
    this.padding = perDim(layer, 'padding', padding ?? 0, dims, 0);
  }
  /** The sizes of the result, given by position or by name. */
  protected sizes(given: UnpooledSize): readonly number[] | null {
    const [sizes = null] = bindArguments(this.constructor.name, ['outputSize'], [given]);
    return sizes as readonly number[] | null;
  }
  override extraRepr(): string {
    return fields({ kernel_size: this.kernelSize, stride: this.stride, padding: this.padding });
  }
}

/** The way back from MaxPool1d: values to where they came from, zeros elsewhere. */
export class MaxUnpool1d extends MaxUnpool {
  constructor(...given: UnpoolArguments) {
    super('MaxUnpool1d', 1, given);
  }
  override forward(input: Tensor, indices: Tensor, outputSize: UnpooledSize = null): Tensor {
    return maxUnpool1d(input, indices, this.kernelSize, this.stride, this.padding, this.sizes(outputSize));
  }
}

/** The way back from MaxPool2d: values to where they came from, zeros elsewhere. */
export class MaxUnpool2d extends MaxUnpool {
  constructor(...given: UnpoolArguments) {
    super('MaxUnpool2d', 2, given);
  }
  override forward(input: Tensor, indices: Tensor, outputSize: UnpooledSize = null): Tensor {
    return maxUnpool2d(input, indices, this.kernelSize, this.stride, this.padding, this.sizes(outputSize));
  }
}

/** The way back from MaxPool3d: values to where they came from, zeros elsewhere. */
export class MaxUnpool3d extends MaxUnpool {
  constructor(...given: UnpoolArguments) {
    super('MaxUnpool3d', 3, given);
  }
  override forward(input: Tensor, indices: Tensor, outputSize: UnpooledSize = null): Tensor {
    return maxUnpool3d(input, indices, this.kernelSize, this.stride, this.padding, this.sizes(outputSize));
  }
}
