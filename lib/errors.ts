/** The base of all errors that this library throws. `code` is stable and meant for programs, `message` for people. */
export class TenonError extends Error {
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(typeof message === 'string' ? message : describe(message), options);
    this.code = code;
  }
  override get name(): string {
    return this.constructor.name;
  }
}

/** An argument is missing, unknown, of the wrong type or out of range. */
export class ArgumentError extends TenonError {
  constructor(message: string) {
    super('ERR_TENON_ARGUMENT', message);
  }
}

/** Shapes that don't fit the operation or each other. */
export class ShapeError extends TenonError {
  constructor(message: string) {
    super('ERR_TENON_SHAPE', message);
  }
}

/** A dtype the operation isn't defined for. */
export class DTypeError extends TenonError {
  constructor(message: string) {
    super('ERR_TENON_DTYPE', message);
  }
}

/** A device that doesn't exist, or operands on different devices. */
export class DeviceError extends TenonError {
  constructor(message: string) {
    super('ERR_TENON_DEVICE', message);
  }
}

/** An index or a dimension out of range. */
export class IndexError extends TenonError {
  constructor(message: string) {
    super('ERR_TENON_INDEX', message);
  }
}

/** Differentiation that isn't possible: no graph, a freed one, a saved tensor changed in place. */
export class AutogradError extends TenonError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_TENON_AUTOGRAD', message, options);
  }
}

/** A matrix that an algorithm can't do its work on: singular, not positive-definite, not finite. */
export class LinAlgError extends TenonError {
  constructor(message: string) {
    super('ERR_TENON_LINALG', message);
  }
}

/** No memory, even after a collection. */
export class OutOfMemoryError extends TenonError {
  constructor(message: string) {
    super('ERR_TENON_OUT_OF_MEMORY', message);
  }
}

/** A file that can't be read or written, or whose content is not what its format says. */
export class FileError extends TenonError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_TENON_FILE', message, options);
  }
}

/** The native addon can't be found or loaded. */
export class NativeError extends TenonError {
  constructor(message: string) {
    super('ERR_TENON_NATIVE', message);
  }
}

/** A broken invariant of the library itself: please report it. */
export class InternalError extends TenonError {
  constructor(message: string) {
    super('ERR_TENON_INTERNAL', message);
  }
}

/** @internal By the numbers of native/core/launch.h's ErrorCode. */
export function nativeError(code: number, message: string): TenonError {
  switch (code) {
    case 1:
      return new ArgumentError(message);
    case 2:
      return new ShapeError(message);
    case 3:
      return new DTypeError(message);
    case 4:
      return new DeviceError(message);
    case 5:
      return new IndexError(message);
    case 6:
      return new AutogradError(message);
    case 7:
      return new OutOfMemoryError(message);
    case 9:
      return new LinAlgError(message);
    default:
      return new InternalError(message);
  }
}

/** @internal An error of memory that a part of `op` met, under the name of the whole; any other error as it is. */
export function onBehalfOf(op: string, error: unknown): unknown {
  return error instanceof OutOfMemoryError
    ? new OutOfMemoryError(error.message.replace(/^\w+: /, `${op}: `))
    : error;
}

/** @internal A short description of any value for an error message: never throws, never long. */
export function describe(value: unknown): string {
  try {
    return describeAny(value);
  } catch {
    return 'an object'; // a Proxy or a getter that throws
  }
}

function describeAny(value: unknown): string {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'string':
      return JSON.stringify(shorten(value));
    case 'number':
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'bigint':
      return `${shorten(String(value))}n`;
    case 'function':
      return typeof value.name === 'string' && value.name
        ? `a function (${shorten(value.name)})`
        : 'a function';
    case 'symbol':
      return 'a symbol';
    default: {
      if (Array.isArray(value)) return `an array of length ${value.length}`;
      const name: unknown = value.constructor?.name;
      if (typeof name !== 'string' || !name || name === 'Object') return 'an object';
      return `${/^[aeio]/i.test(name) ? 'an' : 'a'} ${shorten(name)}`;
    }
  }
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
