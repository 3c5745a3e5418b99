/** Layers that resample, and those that exchange channels and pixels. */
import { bindArguments, integerArgument, type WithOptions } from '../functional/arguments';
import { interpolate, type InterpolationMode } from '../functional/resampling/interpolate';
import { channelShuffle, pixelShuffle, pixelUnshuffle } from '../functional/resampling/shuffle';
import type { Tensor } from '../tensor';
import { Module } from './module';
import { fields, shown } from './repr';

type Sizes = number | readonly number[] | null;

export interface UpsampleOptions {
  /** The sizes of the result… */
  size?: Sizes;
  /** …or how many times larger it is. */
  scaleFactor?: Sizes;
  mode?: InterpolationMode;
  alignCorners?: boolean | null;
  recomputeScaleFactor?: boolean | null;
}

type Positions = [
  size?: Sizes,
  scaleFactor?: Sizes,
  mode?: InterpolationMode,
  alignCorners?: boolean | null,
  recomputeScaleFactor?: boolean | null,
];

/** Resamples [N, C, L], [N, C, H, W] or [N, C, D, H, W] (https://docs.pytorch.org/docs/stable/generated/torch.nn.Upsample.html). */
export class Upsample extends Module {
  readonly size: Sizes;
  readonly scaleFactor: Sizes;
  readonly mode: InterpolationMode;
  readonly alignCorners: boolean | null;
  readonly recomputeScaleFactor: boolean | null;
  constructor(...given: Positions | WithOptions<Required<Positions>, UpsampleOptions>) {
    super();
    const names = ['size', 'scaleFactor', 'mode', 'alignCorners', 'recomputeScaleFactor'];
    const bound = bindArguments('Upsample', names, given) as Positions;
    const [size = null, scaleFactor = null, mode = 'nearest', alignCorners = null, recompute = null] = bound;
    this.size = size;
    this.scaleFactor = scaleFactor;
    this.mode = mode;
    this.alignCorners = alignCorners;
    this.recomputeScaleFactor = recompute;
  }
  override forward(input: Tensor): Tensor {
    return interpolate(
      input,
      this.size,
      this.scaleFactor,
      this.mode,
      this.alignCorners,
      this.recomputeScaleFactor,
    );
  }
  override extraRepr(): string {
    // PyTorch keeps factors as floats.
    const size =
      this.scaleFactor === null
        ? `size=${shown(this.size)}`
        : `scale_factor=${shown(this.scaleFactor, true)}`;
    return `${size}, mode='${this.mode}'`;
  }
}

type Simple =
  [size?: Sizes, scaleFactor?: Sizes] | WithOptions<[Sizes, Sizes], { size?: Sizes; scaleFactor?: Sizes }>;

/** Repeats the elements of [N, C, H, W]. */
export class UpsamplingNearest2d extends Upsample {
  constructor(...given: Simple) {
    const [size, scaleFactor] = bindArguments('UpsamplingNearest2d', ['size', 'scaleFactor'], given);
    super(size as Sizes, scaleFactor as Sizes, 'nearest');
  }
}

/** Resamples [N, C, H, W] linearly, corners aligned. */
export class UpsamplingBilinear2d extends Upsample {
  constructor(...given: Simple) {
    const [size, scaleFactor] = bindArguments('UpsamplingBilinear2d', ['size', 'scaleFactor'], given);
    super(size as Sizes, scaleFactor as Sizes, 'bilinear', true);
  }
}

/** [..., C r², H, W] as [..., C, H r, W r]. */
export class PixelShuffle extends Module {
  readonly upscaleFactor: number;
  constructor(...given: [upscaleFactor: number] | [options: { upscaleFactor: number }]) {
    super();
    const [factor] = bindArguments('PixelShuffle', ['upscaleFactor'], given);
    this.upscaleFactor = integerArgument('PixelShuffle', 'upscaleFactor', factor);
  }
  override forward(input: Tensor): Tensor {
    return pixelShuffle(input, this.upscaleFactor);
  }
  override extraRepr(): string {
    return fields({ upscale_factor: this.upscaleFactor });
  }
}

/** [..., C, H r, W r] as [..., C r², H, W]. */
export class PixelUnshuffle extends Module {
  readonly downscaleFactor: number;
  constructor(...given: [downscaleFactor: number] | [options: { downscaleFactor: number }]) {
    super();
    const [factor] = bindArguments('PixelUnshuffle', ['downscaleFactor'], given);
    this.downscaleFactor = integerArgument('PixelUnshuffle', 'downscaleFactor', factor);
  }
  override forward(input: Tensor): Tensor {
    return pixelUnshuffle(input, this.downscaleFactor);
  }
  override extraRepr(): string {
    return fields({ downscale_factor: this.downscaleFactor });
  }
}

/** The channels of [N, C, ...], one of each group after the other. */
export class ChannelShuffle extends Module {
  readonly groups: number;
  constructor(...given: [groups: number] | [options: { groups: number }]) {
    super();
    const [groups] = bindArguments('ChannelShuffle', ['groups'], given);
    this.groups = integerArgument('ChannelShuffle', 'groups', groups);
  }
  override forward(input: Tensor): Tensor {
    return channelShuffle(input, this.groups);
  }
  override extraRepr(): string {
    return fields({ groups: this.groups });
  }
}
