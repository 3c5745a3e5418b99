/** The base of all schedulers. */
import { ArgumentError, describe } from '../../errors';
import { integerArgument, numberArgument } from '../../functional/arguments';
import { groupsOf, type ScheduledGroup, type ScheduledOptimizer } from './arguments';
import {
  checkState,
  loadedFields,
  savedFields,
  savedNumber,
  savedNumbers,
  type SchedulerStateDict,
} from './state';

/** The base's own fields: they are saved under names of their own. */
const OWN = new Set(['optimizer', 'baseLrs', 'stepCount', 'isInitial', 'lastLr']);

/**
 * Sets the learning rates of an optimizer's groups, epoch by epoch
 * (https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LRScheduler.html). A schedule of one's own extends it
 * with `getLr()`, which gives a learning rate for each group at `lastEpoch`, from `baseLrs` or from what the groups have:
 *
 * ```ts
 * class Warmup extends optim.lrScheduler.LRScheduler {
 *   getLr() {
 *     return this.baseLrs.map((lr) => lr * Math.min(1, (this.lastEpoch + 1) / 10));
 *   }
 * }
 * ```
 */
export abstract class LRScheduler {
  readonly optimizer: ScheduledOptimizer;
  /** The learning rates that the schedule starts from, one for each group. */
  baseLrs: number[] = [];
  /** @internal How often the schedule was stepped, its beginning included. */
  stepCount = 0;
  /** @internal Whether it is about to begin. */
  isInitial = false;
  /** @internal */
  lastLr: number[] = [];
  #epoch = -1;
  /** Puts the learning rates back that the groups had; null once the schedule has begun. */
  #release: (() => void) | null = null;

  constructor(optimizer: ScheduledOptimizer, lastEpoch = -1) {
    const op = this.constructor.name;
    if (new.target === LRScheduler)
      throw new ArgumentError('LRScheduler: the base of all schedulers: extend it with getLr()');
    groupsOf(op, optimizer);
    this.optimizer = optimizer;
    this.attach(integerArgument(op, 'lastEpoch', lastEpoch));
  }

  /** The epoch whose learning rates are in force. */
  get lastEpoch(): number {
    this.begin();
    return this.#epoch;
  }
  set lastEpoch(epoch: number) {
    this.#epoch = epoch;
  }

  /** @internal The optimizer's groups. */
  get groups(): ScheduledGroup[] {
    return groupsOf(this.constructor.name, this.optimizer);
  }

  /** @internal Takes note of where the groups start, or started. */
  protected attach(lastEpoch: number): void {
    const { groups } = this;
    groups.forEach((group, i) => {
      if (lastEpoch === -1) group.initialLr ??= group.lr;
      else if (group.initialLr === undefined)
        throw new ArgumentError(
          `${this.constructor.name}: expected group ${i} to have an initialLr, as lastEpoch is ${lastEpoch}`,
        );
    });
    this.baseLrs = groups.map((group) => group.initialLr!);
    this.#epoch = lastEpoch;
    this.#release = whenLooked(groups, () => {
      this.begin();
    });
  }

  /**
   * @internal The first step. A subclass sets its fields after this class's constructor, so that getLr() can't be asked
   * there: schedules of this library begin at the end of their constructors, others when somebody looks.
   */
  begin(): void {
    if (this.#release === null) return;
    this.#release();
    this.#release = null;
    this.initialStep();
  }

  /** @internal */
  initialStep(): void {
    this.stepCount = 0;
    this.isInitial = true;
    try {
      this.step();
    } finally {
      this.isInitial = false;
    }
  }

  /** @internal Takes the step back that the constructor did: a SequentialLR begins it when its time comes. */
  undo(): void {
    this.lastEpoch = this.lastEpoch - 1;
  }

  /** The learning rates of `lastEpoch`, one for each group. */
  getLr(): number[] {
    throw new ArgumentError(`${this.constructor.name}: getLr is not implemented`);
  }

  /** @internal The same without the epochs before it, where there is such a formula: what `step(epoch)` asks for. */
  closedFormLr?(): number[];

  /** The learning rates that were set last. */
  getLastLr(): number[] {
    this.begin();
    return this.lastLr.slice();
  }

  /** Goes on by one epoch (after the optimizer's steps of an epoch, or after each), or to the one given. */
  step(epoch?: number | null): void {
    this.begin();
    this.stepCount++;
    this.update(epoch);
  }

  /** @internal */
  update(epoch?: number | null): void {
    if (epoch === undefined || epoch === null) {
      this.#epoch++;
      this.assign(this.getLr());
    } else {
      this.#epoch = numberArgument(`${this.constructor.name}.step`, 'epoch', epoch);
      this.assign(this.closedFormLr === undefined ? this.getLr() : this.closedFormLr());
    }
  }

  /** @internal Gives the groups their learning rates. */
  protected assign(values: number[]): void {
    const { groups } = this;
    const op = this.constructor.name;
    if (!Array.isArray(values) || values.length !== groups.length)
      throw new ArgumentError(
        `${op}: expected ${groups.length} learning rates, one for each group, got ${describe(values)}`,
      );
    for (const value of values) numberArgument(op, 'a learning rate', value);
    groups.forEach((group, i) => {
      group.lr = values[i]!;
    });
    this.lastLr = values.slice();
  }

  private fieldNames(): string[] {
    return Object.keys(this).filter((name) => !OWN.has(name));
  }

  /** Where the schedule is, without the optimizer, by PyTorch's names; functions are not in it. */
  stateDict(): SchedulerStateDict {
    this.begin();
    return {
      ...savedFields(this, this.fieldNames()),
      base_lrs: this.baseLrs.slice(),
      last_epoch: this.#epoch,
      _step_count: this.stepCount,
      _is_initial: false,
      _get_lr_called_within_step: false,
      _last_lr: this.lastLr.slice(),
    };
  }

  /**
   * Takes over a state dict of the same kind of scheduler, PyTorch's too. The learning rates are the optimizer's to load.
   * @throws ArgumentError where a value doesn't fit; nothing has changed then.
   */
  loadStateDict(state: SchedulerStateDict): void {
    const op = `${this.constructor.name}.loadStateDict`;
    checkState(op, state);
    this.begin();
    const fields = loadedFields(op, this, this.fieldNames(), state);
    const epoch = savedNumber(op, state, 'last_epoch', this.#epoch);
    const stepCount = savedNumber(op, state, '_step_count', this.stepCount);
    const baseLrs = savedNumbers(op, state, 'base_lrs', this.baseLrs);
    const lastLr = savedNumbers(op, state, '_last_lr', this.lastLr);
    Object.assign(this, fields, { stepCount, baseLrs, lastLr });
    this.#epoch = epoch;
  }
}

/** Calls `begin` when somebody looks at a group's learning rate or sets it; until then it is what it was. Undone by what it returns. */
function whenLooked(groups: readonly ScheduledGroup[], begin: () => void): () => void {
  const before = groups.map((group) => group.lr);
  const shown = { configurable: true, enumerable: true };
  for (const group of groups)
    Object.defineProperty(group, 'lr', {
      ...shown,
      get: () => (begin(), group.lr),
      set: (lr: number) => {
        begin();
        group.lr = lr;
      },
    });
  return () => {
    groups.forEach((group, i) => {
      Object.defineProperty(group, 'lr', { ...shown, writable: true, value: before[i] });
    });
  };
}
