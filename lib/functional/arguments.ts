/** Arguments as Python has them: optional ones by position or by name in one trailing object of options. */
import { ArgumentError, describe } from '../errors';
import { Tensor } from '../tensor';

/** An object literal; a Tensor, an array or a typed array is never taken for options. */
export function isOptions(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || value instanceof Tensor) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Of any realm: Object.prototype is what has no prototype itself.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** An array whose elements all pass. Holes are elements, too: of a sparse array not each is looked at. */
export function isListOf<T>(value: unknown, test: (item: unknown, i: number) => boolean): value is T[] {
  if (!Array.isArray(value)) return false;
  for (let i = 0; i < value.length; i++) if (!test(value[i], i)) return false;
  return true;
}

/** The values of `names`, in their order; undefined where absent. Throws for unknown, doubled and surplus arguments. */
export function bindArguments(op: string, names: readonly string[], given: readonly unknown[]): unknown[] {
  let count = given.length;
  const last = given[count - 1];
  const options = isOptions(last) ? last : null;
  if (options !== null) count--;
  if (count > names.length)
    throw new ArgumentError(
      `${op}: expected at most ${names.length} arguments (${names.join(', ')}), got ${count}`,
    );
  const bound = new Array<unknown>(names.length).fill(undefined);
  for (let i = 0; i < count; i++) bound[i] = given[i];
  if (options !== null)
    for (const key of Object.keys(options)) {
      const i = names.indexOf(key);
      if (i < 0)
        throw new ArgumentError(
          `${op}: unknown option ${describe(key)}; expected one of ${names.join(', ')}`,
        );
      if (i < count && bound[i] !== undefined)
        throw new ArgumentError(`${op}: ${key} was given by position and by name`);
      bound[i] = options[key];
    }
  return bound;
}

/** Throws for options that `names` doesn't list. */
export function checkOptions(op: string, names: readonly string[], options: unknown): void {
  if (options === undefined) return;
  if (!isOptions(options))
    throw new ArgumentError(`${op}: expected an object of options, got ${describe(options)}`);
  for (const key of Object.keys(options))
    if (!names.includes(key))
      throw new ArgumentError(`${op}: unknown option ${describe(key)}; expected one of ${names.join(', ')}`);
}

/** Splits the trailing options off `given`. */
export function splitOptions(given: readonly unknown[]): [positional: readonly unknown[], options: unknown] {
  const last = given[given.length - 1];
  return isOptions(last) ? [given.slice(0, -1), last] : [given, undefined];
}

export function booleanArgument(op: string, name: string, value: unknown, otherwise: boolean): boolean {
  if (value === undefined) return otherwise;
  if (typeof value !== 'boolean')
    throw new ArgumentError(`${op}: expected ${name} to be a boolean, got ${describe(value)}`);
  return value;
}

export function integerArgument(op: string, name: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw new ArgumentError(`${op}: expected ${name} to be an integer, got ${describe(value)}`);
  return value;
}

export function numberArgument(op: string, name: string, value: unknown): number {
  if (typeof value !== 'number')
    throw new ArgumentError(`${op}: expected ${name} to be a number, got ${describe(value)}`);
  return value;
}

/** Some of the arguments by position, and options behind them. */
export type WithOptions<Positions extends readonly unknown[], Names> = Positions extends readonly [
  infer One,
  ...infer Rest,
]
  ? [options: Names] | [One, ...WithOptions<Rest, Names>]
  : [options: Names];

/** A function of a tensor and arguments that may be given by position or, in an object behind those, by name. */
export type Named<Positions extends readonly unknown[], Names extends object, Result, First = Tensor> = {
  (x: First, ...args: Positions): Result;
  (x: First, ...args: WithOptions<Required<Positions>, Names>): Result;
};

/** `f`, whose arguments after the first, called `names`, may also be given by name. Throws for unknown and surplus ones. */
export function named<Positions extends readonly unknown[], Names extends object, Result, First = Tensor>(
  op: string,
  names: readonly (keyof Names & string)[],
  f: (x: First, ...args: Positions) => Result,
): Named<Positions, Names, Result, First> {
  const call = f as (x: First, ...args: readonly unknown[]) => Result;
  const most = names.length;
  return (x: First, ...given: readonly unknown[]): Result => {
    const n = given.length;
    if (n <= most && (n === 0 || !isOptions(given[n - 1]))) return call(x, ...given);
    return call(x, ...bindArguments(op, names, given));
  };
}
