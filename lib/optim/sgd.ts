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
    checkAtLeast0('SGD', group, ['lr', 'momentum', 'weightDecay']);
    checkNumbers('SGD', group, ['dampening']);
    checkBooleans('SGD', group, ['nesterov', 'maximize']);
    if (group.nesterov && (group.momentum === 0 || group.dampening !== 0))
      throw new ArgumentError('SGD: nesterov needs a momentum and no dampening');
  }

  /** @internal */
  protected override update(group: Group<SGDOptions>): void {
    const hasMomentum = group.momentum !== 0;
    // Apart: those without a momentum yet.
    eachLaunch(
      group.params,
      LAUNCH,
      (p) => hasMomentum && !this.state.has(p),
      (a, b) => a === b,
      (params, [first]) => this.launch(group, params, first!),
    );
  }

  private launch(group: Group<SGDOptions>, params: readonly Tensor[], first: boolean): void {
    const { lr, momentum, dampening, weightDecay, nesterov, maximize } = group;
    let outs = params;
    if (momentum !== 0) {
      if (first)
        for (const p of params)
          this.state.set(p, { momentum_buffer: uninitialised(p.shape, p.code, p.place, 'SGD') });
      outs = [...params, ...params.map((p) => stateFor(this.state.get(p)!, 'momentum_buffer', p))];
    }
    SCALARS[0] = lr;
    SCALARS[1] = momentum;
    SCALARS[2] = dampening;
    SCALARS[3] = weightDecay;
    SCALARS[4] = nesterov ? 1 : 0;
    SCALARS[5] = maximize ? 1 : 0;
    SCALARS[6] = first ? 1 : 0;
    const grads = params.map((p) => p.gradient!);
    runInto(Op.sgd, COMPUTE[params[0]!.code]!, outs, grads, SCALARS);
    for (let i = 0; i < params.length; i++) bumpVersion(params[i]!);
  }
}
