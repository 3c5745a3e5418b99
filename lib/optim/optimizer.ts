/** The base of all optimizers: parameter groups, gradients, state. */
import { performance } from 'perf_hooks';
import { enableGrad } from '../autograd';
import { checkOverlap } from '../autograd/view';
import { stepChannel, type StepMessage } from '../backend/channels';
import { stepEnd } from '../backend/memory';
import { inSpan, spansKept } from '../backend/spans';
import { ArgumentError, describe } from '../errors';
import { booleanArgument, checkOptions, isOptions } from '../functional/arguments';
import { clearGradients } from '../nn/module';
import { Tensor } from '../tensor';
import { withoutHints, type Hints } from './options';
import { SCHEDULED, type ScheduledValues } from './scheduled';
import {
  loadedOptions,
  loadedState,
  savedOptions,
  savedState,
  type OptimizerStateDict,
  type ParameterState,
  type StateFields,
} from './state';

/** Parameters with options of their own; what is left out is the optimizer's default. */
export type ParamGroup<Options> = { params: readonly Tensor[] | Tensor } & Partial<Options> &
  Hints &
  ScheduledValues;
/** Parameters, or groups of them. */
export type Params<Options> = readonly Tensor[] | readonly ParamGroup<Options>[];

/** A group as the optimizer holds it: assign to `lr` and the like to change them. */
export type Group<Options> = { params: Tensor[] } & Required<Options> & ScheduledValues;

/** https://pytorch.org/docs/stable/optim.html */
export abstract class Optimizer<
  Options extends object,
  State extends object = ParameterState,
  Saved = Tensor,
