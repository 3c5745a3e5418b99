/** The learning rate while parameters are averaged. */
import { ArgumentError } from '../../errors';
import { bindArguments, integerArgument } from '../../functional/arguments';
import {
  groupsOf,
  oneOf,
  perGroup,
  type Arguments,
  type PerGroup,
  type ScheduledOptimizer,
} from '../lr-scheduler/arguments';
import { LRScheduler } from '../lr-scheduler/scheduler';
import { checkState, type SchedulerStateDict } from '../lr-scheduler/state';

const STRATEGIES = ['cos', 'linear'] as const;

export interface SWALROptions {
  /** The learning rate in the end: one, or one for each group. */
  swaLr?: PerGroup;
  /** The epochs until then (10). */
  annealEpochs?: number;
  annealStrategy?: (typeof STRATEGIES)[number];
  lastEpoch?: number;
}

/** To a constant learning rate, and no further (https://pytorch.org/docs/stable/generated/torch.optim.swa_utils.SWALR.html). */
export class SWALR extends LRScheduler {
  annealEpochs: number;
  #strategy: (typeof STRATEGIES)[number];

  constructor(
    optimizer: ScheduledOptimizer,
    ...given: Arguments<
      [swaLr: PerGroup, annealEpochs: number, annealStrategy: (typeof STRATEGIES)[number], lastEpoch: number],
      SWALROptions
    >
  ) {
    const [swaLr, annealEpochs = 10, annealStrategy = 'cos', lastEpoch = -1] = bindArguments(
      'SWALR',
      ['swaLr', 'annealEpochs', 'annealStrategy', 'lastEpoch'],
      given,
    );
    const rates = perGroup('SWALR', 'swaLr', optimizer, swaLr);
    const strategy = oneOf('SWALR', 'annealStrategy', annealStrategy, STRATEGIES);
    const epochs = integerArgument('SWALR', 'annealEpochs', annealEpochs);
    if (epochs < 0) throw new ArgumentError(`SWALR: expected annealEpochs to be at least 0, got ${epochs}`);
    groupsOf('SWALR', optimizer).forEach((group, i) => {
      group.swaLr = rates[i]!;
    });
    super(optimizer, lastEpoch as number);
    this.annealEpochs = epochs;
    this.#strategy = strategy;
    if (new.target === SWALR) this.begin();
  }

  /** How much of the way has been gone after so many steps. */
  private wayAt(step: number): number {
    const t = Math.max(0, Math.min(1, step / Math.max(1, this.annealEpochs)));
    return this.#strategy === 'cos' ? (1 - Math.cos(Math.PI * t)) / 2 : t;
  }

  override getLr(): number[] {
    const step = this.annealEpochs === 0 ? Math.max(1, this.stepCount - 1) : this.stepCount - 1;
    const before = this.wayAt(step - 1);
    const now = this.wayAt(step);
    return this.groups.map(({ lr, swaLr }) => {
      const goal = swaLr!;
      const start = before === 1 ? goal : (lr - before * goal) / (1 - before);
      return goal * now + start * (1 - now);
    });
  }

  override stateDict(): SchedulerStateDict {
    return { _anneal_strategy: this.#strategy, ...super.stateDict() };
  }

  override loadStateDict(state: SchedulerStateDict): void {
    const op = 'SWALR.loadStateDict';
    checkState(op, state);
    const { _anneal_strategy: strategy = this.#strategy } = state;
    const loaded = oneOf(op, '_anneal_strategy', strategy, STRATEGIES);
    super.loadStateDict(state);
    this.#strategy = loaded;
  }
}
