/** How schedulers are saved: their fields under PyTorch's names. */
import { ArgumentError, describe } from '../../errors';
import { isListOf, isOptions } from '../../functional/arguments';
import { pythonName } from '../state';

/** What `stateDict()` of a scheduler gives. */
export type SchedulerStateDict = Record<string, unknown>;

/** A field's name in PyTorch: stepSize is step_size, TMax is T_max. */
function savedName(name: string): string {
  return /^T[A-Z0-9]/.test(name)
    ? `T_${pythonName(name.charAt(1).toLowerCase() + name.slice(2))}`
    : pythonName(name);
}

/** More than a field of a scheduler has of either. A list that holds itself has no end. */
const MAX_LEVELS = 16;
const MAX_LENGTH = 1e6;

/** A copy, so that neither side sees what becomes of the other; functions are not saved. */
function copyOf(op: string, value: unknown, level = 0): unknown {
  const inner = (item: unknown): unknown => copyOf(op, item, level + 1);
  if (level > MAX_LEVELS || (Array.isArray(value) && value.length > MAX_LENGTH))
    throw new ArgumentError(
      `${op}: expected at most ${MAX_LEVELS} levels and ${MAX_LENGTH} elements a list, got more`,
    );
  if (Array.isArray(value)) return (value as unknown[]).map(inner);
  if (isOptions(value)) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, inner(v)]));
  return typeof value === 'function' ? null : value;
}

/** The named fields, as they are saved. */
export function savedFields(scheduler: object, names: readonly string[]): SchedulerStateDict {
  const fields = scheduler as Record<string, unknown>;
  return Object.fromEntries(names.map((name) => [savedName(name), copyOf('stateDict', fields[name])]));
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value;
}

function holdsFunction(value: unknown, level = 0): boolean {
  if (typeof value === 'function') return true;
  return Array.isArray(value) && level < MAX_LEVELS && value.some((item) => holdsFunction(item, level + 1));
}

/** The named fields as a state dict has them; those that it lacks, and functions, are left as they are. */
export function loadedFields(
  op: string,
  scheduler: object,
  names: readonly string[],
  state: SchedulerStateDict,
): Record<string, unknown> {
  const fields = scheduler as Record<string, unknown>;
  const loaded: Record<string, unknown> = {};
  for (const name of names) {
    const own = fields[name];
    const key = savedName(name);
    const saved = state[key];
    if (saved === undefined || holdsFunction(own)) continue;
    if (own !== null && saved !== null && kindOf(own) !== kindOf(saved))
      throw new ArgumentError(`${op}: expected ${key} to be like ${describe(own)}, got ${describe(saved)}`);
    loaded[name] = copyOf(op, saved);
  }
  return loaded;
}

/** Throws for what isn't a state dict. */
export function checkState(op: string, state: unknown): asserts state is SchedulerStateDict {
  if (!isOptions(state))
    throw new ArgumentError(`${op}: expected what stateDict() gives, got ${describe(state)}`);
}

/** The number that is saved under a name, or `otherwise`. */
export function savedNumber(op: string, state: SchedulerStateDict, name: string, otherwise: number): number {
  const value = state[name] ?? otherwise;
  if (typeof value !== 'number')
    throw new ArgumentError(`${op}: expected ${name} to be a number, got ${describe(value)}`);
  return value;
}

/** The numbers that are saved under a name, or `otherwise`. */
export function savedNumbers(
  op: string,
  state: SchedulerStateDict,
  name: string,
  otherwise: readonly number[],
): number[] {
  const value = state[name] ?? otherwise;
  if (!isListOf<number>(value, (item) => typeof item === 'number'))
    throw new ArgumentError(`${op}: expected ${name} to be a list of numbers, got ${describe(value)}`);
  return value.slice();
}
