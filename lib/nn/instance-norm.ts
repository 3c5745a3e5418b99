/** Channels of each sample normalised by themselves. */
import { ArgumentError } from '../errors';
import { instanceNorm } from '../functional/normalization/group-norm';
import { squeeze, unsqueeze } from '../functional/view';
import { checkTensor, type Tensor } from '../tensor';
import { ChannelNorm, checkRank, type ChannelNormArguments } from './norm-base';

abstract class InstanceNorm extends ChannelNorm {
  /** Dimensions of an input without a batch. */
  protected abstract readonly unbatched: number;

  constructor(...given: ChannelNormArguments) {
    super(given, false);
  }

  override forward(input: Tensor): Tensor {
    const { name } = this.constructor;
    checkTensor(name, input);
    checkRank(this, input, [this.unbatched, this.unbatched + 1]);
    const single = input.shape.length === this.unbatched;
    const channels = input.shape[single ? 0 : 1]!;
    if (channels !== this.numFeatures && (this.affine || this.trackRunningStats))
      throw new ArgumentError(`${name}: expected ${this.numFeatures} channels, got ${channels}`);
    const out = instanceNorm(
      single ? unsqueeze(input, 0) : input,
      this.running_mean,
      this.running_var,
      this.weight,
      this.bias,
      this.training || !this.trackRunningStats,
      this.momentum ?? 0,
      this.eps,
    );
    return single ? squeeze(out, 0) : out;
  }
}

/** Instance norm of [n, c, l] or [c, l] (https://pytorch.org/docs/stable/generated/torch.nn.InstanceNorm1d.html). */
export class InstanceNorm1d extends InstanceNorm {
  protected get unbatched(): number {
    return 2;
  }
}

/** Instance norm of [n, c, h, w] or [c, h, w] (https://pytorch.org/docs/stable/generated/torch.nn.InstanceNorm2d.html). */
export class InstanceNorm2d extends InstanceNorm {
  protected get unbatched(): number {
    return 3;
  }
}

/** Instance norm of [n, c, d, h, w] or [c, d, h, w] (https://pytorch.org/docs/stable/generated/torch.nn.InstanceNorm3d.html). */
export class InstanceNorm3d extends InstanceNorm {
  protected get unbatched(): number {
    return 4;
  }
}
