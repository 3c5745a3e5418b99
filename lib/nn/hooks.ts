/** Hooks on modules: the first one puts a forward of its own on the instance, so that without hooks nothing is paid. */
import type { HookHandle } from '../autograd';
import { ArgumentError, describe } from '../errors';
import { booleanArgument, checkOptions } from '../functional/arguments';

/** The options of `registerForwardHook` and `registerForwardPreHook`. */
export interface HookOptions {
  /** Before the hooks there are (false). */
  prepend?: boolean;
}

/** @internal */
export type AnyHook = (module: object, inputs: readonly unknown[], output?: unknown) => unknown;

interface Hooked {
  forward(...inputs: readonly unknown[]): unknown;
}

interface Hooks {
  readonly before: AnyHook[];
  readonly after: AnyHook[];
  /** Puts the forward back that the module had. */
  readonly uninstall: () => void;
}

const hooksOf = new WeakMap<object, Hooks>();

/** Puts a forward on the module that calls the hooks around the one it had. */
function install(module: Hooked): Hooks {
  const own = Object.getOwnPropertyDescriptor(module, 'forward');
  const forward = module.forward.bind(module);
  const before: AnyHook[] = [];
  const after: AnyHook[] = [];
  const value = (...given: readonly unknown[]): unknown => {
    let inputs = given;
    for (const hook of before.slice()) {
      const result = hook(module, inputs);
      if (result === undefined || result === null) continue;
      inputs = Array.isArray(result) ? (result as readonly unknown[]) : [result];
    }
    let output = forward(...inputs);
    for (const hook of after.slice()) output = hook(module, inputs, output) ?? output;
    return output;
  };
  Object.defineProperty(module, 'forward', { value, configurable: true, writable: true });
  const uninstall = (): void => {
    hooksOf.delete(module);
    if (own === undefined) Reflect.deleteProperty(module, 'forward');
    else Object.defineProperty(module, 'forward', own);
  };
  const hooks = { before, after, uninstall };
  hooksOf.set(module, hooks);
  return hooks;
}

/** @internal */
export function addForwardHook(
  op: string,
  module: Hooked,
  place: 'before' | 'after',
  hook: AnyHook,
  options: HookOptions,
): HookHandle {
  if (typeof hook !== 'function')
    throw new ArgumentError(`${op}: expected a function, got ${describe(hook)}`);
  checkOptions(op, ['prepend'], options);
  const prepend = booleanArgument(op, 'prepend', options.prepend, false);
  const hooks = hooksOf.get(module) ?? install(module);
  // The same function may be registered twice: each registration is an entry of its own.
  const entry: AnyHook = (...given) => hook(...given);
  if (prepend) hooks[place].unshift(entry);
  else hooks[place].push(entry);
  return {
    remove() {
      const at = hooks[place].indexOf(entry);
      if (at < 0) return;
      hooks[place].splice(at, 1);
      if (hooks.before.length + hooks.after.length === 0) hooks.uninstall();
    },
  };
}
