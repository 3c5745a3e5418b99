import { runInto } from '../backend/commands';
import { stepEnd } from '../backend/memory';
import { Op } from '../backend/ops.generated';
import { COMPUTE } from '../dtype';
import { ArgumentError, describe } from '../errors';
import { bindArguments, booleanArgument, numberArgument } from '../functional/arguments';
import { bumpVersion, uninitialised, type Tensor } from '../tensor';
import { Optimizer, type Group, type Params } from './optimizer';
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

const NAMES = ['lr', 'momentum', 'dampening', 'weightDecay', 'nesterov', 'maximize'] as const;

/** A launch's scalars: one array of doubles for all steps. */
const SCALARS = [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5];
function checkAtLeastZero(name: string, value: unknown): void {
  if (!(numberArgument('SGD', name, value) >= 0))
    throw new ArgumentError(`SGD: expected ${name} to be a number >= 0, got ${describe(value)}`);
}

/** So many tensors fit in one launch, momentum buffers included. */
const LAUNCH = 250;

/**
 * Stochastic gradient descent, with momentum if wanted (https://pytorch.org/docs/stable/generated/torch.optim.SGD.html).
 * A group is updated by one native call.
 */
export class SGD extends Optimizer<SGDOptions> {
  /** @internal */
  protected override readonly stateFields = { momentum_buffer: false };

  constructor(params: Params<SGDOptions>, options?: SGDOptions);
  constructor(params: Params<SGDOptions>, lr: number, options?: SGDOptions);
  constructor(params: Params<SGDOptions>, ...given: readonly unknown[]) {
    const [lr = 0.001, momentum = 0, dampening = 0, weightDecay = 0, nesterov = false, maximize = false] =
      bindArguments('SGD', NAMES, given);
    // The base checks them.
    super(params, { lr, momentum, dampening, weightDecay, nesterov, maximize } as Required<SGDOptions>);
  }

  /** @internal */
  protected override checkGroup(group: Group<SGDOptions>): void {
    checkAtLeastZero('lr', group.lr);
    checkAtLeastZero('momentum', group.momentum);
    checkAtLeastZero('weightDecay', group.weightDecay);
    numberArgument('SGD', 'dampening', group.dampening);
    booleanArgument('SGD', 'nesterov', group.nesterov, false);
    booleanArgument('SGD', 'maximize', group.maximize, false);
    if (group.nesterov && (group.momentum === 0 || group.dampening !== 0))
      throw new ArgumentError('SGD: nesterov needs a momentum and no dampening');
  }

  /** @internal */
  protected override update(group: Group<SGDOptions>): void {
    const { params, momentum } = group;
    // Those with a gradient; of these, apart, those without a momentum yet, and those of another dtype or
    // device.
    let pending: Tensor[] = [];
    let grads: Tensor[] = [];
    let first = false;
    for (let i = 0; i < params.length; i++) {
      const p = params[i]!;
      if (p.gradient === null) continue;
      const isFirst = momentum !== 0 && !this.state.has(p);
      if (
        pending.length > 0 &&
        (isFirst !== first ||
          p.code !== pending[0]!.code ||
          p.place !== pending[0]!.place ||
          pending.length === LAUNCH)
      ) {
        this.launch(group, pending, grads, first);
        pending = [];
        grads = [];
      }
      first = isFirst;
      pending.push(p);
      grads.push(p.gradient);
    }
    if (pending.length > 0) this.launch(group, pending, grads, first);
  }

  private launch(
    group: Group<SGDOptions>,
    params: readonly Tensor[],
    grads: readonly Tensor[],
    first: boolean,
  ): void {
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
    runInto(Op.sgd, COMPUTE[params[0]!.code]!, outs, grads, SCALARS);
    for (let i = 0; i < params.length; i++) bumpVersion(params[i]!);
  }

  /** @internal */
  protected override finish(): void {
    stepEnd();
  }
}
