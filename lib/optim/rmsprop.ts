import { Op } from '../backend/ops.generated';
import { NativeOptimizer } from './native-optimizer';
import type { Group, Params } from './optimizer';
import { checkAtLeast0, checkBooleans, optionsOf, type Given, type Hints } from './options';

/** In the order of arguments by position. */
export interface RMSpropOptions {
  /** The learning rate (0.01). */
  lr?: number;
  /** How much of the average of squares stays in each step (0.99). */
  alpha?: number;
  /** What is added to the denominator (1e-8). */
  eps?: number;
  /** The factor of an L2 penalty (0). */
  weightDecay?: number;
  momentum?: number;
  /** Divide by the root of the variance: squares less the square of the average. */
  centered?: boolean;
  /** Go up the gradient. */
  maximize?: boolean;
}

const DEFAULTS = {
  lr: 0.01,
  alpha: 0.99,
  eps: 1e-8,
  weightDecay: 0,
  momentum: 0,
  centered: false,
  capturable: false,
  foreach: null,
  maximize: false,
} as const;

/**
 * Gradients over the root of the average of their squares
 * (https://pytorch.org/docs/stable/generated/torch.optim.RMSprop.html). A group is updated by one native call.
 */
export class RMSprop extends NativeOptimizer<RMSpropOptions> {
  /** @internal */
  protected override readonly op = Op.rmsprop;
  /** @internal */
  protected override readonly stateFields = {
    step: 'number',
    square_avg: 'tensor',
    momentum_buffer: 'optional',
    grad_avg: 'optional',
  } as const;

  constructor(params: Params<RMSpropOptions>, options?: RMSpropOptions & Hints);
  constructor(params: Params<RMSpropOptions>, lr: number, options?: RMSpropOptions & Hints);
  constructor(
    params: Params<RMSpropOptions>,
    ...given: Given<
      [
        lr: number,
        alpha: number,
        eps: number,
        weightDecay: number,
        momentum: number,
        centered: boolean,
        capturable: boolean,
        foreach: boolean | null,
        maximize: boolean,
      ],
      RMSpropOptions
    >
  );
  constructor(params: Params<RMSpropOptions>, ...given: readonly unknown[]) {
    super(params, optionsOf<RMSpropOptions>('RMSprop', DEFAULTS, given));
  }

  /** @internal */
  protected override checkGroup(group: Group<RMSpropOptions>): void {
    checkAtLeast0('RMSprop', group, ['lr', 'alpha', 'eps', 'weightDecay', 'momentum']);
    checkBooleans('RMSprop', group, ['centered', 'maximize']);
  }

  /** @internal */
  protected override stateNames(group: Group<RMSpropOptions>): readonly string[] {
    const names = ['square_avg'];
    if (group.momentum > 0) names.push('momentum_buffer');
    if (group.centered) names.push('grad_avg');
    return names;
  }

  /** @internal */
  protected override scalars(group: Group<RMSpropOptions>): readonly number[] {
    const { lr, alpha, eps, weightDecay, momentum, centered, maximize } = group;
    return [weightDecay, maximize ? 1 : 0, alpha, eps, lr, momentum, centered ? 1 : 0];
  }
}
