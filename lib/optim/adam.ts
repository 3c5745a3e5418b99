import { Op } from '../backend/ops.generated';
import { NativeOptimizer, type SteppedState } from './native-optimizer';
import type { Group, Params } from './optimizer';
import { checkAtLeast0, checkBetas, checkBooleans, optionsOf, type Given, type Hints } from './options';

export interface AdamWOptions {
  /** The learning rate (0.001). */
  lr?: number;
  /** How much of the averages of gradients and of their squares stays in each step ([0.9, 0.999]). */
  betas?: readonly [number, number];
  /** What is added to the denominator (1e-8). */
  eps?: number;
  /** Of Adam the factor of an L2 penalty (0); of AdamW what parameters lose in each step, times the learning rate (0.01). */
  weightDecay?: number;
  /** Divide by the largest average of squares so far. */
  amsgrad?: boolean;
  /** Go up the gradient. */
  maximize?: boolean;
}

export interface AdamOptions extends AdamWOptions {
  /** Decay the weights as AdamW does, apart from the gradient. */
  decoupledWeightDecay?: boolean;
}

const ADAMW_DEFAULTS = {
  lr: 0.001,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0.01,
  amsgrad: false,
  maximize: false,
} as const;
const ADAM_DEFAULTS = { ...ADAMW_DEFAULTS, weightDecay: 0, decoupledWeightDecay: false } as const;

const STATES = ['exp_avg', 'exp_avg_sq'];
const AMSGRAD_STATES = [...STATES, 'max_exp_avg_sq'];

/** A launch's scalars: one array of doubles for all steps. */
const SCALARS = [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5];

type Positions = [
  lr: number,
  betas: readonly [number, number],
  eps: number,
  weightDecay: number,
  amsgrad: boolean,
  maximize: boolean,
];

/**
 * Adam (https://pytorch.org/docs/stable/generated/torch.optim.Adam.html; Kingma and Ba, "Adam: A method for stochastic
 * optimization", 2014). A group is updated by one native call.
 */
export class Adam extends NativeOptimizer<AdamOptions> {
  /** @internal */
  protected override readonly op = Op.adam;
  /** @internal */
  protected override readonly stateFields = {
    step: 'number',
    exp_avg: 'tensor',
    exp_avg_sq: 'tensor',
    max_exp_avg_sq: 'optional',
  } as const;

  constructor(params: Params<AdamOptions>, options?: AdamOptions & Hints);
  constructor(params: Params<AdamOptions>, lr: number, options?: AdamOptions & Hints);
  constructor(params: Params<AdamOptions>, ...given: Given<Positions, AdamOptions>);
  constructor(params: Params<AdamOptions>, ...given: readonly unknown[]) {
    super(params, optionsOf<AdamOptions>('Adam', ADAM_DEFAULTS, given));
  }

  /** @internal */
  protected override checkGroup(group: Group<AdamOptions>): void {
    const name = this.constructor.name;
    checkAtLeast0(name, group, ['lr', 'eps', 'weightDecay']);
    checkBetas(name, group.betas);
    checkBooleans(name, group, ['amsgrad', 'maximize', 'decoupledWeightDecay']);
  }

  /** @internal */
  protected override stateNames(group: Group<AdamOptions>): readonly string[] {
    return group.amsgrad ? AMSGRAD_STATES : STATES;
  }

  /** @internal */
  protected override scalars(group: Group<AdamOptions>, state: SteppedState): readonly number[] {
    SCALARS[0] = group.lr;
    SCALARS[1] = group.betas[0];
    SCALARS[2] = group.betas[1];
    SCALARS[3] = group.eps;
    SCALARS[4] = group.weightDecay;
    SCALARS[5] = group.decoupledWeightDecay ? 1 : 0;
    SCALARS[6] = group.amsgrad ? 1 : 0;
    SCALARS[7] = group.maximize ? 1 : 0;
    SCALARS[8] = state.step + 1;
    return SCALARS;
  }
}

/**
 * Adam with weight decay apart from the gradient (https://pytorch.org/docs/stable/generated/torch.optim.AdamW.html;
 * Loshchilov and Hutter, "Decoupled weight decay regularization", 2017).
 */
export class AdamW extends Adam {
  constructor(params: Params<AdamWOptions>, options?: AdamWOptions & Hints);
  constructor(params: Params<AdamWOptions>, lr: number, options?: AdamWOptions & Hints);
  constructor(params: Params<AdamWOptions>, ...given: Given<Positions, AdamWOptions>);
  constructor(params: Params<AdamWOptions>, ...given: readonly unknown[]) {
    super(params, {
      ...optionsOf<AdamWOptions>('AdamW', ADAMW_DEFAULTS, given),
      decoupledWeightDecay: true,
    });
  }
}
