import { runInto } from '../backend/commands';
import { Op } from '../backend/ops.generated';
import { COMPUTE } from '../dtype';
import { ArgumentError } from '../errors';
import { bumpVersion, uninitialised, type Tensor } from '../tensor';
import { eachLaunch } from './launches';
import { Optimizer, type Group, type Params } from './optimizer';
import { checkAtLeast0, checkBooleans, checkNumbers, optionsOf, type Given, type Hints } from './options';
import { stateFor } from './state';

export interface SGDOptions {
  /** The learning rate (0.001). */
  lr?: number;
  momentum?: number;
  /** How much less than whole a gradient enters the momentum. */
  dampening?: number;
  /** The factor of an L2 penalty. */
  weightDecay?: number;
  nesterov?: boolean;
  /** Go up the gradient. */
  maximize?: boolean;
}

const DEFAULTS = { lr: 0.001, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, maximize: false };

// Lists that a step does not make anew.
const AT_LEAST_0 = ['lr', 'momentum', 'weightDecay'] as const;
const NUMBERS = ['dampening'] as const;
const BOOLEANS = ['nesterov', 'maximize'] as const;

/** A launch's scalars: one array of doubles for all steps. */
const SCALARS = [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5];

/** So many tensors fit in one launch, momentum buffers included. */
const LAUNCH = 250;

/**
 * Stochastic gradient descent, with momentum if wanted (https://pytorch.org/docs/stable/generated/torch.optim.SGD.html).
 * A group is updated by one native call.
 */
export class SGD extends Optimizer<SGDOptions> {
  /** @internal */
  protected override readonly stateFields = { momentum_buffer: 'optional' } as const;

  constructor(params: Params<SGDOptions>, options?: SGDOptions & Hints);
  constructor(params: Params<SGDOptions>, lr: number, options?: SGDOptions & Hints);
  constructor(
    params: Params<SGDOptions>,
    ...given: Given<
      [
        lr: number,
        momentum: number,
        dampening: number,
        weightDecay: number,
        nesterov: boolean,
        maximize: boolean,
      ],
      SGDOptions
    >
  );
  constructor(params: Params<SGDOptions>, ...given: readonly unknown[]) {
    super(params, optionsOf<SGDOptions>('SGD', DEFAULTS, given));
  }

  /** @internal */
  protected override checkGroup(group: Group<SGDOptions>): void {
    checkAtLeast0('SGD', group, AT_LEAST_0);
    checkNumbers('SGD', group, NUMBERS);
    checkBooleans('SGD', group, BOOLEANS);
    if (group.nesterov && (group.momentum === 0 || group.dampening !== 0))
      throw new ArgumentError('SGD: nesterov needs a momentum and no dampening');
  }

  /** @internal */
  protected override update(group: Group<SGDOptions>): void {
    eachLaunch(this, group, LAUNCH);
  }

  /** @internal Whether it has no momentum yet, but should. */
  stateOf(group: Group<SGDOptions>, p: Tensor): boolean {
    return group.momentum !== 0 && !this.state.has(p);
  }

  /** @internal */
  alike(a: boolean, b: boolean): boolean {
    return a === b;
  }

  /** @internal */
  launch(
    group: Group<SGDOptions>,
    params: readonly Tensor[],
    grads: readonly Tensor[],
    [first]: readonly boolean[],
  ): void {
    let outs = params;
    if (group.momentum !== 0) {
      if (first)
        for (const p of params)
          this.state.set(p, { momentum_buffer: uninitialised(p.shape, p.code, p.place, 'SGD') });
      outs = [...params, ...params.map((p) => stateFor(this.state.get(p)!, 'momentum_buffer', p))];
    }
    SCALARS[0] = group.lr;
    SCALARS[1] = group.momentum;
    SCALARS[2] = group.dampening;
    SCALARS[3] = group.weightDecay;
    SCALARS[4] = group.nesterov ? 1 : 0;
    SCALARS[5] = group.maximize ? 1 : 0;
    SCALARS[6] = first! ? 1 : 0;
    runInto(Op.sgd, COMPUTE[params[0]!.code]!, outs, grads, SCALARS);
    for (let i = 0; i < params.length; i++) bumpVersion(params[i]!);
  }
}
