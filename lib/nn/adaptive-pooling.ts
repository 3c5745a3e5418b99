/** Layers that pool to a given size, or at random (https://docs.pytorch.org/docs/stable/nn.html#pooling-layers). */
import { ArgumentError } from '../errors';
import { bindArguments, booleanArgument, type WithOptions } from '../functional/arguments';
import {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
  type OutputSize,
} from '../functional/pooling/adaptive-pool';
import {
  fractionalMaxPool2d,
  fractionalMaxPool3d,
  type FractionalMaxPool as FractionalMaxPoolFunction,
  type FractionalMaxPoolOptions,
} from '../functional/pooling/fractional-pool';
import type { PooledAndIndices } from '../functional/pooling/max-pool';
import type { PerDim } from '../functional/spatial';
import type { Tensor } from '../tensor';
import { Module } from './module';
import { fields } from './repr';

abstract class AdaptivePool extends Module {
  readonly outputSize: OutputSize;
  constructor(layer: string, outputSize: unknown) {
    super();
    if (outputSize === undefined) throw new ArgumentError(`${layer}: expected an outputSize`);
    this.outputSize = outputSize as OutputSize;
  }
  override extraRepr(): string {
    return fields({ output_size: this.outputSize });
  }
}

type AverageArguments = [outputSize: OutputSize] | [options: { outputSize: OutputSize }];

/** The means of as many windows of [N, C, L] or [C, L] as `outputSize` says. */
export class AdaptiveAvgPool1d extends AdaptivePool {
  constructor(...given: AverageArguments) {
    super('AdaptiveAvgPool1d', bindArguments('AdaptiveAvgPool1d', ['outputSize'], given)[0]);
  }
  override forward(input: Tensor): Tensor {
    return adaptiveAvgPool1d(input, this.outputSize);
  }
}

/** The means of as many windows of [N, C, H, W] or [C, H, W] as `outputSize` says. */
export class AdaptiveAvgPool2d extends AdaptivePool {
  constructor(...given: AverageArguments) {
    super('AdaptiveAvgPool2d', bindArguments('AdaptiveAvgPool2d', ['outputSize'], given)[0]);
  }
  override forward(input: Tensor): Tensor {
    return adaptiveAvgPool2d(input, this.outputSize);
  }
}

/** The means of as many windows of [N, C, D, H, W] or [C, D, H, W] as `outputSize` says. */
export class AdaptiveAvgPool3d extends AdaptivePool {
  constructor(...given: AverageArguments) {
    super('AdaptiveAvgPool3d', bindArguments('AdaptiveAvgPool3d', ['outputSize'], given)[0]);
  }
  override forward(input: Tensor): Tensor {
    return adaptiveAvgPool3d(input, this.outputSize);
  }
}

type MaxPositions = [outputSize: OutputSize, returnIndices?: boolean];
type MaxArguments =
  MaxPositions | WithOptions<Required<MaxPositions>, { outputSize?: OutputSize; returnIndices?: boolean }>;

abstract class AdaptiveMaxPool extends AdaptivePool {
  readonly returnIndices: boolean;
  constructor(layer: string, given: readonly unknown[]) {
    const [outputSize, returnIndices] = bindArguments(layer, ['outputSize', 'returnIndices'], given);
    super(layer, outputSize);
    this.returnIndices = booleanArgument(layer, 'returnIndices', returnIndices, false);
  }
}

/** The largest elements of as many windows of [N, C, L] or [C, L] as `outputSize` says; with `returnIndices`, and where they are. */
export class AdaptiveMaxPool1d extends AdaptiveMaxPool {
  constructor(...given: MaxArguments) {
    super('AdaptiveMaxPool1d', given);
  }
  override forward(input: Tensor): Tensor;
  override forward(input: Tensor): Tensor | PooledAndIndices {
    return this.returnIndices
      ? adaptiveMaxPool1d(input, this.outputSize, true)
      : adaptiveMaxPool1d(input, this.outputSize);
  }
}

