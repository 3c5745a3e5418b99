import { enableGrad, noGrad } from '../autograd';
import { stepEnd } from '../backend/memory';
import { Code } from '../dtype';
import { ArgumentError, describe } from '../errors';
import { integerArgument } from '../functional/arguments';
import { mul, neg, sub } from '../functional/arithmetic';
import { copy_ } from '../functional/copy';
import { abs } from '../functional/elementary';
import { cat } from '../functional/join';
import { fullOf } from '../functional/kernel';
import { dot } from '../functional/matmul';
import { amax, sum } from '../functional/reduce';
import { addWithAlpha_ } from '../functional/scaled';
import { narrow, reshape } from '../functional/view';
import { Tensor } from '../tensor';
import { loadedHistory, savedHistory, type LbfgsState, type LbfgsValue } from './lbfgs-state';
import { Optimizer, type Group, type ParamGroup, type Params } from './optimizer';
import { checkAtLeast0, checkNumbers, optionsOf, type Given, type Hints } from './options';
import { strongWolfe, type Place } from './strong-wolfe';

/** In the order of arguments by position. */
export interface LBFGSOptions {
  /** The learning rate (1). */
  lr?: number;
  /** As many directions are taken in a step (20). */
  maxIter?: number;
  /** About as many times the closure is called in a step (1.25 maxIter). */
  maxEval?: number | null;
  /** A step ends when no element of the gradient is larger (1e-7). */
  toleranceGrad?: number;
  /** A step ends when neither the loss nor a parameter changes by more (1e-9). */
  toleranceChange?: number;
  /** So many changes are remembered (100). */
  historySize?: number;
  /** How far to go along a direction: by the learning rate, or where the strong Wolfe conditions hold. */
  lineSearchFn?: 'strong_wolfe' | null;
}

const DEFAULTS = {
  lr: 1,
  maxIter: 20,
  maxEval: null,
  toleranceGrad: 1e-7,
  toleranceChange: 1e-9,
  historySize: 100,
  lineSearchFn: null,
} as const;

type Positions = [
  lr: number,
  maxIter: number,
  maxEval: number | null,
  toleranceGrad: number,
  toleranceChange: number,
  historySize: number,
  lineSearchFn: 'strong_wolfe' | null,
];

function withMaxEval(options: Required<LBFGSOptions>): Required<LBFGSOptions> {
  integerArgument('LBFGS', 'maxIter', options.maxIter);
  return { ...options, maxEval: options.maxEval ?? Math.floor((options.maxIter * 5) / 4) };
}

const largest = (x: Tensor): number => amax(abs(x)).item();
const product = (x: Tensor, y: Tensor): number => dot(x, y).item();

/**
 * L-BFGS (https://pytorch.org/docs/stable/generated/torch.optim.LBFGS.html; Nocedal, "Updating quasi-Newton matrices with
 * limited storage", 1980). All parameters are one vector, in one group; a step calls its closure several times.
 */
export class LBFGS extends Optimizer<LBFGSOptions, LbfgsState, LbfgsValue> {
  /** @internal */
  protected override readonly stateFields = {};

  constructor(params: Params<LBFGSOptions>, options?: LBFGSOptions & Hints);
  constructor(params: Params<LBFGSOptions>, lr: number, options?: LBFGSOptions & Hints);
  constructor(params: Params<LBFGSOptions>, ...given: Given<Positions, LBFGSOptions>);
  constructor(params: Params<LBFGSOptions>, ...given: readonly unknown[]) {
    super(params, withMaxEval(optionsOf<LBFGSOptions>('LBFGS', DEFAULTS, given)));
  }

  override addParamGroup(group: ParamGroup<LBFGSOptions>): void {
    if (this.paramGroups.length > 0)
      throw new ArgumentError('LBFGS: expected one group of parameters: all are one vector');
    super.addParamGroup(group);
  }

  /** @internal */
  protected override checkGroup(group: Group<LBFGSOptions>): void {
    checkAtLeast0('LBFGS', group, ['lr']);
    checkNumbers('LBFGS', group, ['toleranceGrad', 'toleranceChange']);
    for (const option of ['maxIter', 'maxEval', 'historySize'] as const)
      integerArgument('LBFGS', option, group[option]);
    if (group.lineSearchFn !== null && group.lineSearchFn !== 'strong_wolfe')
      throw new ArgumentError(
        `LBFGS: expected lineSearchFn to be 'strong_wolfe' or null, got ${describe(group.lineSearchFn)}`,
      );
  }

  /** @internal */
  protected override saved(kept: LbfgsState): Record<string, LbfgsValue> {
    return savedHistory(kept);
  }

  /** @internal */
  protected override loaded(op: string, p: Tensor, saved: unknown): LbfgsState {
    const count = this.paramGroups[0]!.params.reduce((n, x) => n + x.count, 0);
    return loadedHistory(op, p, count, saved);
  }

  /** @internal Steps need the closure. */
  protected override update(): void {}

  /** Takes up to `maxIter` directions; the closure clears the gradients, computes the loss and calls its `backward()`. */
  override step(): never;
  override step<T>(closure: () => T): T;
  override step<T>(closure?: () => T): T {
    if (typeof closure !== 'function')
      throw new ArgumentError(
        `LBFGS.step: expected a closure that computes the loss and its gradients, got ${describe(closure)}`,
      );
    this.checkChanged(this.paramGroups[0]!);
    let result: { loss: T } | undefined;
    const minimize = (): void => {
      result = { loss: noGrad(() => this.minimize(closure)) };
      stepEnd();
    };
    if (this.isObserved()) this.observed(minimize);
    else minimize();
    return result!.loss;
  }

