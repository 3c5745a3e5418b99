/**
 * Readers that leave the event loop free while the elements are computed. They give the values that the tensor has at
 * the call, whatever is done to it afterwards.
 */
import { binding } from '../backend/load';
import { whenCompleted } from '../backend/waiting';
import { ArgumentError, describe } from '../errors';
import { checkTensor, type Tensor } from '../tensor';
import type { TensorTypedArray } from '../dtype';
import { checkOptions } from './arguments';
import { arrayFor, checkListable, checkOne, nested, transferable, type NestedNumbers } from './convert';

export interface AsyncReadOptions {
  /** Rejects the promise with the signal's reason when it is aborted; what is being computed goes on. */
  signal?: AbortSignal;
}

function signalOf(op: string, options: AsyncReadOptions | undefined): AbortSignal | undefined {
  if (options === undefined) return undefined;
  checkOptions(op, ['signal'], options);
  const { signal } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new ArgumentError(`${op}: expected signal to be an AbortSignal, got ${describe(signal)}`);
  return signal;
}

/** Rejects as soon as the signal is aborted. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', abort);
    });
  });
}

async function read(op: string, t: Tensor, options: AsyncReadOptions | undefined): Promise<TensorTypedArray> {
  checkTensor(op, t);
  const signal = signalOf(op, options);
  signal?.throwIfAborted();
  const source = transferable(t);
  const array = arrayFor(op, source);
  const ticket = binding.readLater(source.id, array);
  // To the end, even if nobody waits for it any more: native code writes to the array, and keeps the failure for us.
  const completed = async (): Promise<TensorTypedArray> => {
    await whenCompleted(ticket);
    if (ticket > 0) binding.checkRead(ticket);
    return array;
  };
  return abortable(completed(), signal);
}

/**
 * `toTypedArray()` without blocking the event loop: the elements as they are now, once they have been computed.
 * @throws (as a rejection) what a computation on the way to the tensor failed with; the reason of an aborted signal.
 */
export async function toTypedArrayAsync(t: Tensor, options?: AsyncReadOptions): Promise<TensorTypedArray> {
  return read('toTypedArrayAsync', t, options);
}

/** `tolist()` without blocking the event loop. */
export async function tolistAsync<T = NestedNumbers>(t: Tensor, options?: AsyncReadOptions): Promise<T> {
  checkTensor('tolistAsync', t);
  checkListable('tolistAsync', t.shape);
  return nested('tolistAsync', t, await read('tolistAsync', t, options)) as T;
}

/**
 * `item()` without blocking the event loop: `const loss = await criterion.forward(out, y).itemAsync()`.
 * @throws ArgumentError for an int64 beyond 2^53.
 */
export async function itemAsync(t: Tensor, options?: AsyncReadOptions): Promise<number> {
  checkOne('itemAsync', t);
  const array = await read('itemAsync', t, options);
  const value = array[0]!;
  if (typeof value === 'number') return value;
  if (!Number.isSafeInteger(Number(value)))
    throw new ArgumentError(`itemAsync: the int64 value ${value} exceeds 2^53 and no number can hold it`);
  return Number(value);
}
