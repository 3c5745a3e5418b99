/** Schedules that multiply the learning rate by factors. */
import { bindArguments, integerArgument, numberArgument } from '../../functional/arguments';
import { ArgumentError, describe } from '../../errors';
import {
  countUpTo,
  numberWithin,
  positiveInteger,
  type Arguments,
  type ScheduledOptimizer,
} from './arguments';
import { LRScheduler } from './scheduler';

export interface StepLROptions {
  /** So many epochs have the same learning rate. */
  stepSize?: number;
  /** The factor from one such period to the next (0.1). */
  gamma?: number;
  lastEpoch?: number;
}

/** Times `gamma` every `stepSize` epochs (https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.StepLR.html). */
export class StepLR extends LRScheduler {
  stepSize: number;
  gamma: number;

  constructor(
    optimizer: ScheduledOptimizer,
    ...given: Arguments<[stepSize: number, gamma: number, lastEpoch: number], StepLROptions>
  ) {
    const [stepSize, gamma = 0.1, lastEpoch = -1] = bindArguments(
      'StepLR',
      ['stepSize', 'gamma', 'lastEpoch'],
      given,
    );
    const period = positiveInteger('StepLR', 'stepSize', stepSize);
    const factor = numberArgument('StepLR', 'gamma', gamma);
    super(optimizer, lastEpoch as number);
    this.stepSize = period;
    this.gamma = factor;
    if (new.target === StepLR) this.begin();
  }

  override getLr(): number[] {
    const factor = this.lastEpoch === 0 || this.lastEpoch % this.stepSize !== 0 ? 1 : this.gamma;
    return this.groups.map((group) => group.lr * factor);
  }

  /** @internal */
  override closedFormLr(): number[] {
    const factor = this.gamma ** Math.floor(this.lastEpoch / this.stepSize);
    return this.baseLrs.map((lr) => lr * factor);
  }
}

export interface MultiStepLROptions {
  /** The epochs at which the learning rate changes. */
  milestones?: readonly number[];
  /** The factor at each (0.1). */
  gamma?: number;
  lastEpoch?: number;
}

/** Times `gamma` at each milestone (https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiStepLR.html). */
export class MultiStepLR extends LRScheduler {
  /** How often each epoch is a milestone. */
  milestones: Record<number, number>;
  gamma: number;

  constructor(
    optimizer: ScheduledOptimizer,
    ...given: Arguments<[milestones: readonly number[], gamma: number, lastEpoch: number], MultiStepLROptions>
  ) {
    const [milestones, gamma = 0.1, lastEpoch = -1] = bindArguments(
      'MultiStepLR',
      ['milestones', 'gamma', 'lastEpoch'],
      given,
    );
    if (!Array.isArray(milestones))
      throw new ArgumentError(
        `MultiStepLR: expected milestones to be a list of epochs, got ${describe(milestones)}`,
      );
    const counts: Record<number, number> = {};
    for (const epoch of milestones.map((m) => integerArgument('MultiStepLR', 'a milestone', m)))
      counts[epoch] = (counts[epoch] ?? 0) + 1;
    const factor = numberArgument('MultiStepLR', 'gamma', gamma);
    super(optimizer, lastEpoch as number);
    this.milestones = counts;
    this.gamma = factor;
    if (new.target === MultiStepLR) this.begin();
  }

  override getLr(): number[] {
    const factor = this.gamma ** (this.milestones[this.lastEpoch] ?? 0);
    return this.groups.map((group) => group.lr * factor);
  }

  /** @internal */
  override closedFormLr(): number[] {
    const all = Object.entries(this.milestones).flatMap(([epoch, count]) =>
      new Array<number>(count).fill(Number(epoch)),
    );
    const factor = this.gamma ** countUpTo(all, this.lastEpoch);
    return this.baseLrs.map((lr) => lr * factor);
  }
}

export interface ConstantLROptions {
  /** The factor of the first epochs (1/3). */
  factor?: number;
  /** How many these are (5). */
  totalIters?: number;
  lastEpoch?: number;
}

/** Times `factor` for the first epochs (https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ConstantLR.html). */
export class ConstantLR extends LRScheduler {
  factor: number;
  totalIters: number;

  constructor(
    optimizer: ScheduledOptimizer,
    ...given: Arguments<[factor: number, totalIters: number, lastEpoch: number], ConstantLROptions>
  ) {
    const [factor = 1 / 3, totalIters = 5, lastEpoch = -1] = bindArguments(
      'ConstantLR',
      ['factor', 'totalIters', 'lastEpoch'],
      given,
    );
    const first = numberWithin('ConstantLR', 'factor', factor, 0, 1);
    const total = integerArgument('ConstantLR', 'totalIters', totalIters);
    super(optimizer, lastEpoch as number);
    this.factor = first;
    this.totalIters = total;
    if (new.target === ConstantLR) this.begin();
  }

  override getLr(): number[] {
    const { lastEpoch, totalIters } = this;
    if (lastEpoch === 0) return this.groups.map((group) => group.lr * this.factor);
    if (lastEpoch !== totalIters) return this.groups.map((group) => group.lr);
    if (this.factor === 0)
      throw new ArgumentError('ConstantLR: a learning rate of zero has no way back: expected factor > 0');
    return this.groups.map((group) => group.lr * (1 / this.factor));
  }

  /** @internal */
  override closedFormLr(): number[] {
    const factor = this.factor + (this.lastEpoch >= this.totalIters ? 1 : 0) * (1 - this.factor);
    return this.baseLrs.map((lr) => lr * factor);
  }
}

export interface ExponentialLROptions {
  /** The factor from one epoch to the next. */
  gamma?: number;
  lastEpoch?: number;
}

/** Times `gamma` in each epoch (https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ExponentialLR.html). */
export class ExponentialLR extends LRScheduler {
  gamma: number;

  constructor(
    optimizer: ScheduledOptimizer,
    ...given: Arguments<[gamma: number, lastEpoch: number], ExponentialLROptions>
  ) {
    const [gamma, lastEpoch = -1] = bindArguments('ExponentialLR', ['gamma', 'lastEpoch'], given);
    const factor = numberArgument('ExponentialLR', 'gamma', gamma);
    super(optimizer, lastEpoch as number);
    this.gamma = factor;
    if (new.target === ExponentialLR) this.begin();
  }

  override getLr(): number[] {
    const factor = this.isInitial ? 1 : this.gamma;
    return this.groups.map((group) => group.lr * factor);
  }

  /** @internal */
  override closedFormLr(): number[] {
    const factor = this.gamma ** this.lastEpoch;
    return this.baseLrs.map((lr) => lr * factor);
  }
}