  private minimize<T>(closure: () => T): T {
    const group = this.paramGroups[0]!;
    const { params, lr, maxIter, toleranceGrad, toleranceChange, lineSearchFn } = group;
    const maxEval = group.maxEval!;
    let state = this.state.get(params[0]!);
    if (state === undefined) {
      state = { func_evals: 0, n_iter: 0, old_dirs: [], old_stps: [], ro: [], H_diag: 1 };
      this.state.set(params[0]!, state);
    }
    const first = enableGrad(closure);
    let loss = lossOf(first);
    let grad = flatGradient(params);
    let evaluations = 1;
    state.func_evals++;
    if (largest(grad) <= toleranceGrad) return first;

    for (let i = 1; i <= maxIter; i++) {
      state.n_iter++;
      const d = this.direction(state, grad);
      const before = loss;
      state.d = d;
      state.t = state.n_iter === 1 ? firstLength(grad, lr) : lr;
      state.prev_flat_grad = grad;
      state.prev_loss = loss;
      const slope = product(grad, d);
      if (slope > -toleranceChange) break;

      let looked = 0;
      if (lineSearchFn !== null) {
        const start = params.map((p) => p.clone());
        const evaluate = (t: number): Place => {
          move(params, d, t);
          const value = lossOf(enableGrad(closure));
          const here = flatGradient(params);
          params.forEach((p, k) => copy_(p, start[k]!));
          return { t, loss: value, grad: here, slope: product(here, d) };
        };
        const from = { t: 0, loss, grad, slope };
        const found = strongWolfe(evaluate, from, state.t, largest(d), 1e-9, maxEval - evaluations);
        ({ loss, grad, t: state.t } = found.best);
        looked = found.evaluations;
        move(params, d, state.t);
      } else {
        move(params, d, state.t);
        if (i !== maxIter) {
          loss = lossOf(enableGrad(closure));
          grad = flatGradient(params);
          looked = 1;
        }
      }
      evaluations += looked;
      state.func_evals += looked;
      if (
        evaluations >= maxEval ||
        largest(grad) <= toleranceGrad ||
        largest(mul(d, state.t)) <= toleranceChange ||
        Math.abs(loss - before) < toleranceChange
      )
        break;
    }
    return first;
  }

  /** Where to go: the gradient times an estimate of the inverse Hessian, after the last change has joined the history. */
  private direction(state: LbfgsState, grad: Tensor): Tensor {
    if (state.n_iter === 1 || state.d === undefined) return neg(grad);
    const { historySize } = this.paramGroups[0]!;
    // PyTorch's numbers are tensors of the dtype.
    const round = grad.code === Code.float64 ? (x: number): number => x : Math.fround;
    const { old_dirs, old_stps, ro } = state;
    const y = sub(grad, state.prev_flat_grad!);
    const s = mul(state.d, state.t!);
    const ys = product(y, s);
    if (ys > 1e-10) {
      if (old_dirs.length === historySize) for (const list of [old_dirs, old_stps, ro]) list.shift();
      old_dirs.push(y);
      old_stps.push(s);
      ro.push(round(1 / ys));
      state.H_diag = round(ys / product(y, y));
    }
    const al = (state.al ??= new Array<number | null>(historySize).fill(null));
    const q = neg(grad);
    for (let i = old_dirs.length - 1; i >= 0; i--) {
      al[i] = round(product(old_stps[i]!, q) * ro[i]!);
      addWithAlpha_(q, old_dirs[i]!, { alpha: -al[i]! });
    }
    const r = mul(q, state.H_diag);
    for (let i = 0; i < old_dirs.length; i++) {
      const be = round(product(old_dirs[i]!, r) * ro[i]!);
      addWithAlpha_(r, old_stps[i]!, { alpha: round(al[i]! - be) });
    }
    return r;
  }
}

/** How far to follow the first direction, of which nothing is known: not beyond a length of 1. */
function firstLength(grad: Tensor, lr: number): number {
  const inverse = 1 / sum(abs(grad)).item();
  return (inverse < 1 ? inverse : 1) * lr;
}

function lossOf(result: unknown): number {
  const loss: unknown = result instanceof Tensor && result.count === 1 ? result.item() : result;
  if (typeof loss !== 'number')
    throw new ArgumentError(
      `LBFGS.step: expected the closure to return the loss, a Tensor of one element or a number, got ${describe(result)}`,
    );
  return loss;
}

/** The gradients of all parameters as one vector; zeros where there is none. */
function flatGradient(params: readonly Tensor[]): Tensor {
  return cat(
    params.map((p) =>
      p.gradient === null ? fullOf([p.count], p.code, p.place, 0) : reshape(p.gradient, [-1]),
    ),
  );
}

/** Parameters plus t times a vector of all. */
function move(params: readonly Tensor[], d: Tensor, t: number): void {
  let start = 0;
  for (const p of params) {
    addWithAlpha_(p, reshape(narrow(d, 0, start, p.count), p.shape), { alpha: t });
    start += p.count;
  }
}
