import { Op } from '../backend/ops.generated';
import { NativeOptimizer, type SteppedState } from './native-optimizer';
import type { Group, Params } from './optimizer';
import { checkAtLeast0, checkBetas, checkBooleans, optionsOf, type Given, type Hints } from './options';

/** In the order of arguments by position. */
export interface NAdamOptions {
  /** The learning rate (0.002). */
  lr?: number;
  /** How much of the averages of gradients and of their squares stays in each step ([0.9, 0.999]). */
  betas?: readonly [number, number];
  /** What is added to the denominator (1e-8). */
  eps?: number;
  /** The factor of an L2 penalty (0). */
  weightDecay?: number;
  /** How fast the momentum grows (0.004). */
  momentumDecay?: number;
  /** Decay the weights apart from the gradient, as AdamW does. */
  decoupledWeightDecay?: boolean;
  /** Go up the gradient. */
  maximize?: boolean;
}

const DEFAULTS = {
  lr: 0.002,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  momentumDecay: 0.004,
  decoupledWeightDecay: false,
  maximize: false,
} as const;

const STATES = ['exp_avg', 'exp_avg_sq'];

/** The momentum of a step. */
function momentumAt({ betas, momentumDecay }: Group<NAdamOptions>, step: number): number {
  return betas[0] * (1 - 0.5 * 0.96 ** (step * momentumDecay));
}

/** The momentum of the next step, and the product of all so far: as float32, as PyTorch keeps it. */
function momentumOf(group: Group<NAdamOptions>, state: SteppedState): [mu: number, product: number] {
  const mu = momentumAt(group, state.step + 1);
  return [mu, Math.fround((state.mu_product as number) * Math.fround(mu))];
}

/**
 * Adam with Nesterov's momentum (https://pytorch.org/docs/stable/generated/torch.optim.NAdam.html; Dozat, "Incorporating
 * Nesterov momentum into Adam", 2016). A group is updated by one native call.
 */
export class NAdam extends NativeOptimizer<NAdamOptions> {
  /** @internal */
  protected override readonly op = Op.nadam;
  /** @internal */
  protected override readonly stateFields = {
    step: 'number',
    mu_product: 'number',
    exp_avg: 'tensor',
    exp_avg_sq: 'tensor',
  } as const;

  constructor(params: Params<NAdamOptions>, options?: NAdamOptions & Hints);
  constructor(params: Params<NAdamOptions>, lr: number, options?: NAdamOptions & Hints);
  constructor(
    params: Params<NAdamOptions>,
    ...given: Given<
      [
        lr: number,
        betas: readonly [number, number],
        eps: number,
        weightDecay: number,
        momentumDecay: number,
        decoupledWeightDecay: boolean,
        maximize: boolean,
      ],
      NAdamOptions
    >
  );
  constructor(params: Params<NAdamOptions>, ...given: readonly unknown[]) {
    super(params, optionsOf<NAdamOptions>('NAdam', DEFAULTS, given));
  }

  /** @internal */
  protected override checkGroup(group: Group<NAdamOptions>): void {
    checkAtLeast0('NAdam', group, ['lr', 'eps', 'weightDecay', 'momentumDecay']);
    checkBetas('NAdam', group.betas);
    checkBooleans('NAdam', group, ['decoupledWeightDecay', 'maximize']);
  }

  /** @internal */
  protected override begin(): SteppedState {
    return { step: 0, mu_product: 1 };
  }

  /** @internal */
  override alike(a: SteppedState, b: SteppedState): boolean {
    return a.step === b.step && a.mu_product === b.mu_product;
  }

  /** @internal */
  protected override advance(group: Group<NAdamOptions>, state: SteppedState): void {
    [, state.mu_product] = momentumOf(group, state);
    state.step++;
  }

  /** @internal */
  protected override stateNames(): readonly string[] {
    return STATES;
  }

  /** @internal */
  protected override scalars(group: Group<NAdamOptions>, state: SteppedState): readonly number[] {
    const { lr, betas, eps, weightDecay, decoupledWeightDecay, maximize } = group;
    const step = state.step + 1;
    const [mu, product] = momentumOf(group, state);
    const next = momentumAt(group, step + 1);
    return [
      decoupledWeightDecay ? 0 : weightDecay,
      maximize ? 1 : 0,
      decoupledWeightDecay ? 1 - lr * weightDecay : 1,
      betas[0],
      betas[1],
      eps,
      1 - betas[1] ** step,
      (lr * (1 - mu)) / (1 - product),
      (lr * next) / (1 - product * next),
    ];
  }
}
