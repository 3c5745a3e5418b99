import { Op } from '../backend/ops.generated';
import { ArgumentError } from '../errors';
import { NativeOptimizer } from './native-optimizer';
import type { Group, Params } from './optimizer';
import { checkAtLeast0, checkBooleans, optionsOf, type Given, type Hints } from './options';

/** In the order of arguments by position. */
export interface AdadeltaOptions {
  /** The factor of changes (1). */
  lr?: number;
  /** How much of the averages of squares stays in each step (0.9). */
  rho?: number;
  /** What is added to the averages of squares (1e-6). */
  eps?: number;
  /** The factor of an L2 penalty (0). */
  weightDecay?: number;
  /** Go up the gradient. */
  maximize?: boolean;
}

const DEFAULTS = {
  lr: 1,
  rho: 0.9,
  eps: 1e-6,
  weightDecay: 0,
  foreach: null,
  maximize: false,
} as const;

const STATES = ['square_avg', 'acc_delta'];

/**
 * Rates from the recent sizes of gradients and of changes
 * (https://pytorch.org/docs/stable/generated/torch.optim.Adadelta.html; Zeiler, "ADADELTA: An adaptive learning rate
 * method", 2012). A group is updated by one native call.
 */
export class Adadelta extends NativeOptimizer<AdadeltaOptions> {
  /** @internal */
  protected override readonly op = Op.adadelta;
  /** @internal */
  protected override readonly stateFields = {
    step: 'number',
    square_avg: 'tensor',
    acc_delta: 'tensor',
  } as const;

  constructor(params: Params<AdadeltaOptions>, options?: AdadeltaOptions & Hints);
  constructor(params: Params<AdadeltaOptions>, lr: number, options?: AdadeltaOptions & Hints);
  constructor(
    params: Params<AdadeltaOptions>,
    ...given: Given<
      [lr: number, rho: number, eps: number, weightDecay: number, foreach: boolean | null, maximize: boolean],
      AdadeltaOptions
    >
  );
  constructor(params: Params<AdadeltaOptions>, ...given: readonly unknown[]) {
    super(params, optionsOf<AdadeltaOptions>('Adadelta', DEFAULTS, given));
  }

  /** @internal */
  protected override checkGroup(group: Group<AdadeltaOptions>): void {
    checkAtLeast0('Adadelta', group, ['lr', 'rho', 'eps', 'weightDecay']);
    if (group.rho > 1) throw new ArgumentError(`Adadelta: expected rho to be at most 1, got ${group.rho}`);
    checkBooleans('Adadelta', group, ['maximize']);
  }

  /** @internal */
  protected override stateNames(): readonly string[] {
    return STATES;
  }

  /** @internal */
  protected override scalars(group: Group<AdadeltaOptions>): readonly number[] {
    const { lr, rho, eps, weightDecay, maximize } = group;
    return [weightDecay, maximize ? 1 : 0, rho, eps, lr];
  }
}
