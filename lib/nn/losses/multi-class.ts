/** Margin losses of one or several classes of many. */
import { numberArgument } from '../../functional/arguments';
import {
  multiMarginLoss,
  multilabelMarginLoss,
  multilabelSoftMarginLoss,
  type MultiMarginLossOptions,
  type Reduced,
  type Weighted,
} from '../../functional/losses';
import { lossOptions, type LossArguments } from '../../functional/losses/arguments';
import { marginPower } from '../../functional/losses/multi-class';
import { ShapeError } from '../../errors';
import { showShape } from '../../shape';
import type { Tensor } from '../../tensor';
import { Loss, weightOf } from './loss';

/** What the target's class lacks of being ahead of the others (https://pytorch.org/docs/stable/generated/torch.nn.MultiMarginLoss.html). */
export class MultiMarginLoss extends Loss {
  readonly p: number;
  readonly margin: number;
  /** A weight for each class, or null. */
  weight: Tensor | null;
  constructor(
    ...given: LossArguments<MultiMarginLossOptions, [p: number, margin: number, weight: Tensor | null]>
  ) {
    const op = 'MultiMarginLoss';
    const names = ['p', 'margin', 'weight', 'reduction'] as const;
    const options = lossOptions<MultiMarginLossOptions>(op, names, given, 3);
    super(options.reduction);
    this.p = marginPower(op, options.p ?? 1);
    this.margin = numberArgument(op, 'margin', options.margin ?? 1);
    this.weight = weightOf(this, options.weight);
    if (this.weight !== null && this.weight.shape.length !== 1)
      throw new ShapeError(`${op}: expected a weight of 1 dimension, got ${showShape(this.weight.shape)}`);
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    const { p, margin, weight, reduction } = this;
    return multiMarginLoss(input, target, { p, margin, weight, reduction });
  }
}

/** The same for several classes (https://pytorch.org/docs/stable/generated/torch.nn.MultiLabelMarginLoss.html). */
export class MultiLabelMarginLoss extends Loss {
  constructor(...given: LossArguments<Reduced, []>) {
    super(lossOptions<Reduced>('MultiLabelMarginLoss', ['reduction'], given).reduction);
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return multilabelMarginLoss(input, target, { reduction: this.reduction });
  }
}

/** The mean of binary cross entropies over classes (https://pytorch.org/docs/stable/generated/torch.nn.MultiLabelSoftMarginLoss.html). */
export class MultiLabelSoftMarginLoss extends Loss {
  /** A weight for each class, or null. */
  weight: Tensor | null;
  constructor(...given: LossArguments<Weighted>) {
    const options = lossOptions<Weighted>('MultiLabelSoftMarginLoss', ['weight', 'reduction'], given, 1);
    super(options.reduction);
    this.weight = weightOf(this, options.weight);
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return multilabelSoftMarginLoss(input, target, { weight: this.weight, reduction: this.reduction });
  }
}
