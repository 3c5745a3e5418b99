/** Layers that set elements, or whole channels, to zero at random while they are trained. */
import { ArgumentError } from '../errors';
import { bindArguments, booleanArgument, numberArgument } from '../functional/arguments';
import {
  alphaDropout,
  dropout,
  dropout1d,
  dropout2d,
  dropout3d,
  featureAlphaDropout,
} from '../functional/dropout';
import type { Tensor } from '../tensor';
import { boolText, floatText } from './repr';
import { Module } from './module';

interface DropoutOptions {
  /** The probability of a zero (0.5). */
  p?: number;
  /** Overwrite the input. */
  inplace?: boolean;
}

abstract class Drop extends Module {
  p: number;
  inplace: boolean;

  constructor(p?: number, inplace?: boolean);
  constructor(p: number, options: { inplace?: boolean });
  constructor(options: DropoutOptions);
  constructor(...given: readonly unknown[]) {
    super();
    const { name } = this.constructor;
    const [p, inplace] = bindArguments(name, ['p', 'inplace'], given);
    this.p = numberArgument(name, 'p', p ?? 0.5);
    if (!(this.p >= 0 && this.p <= 1))
      throw new ArgumentError(`${name}: expected 0 <= p <= 1, got ${this.p}`);
    this.inplace = booleanArgument(name, 'inplace', inplace, false);
  }

  override extraRepr(): string {
    return `p=${floatText(this.p)}, inplace=${boolText(this.inplace)}`;
  }
}

/** Elements set to zero with probability p (https://pytorch.org/docs/stable/generated/torch.nn.Dropout.html). */
export class Dropout extends Drop {
  override forward(input: Tensor): Tensor {
    return dropout(input, this.p, this.training, this.inplace);
  }
}

/** Channels of [n, c, l] set to zero (https://pytorch.org/docs/stable/generated/torch.nn.Dropout1d.html). */
export class Dropout1d extends Drop {
  override forward(input: Tensor): Tensor {
    return dropout1d(input, this.p, this.training, this.inplace);
  }
}

/** Channels of [n, c, h, w] set to zero (https://pytorch.org/docs/stable/generated/torch.nn.Dropout2d.html). */
export class Dropout2d extends Drop {
  override forward(input: Tensor): Tensor {
    return dropout2d(input, this.p, this.training, this.inplace);
  }
}

/** Channels of [n, c, d, h, w] set to zero (https://pytorch.org/docs/stable/generated/torch.nn.Dropout3d.html). */
export class Dropout3d extends Drop {
  override forward(input: Tensor): Tensor {
    return dropout3d(input, this.p, this.training, this.inplace);
  }
}

/** Dropout that keeps mean and variance, for SELU; as in PyTorch never in place (https://pytorch.org/docs/stable/generated/torch.nn.AlphaDropout.html). */
export class AlphaDropout extends Drop {
  override forward(input: Tensor): Tensor {
    return alphaDropout(input, this.p, this.training);
  }
}

/** The same of whole channels (https://pytorch.org/docs/stable/generated/torch.nn.FeatureAlphaDropout.html). */
export class FeatureAlphaDropout extends Drop {
  override forward(input: Tensor): Tensor {
    return featureAlphaDropout(input, this.p, this.training);
  }
}
