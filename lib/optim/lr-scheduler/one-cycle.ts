/** One cycle for the whole of a training. */
import { ArgumentError, describe } from '../../errors';
import { bindArguments, booleanArgument, isOptions, numberArgument } from '../../functional/arguments';
import {
  groupsOf,
  numberWithin,
  oneOf,
  perGroup,
  positiveInteger,
  type Arguments,
  type PerGroup,
  type ScheduledOptimizer,
} from './arguments';
import { momentumRange, savedMomentum, setMomentum, usesBetas } from './momentum';
import { LRScheduler } from './scheduler';
import { checkState, type SchedulerStateDict } from './state';

const STRATEGIES = ['cos', 'linear'] as const;
const NAMES = [
  'maxLr',
  'totalSteps',
  'epochs',
  'stepsPerEpoch',
  'pctStart',
  'annealStrategy',
  'cycleMomentum',
  'baseMomentum',
  'maxMomentum',
  'divFactor',
  'finalDivFactor',
  'threePhase',
  'lastEpoch',
];

export interface OneCycleLROptions {
  /** The highest learning rate: one, or one for each group. */
  maxLr?: PerGroup;
  /** All steps, or else `epochs` of `stepsPerEpoch` each. */
  totalSteps?: number | null;
  epochs?: number | null;
  stepsPerEpoch?: number | null;
  /** The part of the steps that goes up (0.3). */
  pctStart?: number;
  annealStrategy?: (typeof STRATEGIES)[number];
  /** Whether the momentum (or the first of the betas) goes the other way (true). */
  cycleMomentum?: boolean;
  baseMomentum?: PerGroup;
  maxMomentum?: PerGroup;
  /** By this the first learning rate is less than the highest (25). */
  divFactor?: number;
  /** By this the last is less than the first (1e4). */
  finalDivFactor?: number;
  /** Down to the first learning rate as long as up, and then to the last. */
  threePhase?: boolean;
  lastEpoch?: number;
}

type LrName = 'initialLr' | 'maxLr' | 'minLr';
type MomentumName = 'baseMomentum' | 'maxMomentum';

/** A stretch of the way, and which of a group's values it goes between. */
interface Phase {
  endStep: number;
  lrs: readonly [from: LrName, to: LrName];
  momentums: readonly [from: MomentumName, to: MomentumName];
}

function phasesOf(total: number, part: number, three: boolean): Phase[] {
  const up: Phase = {
    endStep: part * total - 1,
    lrs: ['initialLr', 'maxLr'],
    momentums: ['maxMomentum', 'baseMomentum'],
  };
  if (!three)
    return [up, { endStep: total - 1, lrs: ['maxLr', 'minLr'], momentums: ['baseMomentum', 'maxMomentum'] }];
  return [
    up,
    {
      endStep: 2 * part * total - 2,
      lrs: ['maxLr', 'initialLr'],
      momentums: ['baseMomentum', 'maxMomentum'],
    },
    { endStep: total - 1, lrs: ['initialLr', 'minLr'], momentums: ['maxMomentum', 'maxMomentum'] },
  ];
}

/** Phases out of a state dict: two or three, that end where it says. */
function loadedPhases(op: string, saved: unknown): Phase[] {
  const ends = Array.isArray(saved)
    ? saved.map((phase: unknown) => (isOptions(phase) ? phase.end_step : undefined))
    : [];
  if ((ends.length !== 2 && ends.length !== 3) || !ends.every((end) => typeof end === 'number'))
    throw new ArgumentError(`${op}: expected _schedule_phases to be 2 or 3 phases, got ${describe(saved)}`);
  return phasesOf(1, 1, ends.length === 3).map((phase, i) => ({ ...phase, endStep: ends[i]! }));
}

const SAVED: Readonly<Record<LrName | MomentumName, string>> = {
  initialLr: 'initial_lr',
  maxLr: 'max_lr',
  minLr: 'min_lr',
  baseMomentum: 'base_momentum',
  maxMomentum: 'max_momentum',
};

/**
 * Up to a high learning rate and down to a very low one
 * (https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html; Smith and Topin, "Super-convergence",
 * 2017). Step it after each step of the optimizer.
 */
export class OneCycleLR extends LRScheduler {
  totalSteps: number;
  cycleMomentum: boolean;
  #phases: readonly Phase[];
  #strategy: (typeof STRATEGIES)[number];

