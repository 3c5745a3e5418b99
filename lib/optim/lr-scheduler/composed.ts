/** Schedules made of schedules. */
import { ArgumentError, describe } from '../../errors';
import { bindArguments, integerArgument } from '../../functional/arguments';
import { countUpTo, groupsOf, type Arguments, type ScheduledOptimizer } from './arguments';
import { ReduceLROnPlateau } from './plateau';
import { LRScheduler } from './scheduler';
import { checkState, savedNumber, savedNumbers, type SchedulerStateDict } from './state';

/** The schedulers, after a check that they can be put together and are all for the one optimizer. */
function checkSchedulers(op: string, optimizer: ScheduledOptimizer, schedulers: unknown): LRScheduler[] {
  if (!Array.isArray(schedulers) || schedulers.length === 0)
    throw new ArgumentError(`${op}: expected a list of schedulers, got ${describe(schedulers)}`);
  return Array.from(schedulers as unknown[], (scheduler, i) => {
    if (!(scheduler instanceof LRScheduler) || scheduler instanceof ReduceLROnPlateau)
      throw new ArgumentError(
        `${op}: expected a list of schedulers that need no metric, got ${describe(scheduler)} at ${i}`,
      );
    if (scheduler.optimizer !== optimizer)
      throw new ArgumentError(`${op}: the scheduler at ${i} is that of another optimizer`);
    return scheduler;
  });
}

/** The states of the schedulers inside; throws unless there are as many. */
function statesOf(op: string, state: SchedulerStateDict, schedulers: readonly LRScheduler[]): unknown[] {
  const states = state._schedulers;
  if (!Array.isArray(states) || states.length !== schedulers.length)
    throw new ArgumentError(
      `${op}: expected _schedulers to be ${schedulers.length} state dicts, got ${describe(states)}`,
    );
  for (const inner of states as unknown[]) checkState(op, inner);
  return states;
}

export interface SequentialLROptions {
  schedulers?: readonly LRScheduler[];
  /** The epochs at which the next scheduler takes over. */
  milestones?: readonly number[];
  lastEpoch?: number;
}

/** One scheduler after another (https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.SequentialLR.html). */
export class SequentialLR extends LRScheduler {
  readonly #schedulers: readonly LRScheduler[];
  #milestones: readonly number[];

  constructor(
    optimizer: ScheduledOptimizer,
    ...given: Arguments<
      [schedulers: readonly LRScheduler[], milestones: readonly number[], lastEpoch: number],
      SequentialLROptions
    >
  ) {
    const op = 'SequentialLR';
    const [list, milestones, lastEpoch = -1] = bindArguments(
      op,
      ['schedulers', 'milestones', 'lastEpoch'],
      given,
    );
    groupsOf(op, optimizer);
    const schedulers = checkSchedulers(op, optimizer, list);
    if (!Array.isArray(milestones) || milestones.length !== schedulers.length - 1)
      throw new ArgumentError(
        `${op}: expected ${schedulers.length - 1} milestones, one less than schedulers, got ${describe(milestones)}`,
      );
    super(optimizer, lastEpoch as number);
    this.#schedulers = schedulers;
    this.#milestones = milestones.map((m) => integerArgument(op, 'a milestone', m));
    this.lastEpoch++;
    for (const group of this.groups) group.lr = group.initialLr ?? group.lr;
    this.undo();
    const first = schedulers[countUpTo(this.#milestones, 0)]!;
    first.initialStep();
    this.lastLr = first.getLastLr();
  }

  /** @internal Its schedulers have begun already. */
  protected override attach(lastEpoch: number): void {
    this.lastEpoch = lastEpoch;
  }

  /** @internal */
  override undo(): void {
    for (const scheduler of this.#schedulers) scheduler.undo();
  }

  override step(): void {
    this.lastEpoch++;
    const at = countUpTo(this.#milestones, this.lastEpoch);
    const scheduler = this.#schedulers[at]!;
    if (at > 0 && this.#milestones[at - 1] === this.lastEpoch) scheduler.update(0);
    else scheduler.step();
    this.lastLr = scheduler.getLastLr();
  }

  override stateDict(): SchedulerStateDict {
    return {
      _milestones: this.#milestones.slice(),
      last_epoch: this.lastEpoch,
      _last_lr: this.lastLr.slice(),
      _schedulers: this.#schedulers.map((scheduler) => scheduler.stateDict()),
    };
  }

  override loadStateDict(state: SchedulerStateDict): void {
    const op = 'SequentialLR.loadStateDict';
    checkState(op, state);
    const states = statesOf(op, state, this.#schedulers);
    const milestones = savedNumbers(op, state, '_milestones', this.#milestones);
    const lastLr = savedNumbers(op, state, '_last_lr', this.lastLr);
    const epoch = savedNumber(op, state, 'last_epoch', this.lastEpoch);
    this.#schedulers.forEach((scheduler, i) => {
      scheduler.loadStateDict(states[i] as SchedulerStateDict);
    });
    this.#milestones = milestones;
    this.lastLr = lastLr;
    this.lastEpoch = epoch;
  }
}

export interface ChainedSchedulerOptions {
  schedulers?: readonly LRScheduler[];
  optimizer?: ScheduledOptimizer | null;
}

/** Several schedulers at once (https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ChainedScheduler.html). */
export class ChainedScheduler extends LRScheduler {
  readonly #schedulers: readonly LRScheduler[];

  constructor(
    ...given: Arguments<
      [schedulers: readonly LRScheduler[], optimizer: ScheduledOptimizer | null],
      ChainedSchedulerOptions
    >
  ) {
    const op = 'ChainedScheduler';
    const [list, optimizer] = bindArguments(op, ['schedulers', 'optimizer'], given);
    const first: unknown = Array.isArray(list) ? list[0] : undefined;
    const whose = (optimizer ?? (first as LRScheduler | undefined)?.optimizer) as ScheduledOptimizer;
    const schedulers = checkSchedulers(op, whose, list);
    super(whose);
    this.#schedulers = schedulers;
    this.lastLr = this.groups.map((group) => group.lr);
  }

  /** @internal Its schedulers have begun already. */
  protected override attach(): void {
    this.baseLrs = this.groups.map((group) => group.initialLr ?? group.lr);
  }

  /** @internal */
  override undo(): void {
    for (const scheduler of this.#schedulers) scheduler.undo();
  }

  override step(): void {
    for (const scheduler of this.#schedulers) scheduler.step();
    this.lastLr = this.groups.map((group) => group.lr);
  }

  override stateDict(): SchedulerStateDict {
    return {
      _last_lr: this.lastLr.slice(),
      _schedulers: this.#schedulers.map((scheduler) => scheduler.stateDict()),
    };
  }

  override loadStateDict(state: SchedulerStateDict): void {
    const op = 'ChainedScheduler.loadStateDict';
    checkState(op, state);
    const states = statesOf(op, state, this.#schedulers);
    const lastLr = savedNumbers(op, state, '_last_lr', this.lastLr);
    this.#schedulers.forEach((scheduler, i) => {
      scheduler.loadStateDict(states[i] as SchedulerStateDict);
    });
    this.lastLr = lastLr;
  }
}
