/** Schedules along a cosine. */
import { ArgumentError } from '../../errors';
import { bindArguments, numberArgument } from '../../functional/arguments';
import { positiveInteger, type Arguments, type ScheduledOptimizer } from './arguments';
import { LRScheduler } from './scheduler';

const { PI, cos } = Math;

export interface CosineAnnealingLROptions {
  /** The epochs from the initial learning rate to the lowest, also in fractions. */
  TMax?: number;
  /** The lowest (0). */
  etaMin?: number;
  lastEpoch?: number;
}

/** Down half a cosine, and up again (https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html). */
export class CosineAnnealingLR extends LRScheduler {
  TMax: number;
  etaMin: number;

  constructor(
    optimizer: ScheduledOptimizer,
    ...given: Arguments<[TMax: number, etaMin: number, lastEpoch: number], CosineAnnealingLROptions>
  ) {
    const [TMax, etaMin = 0, lastEpoch = -1] = bindArguments(
      'CosineAnnealingLR',
      ['TMax', 'etaMin', 'lastEpoch'],
      given,
    );
    const half = numberArgument('CosineAnnealingLR', 'TMax', TMax);
    if (!(half > 0)) throw new ArgumentError(`CosineAnnealingLR: expected TMax > 0, got ${half}`);
    const lowest = numberArgument('CosineAnnealingLR', 'etaMin', etaMin);
    super(optimizer, lastEpoch as number);
    this.TMax = half;
    this.etaMin = lowest;
    if (new.target === CosineAnnealingLR) this.begin();
  }

  override getLr(): number[] {
    const { lastEpoch, TMax, etaMin, groups } = this;
    if (this.isInitial) return groups.map((group) => group.lr);
    if (this.stepCount === 1 && lastEpoch > 0) return this.closedFormLr();
    // Where the cosine before was -1, which nothing can be divided by.
    if ((lastEpoch - 1 - TMax) % (2 * TMax) === 0)
      return groups.map((group, i) => group.lr + ((this.baseLrs[i]! - etaMin) * (1 - cos(PI / TMax))) / 2);
    const factor = (1 + cos((PI * lastEpoch) / TMax)) / (1 + cos((PI * (lastEpoch - 1)) / TMax));
    return groups.map((group) => factor * (group.lr - etaMin) + etaMin);
  }

  /** @internal */
  override closedFormLr(): number[] {
    const { etaMin } = this;
    const height = 1 + cos((PI * this.lastEpoch) / this.TMax);
    return this.baseLrs.map((lr) => etaMin + ((lr - etaMin) * height) / 2);
  }
}

export interface CosineAnnealingWarmRestartsOptions {
  /** The epochs up to the first restart. */
  T0?: number;
  /** The factor of these from one restart to the next (1). */
  TMult?: number;
  /** The lowest learning rate (0). */
  etaMin?: number;
  lastEpoch?: number;
}

/**
 * Down half a cosine, again and again (https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingWarmRestarts.html;
 * Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2016). `step(epoch)` takes parts of epochs.
 */
export class CosineAnnealingWarmRestarts extends LRScheduler {
  T0: number;
  /** The epochs from the last restart to the next. */
  TI: number;
  TMult: number;
  etaMin: number;
  /** The epochs since the last restart. */
  TCur: number;

  constructor(
    optimizer: ScheduledOptimizer,
    ...given: Arguments<
      [T0: number, TMult: number, etaMin: number, lastEpoch: number],
      CosineAnnealingWarmRestartsOptions
    >
  ) {
    const op = 'CosineAnnealingWarmRestarts';
    const [T0, TMult = 1, etaMin = 0, lastEpoch = -1] = bindArguments(
      op,
      ['T0', 'TMult', 'etaMin', 'lastEpoch'],
      given,
    );
    const first = positiveInteger(op, 'T0', T0);
    const factor = positiveInteger(op, 'TMult', TMult);
    const lowest = numberArgument(op, 'etaMin', etaMin);
    super(optimizer, lastEpoch as number);
    this.T0 = first;
    this.TI = first;
    this.TMult = factor;
    this.etaMin = lowest;
    this.TCur = lastEpoch as number;
    if (new.target === CosineAnnealingWarmRestarts) this.begin();
  }

  override getLr(): number[] {
    const { etaMin } = this;
    const height = 1 + cos((PI * this.TCur) / this.TI);
    return this.baseLrs.map((lr) => etaMin + ((lr - etaMin) * height) / 2);
  }

  override step(epoch?: number | null): void {
    this.begin();
    if (epoch !== undefined && epoch !== null) this.goTo(epoch);
    else if (this.lastEpoch < 0) this.goTo(0);
    else {
      this.lastEpoch++;
      this.TCur++;
      if (this.TCur >= this.TI) {
        this.TCur %= this.TI;
        this.TI *= this.TMult;
      }
    }
    this.assign(this.getLr());
  }

  private goTo(epoch: number): void {
    const { T0, TMult } = this;
    if (!(numberArgument('CosineAnnealingWarmRestarts.step', 'epoch', epoch) >= 0))
      throw new ArgumentError(`CosineAnnealingWarmRestarts.step: expected epoch >= 0, got ${epoch}`);
    if (epoch < T0) {
      this.TI = T0;
      this.TCur = epoch;
    } else if (TMult === 1) this.TCur = epoch % T0;
    else {
      const restarts = Math.trunc(Math.log((epoch / T0) * (TMult - 1) + 1) / Math.log(TMult));
      this.TCur = epoch - (T0 * (TMult ** restarts - 1)) / (TMult - 1);
      this.TI = T0 * TMult ** restarts;
    }
    this.lastEpoch = Math.floor(epoch);
  }
}
