/** Learning rates that go up and down between two bounds. */
import { ArgumentError, describe } from '../../errors';
import { bindArguments, booleanArgument, numberArgument } from '../../functional/arguments';
import {
  groupsOf,
  oneOf,
  perGroup,
  type Arguments,
  type PerGroup,
  type ScheduledOptimizer,
} from './arguments';
import { momentumRange, savedMomentum, setMomentum, usesBetas } from './momentum';
import { LRScheduler } from './scheduler';
import type { SchedulerStateDict } from './state';

const MODES = ['triangular', 'triangular2', 'exp_range'] as const;
const SCALE_MODES = ['cycle', 'iterations'] as const;
const NAMES = [
  'baseLr',
  'maxLr',
  'stepSizeUp',
  'stepSizeDown',
  'mode',
  'gamma',
  'scaleFn',
  'scaleMode',
  'cycleMomentum',
  'baseMomentum',
  'maxMomentum',
  'lastEpoch',
];

/** How high a cycle goes, of 1: by its number or that of the step. */
export type ScaleFn = (x: number) => number;

export interface CyclicLROptions {
  /** The lowest learning rate: one, or one for each group. */
  baseLr?: PerGroup;
  /** The highest. */
  maxLr?: PerGroup;
  /** The steps up (2000). */
  stepSizeUp?: number;
  /** The steps down (as many). */
  stepSizeDown?: number | null;
  /** Whether cycles stay as high ('triangular'), are half as high as the one before, or `gamma` to the power of the step. */
  mode?: (typeof MODES)[number];
  gamma?: number;
  /** In place of a mode. */
  scaleFn?: ScaleFn | null;
  /** What `scaleFn` is called with: the number of the cycle or of the step. */
  scaleMode?: (typeof SCALE_MODES)[number];
  /** Whether the momentum (or the first of the betas) goes the other way (true). */
  cycleMomentum?: boolean;
  baseMomentum?: PerGroup;
  maxMomentum?: PerGroup;
  lastEpoch?: number;
}

/**
 * Up and down along lines (https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CyclicLR.html; Smith, "Cyclical
 * learning rates for training neural networks", 2015).
 */
export class CyclicLR extends LRScheduler {
  maxLrs: number[];
  totalSize: number;
  /** The part of a cycle that goes up. */
  stepRatio: number;
  mode: (typeof MODES)[number];
  gamma: number;
  scaleMode: (typeof SCALE_MODES)[number];
  cycleMomentum: boolean;
  baseMomentums: number[];
  maxMomentums: number[];
  readonly #scaleFn: ScaleFn | null;

  constructor(
    optimizer: ScheduledOptimizer,
    ...given: Arguments<
      [
        baseLr: PerGroup,
        maxLr: PerGroup,
        stepSizeUp: number,
        stepSizeDown: number | null,
        mode: (typeof MODES)[number],
        gamma: number,
        scaleFn: ScaleFn | null,
        scaleMode: (typeof SCALE_MODES)[number],
        cycleMomentum: boolean,
        baseMomentum: PerGroup,
        maxMomentum: PerGroup,
        lastEpoch: number,
      ],
      CyclicLROptions
    >
  ) {
    const op = 'CyclicLR';
    const [
      baseLr,
      maxLr,
      stepSizeUp = 2000,
      stepSizeDown,
      mode = 'triangular',
      gamma = 1,
      scaleFn = null,
      scaleMode = 'cycle',
      cycleMomentum,
      baseMomentum = 0.8,
      maxMomentum = 0.9,
      lastEpoch = -1,
    ] = bindArguments(op, NAMES, given);
    const baseLrs = perGroup(op, 'baseLr', optimizer, baseLr);
    const maxLrs = perGroup(op, 'maxLr', optimizer, maxLr);
    const up = steps('stepSizeUp', stepSizeUp);
    const down = steps('stepSizeDown', stepSizeDown ?? stepSizeUp);
    if (scaleFn !== null && typeof scaleFn !== 'function')
      throw new ArgumentError(`${op}: expected scaleFn to be a function, got ${describe(scaleFn)}`);
    const shape = scaleFn === null ? oneOf(op, 'mode', mode, MODES) : (mode as CyclicLR['mode']);
    const scaled = oneOf(op, 'scaleMode', scaleMode, SCALE_MODES);
    const factor = numberArgument(op, 'gamma', gamma);
    const cycles = booleanArgument(op, 'cycleMomentum', cycleMomentum, true);
    const start = lastEpoch === -1;
    const [baseMomentums, maxMomentums] = cycles
      ? momentumRange(op, optimizer, baseMomentum, maxMomentum, start)
      : [[], []];
    if (start)
      groupsOf(op, optimizer).forEach((group, i) => {
        group.lr = baseLrs[i]!;
      });
    super(optimizer, lastEpoch as number);
    this.maxLrs = maxLrs;
    this.totalSize = up + down;
    this.stepRatio = up / this.totalSize;
    this.mode = shape;
    this.gamma = factor;
    this.#scaleFn = scaleFn as ScaleFn | null;
    this.scaleMode = scaleFn !== null ? scaled : shape === 'exp_range' ? 'iterations' : 'cycle';
    this.cycleMomentum = cycles;
    this.baseMomentums = baseMomentums;
    this.maxMomentums = maxMomentums;
    if (new.target === CyclicLR) this.begin();
    this.baseLrs = baseLrs;
  }

  /** How high a cycle goes, of 1. */
  scaleFn(x: number): number {
    if (this.#scaleFn !== null) return this.#scaleFn(x);
    if (this.mode === 'triangular') return 1;
    return this.mode === 'triangular2' ? 1 / 2 ** (x - 1) : this.gamma ** x;
  }

  override getLr(): number[] {
    const { lastEpoch, totalSize, stepRatio } = this;
    const cycle = Math.floor(1 + lastEpoch / totalSize);
    const x = 1 + lastEpoch / totalSize - cycle;
    const height = x <= stepRatio ? x / stepRatio : (x - 1) / (stepRatio - 1);
    const scale = this.scaleFn(this.scaleMode === 'cycle' ? cycle : lastEpoch);
    if (this.cycleMomentum) {
      const inBetas = usesBetas('CyclicLR', this.optimizer);
      this.groups.forEach((group, i) => {
        const highest = this.maxMomentums[i]!;
        setMomentum(group, inBetas, highest - (highest - this.baseMomentums[i]!) * height * scale);
      });
    }
    return this.baseLrs.map((lr, i) => lr + (this.maxLrs[i]! - lr) * height * scale);
  }

  override stateDict(): SchedulerStateDict {
    const state = { ...super.stateDict(), ...savedMomentum(this), _scale_fn_custom: null };
    if (this.cycleMomentum) return state;
    return Object.fromEntries(Object.entries(state).filter(([key]) => !key.endsWith('_momentums')));
  }
}

function steps(name: string, value: unknown): number {
  const count = numberArgument('CyclicLR', name, value);
  if (!(count > 0 && count < Infinity))
    throw new ArgumentError(`CyclicLR: expected ${name} to be a number > 0, got ${count}`);
  return count;
}
