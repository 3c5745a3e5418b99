/** Lists of places that are made in JavaScript. */
import { OutOfMemoryError } from '../errors';

/** @internal Room for n places; errors name `op`. */
export function placesArray(op: string, n: number): BigInt64Array<ArrayBuffer> {
  try {
    return new BigInt64Array(n);
  } catch {
    throw new OutOfMemoryError(`${op}: cannot allocate ${n} places`);
  }
}
