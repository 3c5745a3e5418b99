import { Op } from '../backend/ops.generated';
import { NativeOptimizer } from './native-optimizer';
import type { Group, Params } from './optimizer';
import { checkAtLeast0, checkBooleans, checkPair, optionsOf, type Given, type Hints } from './options';

/** In the order of arguments by position. */
export interface RpropOptions {
  /** The first step (0.01). */
  lr?: number;
  /** The factors that a step shrinks and grows by ([0.5, 1.2]). */
  etas?: readonly [number, number];
  /** The smallest and the largest step ([1e-6, 50]). */
  stepSizes?: readonly [number, number];
  /** Go up the gradient. */
  maximize?: boolean;
}

const DEFAULTS = {
  lr: 0.01,
  etas: [0.5, 1.2],
  stepSizes: [1e-6, 50],
  maximize: false,
} as const;

const STATES = ['prev', 'step_size'];

/**
 * Steps that grow while a gradient keeps its sign, and shrink when it turns; its size does not matter
 * (https://pytorch.org/docs/stable/generated/torch.optim.Rprop.html; Riedmiller and Braun, "A direct adaptive method for
 * faster backpropagation learning", 1993). A group is updated by one native call.
 */
export class Rprop extends NativeOptimizer<RpropOptions> {
  /** @internal */
  protected override readonly op = Op.rprop;
  /** @internal */
  protected override readonly stateFields = { step: 'number', prev: 'tensor', step_size: 'tensor' } as const;

  constructor(params: Params<RpropOptions>, options?: RpropOptions & Hints);
  constructor(params: Params<RpropOptions>, lr: number, options?: RpropOptions & Hints);
  constructor(
    params: Params<RpropOptions>,
    ...given: Given<
      [lr: number, etas: readonly [number, number], stepSizes: readonly [number, number], maximize: boolean],
      RpropOptions
    >
  );
  constructor(params: Params<RpropOptions>, ...given: readonly unknown[]) {
    super(params, optionsOf<RpropOptions>('Rprop', DEFAULTS, given));
  }

  /** @internal */
  protected override checkGroup(group: Group<RpropOptions>): void {
    checkAtLeast0('Rprop', group, ['lr']);
    checkPair(
      'Rprop',
      'etas',
      group.etas,
      (a, b) => a > 0 && a < 1 && b > 1,
      'a factor in (0, 1) and one > 1',
    );
    checkPair('Rprop', 'stepSizes', group.stepSizes, () => true, 'two numbers');
    checkBooleans('Rprop', group, ['maximize']);
  }

  /** @internal */
  protected override initial(group: Group<RpropOptions>, name: string): number {
    return name === 'step_size' ? group.lr : 0;
  }

  /** @internal */
  protected override stateNames(): readonly string[] {
    return STATES;
  }

  /** @internal */
  protected override scalars(group: Group<RpropOptions>): readonly number[] {
    const { etas, stepSizes, maximize } = group;
    return [0, maximize ? 1 : 0, etas[0], etas[1], stepSizes[0], stepSizes[1]];
  }
}
