/** Arguments of layers that count something. */
import { ArgumentError, describe } from '../errors';

/** A number that must be an integer of at least `least`. */
export function countArgument(op: string, name: string, value: unknown, least: number): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least)
    throw new ArgumentError(`${op}: expected ${name} to be an integer >= ${least}, got ${describe(value)}`);
  return value;
}

/** More have no use, and would fill the memory with small tensors before it is known to be too little. */
const MOST_LAYERS = 65536;

/** How many layers there are one after the other. */
export function layersArgument(op: string, name: string, value: unknown, least: number): number {
  const count = countArgument(op, name, value, least);
  if (count > MOST_LAYERS)
    throw new ArgumentError(`${op}: expected ${name} to be at most ${MOST_LAYERS}, got ${count}`);
  return count;
}
