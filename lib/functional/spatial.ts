/** Arguments that have a value for each spatial dimension. */
import { ArgumentError, describe } from '../errors';

/** One number for all dimensions, or one for each. */
export type PerDim = number | readonly number[];

/** What kernels take: far beyond any size, and far from what their arithmetic holds. */
const MOST = 2 ** 31 - 1;

/**
 * The values of all `dims` dimensions.
 * @throws ArgumentError when they aren't integers, are below `least`, or not as many as there are dimensions.
 */
export function perDim(op: string, name: string, value: unknown, dims: number, least: number): number[] {
  const given: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (given.length !== 1 && given.length !== dims)
    throw new ArgumentError(
      `${op}: expected ${name} to be an integer or ${dims} of them, got ${describe(value)}`,
    );
  for (const n of given)
    if (typeof n !== 'number' || !Number.isSafeInteger(n) || n < least || n > MOST)
      throw new ArgumentError(
        `${op}: expected ${name} to be integers from ${least} to ${MOST}, got ${describe(value)}`,
      );
  const values = given as readonly number[];
  return values.length === dims ? [...values] : new Array<number>(dims).fill(values[0]!);
}
