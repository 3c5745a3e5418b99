/** What all losses are: modules with a reduction, some with weights. */
import { reductionCode, type Reduction } from '../../functional/losses/reduction';
import { type Tensor, checkTensor } from '../../tensor';
import { Module } from '../module';
import { Buffer } from '../parameter';

export abstract class Loss extends Module {
  readonly reduction: Reduction;
  constructor(reduction?: Reduction | null) {
    super();
    reductionCode(this.constructor.name, reduction);
    this.reduction = reduction ?? 'mean';
  }
}

/** A factor that is part of a loss's state, or null. */
export function weightOf(loss: Loss, weight: Tensor | null | undefined, name = 'weight'): Tensor | null {
  if (weight === undefined || weight === null) return null;
  checkTensor(loss.constructor.name, weight, name);
  return Buffer(weight);
}
