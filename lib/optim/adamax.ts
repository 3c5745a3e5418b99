import { Op } from '../backend/ops.generated';
import { NativeOptimizer, type SteppedState } from './native-optimizer';
import type { Group, Params } from './optimizer';
import { checkAtLeast0, checkBetas, checkBooleans, optionsOf, type Given, type Hints } from './options';

/** In the order of arguments by position. */
export interface AdamaxOptions {
  /** The learning rate (0.002). */
  lr?: number;
  /** How much of the averages of gradients and of their largest size stays in each step ([0.9, 0.999]). */
  betas?: readonly [number, number];
  /** What is added to the size of a gradient (1e-8). */
  eps?: number;
  /** The factor of an L2 penalty (0). */
  weightDecay?: number;
  /** Go up the gradient. */
  maximize?: boolean;
}

const DEFAULTS = {
  lr: 0.002,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  foreach: null,
  maximize: false,
} as const;

const STATES = ['exp_avg', 'exp_inf'];

/**
 * Adam with the largest of recent gradients in place of their squares
 * (https://pytorch.org/docs/stable/generated/torch.optim.Adamax.html; Kingma and Ba, "Adam: A method for stochastic
 * optimization", 2014). A group is updated by one native call.
 */
export class Adamax extends NativeOptimizer<AdamaxOptions> {
  /** @internal */
  protected override readonly op = Op.adamax;
  /** @internal */
  protected override readonly stateFields = { step: 'number', exp_avg: 'tensor', exp_inf: 'tensor' } as const;

  constructor(params: Params<AdamaxOptions>, options?: AdamaxOptions & Hints);
  constructor(params: Params<AdamaxOptions>, lr: number, options?: AdamaxOptions & Hints);
  constructor(
    params: Params<AdamaxOptions>,
    ...given: Given<
      [
        lr: number,
        betas: readonly [number, number],
        eps: number,
        weightDecay: number,
        foreach: boolean | null,
        maximize: boolean,
      ],
      AdamaxOptions
    >
  );
  constructor(params: Params<AdamaxOptions>, ...given: readonly unknown[]) {
    super(params, optionsOf<AdamaxOptions>('Adamax', DEFAULTS, given));
  }

  /** @internal */
  protected override checkGroup(group: Group<AdamaxOptions>): void {
    checkAtLeast0('Adamax', group, ['lr', 'eps', 'weightDecay']);
    checkBetas('Adamax', group.betas);
    checkBooleans('Adamax', group, ['maximize']);
  }

  /** @internal */
  protected override stateNames(): readonly string[] {
    return STATES;
  }

  /** @internal */
  protected override scalars(group: Group<AdamaxOptions>, state: SteppedState): readonly number[] {
    const { lr, betas, eps, weightDecay, maximize } = group;
    return [weightDecay, maximize ? 1 : 0, betas[0], betas[1], eps, lr / (1 - betas[0] ** (state.step + 1))];
  }
}
