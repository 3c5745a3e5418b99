/** Copies of modules. */
import { Tensor } from '../tensor';
import { isOptions } from '../functional/arguments';
import { copyHooks } from './hooks';
import { Module, copyRegistered } from './module';
import { Buffer, Parameter, isBuffer } from './parameter';

/**
 * A copy of a module and of all below it, with tensors of its own, and its hooks. What several modules share, their copies
 * share. Fields that are neither tensors, modules nor lists are taken over; `#private` ones can't be.
 */
export function copyModule<M extends Module>(module: M): M {
  return copyOf(module, new Map()) as M;
}

function copyOf(value: unknown, made: Map<unknown, unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const known = made.get(value);
  if (known !== undefined) return known;
  const remember = <T>(copy: T): T => {
    made.set(value, copy);
    return copy;
  };
  if (value instanceof Tensor) return remember(tensorOf(value));
  if (value instanceof Module) {
    const copy = remember(Object.create(Object.getPrototypeOf(value) as object) as Module);
    fill(copy, value, made);
    copyRegistered(value, copy);
    copyHooks(value, copy);
    return copy;
  }
  if (Array.isArray(value)) {
    const copy = remember<unknown[]>([]);
    for (const item of value) copy.push(copyOf(item, made));
    return copy;
  }
  if (value instanceof Map) {
    const copy = remember(new Map<unknown, unknown>());
    for (const [key, item] of value as Map<unknown, unknown>) copy.set(copyOf(key, made), copyOf(item, made));
    return copy;
  }
  if (isOptions(value)) return fill(remember({}), value, made);
  return value;
}

/** Fields that are seen: not those which hooks put on a module. */
function fill<T extends object>(copy: T, from: object, made: Map<unknown, unknown>): T {
  for (const key of Reflect.ownKeys(from)) {
    const field = Object.getOwnPropertyDescriptor(from, key)!;
    if (!field.enumerable) continue;
    const value = copyOf(Reflect.get(from, key), made);
    Object.defineProperty(copy, key, { value, writable: true, enumerable: true, configurable: true });
  }
  return copy;
}

function tensorOf(t: Tensor): Tensor {
  const copy = t.detach().clone();
  if (t instanceof Parameter) return new Parameter(copy, t.requiresGrad);
  return isBuffer(t) ? Buffer(copy) : copy;
}
