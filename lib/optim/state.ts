/** What optimizers remember of parameters, and how that is saved: by PyTorch's names, in PyTorch's layout. */
import { Code, isFloatingCode } from '../dtype';
import { CPU } from '../device';
import { ArgumentError, ShapeError, describe } from '../errors';
import { isOptions } from '../functional/arguments';
import { copied } from '../functional/cast';
import { fullOf } from '../functional/kernel';
import { sameShape, showShape } from '../shape';
import { Tensor } from '../tensor';

/** Of one parameter, by PyTorch's names; what PyTorch keeps in tensors of no dimensions are numbers. */
export type ParameterState = Record<string, Tensor | number>;

/** The names an optimizer uses: of numbers, of tensors, and of tensors that a state may lack. */
export type StateFields = Readonly<Record<string, 'number' | 'tensor' | 'optional'>>;

/** What `stateDict()` of an optimizer gives: parameters are known by their place in all groups together. */
export interface OptimizerStateDict<Value = Tensor> {
  state: Record<number, Record<string, Value>>;
  param_groups: (Record<string, unknown> & { params: number[] })[];
}

/** An option's name in PyTorch: weightDecay is weight_decay. */
export function pythonName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A group's options as PyTorch names them. */
export function savedOptions(options: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]: [string, unknown]) => [
      pythonName(name),
      Array.isArray(value) ? (value as unknown[]).slice() : value,
    ]),
  );
}

/** Of saved options, those among `names`; others are PyTorch's own business (`foreach` and the like). */
export function loadedOptions(
  saved: Record<string, unknown>,
  names: readonly string[],
): Record<string, unknown> {
  return Object.fromEntries(
    names
      .map((name) => [name, saved[pythonName(name)]] as const)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, Array.isArray(value) ? (value as unknown[]).slice() : value]),
  );
}

/** A state for a state dict: as in PyTorch, numbers are tensors there. */
export function savedState(state: ParameterState): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(state).map(([name, value]) => [
      name,
      typeof value === 'number' ? fullOf([], Code.float32, CPU, value) : value,
    ]),
  );
}

/** A parameter's state out of a state dict, in memory of its own, of p's dtype and on p's device. */
export function loadedState(op: string, p: Tensor, fields: StateFields, saved: unknown): ParameterState {
  if (!isOptions(saved))
    throw new ArgumentError(`${op}: expected a parameter's state to be an object, got ${describe(saved)}`);
  const state: ParameterState = {};
  for (const [name, value] of Object.entries(saved)) {
    if (!Object.hasOwn(fields, name))
      throw new ArgumentError(
        `${op}: unknown state ${describe(name)}; expected ${Object.keys(fields).join(', ')}`,
      );
    if (value === null || value === undefined) continue;
    state[name] = fields[name] === 'number' ? stateNumber(op, name, value) : stateTensor(op, p, name, value);
  }
  for (const [name, kind] of Object.entries(fields))
    if (kind !== 'optional' && !(name in state))
      throw new ArgumentError(`${op}: ${name} is missing in a state`);
  return state;
}

/** A number of a state, also out of a tensor. */
export function stateNumber(op: string, name: string, value: unknown): number {
  const number = value instanceof Tensor && value.count === 1 ? value.item() : value;
  if (typeof number !== 'number' || !(number >= 0))
    throw new ArgumentError(`${op}: expected ${name} to be a number >= 0, got ${describe(value)}`);
  return number;
}

function stateTensor(op: string, p: Tensor, name: string, value: unknown): Tensor {
  if (!(value instanceof Tensor) || !isFloatingCode(value.code))
    throw new ArgumentError(`${op}: expected ${name} to be a floating-point Tensor, got ${describe(value)}`);
  if (!sameShape(value.shape, p.shape))
    throw new ShapeError(
      `${op}: ${name} has shape ${showShape(value.shape)}, its parameter ${showShape(p.shape)}`,
    );
  return copied(value, p.code, p.place);
}

/** A tensor of a state; it follows its parameter to another dtype or device. */
export function stateFor(state: ParameterState, name: string, p: Tensor): Tensor {
  const kept = state[name] as Tensor;
  if (kept.code === p.code && kept.place === p.place) return kept;
  return (state[name] = copied(kept, p.code, p.place));
}
