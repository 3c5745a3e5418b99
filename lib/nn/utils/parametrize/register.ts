/** Tensors of modules that are computed whenever they are read. */
import { noGrad } from '../../../autograd';
import { ArgumentError, describe } from '../../../errors';
import { bindArguments, booleanArgument } from '../../../functional/arguments';
import { Tensor } from '../../../tensor';
import { ModuleDict } from '../../container';
import { MEMBERS, Module } from '../../module';
import { Buffer, Parameter } from '../../parameter';
import { fieldsOf } from '../reparametrize';
import { ParametrizationList, checkLike, type Parametrization } from './list';

/** A module with parametrizations, by the names of the tensors that they compute. */
export type Parametrized<M extends Module = Module> = M & {
  readonly parametrizations: ModuleDict<ParametrizationList>;
};

function listOf(module: Module, name: string): ParametrizationList {
  return (fieldsOf(module).parametrizations as ModuleDict<ParametrizationList>).get(name);
}

/** The values of tensors while `cached` runs, by module and name; null: they are computed at each reading. */
let known: Map<Module, Map<string, Tensor>> | null = null;

/**
 * Runs `f`; a parametrized tensor that is read several times meanwhile is computed once
 * (https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.cached.html).
 * @throws ArgumentError when `f` returns a promise: what other code reads would come from the cache, too.
 */
export function cached<T>(f: () => T): T {
  if (typeof f !== 'function') throw new ArgumentError(`cached: expected a function, got ${describe(f)}`);
  const outer = known;
  known ??= new Map();
  try {
    const result = f();
    if (typeof (result as PromiseLike<unknown> | null | undefined)?.then === 'function')
      throw new ArgumentError('cached: expected a synchronous function, got one that returns a promise');
    return result;
  } finally {
    known = outer;
  }
}

function valueOf(module: Module, name: string): Tensor {
  const list = listOf(module, name);
  if (known === null) return list.value();
  let values = known.get(module);
  if (values === undefined) known.set(module, (values = new Map<string, Tensor>()));
  let value = values.get(name);
  if (value === undefined || value.isDisposed) values.set(name, (value = list.value()));
  return value;
}

/** A class of the module's own, whose prototype computes tensors; its copies are of that class, too. */
function takeClass(module: Module): void {
  const of = module.constructor as new () => object;
  const own = class extends of {};
  Object.defineProperty(own, 'name', { value: `Parametrized${of.name}` });
  Object.setPrototypeOf(module, own.prototype);
  fieldsOf(module).parametrizations = new ModuleDict<ParametrizationList>();
}

function own(op: string, module: Module, name: unknown): Tensor {
  for (const [key, member] of module[MEMBERS]()) if (key === name && member instanceof Tensor) return member;
  throw new ArgumentError(
    `${op}: expected the name of a parameter or a buffer of ${module.constructor.name}, got ${describe(name)}`,
  );
}

/** @internal */
export function checkModuleArgument(op: string, module: unknown): asserts module is Module {
  if (!(module instanceof Module))
    throw new ArgumentError(`${op}: expected a Module, got ${describe(module)}`);
}

/** Throws where one more parametrization changes the dtype or the shape of a parametrized tensor. */
function checkMore(op: string, value: Tensor, parametrization: Parametrization): void {
  noGrad(() => {
    const next = parametrization.forward(value);
    checkLike(op, 'the parametrization', next, value);
    if (typeof parametrization.rightInverse === 'function')
      checkLike(op, 'rightInverse', parametrization.rightInverse(next), value);
  });
}

/**
 * From now on the module's tensor of that name is what `parametrization` computes, whenever it is read; what it is computed
 * from is the parameter `module.parametrizations.get(name).original`
 * (https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.register_parametrization.html). Another one for the
 * same tensor takes what the one before computes. Assigning to the tensor calls `rightInverse` of all. Returns the module.
 * @throws DTypeError or ShapeError when the tensor's dtype or shape changes, unless `unsafe` is true.
 */
export function registerParametrization<M extends Module>(
  module: M,
  tensorName: string,
  parametrization: Parametrization,
  options: boolean | { unsafe?: boolean } = {},
): Parametrized<M> {
  const op = 'registerParametrization';
  checkModuleArgument(op, module);
  checkModuleArgument(op, parametrization);
  const unsafe = booleanArgument(op, 'unsafe', bindArguments(op, ['unsafe'], [options])[0], false);
  parametrization.train(module.training);
  if (isParametrized(module, tensorName)) {
    const list = listOf(module, tensorName);
    if (!unsafe) checkMore(op, valueOf(module, tensorName), parametrization);
    list.append(parametrization);
    list.unsafe ||= unsafe;
    return module;
  }
  const original = own(op, module, tensorName);
  const list = new ParametrizationList([parametrization], original, unsafe);
  Reflect.deleteProperty(module, tensorName);
  if (!isParametrized(module)) takeClass(module);
  Object.defineProperty(Object.getPrototypeOf(module), tensorName, {
    get(this: Module): Tensor {
      return valueOf(this, tensorName);
    },
    set(this: Module, value: Tensor) {
      listOf(this, tensorName).rightInverse(value);
    },
    configurable: true,
  });
  const made = module as Parametrized<M>;
  made.parametrizations.set(tensorName, list);
  return made;
}

/** Whether a module has parametrizations, of any tensor or of the one named. */
export function isParametrized<M extends Module>(
  module: M,
  tensorName?: string | null,
): module is Parametrized<M> {
  checkModuleArgument('isParametrized', module);
  const { parametrizations } = fieldsOf(module);
  if (!(parametrizations instanceof ModuleDict)) return false;
  return tensorName === undefined || tensorName === null
    ? parametrizations.length > 0
    : parametrizations.has(tensorName);
}

/**
 * Makes a tensor a parameter or a buffer again: with the value that it had, or, with `leaveParametrized: false`, with that
 * of what it was computed from. Returns the module.
 */
export function removeParametrizations<M extends Module>(
  module: M,
  tensorName: string,
  options: boolean | { leaveParametrized?: boolean } = {},
): M {
  const op = 'removeParametrizations';
  checkModuleArgument(op, module);
  const [given] = bindArguments(op, ['leaveParametrized'], [options]);
  const parametrized = booleanArgument(op, 'leaveParametrized', given, true);
  if (!isParametrized(module, tensorName))
    throw new ArgumentError(
      `${op}: ${(module as Module).constructor.name} has no parametrization of ${describe(tensorName)}`,
    );
  const lists = module.parametrizations;
  const value = lists.get(tensorName).left(op, parametrized);
  lists.delete(tensorName);
  if (lists.length === 0) {
    Reflect.deleteProperty(module, 'parametrizations');
    Object.setPrototypeOf(module, Object.getPrototypeOf(Object.getPrototypeOf(module)) as object);
  }
  // A field, whatever the prototype has: copies of the module may share that.
  Object.defineProperty(module, tensorName, {
    value: value instanceof Parameter ? value : Buffer(value),
    writable: true,
    enumerable: true,
    configurable: true,
  });
  return module;
}
