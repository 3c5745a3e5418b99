/** The arguments of schedulers: as in PyTorch by position, or by name in one object at the end. */
import { ArgumentError, describe } from '../../errors';
import { integerArgument, numberArgument } from '../../functional/arguments';
import { Optimizer } from '../optimizer';
import type { ScheduledValues } from '../scheduled';

/** Any optimizer that has a learning rate. */
export type ScheduledOptimizer = Optimizer<{ lr?: number }>;

/** A group as schedulers see it. */
export interface ScheduledGroup extends ScheduledValues {
  lr: number;
  momentum?: number;
  betas?: readonly number[];
}

/** The first of `Positions`, as many as one likes, and then perhaps `Names` in an object. */
export type Arguments<
  Positions extends readonly unknown[],
  Names extends object,
> = Positions extends readonly [...infer Before, infer Last]
  ? [...Before, Last | undefined] | [...Before, Last | undefined, Names] | Arguments<Before, Names>
  : [] | [Names];

/** A number for all groups, or one for each. */
export type PerGroup = number | readonly number[];

/** The groups of an optimizer, after a check that it is one. */
export function groupsOf(op: string, optimizer: ScheduledOptimizer): ScheduledGroup[] {
  if (!(optimizer instanceof Optimizer))
    throw new ArgumentError(`${op}: expected an Optimizer, got ${describe(optimizer)}`);
  return optimizer.paramGroups;
}

/** A number for each group. */
export function perGroup(op: string, name: string, optimizer: ScheduledOptimizer, value: unknown): number[] {
  const groups = groupsOf(op, optimizer);
  if (!Array.isArray(value)) {
    const number = numberArgument(op, name, value);
    return groups.map(() => number);
  }
  if (value.length !== groups.length)
    throw new ArgumentError(
      `${op}: expected ${name} to be a number or one for each of the ${groups.length} groups, got ${describe(value)}`,
    );
  return Array.from(value, (number) => numberArgument(op, name, number));
}

export function positiveInteger(op: string, name: string, value: unknown): number {
  const integer = integerArgument(op, name, value);
  if (integer < 1) throw new ArgumentError(`${op}: expected ${name} to be at least 1, got ${integer}`);
  return integer;
}

/** A number from `low` to `high`; with `open`, more than `low`. */
export function numberWithin(
  op: string,
  name: string,
  value: unknown,
  low: number,
  high: number,
  open = false,
): number {
  const number = numberArgument(op, name, value);
  if (!(open ? number > low : number >= low) || !(number <= high))
    throw new ArgumentError(
      `${op}: expected ${name} to be in ${open ? '(' : '['}${low}, ${high}], got ${number}`,
    );
  return number;
}

export function oneOf<T extends string>(op: string, name: string, value: unknown, names: readonly T[]): T {
  if (!names.includes(value as T))
    throw new ArgumentError(
      `${op}: expected ${name} to be ${names.map((known) => `'${known}'`).join(' or ')}, got ${describe(value)}`,
    );
  return value as T;
}

/** Python's bisect_right: how many of the sorted numbers are at most `x`. */
export function countUpTo(sorted: readonly number[], x: number): number {
  return sorted.filter((number) => number <= x).length;
}
