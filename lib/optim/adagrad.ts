import { Op } from '../backend/ops.generated';
import { NativeOptimizer, type SteppedState } from './native-optimizer';
import type { Group, Params } from './optimizer';
import { checkAtLeast0, checkBooleans, optionsOf, type Given, type Hints } from './options';

/** In the order of arguments by position. */
export interface AdagradOptions {
  /** The learning rate (0.01). */
  lr?: number;
  /** How fast the learning rate falls (0). */
  lrDecay?: number;
  /** The factor of an L2 penalty (0). */
  weightDecay?: number;
  /** What the sums of squares begin with (0). */
  initialAccumulatorValue?: number;
  /** What is added to the denominator (1e-10). */
  eps?: number;
  /** Go up the gradient. */
  maximize?: boolean;
}

const DEFAULTS = {
  lr: 0.01,
  lrDecay: 0,
  weightDecay: 0,
  initialAccumulatorValue: 0,
  eps: 1e-10,
  foreach: null,
  maximize: false,
} as const;

const STATES = ['sum'];

/**
 * Rates that fall with the sum of squared gradients so far
 * (https://pytorch.org/docs/stable/generated/torch.optim.Adagrad.html; Duchi, Hazan and Singer, "Adaptive subgradient
 * methods for online learning and stochastic optimization", 2011). A group is updated by one native call.
 */
export class Adagrad extends NativeOptimizer<AdagradOptions> {
  /** @internal */
  protected override readonly op = Op.adagrad;
  /** @internal */
  protected override readonly stateFields = { step: 'number', sum: 'tensor' } as const;

  constructor(params: Params<AdagradOptions>, options?: AdagradOptions & Hints);
  constructor(params: Params<AdagradOptions>, lr: number, options?: AdagradOptions & Hints);
  constructor(
    params: Params<AdagradOptions>,
    ...given: Given<
      [
        lr: number,
        lrDecay: number,
        weightDecay: number,
        initialAccumulatorValue: number,
        eps: number,
        foreach: boolean | null,
        maximize: boolean,
      ],
      AdagradOptions
    >
  );
  constructor(params: Params<AdagradOptions>, ...given: readonly unknown[]) {
    super(params, optionsOf<AdagradOptions>('Adagrad', DEFAULTS, given));
    // As in PyTorch, there is a state before the first step.
    for (const group of this.paramGroups)
      for (const p of group.params) this.stateTensor(group, p, this.newState(group, p), 'sum');
  }

  /** @internal */
  protected override checkGroup(group: Group<AdagradOptions>): void {
    checkAtLeast0('Adagrad', group, ['lr', 'lrDecay', 'weightDecay', 'initialAccumulatorValue', 'eps']);
    checkBooleans('Adagrad', group, ['maximize']);
  }

  /** @internal */
  protected override initial(): number {
    return this.defaults.initialAccumulatorValue;
  }

  /** @internal */
  protected override stateNames(): readonly string[] {
    return STATES;
  }

  /** @internal */
  protected override scalars(group: Group<AdagradOptions>, state: SteppedState): readonly number[] {
    const { lr, lrDecay, weightDecay, eps, maximize } = group;
    return [weightDecay, maximize ? 1 : 0, eps, lr / (1 + state.step * lrDecay)];
  }
}
