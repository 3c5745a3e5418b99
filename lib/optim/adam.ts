import { runInto } from '../backend/commands';
import { stepEnd } from '../backend/memory';
import { Op } from '../backend/ops.generated';
import { COMPUTE } from '../dtype';
import { ArgumentError, describe } from '../errors';
import { bindArguments, booleanArgument, numberArgument } from '../functional/arguments';
import { zerosOf } from '../functional/kernel';
import { bumpVersion, type Tensor } from '../tensor';
import { Optimizer, type Group, type Params } from './optimizer';
import { stateFor, type ParameterState } from './state';

export interface AdamWOptions {
  /** The learning rate (0.001). */
  lr?: number;
  /** How much of the averages of gradients and of their squares stays in each step ([0.9, 0.999]). */
  betas?: readonly [number, number];
  /** What is added to the denominator (1e-8). */
  eps?: number;
  /** Of Adam the factor of an L2 penalty (0); of AdamW what parameters lose in each step, times the learning rate (0.01). */
  weightDecay?: number;
  /** Divide by the largest average of squares so far. */
  amsgrad?: boolean;
  /** Go up the gradient. */
  maximize?: boolean;
}

export interface AdamOptions extends AdamWOptions {
  /** Decay the weights as AdamW does, apart from the gradient. */
  decoupledWeightDecay?: boolean;
}

const ADAMW_NAMES = ['lr', 'betas', 'eps', 'weightDecay', 'amsgrad', 'maximize'] as const;
const ADAM_NAMES = [...ADAMW_NAMES, 'decoupledWeightDecay'] as const;

/** The arguments behind the parameters, with defaults; the base checks them. */
function optionsOf(
  op: string,
  names: readonly string[],
  weightDecay: number,
  given: readonly unknown[],
): Required<AdamOptions> {
  const bound = bindArguments(op, names, given);
  const defaults = [0.001, [0.9, 0.999], 1e-8, weightDecay, false, false, false];
  const [lr, betas, eps, decay, amsgrad, maximize, decoupledWeightDecay] = defaults.map((value, i) =>
    bound[i] === undefined ? value : bound[i],
  );
  return {
    lr,
    betas,
    eps,
    weightDecay: decay,
    amsgrad,
    maximize,
    decoupledWeightDecay,
  } as Required<AdamOptions>;
}

/** A launch's scalars: one array of doubles for all steps. */
const SCALARS = [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5];

/** So many parameters fit in one launch, with their states. */
const LAUNCH = 120;

/** What is remembered of a parameter. */
interface AdamState extends ParameterState {
  step: number;
  exp_avg: Tensor;
  exp_avg_sq: Tensor;
}

/**
 * Adam (https://pytorch.org/docs/stable/generated/torch.optim.Adam.html; Kingma and Ba, "Adam: A method for stochastic
 * optimization", 2014). A group is updated by one native call.
 */
export class Adam extends Optimizer<AdamOptions> {
  /** @internal */
  protected override readonly stateFields = {
    step: true,
    exp_avg: true,
    exp_avg_sq: true,
    max_exp_avg_sq: false,
  };

  constructor(params: Params<AdamOptions>, options?: AdamOptions);
  constructor(params: Params<AdamOptions>, lr: number, options?: AdamOptions);
  constructor(params: Params<AdamOptions>, ...given: readonly unknown[]) {
    super(params, optionsOf('Adam', ADAM_NAMES, 0, given));
  }

  /** @internal */
  protected override checkGroup(group: Group<AdamOptions>): void {
    const name = this.constructor.name;
    for (const option of ['lr', 'eps', 'weightDecay'] as const)
      if (!(numberArgument(name, option, group[option]) >= 0))
        throw new ArgumentError(
          `${name}: expected ${option} to be a number >= 0, got ${describe(group[option])}`,
        );
    const betas: unknown = group.betas;
    if (
      !Array.isArray(betas) ||
      betas.length !== 2 ||
      !betas.every((beta) => typeof beta === 'number' && beta >= 0 && beta < 1)
    )
      throw new ArgumentError(`${name}: expected betas to be two numbers in [0, 1), got ${describe(betas)}`);
    for (const option of ['amsgrad', 'maximize', 'decoupledWeightDecay'] as const)
      booleanArgument(name, option, group[option], false);
  }

  /** @internal */
  protected override update(group: Group<AdamOptions>): void {
    const { params } = group;
    // Those with a gradient, apart where they differ in their number of steps, dtype or device.
    let pending: Tensor[] = [];
    let states: AdamState[] = [];
    for (let i = 0; i < params.length; i++) {
      const p = params[i]!;
      if (p.gradient === null) continue;
      const state = this.stateOf(p, group.amsgrad);
      if (
        pending.length > 0 &&
        (state.step !== states[0]!.step ||
          p.code !== pending[0]!.code ||
          p.place !== pending[0]!.place ||
          pending.length === LAUNCH)
      ) {
        this.launch(group, pending, states);
        pending = [];
        states = [];
      }
      pending.push(p);
      states.push(state);
    }
    if (pending.length > 0) this.launch(group, pending, states);
  }

  private stateOf(p: Tensor, amsgrad: boolean): AdamState {
    let state = this.state.get(p) as AdamState | undefined;
    if (state === undefined) {
      state = { step: 0, exp_avg: zerosOf(p), exp_avg_sq: zerosOf(p) };
      this.state.set(p, state);
    }
    if (amsgrad) state.max_exp_avg_sq ??= zerosOf(p);
    return state;
  }

  private launch(group: Group<AdamOptions>, params: readonly Tensor[], states: readonly AdamState[]): void {
    const { lr, betas, eps, weightDecay, amsgrad, maximize, decoupledWeightDecay } = group;
    const outs = params.slice();
    const append = (name: string): void => {
      for (let i = 0; i < params.length; i++) outs.push(stateFor(states[i]!, name, params[i]!));
    };
    append('exp_avg');
    append('exp_avg_sq');
    if (amsgrad) append('max_exp_avg_sq');
    SCALARS[0] = lr;
    SCALARS[1] = betas[0];
    SCALARS[2] = betas[1];
    SCALARS[3] = eps;
    SCALARS[4] = weightDecay;
    SCALARS[5] = decoupledWeightDecay ? 1 : 0;
    SCALARS[6] = amsgrad ? 1 : 0;
    SCALARS[7] = maximize ? 1 : 0;
    SCALARS[8] = states[0]!.step + 1;
    const grads = params.map((p) => p.gradient!);
    runInto(Op.adam, COMPUTE[params[0]!.code]!, outs, grads, SCALARS);
    for (let i = 0; i < params.length; i++) {
      states[i]!.step++;
      bumpVersion(params[i]!);
    }
  }

  /** @internal */
  protected override finish(): void {
    stepEnd();
  }
}

/**
 * Adam with weight decay apart from the gradient (https://pytorch.org/docs/stable/generated/torch.optim.AdamW.html;
 * Loshchilov and Hutter, "Decoupled weight decay regularization", 2017).
 */
export class AdamW extends Adam {
  constructor(params: Params<AdamWOptions>, options?: AdamWOptions);
  constructor(params: Params<AdamWOptions>, lr: number, options?: AdamWOptions);
  constructor(params: Params<AdamWOptions>, ...given: readonly unknown[]) {
    super(params, { ...optionsOf('AdamW', ADAMW_NAMES, 0.01, given), decoupledWeightDecay: true });
  }
}