/** The largest elements of as many windows of [N, C, H, W] or [C, H, W] as `outputSize` says; with `returnIndices`, and where they are. */
export class AdaptiveMaxPool2d extends AdaptiveMaxPool {
  constructor(...given: MaxArguments) {
    super('AdaptiveMaxPool2d', given);
  }
  override forward(input: Tensor): Tensor;
  override forward(input: Tensor): Tensor | PooledAndIndices {
    return this.returnIndices
      ? adaptiveMaxPool2d(input, this.outputSize, true)
      : adaptiveMaxPool2d(input, this.outputSize);
  }
}

/** The largest elements of as many windows of [N, C, D, H, W] or [C, D, H, W] as `outputSize` says; with `returnIndices`, and where they are. */
export class AdaptiveMaxPool3d extends AdaptiveMaxPool {
  constructor(...given: MaxArguments) {
    super('AdaptiveMaxPool3d', given);
  }
  override forward(input: Tensor): Tensor;
  override forward(input: Tensor): Tensor | PooledAndIndices {
    return this.returnIndices
      ? adaptiveMaxPool3d(input, this.outputSize, true)
      : adaptiveMaxPool3d(input, this.outputSize);
  }
}

type FractionalPositions = [
  kernelSize: PerDim,
  outputSize?: PerDim | null,
  outputRatio?: number | readonly number[] | null,
  returnIndices?: boolean,
  _randomSamples?: Tensor | null,
];

type FractionalArguments =
  FractionalPositions | WithOptions<Required<FractionalPositions>, FractionalMaxPoolOptions>;

abstract class FractionalMaxPool extends Module {
  private readonly options: FractionalMaxPoolOptions;
  /** The numbers that stand for drawn ones, a buffer; null: they are drawn in each call. */
  declare _random_samples: Tensor | null;
  constructor(layer: string, given: readonly unknown[]) {
    super();
    const names = ['kernelSize', 'outputSize', 'outputRatio', 'returnIndices', '_randomSamples'];
    const [kernelSize, outputSize = null, outputRatio = null, returnIndices, samples = null] = bindArguments(
      layer,
      names,
      given,
    );
    if (outputSize === null && outputRatio === null)
      throw new ArgumentError(`${layer}: expected an outputSize or an outputRatio`);
    if (outputSize !== null && outputRatio !== null)
      throw new ArgumentError(`${layer}: expected an outputSize or an outputRatio, got both`);
    if (kernelSize === undefined) throw new ArgumentError(`${layer}: expected a kernelSize`);
    const wanted = booleanArgument(layer, 'returnIndices', returnIndices, false);
    this.options = { kernelSize, outputSize, outputRatio, returnIndices: wanted } as FractionalMaxPoolOptions;
    this.registerBuffer('_random_samples', samples as Tensor | null);
  }
  protected pooled(input: Tensor, pool: FractionalMaxPoolFunction): Tensor | PooledAndIndices {
    const options = { ...this.options, _randomSamples: this._random_samples };
    return options.returnIndices === true
      ? pool(input, { ...options, returnIndices: true })
      : pool(input, { ...options, returnIndices: false });
  }
}

/** The largest elements of windows of [N, C, H, W] or [C, H, W] that are spread at random. */
export class FractionalMaxPool2d extends FractionalMaxPool {
  constructor(...given: FractionalArguments) {
    super('FractionalMaxPool2d', given);
  }
  override forward(input: Tensor): Tensor;
  override forward(input: Tensor): Tensor | PooledAndIndices {
    return this.pooled(input, fractionalMaxPool2d);
  }
}

/** The largest elements of windows of [N, C, D, H, W] or [C, D, H, W] that are spread at random. */
export class FractionalMaxPool3d extends FractionalMaxPool {
  constructor(...given: FractionalArguments) {
    super('FractionalMaxPool3d', given);
  }
  override forward(input: Tensor): Tensor;
  override forward(input: Tensor): Tensor | PooledAndIndices {
    return this.pooled(input, fractionalMaxPool3d);
  }
}
