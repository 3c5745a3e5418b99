import { checkOptions, integerArgument, numberArgument } from '../functional/arguments';
import {
  crossEntropy,
  mseLoss,
  nllLoss,
  reductionCode,
  withWeight,
  CROSS_ENTROPY_OPTIONS,
  NLL_OPTIONS,
  type CrossEntropyOptions,
  type LossArguments,
  type NllLossOptions,
  type Reduction,
} from '../functional/loss';
import { type Tensor, checkTensor } from '../tensor';
import { Module } from './module';
import { Buffer } from './parameter';

abstract class Loss extends Module {
  readonly reduction: Reduction;
  constructor(reduction: Reduction = 'mean') {
    super();
    reductionCode(this.constructor.name, reduction);
    this.reduction = reduction;
  }
}

function weightOf(loss: Loss, weight: Tensor | null | undefined): Tensor | null {
  if (weight === undefined || weight === null) return null;
  checkTensor(loss.constructor.name, weight, 'weight');
  return Buffer(weight);
}

/** The mean of the squared errors, or their sum, or themselves (https://pytorch.org/docs/stable/generated/torch.nn.MSELoss.html). */
export class MSELoss extends Loss {
  private readonly options: { readonly reduction?: Reduction } | undefined;
  constructor(options: { reduction?: Reduction } = {}) {
    checkOptions('MSELoss', ['reduction'], options);
    super(options.reduction);
    this.options = this.reduction === 'mean' ? undefined : { reduction: this.reduction };
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return mseLoss(input, target, this.options);
  }
}

/** The negative log likelihood of classes (https://pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html). */
export class NLLLoss extends Loss {
  /** A weight for each class, or null. */
  weight: Tensor | null;
  readonly ignoreIndex: number;
  constructor(...given: LossArguments<NllLossOptions>) {
    const options = withWeight('NLLLoss', NLL_OPTIONS, given);
    super(options.reduction);
    this.weight = weightOf(this, options.weight);
    this.ignoreIndex = integerArgument(this.constructor.name, 'ignoreIndex', options.ignoreIndex ?? -100);
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return nllLoss(input, target, {
      weight: this.weight,
      ignoreIndex: this.ignoreIndex,
      reduction: this.reduction,
    });
  }
}

/** logSoftmax and the negative log likelihood in one (https://pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html). */
export class CrossEntropyLoss extends Loss {
  /** A weight for each class, or null. */
  weight: Tensor | null;
  readonly ignoreIndex: number;
  readonly labelSmoothing: number;
  constructor(...given: LossArguments<CrossEntropyOptions>) {
    const options = withWeight('CrossEntropyLoss', CROSS_ENTROPY_OPTIONS, given);
    super(options.reduction);
    this.weight = weightOf(this, options.weight);
    this.ignoreIndex = integerArgument(this.constructor.name, 'ignoreIndex', options.ignoreIndex ?? -100);
    this.labelSmoothing = numberArgument('CrossEntropyLoss', 'labelSmoothing', options.labelSmoothing ?? 0);
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return crossEntropy(input, target, {
      weight: this.weight,
      ignoreIndex: this.ignoreIndex,
      reduction: this.reduction,
      labelSmoothing: this.labelSmoothing,
    });
  }
}
