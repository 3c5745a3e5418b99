/** Layers of transposed convolutions. */
import type { DType } from '../dtype';
import type { DeviceLike } from '../device';
import { ArgumentError, ShapeError, describe } from '../errors';
import { bindArguments, isOptions } from '../functional/arguments';
import {
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  type ConvTransposeFunction,
} from '../functional/conv-transpose';
import { perDim, type PerDim } from '../functional/spatial';
import { showShape } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import { ConvNd } from './conv-base';

export interface ConvTransposeLayerOptions {
  stride?: PerDim;
  padding?: PerDim;
  outputPadding?: PerDim;
  groups?: number;
  /** Learn an additive bias (true). */
  bias?: boolean;
  dilation?: PerDim;
  paddingMode?: 'zeros';
  device?: DeviceLike;
  dtype?: DType;
}

export type ConvTransposeArguments =
  | [inChannels: number, outChannels: number, kernelSize: PerDim, options?: ConvTransposeLayerOptions]
  | [
      inChannels: number,
      outChannels: number,
      kernelSize: PerDim,
      stride: PerDim,
      options?: ConvTransposeLayerOptions,
    ]
  | [
      inChannels: number,
      outChannels: number,
      kernelSize: PerDim,
      stride: PerDim,
      padding: PerDim,
      options?: ConvTransposeLayerOptions,
    ]
  | [
      inChannels: number,
      outChannels: number,
      kernelSize: PerDim,
      stride?: PerDim,
      padding?: PerDim,
      outputPadding?: PerDim,
      groups?: number,
      bias?: boolean,
      dilation?: PerDim,
      paddingMode?: 'zeros',
      device?: DeviceLike,
      dtype?: DType,
    ]
  | [options: ConvTransposeLayerOptions & { inChannels: number; outChannels: number; kernelSize: PerDim }];

const NAMES = [
  'inChannels',
  'outChannels',
  'kernelSize',
  'stride',
  'padding',
  'outputPadding',
  'groups',
  'bias',
  'dilation',
  'paddingMode',
  'device',
  'dtype',
];

/** The size of the result, where it is to be one of several that stride allows: with or without batch and channels. */
export type OutputSize = readonly number[] | { outputSize?: readonly number[] | null } | null;

abstract class ConvTranspose extends ConvNd {
  constructor(layer: string, dims: number, given: readonly unknown[]) {
    const bound = bindArguments(layer, NAMES, given);
    const [inChannels, outChannels, kernelSize, stride, padding = 0, outputPadding, groups, bias, dilation] =
      bound;
    const [paddingMode = 'zeros', device, dtype] = bound.slice(9);
    if (paddingMode !== 'zeros')
      throw new ArgumentError(`${layer}: expected paddingMode to be 'zeros', got ${describe(paddingMode)}`);
    super(layer, dims, true, {
      inChannels,
      outChannels,
      kernelSize,
      stride,
      padding: perDim(layer, 'padding', padding, dims, 0),
      outputPadding,
      dilation,
      groups,
      bias,
      paddingMode,
      device,
      dtype,
    });
  }

  /** @internal */
  protected convolved(f: ConvTransposeFunction, name: string, input: Tensor, given?: OutputSize): Tensor {
    const size: unknown = isOptions(given) ? bindArguments(name, ['outputSize'], [given])[0] : given;
    const extra =
      size === undefined || size === null ? this.outputPadding : this.paddingFor(name, input, size);
    const { weight, bias, stride, groups, dilation } = this;
    return f(input, weight, bias, stride, this.padding as readonly number[], extra, groups, dilation);
  }

  /** What is to be added at the ends for a result of that size. */
  private paddingFor(name: string, input: Tensor, given: unknown): number[] {
    checkTensor(name, input);
    const dims = this.kernelSize.length;
    const others = input.shape.length - dims;
    if (!Array.isArray(given) || (given.length !== dims && given.length !== dims + others))
      throw new ArgumentError(
        `${name}: expected outputSize of ${dims} or ${dims + others} integers, got ${describe(given)}`,
      );
    const size = perDim(name, 'outputSize', given.slice(-dims), dims, 0);
    return size.map((n, i) => {
      const stride = this.stride[i]!;
      const least =
        (input.shape[others + i]! - 1) * stride -
        2 * (this.padding as readonly number[])[i]! +
        this.dilation[i]! * (this.kernelSize[i]! - 1) +
        1;
      if (n < least || n >= least + stride)
        throw new ShapeError(
          `${name}: expected outputSize from ${least} to ${least + stride - 1} in dimension ${i - dims}, got ${showShape(size)}`,
        );
      return n - least;
    });
  }
}

/**
 * A transposed convolution over one dimension
 * (https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose1d.html): [N, C, L] or [C, L] to [N, outChannels, L'].
 */
export class ConvTranspose1d extends ConvTranspose {
  constructor(...given: ConvTransposeArguments) {
    super('ConvTranspose1d', 1, given);
  }
  override forward(input: Tensor, outputSize?: OutputSize): Tensor {
    return this.convolved(convTranspose1d, 'ConvTranspose1d', input, outputSize);
  }
}

/**
 * A transposed convolution over two dimensions
 * (https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html): [N, C, H, W] or [C, H, W] to
 * [N, outChannels, H', W'].
 */
export class ConvTranspose2d extends ConvTranspose {
  constructor(...given: ConvTransposeArguments) {
    super('ConvTranspose2d', 2, given);
  }
  override forward(input: Tensor, outputSize?: OutputSize): Tensor {
    return this.convolved(convTranspose2d, 'ConvTranspose2d', input, outputSize);
  }
}

/**
 * A transposed convolution over three dimensions
 * (https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose3d.html): [N, C, D, H, W] or [C, D, H, W] to
 * [N, outChannels, D', H', W'].
 */
export class ConvTranspose3d extends ConvTranspose {
  constructor(...given: ConvTransposeArguments) {
    super('ConvTranspose3d', 3, given);
  }
  override forward(input: Tensor, outputSize?: OutputSize): Tensor {
    return this.convolved(convTranspose3d, 'ConvTranspose3d', input, outputSize);
  }
}
