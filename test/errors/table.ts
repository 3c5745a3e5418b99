/** Calls that must fail: with which class of error, its code, and what the message says. */
import {
  ArgumentError,
  AutogradError,
  DTypeError,
  DeviceError,
  FileError,
  IndexError,
  InternalError,
  LinAlgError,
  NativeError,
  OutOfMemoryError,
  ShapeError,
  TenonError,
  cpu,
} from 'tenon';

type ErrorClass = new (message: string) => TenonError;

const CODES = new Map<ErrorClass, string>([
  [ArgumentError, 'ERR_TENON_ARGUMENT'],
  [ShapeError, 'ERR_TENON_SHAPE'],
  [DTypeError, 'ERR_TENON_DTYPE'],
  [DeviceError, 'ERR_TENON_DEVICE'],
  [IndexError, 'ERR_TENON_INDEX'],
  [AutogradError, 'ERR_TENON_AUTOGRAD'],
  [LinAlgError, 'ERR_TENON_LINALG'],
  [OutOfMemoryError, 'ERR_TENON_OUT_OF_MEMORY'],
  [FileError, 'ERR_TENON_FILE'],
  [NativeError, 'ERR_TENON_NATIVE'],
  [InternalError, 'ERR_TENON_INTERNAL'],
]);

/** What a call, or what it started, throws; fails when both succeed. */
export function errorOf(call: () => unknown): unknown {
  let result: unknown;
  try {
    result = call();
    cpu.synchronize(); // what a launch finds in its data may come later than the call
  } catch (error) {
    return error;
  }
  throw new Error(`expected an error, got ${String(result)}`);
}

/** Fails unless the call throws an error of just that class, with its code and a message that matches. */
export function expectError(call: () => unknown, kind: ErrorClass, message: RegExp): void {
  const error = errorOf(call);
  if (!(error instanceof TenonError)) throw error;
  expect([error.constructor, error.message]).toEqual([kind, expect.stringMatching(message)]);
  expect(error).toBeInstanceOf(Error);
  expect([error.name, error.code]).toEqual([kind.name, CODES.get(kind)]);
}

export type Row = readonly [call: () => unknown, kind: ErrorClass, message: RegExp];

/** The call as its author wrote it. */
function titleOf(call: () => unknown): string {
  return String(call)
    .replace(/^\(\)\s*=>\s*/, '')
    .replace(/\(0,\s*_tenon\.(\w+)\)/g, '$1')
    .replace(/\(0,\s*_table\.wrong\)/g, 'wrong')
    .replace(/_tenon\./g, '')
    .replace(/\s+/g, ' ')
    .slice(0, 120);
}

/** A test for each row. */
export function failures(rows: readonly Row[]): void {
  test.each(rows.map((row) => [titleOf(row[0]), row] as const))('%s', (_, [call, kind, message]) => {
    expectError(call, kind, message);
  });
}

/** What TypeScript would not let through. */
export function wrong<T>(value: unknown): T {
  return value as T;
}
