import { Op } from '../backend/ops.generated';
import { NativeOptimizer, type SteppedState } from './native-optimizer';
import type { Group, Params } from './optimizer';
import { checkAtLeast0, checkBetas, checkBooleans, optionsOf, type Given, type Hints } from './options';

/** In the order of arguments by position. */
export interface RAdamOptions {
  /** The learning rate (0.001). */
  lr?: number;
  /** How much of the averages of gradients and of their squares stays in each step ([0.9, 0.999]). */
  betas?: readonly [number, number];
  /** What is added to the denominator (1e-8). */
  eps?: number;
  /** The factor of an L2 penalty (0). */
  weightDecay?: number;
  /** Decay the weights apart from the gradient, as AdamW does. */
  decoupledWeightDecay?: boolean;
  /** Go up the gradient. */
  maximize?: boolean;
}

const DEFAULTS = {
  lr: 0.001,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  decoupledWeightDecay: false,
  maximize: false,
} as const;

const STATES = ['exp_avg', 'exp_avg_sq'];

/** What the rate is multiplied by for the variance of the average of squares; null: it has seen too little for one. */
function rectificationOf(beta: number, step: number): number | null {
  const power = beta ** step;
  const most = 2 / (1 - beta) - 1;
  const length = most - (2 * step * power) / (1 - power);
  if (!(length > 5)) return null;
  return Math.sqrt(((length - 4) * (length - 2) * most) / ((most - 4) * (most - 2) * length));
}

/**
 * Adam with rectified rates (https://pytorch.org/docs/stable/generated/torch.optim.RAdam.html; Liu et al., "On the variance
 * of the adaptive learning rate and beyond", 2019). A group is updated by one native call.
 */
export class RAdam extends NativeOptimizer<RAdamOptions> {
  /** @internal */
  protected override readonly op = Op.radam;
  /** @internal */
  protected override readonly stateFields = {
    step: 'number',
    exp_avg: 'tensor',
    exp_avg_sq: 'tensor',
  } as const;

  constructor(params: Params<RAdamOptions>, options?: RAdamOptions & Hints);
  constructor(params: Params<RAdamOptions>, lr: number, options?: RAdamOptions & Hints);
  constructor(
    params: Params<RAdamOptions>,
    ...given: Given<
      [
        lr: number,
        betas: readonly [number, number],
        eps: number,
        weightDecay: number,
        decoupledWeightDecay: boolean,
        maximize: boolean,
      ],
      RAdamOptions
    >
  );
  constructor(params: Params<RAdamOptions>, ...given: readonly unknown[]) {
    super(params, optionsOf<RAdamOptions>('RAdam', DEFAULTS, given));
  }

  /** @internal */
  protected override checkGroup(group: Group<RAdamOptions>): void {
    checkAtLeast0('RAdam', group, ['lr', 'eps', 'weightDecay']);
    checkBetas('RAdam', group.betas);
    checkBooleans('RAdam', group, ['decoupledWeightDecay', 'maximize']);
  }

  /** @internal */
  protected override stateNames(): readonly string[] {
    return STATES;
  }

  /** @internal */
  protected override scalars(group: Group<RAdamOptions>, state: SteppedState): readonly number[] {
    const { lr, betas, eps, weightDecay, decoupledWeightDecay, maximize } = group;
    const step = state.step + 1;
    const bias = 1 - betas[1] ** step;
    const rectification = rectificationOf(betas[1], step);
    const rate = lr / (1 - betas[0] ** step);
    return [
      decoupledWeightDecay ? 0 : weightDecay,
      maximize ? 1 : 0,
      decoupledWeightDecay ? 1 - lr * weightDecay : 1,
      betas[0],
      betas[1],
      eps,
      rectification === null ? rate : rate * Math.sqrt(bias) * rectification,
      rectification === null ? 0 : 1,
    ];
  }
}
