/** The base of optimizers whose step is a kernel of native/ops.def. */
import { runInto } from '../backend/commands';
import { COMPUTE } from '../dtype';
import { fullOf } from '../functional/kernel';
import { bumpVersion, type Tensor } from '../tensor';
import { eachLaunch } from './launches';
import { Optimizer, type Group } from './optimizer';
import { stateFor, type ParameterState } from './state';

/** What is remembered of a parameter. */
export interface SteppedState extends ParameterState {
  step: number;
}

/** So many tensors that a step changes fit in one launch. */
const OUTPUTS = 480;

/**
 * Steps all parameters of a group that have a gradient by one native call, unless they differ in their numbers of steps,
 * dtypes or devices, or are very many.
 */
export abstract class NativeOptimizer<Options extends object> extends Optimizer<Options, SteppedState> {
  /** @internal */
  protected abstract readonly op: number;
  /** @internal The tensors that a step needs of each state, in the order of the op's outputs. */
  protected abstract stateNames(group: Group<Options>): readonly string[];
  /** @internal The op's scalars, for the step after those that a state has seen. */
  protected abstract scalars(group: Group<Options>, state: SteppedState): readonly number[];

  /** @internal The numbers of a state before its first step. */
  protected begin(group: Group<Options>): SteppedState;
  protected begin(): SteppedState {
    return { step: 0 };
  }

  /** @internal What a tensor of a state is filled with at first. */
  protected initial(group: Group<Options>, name: string): number;
  protected initial(): number {
    return 0;
  }

  /** @internal Whether the scalars of two states are the same. */
  alike(a: SteppedState, b: SteppedState): boolean {
    return a.step === b.step;
  }

  /** @internal Counts a step. */
  protected advance(_group: Group<Options>, state: SteppedState): void {
    state.step++;
  }

  /** @internal The state of a parameter that has none. */
  protected newState(group: Group<Options>, p: Tensor): SteppedState {
    const state = this.begin(group);
    this.state.set(p, state);
    return state;
  }

  /** @internal A tensor of p's state. */
  protected stateTensor(group: Group<Options>, p: Tensor, state: SteppedState, name: string): Tensor {
    return state[name] === undefined
      ? (state[name] = fullOf(p.shape, p.code, p.place, this.initial(group, name)))
      : stateFor(state, name, p);
  }

  /** @internal */
  protected override update(group: Group<Options>): void {
    eachLaunch(this, group, Math.floor(OUTPUTS / (1 + this.stateNames(group).length)));
  }

  /** @internal */
  stateOf(group: Group<Options>, p: Tensor): SteppedState {
    return this.state.get(p) ?? this.newState(group, p);
  }

  /** @internal */
  launch(
    group: Group<Options>,
    params: readonly Tensor[],
    grads: readonly Tensor[],
    states: readonly SteppedState[],
  ): void {
    const names = this.stateNames(group);
    const outs = params.slice();
    for (let k = 0; k < names.length; k++)
      for (let i = 0; i < params.length; i++)
        outs.push(this.stateTensor(group, params[i]!, states[i]!, names[k]!));
    runInto(this.op, COMPUTE[params[0]!.code]!, outs, grads, this.scalars(group, states[0]!));
    for (let i = 0; i < params.length; i++) {
      this.advance(group, states[i]!);
      bumpVersion(params[i]!);
    }
  }
}