  constructor(
    optimizer: ScheduledOptimizer,
    ...given: Arguments<
      [
        maxLr: PerGroup,
        totalSteps: number | null,
        epochs: number | null,
        stepsPerEpoch: number | null,
        pctStart: number,
        annealStrategy: (typeof STRATEGIES)[number],
        cycleMomentum: boolean,
        baseMomentum: PerGroup,
        maxMomentum: PerGroup,
        divFactor: number,
        finalDivFactor: number,
        threePhase: boolean,
        lastEpoch: number,
      ],
      OneCycleLROptions
    >
  ) {
    const op = 'OneCycleLR';
    const [
      maxLr,
      totalSteps,
      epochs,
      stepsPerEpoch,
      pctStart = 0.3,
      annealStrategy = 'cos',
      cycleMomentum,
      baseMomentum = 0.85,
      maxMomentum = 0.95,
      divFactor = 25,
      finalDivFactor = 1e4,
      threePhase,
      lastEpoch = -1,
    ] = bindArguments(op, NAMES, given);
    const total = stepsOf(totalSteps, epochs, stepsPerEpoch);
    const part = numberWithin(op, 'pctStart', pctStart, 0, 1);
    const strategy = oneOf(op, 'annealStrategy', annealStrategy, STRATEGIES);
    const cycles = booleanArgument(op, 'cycleMomentum', cycleMomentum, true);
    const three = booleanArgument(op, 'threePhase', threePhase, false);
    const first = numberArgument(op, 'divFactor', divFactor);
    const last = numberArgument(op, 'finalDivFactor', finalDivFactor);
    const maxLrs = perGroup(op, 'maxLr', optimizer, maxLr);
    const start = lastEpoch === -1;
    if (cycles) momentumRange(op, optimizer, baseMomentum, maxMomentum, start);
    if (start)
      groupsOf(op, optimizer).forEach((group, i) => {
        group.maxLr = maxLrs[i]!;
        group.initialLr = maxLrs[i]! / first;
        group.minLr = group.initialLr / last;
      });
    super(optimizer, lastEpoch as number);
    this.totalSteps = total;
    this.cycleMomentum = cycles;
    this.#phases = phasesOf(total, part, three);
    this.#strategy = strategy;
    if (new.target === OneCycleLR) this.begin();
  }

  private between(from: number, to: number, part: number): number {
    return this.#strategy === 'cos'
      ? to + ((from - to) / 2) * (Math.cos(Math.PI * part) + 1)
      : (to - from) * part + from;
  }

  override getLr(): number[] {
    const step = this.lastEpoch;
    if (step > this.totalSteps)
      throw new ArgumentError(`OneCycleLR: step ${step} of ${this.totalSteps}: the schedule is over`);
    const phases = this.#phases;
    const at = phases.findIndex(({ endStep }, i) => step <= endStep || i === phases.length - 1);
    const { endStep, lrs, momentums } = phases[at]!;
    const startStep = at === 0 ? 0 : phases[at - 1]!.endStep;
    if (endStep === startStep)
      throw new ArgumentError('OneCycleLR: expected each phase to have steps: choose another pctStart');
    const part = (step - startStep) / (endStep - startStep);
    const inBetas = this.cycleMomentum && usesBetas('OneCycleLR', this.optimizer);
    return this.groups.map((group) => {
      if (this.cycleMomentum) {
        const [from, to] = momentums;
        setMomentum(group, inBetas, this.between(group[from]!, group[to]!, part));
      }
      const [from, to] = lrs;
      return this.between(group[from]!, group[to]!, part);
    });
  }

  override stateDict(): SchedulerStateDict {
    const { total_steps, ...rest } = super.stateDict();
    const phases = this.#phases.map(({ endStep, lrs, momentums }) => ({
      end_step: endStep,
      start_lr: SAVED[lrs[0]],
      end_lr: SAVED[lrs[1]],
      start_momentum: SAVED[momentums[0]],
      end_momentum: SAVED[momentums[1]],
    }));
    return {
      total_steps,
      _schedule_phases: phases,
      _anneal_func_type: this.#strategy,
      ...savedMomentum(this),
      ...rest,
    };
  }

  override loadStateDict(state: SchedulerStateDict): void {
    const op = 'OneCycleLR.loadStateDict';
    checkState(op, state);
    const { _anneal_func_type: strategy = this.#strategy, _schedule_phases: saved } = state;
    const loaded = oneOf(op, '_anneal_func_type', strategy, STRATEGIES);
    const phases = saved === undefined ? this.#phases : loadedPhases(op, saved);
    super.loadStateDict(state);
    this.#strategy = loaded;
    this.#phases = phases;
  }
}

function stepsOf(total: unknown, epochs: unknown, perEpoch: unknown): number {
  if (total !== undefined && total !== null) return positiveInteger('OneCycleLR', 'totalSteps', total);
  if (epochs === undefined || epochs === null || perEpoch === undefined || perEpoch === null)
    throw new ArgumentError('OneCycleLR: expected totalSteps, or epochs and stepsPerEpoch');
  return (
    positiveInteger('OneCycleLR', 'epochs', epochs) * positiveInteger('OneCycleLR', 'stepsPerEpoch', perEpoch)
  );
}
