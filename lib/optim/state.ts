/** What optimizers remember of parameters, and how that is saved: by PyTorch's names, in PyTorch's layout. */
import { Code, isFloatingCode } from '../dtype';
import { CPU } from '../device';
import { ArgumentError, ShapeError, describe } from '../errors';
import { isOptions } from '../functional/arguments';
import { copied } from '../functional/cast';
import { fullOf } from '../functional/kernel';
import { sameShape, showShape } from '../shape';
import { Tensor } from '../tensor';

/** Of one parameter, by PyTorch's names; the number of steps is a number. */
export type ParameterState = Record<string, Tensor | number>;

/** The names an optimizer uses, and whether a state that is loaded must have them. */
export type StateFields = Readonly<Record<string, boolean>>;

/** What `stateDict()` of an optimizer gives: parameters are known by their place in all groups together. */
export interface OptimizerStateDict {
  state: Record<number, Record<string, Tensor>>;
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

/** A state for a state dict: as in PyTorch, the number of steps is a tensor there. */
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
    if (name === 'step') state[name] = stepNumber(op, value);
    else state[name] = stateTensor(op, p, name, value);
  }
  for (const [name, required] of Object.entries(fields))
    if (required && !(name in state)) throw new ArgumentError(`${op}: ${name} is missing in a state`);
  return state;
}

function stepNumber(op: string, value: unknown): number {
  const step = value instanceof Tensor && value.count === 1 ? value.item() : value;
  if (typeof step !== 'number' || !(step >= 0))
    throw new ArgumentError(`${op}: expected step to be a number >= 0, got ${describe(value)}`);
  return step;
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
