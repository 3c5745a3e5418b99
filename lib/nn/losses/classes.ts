/** Losses of classes: one of many, or one event each. */
import { integerArgument, numberArgument } from '../../functional/arguments';
import {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  crossEntropy,
  nllLoss,
  type CrossEntropyOptions,
  type LogitsOptions,
  type NllLossOptions,
  type Weighted,
} from '../../functional/losses';
import { lossOptions, type LossArguments } from '../../functional/losses/arguments';
import { CROSS_ENTROPY_OPTIONS } from '../../functional/losses/cross-entropy';
import { NLL_OPTIONS } from '../../functional/losses/nll';
import type { Tensor } from '../../tensor';
import { Loss, weightOf } from './loss';

/** The negative log likelihood of classes (https://pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html). */
export class NLLLoss extends Loss {
  /** A weight for each class, or null. */
  weight: Tensor | null;
  readonly ignoreIndex: number;
  constructor(...given: LossArguments<NllLossOptions>) {
    const options = lossOptions<NllLossOptions>('NLLLoss', NLL_OPTIONS, given, 1);
    super(options.reduction);
    this.weight = weightOf(this, options.weight);
    this.ignoreIndex = integerArgument(this.constructor.name, 'ignoreIndex', options.ignoreIndex ?? -100);
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    const { weight, ignoreIndex, reduction } = this;
    return nllLoss(input, target, { weight, ignoreIndex, reduction });
  }
}

/** logSoftmax and the negative log likelihood in one (https://pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html). */
export class CrossEntropyLoss extends Loss {
  /** A weight for each class, or null. */
  weight: Tensor | null;
  readonly ignoreIndex: number;
  readonly labelSmoothing: number;
  constructor(...given: LossArguments<CrossEntropyOptions>) {
    const options = lossOptions<CrossEntropyOptions>('CrossEntropyLoss', CROSS_ENTROPY_OPTIONS, given, 1);
    super(options.reduction);
    this.weight = weightOf(this, options.weight);
    this.ignoreIndex = integerArgument(this.constructor.name, 'ignoreIndex', options.ignoreIndex ?? -100);
    this.labelSmoothing = numberArgument('CrossEntropyLoss', 'labelSmoothing', options.labelSmoothing ?? 0);
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    const { weight, ignoreIndex, reduction, labelSmoothing } = this;
    return crossEntropy(input, target, { weight, ignoreIndex, reduction, labelSmoothing });
  }
}

/** Of probabilities (https://pytorch.org/docs/stable/generated/torch.nn.BCELoss.html). */
export class BCELoss extends Loss {
  weight: Tensor | null;
  constructor(...given: LossArguments<Weighted>) {
    const options = lossOptions<Weighted>('BCELoss', ['weight', 'reduction'], given, 1);
    super(options.reduction);
    this.weight = weightOf(this, options.weight);
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return binaryCrossEntropy(input, target, { weight: this.weight, reduction: this.reduction });
  }
}

/** Of logits (https://pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html). */
export class BCEWithLogitsLoss extends Loss {
  weight: Tensor | null;
  pos_weight: Tensor | null;
  constructor(...given: LossArguments<LogitsOptions>) {
    const names = ['weight', 'reduction', 'posWeight'] as const;
    const options = lossOptions<LogitsOptions>('BCEWithLogitsLoss', names, given, 1);
    super(options.reduction);
    this.weight = weightOf(this, options.weight);
    this.pos_weight = weightOf(this, options.posWeight, 'posWeight');
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    const { weight, reduction, pos_weight: posWeight } = this;
    return binaryCrossEntropyWithLogits(input, target, { weight, reduction, posWeight });
  }
}