> {
  readonly paramGroups: Group<Options>[] = [];
  readonly defaults: Readonly<Required<Options>>;
  /** @internal What is remembered of each parameter. */
  protected readonly state = new WeakMap<Tensor, State>();
  /** @internal */
  protected abstract readonly stateFields: StateFields;

  protected constructor(params: Params<Options>, defaults: Required<Options>) {
    if (new.target === Optimizer)
      throw new ArgumentError('Optimizer: the base of all optimizers: use SGD, Adam and the like');
    this.defaults = defaults;
    if (!Array.isArray(params))
      throw new ArgumentError(
        `${this.constructor.name}: expected a list of parameters or of groups, got ${describe(params)}`,
      );
    if (params.length === 0)
      throw new ArgumentError(`${this.constructor.name}: the list of parameters is empty`);
    const list = params as readonly (Tensor | ParamGroup<Options>)[];
    if (list[0] instanceof Tensor) this.addParamGroup({ params: list } as ParamGroup<Options>);
    else for (const group of list) this.addParamGroup(group as ParamGroup<Options>);
  }

  /** @internal Throws for values out of range: of a new group, and (by `checkChanged`) before each step, as they can be assigned. */
  protected abstract checkGroup(group: Group<Options>): void;

  /** Adds parameters with options of their own. */
  addParamGroup(group: ParamGroup<Options>): void {
    const name = this.constructor.name;
    if (!isOptions(group))
      throw new ArgumentError(`${name}: expected a group { params, … }, got ${describe(group)}`);
    const { params, ...given } = group;
    const options = withoutHints(name, given);
    if (!(params instanceof Tensor) && !Array.isArray(params))
      throw new ArgumentError(`${name}: expected params to be a list of Tensors, got ${describe(params)}`);
    const tensors: readonly Tensor[] = params instanceof Tensor ? [params] : params;
    for (const key of Object.keys(options))
      if (!Object.hasOwn(this.defaults, key) && !(SCHEDULED as readonly string[]).includes(key))
        throw new ArgumentError(
          `${name}: unknown option ${describe(key)}; expected ${Object.keys(this.defaults).join(', ')}`,
        );
    for (const p of tensors) {
      if (!(p instanceof Tensor))
        throw new ArgumentError(`${name}: expected parameters to be Tensors, got ${describe(p)}`);
      if (!p.isLeaf)
        throw new ArgumentError(`${name}: only leaves can be optimized, got the result of ${p.gradFn!.name}`);
      checkOverlap(name, p);
    }
    const known = new Set(this.paramGroups.flatMap((g) => g.params));
    if (tensors.some((p) => known.has(p)) || new Set(tensors).size !== tensors.length)
      throw new ArgumentError(`${name}: a parameter appears twice`);
    const whole = { ...this.defaults, ...options, params: tensors.slice() } as unknown as Group<Options>;
    this.checkGroup(whole);
    this.paramGroups.push(whole);
  }

  /**
   * What the optimizer remembers and the options of its groups, as PyTorch names and arranges them; parameters are known by
   * their place. Tensors in it are the optimizer's own: a step changes them.
   */
  stateDict(): OptimizerStateDict<Saved> {
    const state: OptimizerStateDict<Saved>['state'] = {};
    let next = 0;
    const groups = this.paramGroups.map(({ params, ...options }) => {
      const places = params.map((p) => {
        const kept = this.state.get(p);
        if (kept !== undefined) state[next] = this.saved(kept);
        return next++;
      });
      return { ...savedOptions(options), params: places };
    });
    return { state, param_groups: groups };
  }

  /**
   * Takes over a state dict of the same kind of optimizer with groups of the same sizes, PyTorch's too: tensors are copied
   * to the parameters' dtype and device.
   * @throws ArgumentError, or ShapeError where a tensor does not fit its parameter; nothing has changed then.
   */
  loadStateDict(stateDict: OptimizerStateDict<Saved>): void {
    const op = `${this.constructor.name}.loadStateDict`;
    const { state, param_groups: groups } = (isOptions(stateDict) ? stateDict : {}) as Partial<
      OptimizerStateDict<Saved>
    >;
    if (!isOptions(state) || !Array.isArray(groups))
      throw new ArgumentError(`${op}: expected { state, param_groups }, got ${describe(stateDict)}`);
    if (groups.length !== this.paramGroups.length)
      throw new ArgumentError(
        `${op}: expected ${this.paramGroups.length} groups of parameters, got ${groups.length}`,
      );
    const states = new Map<Tensor, State>();
    const changed = this.paramGroups.map((group, i) => {
      const saved: unknown = groups[i];
      const places = isOptions(saved) ? saved.params : undefined;
      if (!Array.isArray(places) || places.length !== group.params.length)
        throw new ArgumentError(
          `${op}: expected group ${i} to have ${group.params.length} parameters, got ${describe(places)}`,
        );
      group.params.forEach((p, k) => {
        const kept = (state as Record<string, unknown>)[String(places[k])];
        if (kept !== undefined) states.set(p, this.loaded(op, p, kept));
      });
      const options = loadedOptions(saved as Record<string, unknown>, [
        ...Object.keys(this.defaults),
        ...SCHEDULED,
      ]);
      const next = { ...group, ...options } as Group<Options>;
      this.checkChanged(next);
      return next;
    });
    changed.forEach((next, i) => {
      Object.assign(this.paramGroups[i]!, next);
      for (const p of next.params) this.state.delete(p);
    });
    for (const [p, kept] of states) if (Object.keys(kept).length > 0) this.state.set(p, kept);
  }

  /** @internal A parameter's state for a state dict. */
  protected saved(kept: State): Record<string, Saved> {
    return savedState(kept as ParameterState) as Record<string, Saved>;
  }

  /** @internal A parameter's state out of a state dict. */
  protected loaded(op: string, p: Tensor, saved: unknown): State {
    return loadedState(op, p, this.stateFields, saved) as State;
  }

  /** Drops the gradients, or (with `setToNone: false`) sets them to zero. */
  zeroGrad(options?: { setToNone?: boolean }): void {
    checkOptions('zeroGrad', ['setToNone'], options);
    const setToNone = booleanArgument('zeroGrad', 'setToNone', options?.setToNone, true);
    for (let i = 0; i < this.paramGroups.length; i++) clearGradients(this.paramGroups[i]!.params, setToNone);
  }

  /** @internal Changes the parameters of a group by their gradients. */
  protected abstract update(group: Group<Options>): void;

  /** One step. A closure is called first, with gradients recorded, and its result returned. */
  step(): undefined;
  step<T>(closure: () => T): T;
  step<T>(closure?: () => T): T | undefined {
    const loss = closure === undefined ? undefined : enableGrad(closure);
    if (!this.isObserved()) this.updateAll();
    else this.observed(() => this.updateAll());
    return loss;
  }

  /**
   * @internal Checks a group that there is. Its learning rate may be below 0, as in PyTorch: a schedule that ends at 0 rounds
   * to less.
   */
  protected checkChanged(group: Group<Options>): void {
    const { lr } = group as { lr?: unknown };
    this.checkGroup(typeof lr === 'number' && lr < 0 ? { ...group, lr: 0 } : group);
  }

  private updateAll(): void {
    for (let i = 0; i < this.paramGroups.length; i++) {
      this.checkChanged(this.paramGroups[i]!);
      this.update(this.paramGroups[i]!);
    }
    stepEnd();
  }

  /** @internal Whether anyone wants to know of steps. */
  protected isObserved(): boolean {
    return spansKept || stepChannel.hasSubscribers;
  }

  /** @internal The step, told to those who want to know. */
  protected observed(step: () => void): void {
    const optimizer = this.constructor.name;
    const start = performance.now();
    inSpan('optimizer', `${optimizer}.step`, step);
    const message: StepMessage = {
      optimizer,
      parameters: this.paramGroups.flatMap((g) => g.params).filter((p) => p.gradient !== null).length,
      ms: performance.now() - start,
    };
    if (stepChannel.hasSubscribers) stepChannel.publish(message);
  }
}
