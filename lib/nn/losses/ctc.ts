import { booleanArgument, integerArgument } from '../../functional/arguments';
import { ctcLoss, type CTCLossOptions, type Lengths, type Reduction } from '../../functional/losses';
import { lossOptions, type LossArguments } from '../../functional/losses/arguments';
import type { Tensor } from '../../tensor';
import { Loss } from './loss';

/** Connectionist temporal classification (https://pytorch.org/docs/stable/generated/torch.nn.CTCLoss.html). */
export class CTCLoss extends Loss {
  readonly blank: number;
  readonly zeroInfinity: boolean;
  constructor(
    ...given: LossArguments<CTCLossOptions, [blank: number, reduction: Reduction, zeroInfinity: boolean]>
  ) {
    const names = ['blank', 'reduction', 'zeroInfinity'] as const;
    const options = lossOptions<CTCLossOptions>('CTCLoss', names, given, 3);
    super(options.reduction);
    this.blank = integerArgument('CTCLoss', 'blank', options.blank ?? 0);
    this.zeroInfinity = booleanArgument('CTCLoss', 'zeroInfinity', options.zeroInfinity, false);
  }
  override forward(logProbs: Tensor, targets: Tensor, inputLengths: Lengths, targetLengths: Lengths): Tensor {
    const { blank, reduction, zeroInfinity } = this;
    return ctcLoss(logProbs, targets, inputLengths, targetLengths, { blank, reduction, zeroInfinity });
  }
}
