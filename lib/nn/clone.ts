/** Copies of modules. */
import { clone } from '../functional/copy';
import { Tensor } from '../tensor';
import { noGrad } from '../autograd';
import { Module, copyRegistered } from './module';
import { Buffer, Parameter, isBuffer } from './parameter';

/** A copy of a tensor of a module: of the same kind, sharing nothing. */
function cloneTensor(t: Tensor): Tensor {
  const made = noGrad(() => clone(t.detach()));
  if (t instanceof Parameter) return new Parameter(made, t.requiresGrad);
  return isBuffer(t) ? Buffer(made) : made;
}

/**
 * A module with parameters, buffers and children of its own, equal to `module`'s; what else its fields hold is shared. Hooks
 * stay behind. (Fields that are `#private` can't be copied.)
 */
export function cloneModule<M extends Module>(module: M): M {
  const made = new Map<object, object>();
  const copyOf = (value: unknown): unknown => {
    if (!(value instanceof Tensor || value instanceof Module || value instanceof Map)) return value;
    const before = made.get(value);
    if (before !== undefined) return before;
    if (value instanceof Module) return visit(value);
    const copy = value instanceof Tensor ? cloneTensor(value) : new Map(value);
    made.set(value, copy);
    if (copy instanceof Map) for (const [key, item] of copy) copy.set(key, copyOf(item));
    return copy;
  };
  const visit = (source: Module): Module => {
    const target = Object.create(Object.getPrototypeOf(source) as object) as Module;
    made.set(source, target);
    copyRegistered(source, target);
    for (const key of Reflect.ownKeys(source)) {
      const descriptor = Object.getOwnPropertyDescriptor(source, key)!;
      if (!descriptor.enumerable) continue; // what hooks have put there
      Object.defineProperty(target, key, { ...descriptor, value: copyOf(descriptor.value) });
    }
    return target;
  };
  return visit(module) as M;
}
