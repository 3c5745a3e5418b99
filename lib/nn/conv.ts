/** Layers of convolutions. */
import type { DType } from '../dtype';
import type { DeviceLike } from '../device';
import { bindArguments } from '../functional/arguments';
import { conv1d, conv2d, conv3d, paddingWord, type ConvFunction, type ConvPadding } from '../functional/conv';
import { pad } from '../functional/pad';
import { perDim, type PerDim } from '../functional/spatial';
import type { Tensor } from '../tensor';
import { ConvNd, type PaddingMode } from './conv-base';

export interface ConvLayerOptions {
  stride?: PerDim;
  padding?: ConvPadding;
  dilation?: PerDim;
  groups?: number;
  /** Learn an additive bias (true). */
  bias?: boolean;
  /** How the input goes on beyond its ends ('zeros'). */
  paddingMode?: PaddingMode;
  device?: DeviceLike;
  dtype?: DType;
}

export type ConvArguments =
  | [inChannels: number, outChannels: number, kernelSize: PerDim, options?: ConvLayerOptions]
  | [inChannels: number, outChannels: number, kernelSize: PerDim, stride: PerDim, options?: ConvLayerOptions]
  | [
      inChannels: number,
      outChannels: number,
      kernelSize: PerDim,
      stride: PerDim,
      padding: ConvPadding,
      options?: ConvLayerOptions,
    ]
  | [
      inChannels: number,
      outChannels: number,
      kernelSize: PerDim,
      stride?: PerDim,
      padding?: ConvPadding,
      dilation?: PerDim,
      groups?: number,
      bias?: boolean,
      paddingMode?: PaddingMode,
      device?: DeviceLike,
      dtype?: DType,
    ]
  | [options: ConvLayerOptions & { inChannels: number; outChannels: number; kernelSize: PerDim }];

const NAMES = [
  'inChannels',
  'outChannels',
  'kernelSize',
  'stride',
  'padding',
  'dilation',
  'groups',
  'bias',
  'paddingMode',
  'device',
  'dtype',
];

abstract class Conv extends ConvNd {
  constructor(layer: string, dims: number, given: readonly unknown[]) {
    const [
      inChannels,
      outChannels,
      kernelSize,
      stride,
      padding = 0,
      dilation,
      groups,
      bias,
      paddingMode,
      device,
      dtype,
    ] = bindArguments(layer, NAMES, given);
    const steps = perDim(layer, 'stride', stride ?? 1, dims, 1);
    super(layer, dims, false, {
      inChannels,
      outChannels,
      kernelSize,
      stride,
      padding: paddingWord(layer, padding, steps) ? padding : perDim(layer, 'padding', padding, dims, 0),
      outputPadding: 0,
      dilation,
      groups,
      bias,
      paddingMode,
      device,
      dtype,
    });
  }

  /** @internal The convolution of the input, after what `paddingMode` puts around it. */
  protected convolved(f: ConvFunction, input: Tensor): Tensor {
    const { weight, bias, stride, dilation, groups, padding, paddingMode } = this;
    if (paddingMode === 'zeros') return f(input, weight, bias, stride, padding, dilation, groups);
    const total = this.kernelSize.map((k, i) =>
      padding === 'same' ? dilation[i]! * (k - 1) : padding === 'valid' ? 0 : 2 * padding[i]!,
    );
    // As `pad` wants them: the last dimension's ends first.
    const ends = total.flatMap((n) => [Math.floor(n / 2), Math.ceil(n / 2)] as const);
    const order = total.map((_, i) => 2 * (total.length - 1 - i));
    const around = pad(
      input,
      order.flatMap((i) => [ends[i]!, ends[i + 1]!]),
      paddingMode,
    );
    return f(around, weight, bias, stride, 0, dilation, groups);
  }
}

/**
 * A convolution over one dimension (https://pytorch.org/docs/stable/generated/torch.nn.Conv1d.html): [N, C, L] or [C, L]
 * to [N, outChannels, L'].
 */
export class Conv1d extends Conv {
  constructor(...given: ConvArguments) {
    super('Conv1d', 1, given);
  }
  override forward(input: Tensor): Tensor {
    return this.convolved(conv1d, input);
  }
}

/**
 * A convolution over two dimensions (https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html): [N, C, H, W] or
 * [C, H, W] to [N, outChannels, H', W'].
 */
export class Conv2d extends Conv {
  constructor(...given: ConvArguments) {
    super('Conv2d', 2, given);
  }
  override forward(input: Tensor): Tensor {
    return this.convolved(conv2d, input);
  }
}

/**
 * A convolution over three dimensions (https://pytorch.org/docs/stable/generated/torch.nn.Conv3d.html): [N, C, D, H, W]
 * or [C, D, H, W] to [N, outChannels, D', H', W'].
 */
export class Conv3d extends Conv {
  constructor(...given: ConvArguments) {
    super('Conv3d', 3, given);
  }
  override forward(input: Tensor): Tensor {
    return this.convolved(conv3d, input);
  }
}
