/** A learning rate that is reduced when nothing gets better. */
import { ArgumentError, describe } from '../../errors';
import { bindArguments, integerArgument, numberArgument } from '../../functional/arguments';
import { Tensor } from '../../tensor';
import { oneOf, perGroup, type Arguments, type PerGroup, type ScheduledOptimizer } from './arguments';
import { LRScheduler } from './scheduler';
import type { SchedulerStateDict } from './state';

const MODES = ['min', 'max'] as const;
const THRESHOLD_MODES = ['rel', 'abs'] as const;
const NAMES = [
  'mode',
  'factor',
  'patience',
  'threshold',
  'thresholdMode',
  'cooldown',
  'minLr',
  'eps',
] as const;

export interface ReduceLROnPlateauOptions {
  /** Whether less is better ('min') or more. */
  mode?: (typeof MODES)[number];
  /** What the learning rate is multiplied by (0.1). */
  factor?: number;
  /** So many epochs without progress are accepted (10). */
  patience?: number;
  /** What counts as progress (1e-4): */
  threshold?: number;
  /** as a part of the best so far, or absolutely. */
  thresholdMode?: (typeof THRESHOLD_MODES)[number];
  /** So many epochs after a reduction don't count (0). */
  cooldown?: number;
  /** The lowest learning rate: one, or one for each group (0). */
  minLr?: PerGroup;
  /** A smaller change of the learning rate isn't made (1e-8). */
  eps?: number;
}

/**
 * Reduces the learning rate when a metric stops to improve: `step(metric)` after each epoch
 * (https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html).
 */
export class ReduceLROnPlateau extends LRScheduler {
  factor: number;
  /** The lowest learning rate of groups to come; null: groups have their own. */
  defaultMinLr: number | null;
  minLrs: number[];
  patience: number;
  cooldown: number;
  eps: number;
  mode: (typeof MODES)[number];
  threshold: number;
  thresholdMode: (typeof THRESHOLD_MODES)[number];
  /** The best metric so far. */
  best: number;
  cooldownCounter = 0;
  /** Epochs without progress. */
  numBadEpochs = 0;

  constructor(
    optimizer: ScheduledOptimizer,
    ...given: Arguments<
      [
        mode: (typeof MODES)[number],
        factor: number,
        patience: number,
        threshold: number,
        thresholdMode: (typeof THRESHOLD_MODES)[number],
        cooldown: number,
        minLr: PerGroup,
        eps: number,
      ],
      ReduceLROnPlateauOptions
    >
  ) {
    const op = 'ReduceLROnPlateau';
    const [
      mode = 'min',
      factor = 0.1,
      patience = 10,
      threshold = 1e-4,
      thresholdMode = 'rel',
      cooldown = 0,
      minLr = 0,
      eps = 1e-8,
    ] = bindArguments(op, NAMES, given);
    if (!(numberArgument(op, 'factor', factor) < 1))
      throw new ArgumentError(`${op}: expected factor to be less than 1, got ${describe(factor)}`);
    super(optimizer);
    this.factor = factor as number;
    this.defaultMinLr = typeof minLr === 'number' ? minLr : null;
    this.minLrs = perGroup(op, 'minLr', optimizer, minLr);
    this.patience = integerArgument(op, 'patience', patience);
    this.cooldown = integerArgument(op, 'cooldown', cooldown);
    this.eps = numberArgument(op, 'eps', eps);
    this.mode = oneOf(op, 'mode', mode, MODES);
    this.threshold = numberArgument(op, 'threshold', threshold);
    this.thresholdMode = oneOf(op, 'thresholdMode', thresholdMode, THRESHOLD_MODES);
    this.best = this.mode === 'min' ? Infinity : -Infinity;
    this.lastLr = this.groups.map((group) => group.lr);
  }

  /** @internal It leaves the groups alone until there is a metric. */
  protected override attach(): void {
    this.lastEpoch = 0;
  }

  /** Takes note of a metric: a number, or a tensor of one element. */
  override step(metric: number | Tensor | null | undefined, epoch?: number | null): void {
    const op = 'ReduceLROnPlateau.step';
    const current =
      metric instanceof Tensor && metric.count === 1
        ? Number(metric.item())
        : numberArgument(op, 'the metric', metric);
    this.lastEpoch =
      epoch === undefined || epoch === null ? this.lastEpoch + 1 : numberArgument(op, 'epoch', epoch);
    if (this.isBetter(current)) {
      this.best = current;
      this.numBadEpochs = 0;
    } else this.numBadEpochs++;
    if (this.cooldownCounter > 0) {
      this.cooldownCounter--;
      this.numBadEpochs = 0;
    }
    if (this.numBadEpochs > this.patience) {
      this.reduce();
      this.cooldownCounter = this.cooldown;
      this.numBadEpochs = 0;
    }
    this.lastLr = this.groups.map((group) => group.lr);
  }

  private isBetter(metric: number): boolean {
    const { best, threshold } = this;
    const sign = this.mode === 'min' ? -1 : 1;
    const bound = this.thresholdMode === 'rel' ? best * (1 + sign * threshold) : best + sign * threshold;
    return sign < 0 ? metric < bound : metric > bound;
  }

  private reduce(): void {
    const { groups, minLrs } = this;
    if (minLrs.length !== groups.length) {
      const { defaultMinLr } = this;
      if (defaultMinLr === null)
        throw new ArgumentError(
          `ReduceLROnPlateau: expected minLrs to have ${groups.length} numbers, one for each group, got ${minLrs.length}`,
        );
      this.minLrs = groups.map(() => defaultMinLr);
    }
    groups.forEach((group, i) => {
      const lr = Math.max(group.lr * this.factor, this.minLrs[i]!);
      if (group.lr - lr > this.eps) group.lr = lr;
    });
  }

  override stateDict(): SchedulerStateDict {
    const { last_epoch, _last_lr, ...rest } = super.stateDict();
    for (const name of ['base_lrs', '_step_count', '_is_initial', '_get_lr_called_within_step'])
      Reflect.deleteProperty(rest, name);
    return { ...rest, last_epoch, _last_lr, mode_worse: this.mode === 'min' ? Infinity : -Infinity };
  }
}
