import { Op } from '../backend/ops.generated';
import { NativeOptimizer, type SteppedState } from './native-optimizer';
import type { Group, Params } from './optimizer';
import { checkAtLeast0, checkBooleans, checkNumbers, optionsOf, type Given, type Hints } from './options';

/** In the order of arguments by position. */
export interface ASGDOptions {
  /** The learning rate (0.01). */
  lr?: number;
  /** How much parameters lose in each step, times the rate (1e-4). */
  lambd?: number;
  /** The power by which the rate falls (0.75). */
  alpha?: number;
  /** The step at which averaging starts (1e6). */
  t0?: number;
  /** The factor of an L2 penalty (0). */
  weightDecay?: number;
  /** Go up the gradient. */
  maximize?: boolean;
}

const DEFAULTS = {
  lr: 0.01,
  lambd: 1e-4,
  alpha: 0.75,
  t0: 1e6,
  weightDecay: 0,
  foreach: null,
  maximize: false,
  differentiable: false,
  capturable: false,
} as const;

const STATES = ['ax'];

/**
 * Gradient descent that keeps the average of parameters
 * (https://pytorch.org/docs/stable/generated/torch.optim.ASGD.html; Polyak and Juditsky, "Acceleration of stochastic
 * approximation by averaging", 1992). A group is updated by one native call.
 */
export class ASGD extends NativeOptimizer<ASGDOptions> {
  /** @internal */
  protected override readonly op = Op.asgd;
  /** @internal */
  protected override readonly stateFields = {
    step: 'number',
    eta: 'number',
    mu: 'number',
    ax: 'tensor',
  } as const;

  constructor(params: Params<ASGDOptions>, options?: ASGDOptions & Hints);
  constructor(params: Params<ASGDOptions>, lr: number, options?: ASGDOptions & Hints);
  constructor(
    params: Params<ASGDOptions>,
    ...given: Given<
      [
        lr: number,
        lambd: number,
        alpha: number,
        t0: number,
        weightDecay: number,
        foreach: boolean | null,
        maximize: boolean,
        differentiable: boolean,
        capturable: boolean,
      ],
      ASGDOptions
    >
  );
  constructor(params: Params<ASGDOptions>, ...given: readonly unknown[]) {
    super(params, optionsOf<ASGDOptions>('ASGD', DEFAULTS, given));
  }

  /** @internal */
  protected override checkGroup(group: Group<ASGDOptions>): void {
    checkAtLeast0('ASGD', group, ['lr', 'weightDecay']);
    checkNumbers('ASGD', group, ['lambd', 'alpha', 't0']);
    checkBooleans('ASGD', group, ['maximize']);
  }

  // PyTorch keeps the rate and the weight of averages as float32.

  /** @internal */
  protected override begin(group: Group<ASGDOptions>): SteppedState {
    return { step: 0, eta: Math.fround(group.lr), mu: 1 };
  }

  /** @internal */
  override alike(a: SteppedState, b: SteppedState): boolean {
    return a.eta === b.eta && a.mu === b.mu;
  }

  /** @internal */
  protected override advance({ lr, lambd, alpha, t0 }: Group<ASGDOptions>, state: SteppedState): void {
    state.step++;
    state.eta = Math.fround(lr / (1 + lambd * lr * state.step) ** alpha);
    state.mu = Math.fround(1 / Math.max(1, state.step - t0));
  }

  /** @internal */
  protected override stateNames(): readonly string[] {
    return STATES;
  }

  /** @internal */
  protected override scalars(group: Group<ASGDOptions>, state: SteppedState): readonly number[] {
    const { lambd, weightDecay, maximize } = group;
    const eta = state.eta as number;
    return [weightDecay, maximize ? 1 : 0, 1 - lambd * eta, eta, state.mu as number];
  }
}
