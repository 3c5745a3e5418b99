/** The arguments of optimizers, and checks of what groups are given. */
import { ArgumentError, describe } from '../errors';
import { bindArguments, booleanArgument, numberArgument } from '../functional/arguments';

/** How PyTorch is to run a step. Here there is one way, the fastest: these are accepted and change nothing. */
export interface Hints {
  foreach?: boolean | null;
  fused?: boolean | null;
  capturable?: boolean;
  differentiable?: boolean;
}

const HINTS: ReadonlySet<string> = new Set(['foreach', 'fused', 'capturable', 'differentiable']);

/** Arguments behind the parameters: by position in this order, or by name in one object behind those. */
export type Given<Positions extends readonly unknown[], Options> = Positions extends readonly [
  infer First,
  ...infer Rest,
]
  ? [] | [options: Options & Hints] | [first: First, ...rest: Given<Rest, Options>]
  : [] | [options: Options & Hints];

/** What is left of options without the hints, which are checked. */
export function withoutHints(name: string, options: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).filter(([key, value]: [string, unknown]) => {
      if (!HINTS.has(key)) return true;
      if (value !== null) booleanArgument(name, key, value, false);
      return false;
    }),
  );
}

/**
 * The arguments behind the parameters as options. `defaults` has them in their order by position; a hint that has a
 * position is among them.
 */
export function optionsOf<Options extends object>(
  name: string,
  defaults: Required<Options> & Hints,
  given: readonly unknown[],
): Required<Options> {
  const names = Object.keys(defaults);
  const accepted = [...names, ...[...HINTS].filter((hint) => !names.includes(hint))];
  const bound = bindArguments(name, accepted, given);
  const entries = accepted.map((key, i) => [key, bound[i] === undefined ? defaults[key as never] : bound[i]]);
  return withoutHints(
    name,
    Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as object,
  ) as Required<Options>;
}

/** Throws unless each of these options of a group is a number >= 0. */
export function checkAtLeast0<Options>(
  name: string,
  group: Options,
  options: readonly (keyof Options)[],
): void {
  for (let i = 0; i < options.length; i++) {
    const option = options[i] as keyof Options & string;
    if (!(numberArgument(name, option, group[option]) >= 0))
      throw new ArgumentError(
        `${name}: expected ${option} to be a number >= 0, got ${describe(group[option])}`,
      );
  }
}

/** Throws unless each of these options of a group is a number. */
export function checkNumbers<Options>(
  name: string,
  group: Options,
  options: readonly (keyof Options)[],
): void {
  for (let i = 0; i < options.length; i++) numberArgument(name, options[i] as string, group[options[i]!]);
}

/** Throws unless each of these options of a group is a boolean. */
export function checkBooleans<Options>(
  name: string,
  group: Options,
  options: readonly (keyof Options)[],
): void {
  for (let i = 0; i < options.length; i++)
    if (typeof group[options[i]!] !== 'boolean')
      throw new ArgumentError(
        `${name}: expected ${options[i] as string} to be a boolean, got ${describe(group[options[i]!])}`,
      );
}

/** Throws unless an option is two numbers that pass. */
export function checkPair(
  name: string,
  option: string,
  value: unknown,
  passes: (a: number, b: number) => boolean,
  what: string,
): void {
  const pair: readonly unknown[] = Array.isArray(value) ? value : [];
  const [a, b] = pair;
  if (pair.length !== 2 || typeof a !== 'number' || typeof b !== 'number' || !passes(a, b))
    throw new ArgumentError(`${name}: expected ${option} to be ${what}, got ${describe(value)}`);
}

const isFraction = (x: number): boolean => x >= 0 && x < 1;

/** Throws unless these are the factors of two running averages. */
export function checkBetas(name: string, betas: unknown): void {
  checkPair(name, 'betas', betas, (a, b) => isFraction(a) && isFraction(b), 'two numbers in [0, 1)');
}
