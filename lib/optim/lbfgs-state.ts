/** What L-BFGS remembers, and how PyTorch saves it. */
import { ArgumentError, ShapeError, describe } from '../errors';
import { isOptions } from '../functional/arguments';
import { copied } from '../functional/cast';
import { fullOf } from '../functional/kernel';
import { Tensor } from '../tensor';

/** By PyTorch's names. Vectors have the elements of all parameters. */
export interface LbfgsState {
  /** How many times the closure was called, and how many directions were taken. */
  func_evals: number;
  n_iter: number;
  /** Working memory: a number for each change in the history. */
  al?: (number | null)[];
  /** The last direction, and how far it was followed. */
  d?: Tensor;
  t?: number;
  /** The changes of gradients and of parameters, and the reciprocals of their products. */
  old_dirs: Tensor[];
  old_stps: Tensor[];
  ro: number[];
  H_diag: number;
  prev_flat_grad?: Tensor;
  prev_loss?: number;
}

/** A value of a state dict of L-BFGS. */
export type LbfgsValue = Tensor | number | (Tensor | null)[];

/** As PyTorch has it: numbers that it computes from vectors are tensors. */
export function savedHistory(state: LbfgsState): Record<string, LbfgsValue> {
  const { func_evals, n_iter, al, d, t, old_dirs, old_stps, ro, H_diag, prev_flat_grad, prev_loss } = state;
  if (d === undefined) return { func_evals, n_iter };
  const scalar = (x: number): Tensor => fullOf([], d.code, d.place, x);
  return {
    func_evals,
    n_iter,
    ...(al && { al: al.map((x) => (x === null ? null : scalar(x))) }),
    d,
    t: t!,
    old_dirs: old_dirs.slice(),
    old_stps: old_stps.slice(),
    ro: ro.map(scalar),
    H_diag: scalar(H_diag),
    prev_flat_grad: prev_flat_grad!,
    prev_loss: prev_loss!,
  };
}

/** A state out of a state dict, for vectors of `count` elements of p's dtype on p's device. */
export function loadedHistory(op: string, p: Tensor, count: number, saved: unknown): LbfgsState {
  if (!isOptions(saved))
    throw new ArgumentError(`${op}: expected a parameter's state to be an object, got ${describe(saved)}`);
  const number = (name: string, value: unknown): number => {
    const x: unknown = value instanceof Tensor && value.count === 1 ? value.item() : value;
    if (typeof x !== 'number')
      throw new ArgumentError(`${op}: expected ${name} to be a number, got ${describe(value)}`);
    return x;
  };
  const vector = (name: string, value: unknown): Tensor => {
    if (!(value instanceof Tensor))
      throw new ArgumentError(`${op}: expected ${name} to be a Tensor, got ${describe(value)}`);
    if (value.shape.length !== 1 || value.count !== count)
      throw new ShapeError(
        `${op}: expected ${name} to have ${count} elements, got shape [${value.shape.join(', ')}]`,
      );
    return copied(value, p.code, p.place);
  };
  const list = <T>(name: string, read: (name: string, value: unknown) => T): T[] => {
    const value = saved[name];
    if (!Array.isArray(value))
      throw new ArgumentError(`${op}: expected ${name} to be a list, got ${describe(value)}`);
    return Array.from(value, (x) => read(name, x));
  };
  const state: LbfgsState = {
    func_evals: number('func_evals', saved.func_evals ?? 0),
    n_iter: number('n_iter', saved.n_iter ?? 0),
    old_dirs: [],
    old_stps: [],
    ro: [],
    H_diag: 1,
  };
  if (saved.al !== undefined) state.al = list('al', (name, x) => (x === null ? null : number(name, x)));
  if (saved.d === undefined || saved.d === null) return state;
  return {
    ...state,
    d: vector('d', saved.d),
    t: number('t', saved.t),
    old_dirs: list('old_dirs', vector),
    old_stps: list('old_stps', vector),
    ro: list('ro', number),
    H_diag: number('H_diag', saved.H_diag),
    prev_flat_grad: vector('prev_flat_grad', saved.prev_flat_grad),
    prev_loss: number('prev_loss', saved.prev_loss),
  };
}
