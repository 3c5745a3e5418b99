/** Schedules that go from one learning rate to another: along a line, or a power. */
import { ArgumentError } from '../../errors';
import { bindArguments, integerArgument, numberArgument } from '../../functional/arguments';
import { numberWithin, type Arguments, type ScheduledOptimizer } from './arguments';
import { LRScheduler } from './scheduler';

/** Throws where there is no way, of which an epoch could have its share. */
function checkWay(op: string, totalIters: number, epoch: number): void {
  if (totalIters === 0)
    throw new ArgumentError(`${op}.step: expected no epoch, as totalIters is 0, got ${epoch}`);
}

export interface LinearLROptions {
  /** The factor in the first epoch (1/3). */
  startFactor?: number;
  /** The factor from epoch `totalIters` on (1). */
  endFactor?: number;
  /** 5. */
  totalIters?: number;
  lastEpoch?: number;
}

/** A factor that changes evenly (https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LinearLR.html). */
export class LinearLR extends LRScheduler {
  startFactor: number;
  endFactor: number;
  totalIters: number;

  constructor(
    optimizer: ScheduledOptimizer,
    ...given: Arguments<
      [startFactor: number, endFactor: number, totalIters: number, lastEpoch: number],
      LinearLROptions
    >
  ) {
    const [startFactor = 1 / 3, endFactor = 1, totalIters = 5, lastEpoch = -1] = bindArguments(
      'LinearLR',
      ['startFactor', 'endFactor', 'totalIters', 'lastEpoch'],
      given,
    );
    const start = numberWithin('LinearLR', 'startFactor', startFactor, 0, 1, true);
    const end = numberWithin('LinearLR', 'endFactor', endFactor, 0, 1);
    const total = integerArgument('LinearLR', 'totalIters', totalIters);
    super(optimizer, lastEpoch as number);
    this.startFactor = start;
    this.endFactor = end;
    this.totalIters = total;
    if (new.target === LinearLR) this.begin();
  }

  override getLr(): number[] {
    const { lastEpoch, startFactor, totalIters } = this;
    if (lastEpoch === 0) return this.groups.map((group) => group.lr * startFactor);
    if (this.isInitial || lastEpoch > totalIters) return this.groups.map((group) => group.lr);
    const way = this.endFactor - startFactor;
    const factor = 1 + way / (totalIters * startFactor + (lastEpoch - 1) * way);
    return this.groups.map((group) => group.lr * factor);
  }

  /** @internal */
  override closedFormLr(): number[] {
    const { startFactor, totalIters } = this;
    checkWay('LinearLR', totalIters, this.lastEpoch);
    const way = (this.endFactor - startFactor) * Math.min(totalIters, this.lastEpoch);
    return this.baseLrs.map((lr) => lr * (startFactor + way / totalIters));
  }
}

export interface PolynomialLROptions {
  /** The epoch in which the learning rate is zero (5). */
  totalIters?: number;
  /** 1: along a line. */
  power?: number;
  lastEpoch?: number;
}

/** Down to zero, as a power of what is left (https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.PolynomialLR.html). */
export class PolynomialLR extends LRScheduler {
  totalIters: number;
  power: number;

  constructor(
    optimizer: ScheduledOptimizer,
    ...given: Arguments<[totalIters: number, power: number, lastEpoch: number], PolynomialLROptions>
  ) {
    const [totalIters = 5, power = 1, lastEpoch = -1] = bindArguments(
      'PolynomialLR',
      ['totalIters', 'power', 'lastEpoch'],
      given,
    );
    const total = integerArgument('PolynomialLR', 'totalIters', totalIters);
    const exponent = numberArgument('PolynomialLR', 'power', power);
    super(optimizer, lastEpoch as number);
    this.totalIters = total;
    this.power = exponent;
    if (new.target === PolynomialLR) this.begin();
  }

  override getLr(): number[] {
    const { lastEpoch, totalIters } = this;
    if (this.isInitial || lastEpoch > totalIters) return this.groups.map((group) => group.lr);
    const factor = ((1 - lastEpoch / totalIters) / (1 - (lastEpoch - 1) / totalIters)) ** this.power;
    return this.groups.map((group) => group.lr * factor);
  }

  /** @internal */
  override closedFormLr(): number[] {
    const { totalIters } = this;
    checkWay('PolynomialLR', totalIters, this.lastEpoch);
    const factor = (1 - Math.min(totalIters, this.lastEpoch) / totalIters) ** this.power;
    return this.baseLrs.map((lr) => lr * factor);
  }
}
