/** Losses of distributions. */
import { booleanArgument, numberArgument } from '../../functional/arguments';
import {
  gaussianNllLoss,
  klDiv,
  poissonNllLoss,
  type GaussianNllLossOptions,
  type KLDivOptions,
  type PoissonNllLossOptions,
  type Reduction,
} from '../../functional/losses';
import { lossOptions, type LossArguments } from '../../functional/losses/arguments';
import type { Tensor } from '../../tensor';
import { Module } from '../module';
import { reductionCode } from '../../functional/losses/reduction';
import { Loss } from './loss';

/** The Kullback-Leibler divergence (https://pytorch.org/docs/stable/generated/torch.nn.KLDivLoss.html). */
export class KLDivLoss extends Module {
  readonly reduction: Reduction | 'batchmean';
  readonly logTarget: boolean;
  constructor(...given: LossArguments<KLDivOptions, []>) {
    super();
    const options = lossOptions<KLDivOptions>('KLDivLoss', ['reduction', 'logTarget'], given);
    this.reduction = options.reduction ?? 'mean';
    if (this.reduction !== 'batchmean') reductionCode('KLDivLoss', this.reduction);
    this.logTarget = booleanArgument('KLDivLoss', 'logTarget', options.logTarget, false);
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return klDiv(input, target, { reduction: this.reduction, logTarget: this.logTarget });
  }
}

/** The negative log likelihood of counts (https://pytorch.org/docs/stable/generated/torch.nn.PoissonNLLLoss.html). */
export class PoissonNLLLoss extends Loss {
  readonly logInput: boolean;
  readonly full: boolean;
  readonly eps: number;
  constructor(...given: LossArguments<PoissonNllLossOptions, [logInput: boolean, full: boolean]>) {
    const names = ['logInput', 'full', 'eps', 'reduction'] as const;
    const options = lossOptions<PoissonNllLossOptions>('PoissonNLLLoss', names, given, 2);
    super(options.reduction);
    this.logInput = booleanArgument('PoissonNLLLoss', 'logInput', options.logInput, true);
    this.full = booleanArgument('PoissonNLLLoss', 'full', options.full, false);
    this.eps = numberArgument('PoissonNLLLoss', 'eps', options.eps ?? 1e-8);
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    const { logInput, full, eps, reduction } = this;
    return poissonNllLoss(input, target, { logInput, full, eps, reduction });
  }
}

/** The negative log likelihood by normal distributions (https://pytorch.org/docs/stable/generated/torch.nn.GaussianNLLLoss.html). */
export class GaussianNLLLoss extends Loss {
  readonly full: boolean;
  readonly eps: number;
  constructor(...given: LossArguments<GaussianNllLossOptions, []>) {
    const names = ['full', 'eps', 'reduction'] as const;
    const options = lossOptions<GaussianNllLossOptions>('GaussianNLLLoss', names, given);
    super(options.reduction);
    this.full = booleanArgument('GaussianNLLLoss', 'full', options.full, false);
    this.eps = numberArgument('GaussianNLLLoss', 'eps', options.eps ?? 1e-6);
  }
  override forward(input: Tensor, target: Tensor, variance: Tensor | number): Tensor {
    const { full, eps, reduction } = this;
    return gaussianNllLoss(input, target, variance, { full, eps, reduction });
  }
}
