/** Losses of how far the input is from the target. */
import { numberArgument } from '../../functional/arguments';
import {
  l1Loss,
  mseLoss,
  huberLoss,
  smoothL1Loss,
  type Reduced,
  type Reduction,
} from '../../functional/losses';
import { lossOptions, type LossArguments } from '../../functional/losses/arguments';
import type { Tensor } from '../../tensor';
import { Loss } from './loss';

/** The mean of the squared errors, or their sum, or themselves (https://pytorch.org/docs/stable/generated/torch.nn.MSELoss.html). */
export class MSELoss extends Loss {
  constructor(...given: LossArguments<Reduced, []>) {
    super(lossOptions<Reduced>('MSELoss', ['reduction'], given).reduction);
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return this.reduction === 'mean'
      ? mseLoss(input, target)
      : mseLoss(input, target, { reduction: this.reduction });
  }
}

/** The absolute errors (https://pytorch.org/docs/stable/generated/torch.nn.L1Loss.html). */
export class L1Loss extends Loss {
  constructor(...given: LossArguments<Reduced, []>) {
    super(lossOptions<Reduced>('L1Loss', ['reduction'], given).reduction);
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return l1Loss(input, target, { reduction: this.reduction });
  }
}

interface SmoothL1Options extends Reduced {
  /** From which error on the loss is straight (1). */
  beta?: number;
}

/** Squared errors below `beta`, absolute ones beyond (https://pytorch.org/docs/stable/generated/torch.nn.SmoothL1Loss.html). */
export class SmoothL1Loss extends Loss {
  readonly beta: number;
  constructor(...given: LossArguments<SmoothL1Options, []>) {
    const options = lossOptions<SmoothL1Options>('SmoothL1Loss', ['reduction', 'beta'], given);
    super(options.reduction);
    this.beta = numberArgument('SmoothL1Loss', 'beta', options.beta ?? 1);
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return smoothL1Loss(input, target, { reduction: this.reduction, beta: this.beta });
  }
}

interface HuberOptions extends Reduced {
  /** From which error on the loss is straight (1). */
  delta?: number;
}

/** Squared errors up to `delta`, `delta` times absolute ones beyond (https://pytorch.org/docs/stable/generated/torch.nn.HuberLoss.html). */
export class HuberLoss extends Loss {
  readonly delta: number;
  constructor(...given: LossArguments<HuberOptions, [reduction: Reduction, delta: number]>) {
    const options = lossOptions<HuberOptions>('HuberLoss', ['reduction', 'delta'], given, 2);
    super(options.reduction);
    this.delta = numberArgument('HuberLoss', 'delta', options.delta ?? 1);
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return huberLoss(input, target, { reduction: this.reduction, delta: this.delta });
  }
}
