/** Parameters that are computed from others before each call of a module. */
import type { HookHandle } from '../../autograd';
import { ArgumentError, describe } from '../../errors';
import { Module } from '../module';
import { Parameter } from '../parameter';

/** What is computed in a module, by kind and name, and the hook that does. */
const computed = new WeakMap<Module, Map<string, HookHandle>>();

/** A module's fields by name. */
export function fieldsOf(module: Module): Record<string, unknown> {
  return module as unknown as Record<string, unknown>;
}

/** A module's parameter; throws unless there is one of that name. */
export function parameterOf(op: string, module: unknown, name: unknown): Parameter {
  if (!(module instanceof Module))
    throw new ArgumentError(`${op}: expected a Module, got ${describe(module)}`);
  const parameter = typeof name === 'string' ? fieldsOf(module)[name] : undefined;
  if (!(parameter instanceof Parameter))
    throw new ArgumentError(
      `${op}: expected the name of a parameter of ${module.constructor.name}, got ${describe(name)}`,
    );
  return parameter;
}

/** Calls `compute` before each call of the module. */
export function computeBefore(
  op: string,
  module: Module,
  name: string,
  compute: (module: Module) => void,
): void {
  const known = computed.get(module) ?? new Map<string, HookHandle>();
  const hook = module.registerForwardPreHook((called: Module) => {
    compute(called);
  });
  computed.set(module, known.set(`${op} ${name}`, hook));
}

/** Takes the hook away again; throws where there is none. */
export function stopComputing(op: string, of: string, module: unknown, name: string): Module {
  const known = module instanceof Module ? computed.get(module) : undefined;
  const hook = known?.get(`${of} ${name}`);
  if (hook === undefined || known === undefined)
    throw new ArgumentError(`${op}: no ${of} of ${describe(name)} was found in ${describe(module)}`);
  hook.remove();
  known.delete(`${of} ${name}`);
  return module as Module;
}

/** Takes fields off a module. */
export function dropFields(module: Module, ...names: readonly string[]): void {
  for (const name of names) Reflect.deleteProperty(module, name);
}
