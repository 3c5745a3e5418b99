/** How functions become methods of Tensor: the names are declared where that is done, by `declare module`. */
import { ArgumentError, describe } from '../errors';
import { Tensor } from '../tensor';

/** Puts functions of (tensor, …) on the prototype as methods of (…). */
export function attach(functions: Record<string, (x: Tensor, ...rest: never[]) => unknown>): void {
  for (const [name, f] of Object.entries(functions))
    define(name, function (this: Tensor, ...rest: unknown[]) {
      return (f as (x: Tensor, ...rest: unknown[]) => unknown)(this, ...rest);
    });
}

function refuse(name: string, expected: string, surplus: unknown): never {
  throw new ArgumentError(`${name}: expected ${expected}, got ${describe(surplus)} besides`);
}

/** One operand: no rest arguments to gather. */
export function attachUnary(functions: Record<string, (x: Tensor) => unknown>): void {
  for (const [name, f] of Object.entries(functions))
    define(name, function (this: Tensor, surplus?: unknown) {
      if (surplus !== undefined) refuse(name, 'no arguments', surplus);
      return f(this);
    });
}

export function attachBinary(functions: Record<string, (x: Tensor, y: never) => unknown>): void {
  for (const [name, f] of Object.entries(functions))
    define(name, function (this: Tensor, other: unknown, surplus?: unknown) {
      if (surplus !== undefined) refuse(name, 'one argument', surplus);
      return (f as (x: Tensor, y: unknown) => unknown)(this, other);
    });
}

/** A method. */
export function define(name: string | symbol, value: unknown): void {
  Object.defineProperty(Tensor.prototype, name, { value, writable: true, configurable: true });
}

export function defineGetter(name: string, get: (this: Tensor) => unknown): void {
  Object.defineProperty(Tensor.prototype, name, { get, configurable: true });
}
