/** Hooks on modules: the first one puts a forward of its own on the instance, so that without hooks nothing is paid. */
import type { HookHandle } from '../autograd';
import { ArgumentError, describe } from '../errors';
import { booleanArgument, checkOptions } from '../functional/arguments';
import { BackwardPassage, type AnyBackwardHook } from './backward-hooks';

/** The options of `registerForwardHook` and its kin. */
export interface HookOptions {
  /** Before the hooks there are (false). */
  prepend?: boolean;
}

/** @internal */
export type AnyHook = (module: object, inputs: readonly unknown[], output?: unknown) => unknown;

interface Hooked {
  forward(...inputs: readonly unknown[]): unknown;
}

interface Lists {
  readonly before: AnyHook[];
  readonly after: AnyHook[];
  readonly backward: AnyBackwardHook[];
  readonly backwardPre: AnyBackwardHook[];
}

interface Hooks extends Lists {
  /** Puts the forward back that the module had. */
  readonly uninstall: () => void;
}

const hooksOf = new WeakMap<object, Hooks>();

/** Puts a forward on the module that calls the hooks around the one it had. */
function install(module: Hooked): Hooks {
  const own = Object.getOwnPropertyDescriptor(module, 'forward');
  const forward = module.forward.bind(module);
  const lists: Lists = { before: [], after: [], backward: [], backwardPre: [] };
  const { before, after, backward, backwardPre } = lists;
  const value = (...given: readonly unknown[]): unknown => {
    let inputs = given;
    for (const hook of before.slice()) {
      const result = hook(module, inputs);
      if (result === undefined || result === null) continue;
      inputs = Array.isArray(result) ? (result as readonly unknown[]) : [result];
    }
    const passage =
      backward.length + backwardPre.length > 0
        ? new BackwardPassage(module, backward.slice(), backwardPre.slice())
        : null;
    if (passage !== null) inputs = passage.enter(inputs);
    let output = forward(...inputs);
    for (const hook of after.slice()) output = hook(module, inputs, output) ?? output;
    return passage === null ? output : passage.leave(output);
  };
  Object.defineProperty(module, 'forward', { value, configurable: true, writable: true });
  const uninstall = (): void => {
    hooksOf.delete(module);
    if (own === undefined) Reflect.deleteProperty(module, 'forward');
    else Object.defineProperty(module, 'forward', own);
  };
  const hooks = { ...lists, uninstall };
  hooksOf.set(module, hooks);
  return hooks;
}

/** @internal Adds a hook to one of the module's lists. */
export function addHook<Place extends keyof Lists>(
  op: string,
  module: Hooked,
  place: Place,
  hook: Lists[Place][number],
  options: HookOptions,
): HookHandle {
  if (typeof hook !== 'function')
    throw new ArgumentError(`${op}: expected a function, got ${describe(hook)}`);
  checkOptions(op, ['prepend'], options);
  const prepend = booleanArgument(op, 'prepend', options.prepend, false);
  const hooks = hooksOf.get(module) ?? install(module);
  const list = hooks[place] as ((...given: readonly unknown[]) => unknown)[];
  // The same function may be registered twice: each registration is an entry of its own.
  const call = hook as (...given: readonly unknown[]) => unknown;
  const entry = (...given: readonly unknown[]): unknown => call(...given);
  if (prepend) list.unshift(entry);
  else list.push(entry);
  return {
    remove() {
      const at = list.indexOf(entry);
      if (at < 0) return;
      list.splice(at, 1);
      const { before, after, backward, backwardPre } = hooks;
      if ([before, after, backward, backwardPre].every((hooks) => hooks.length === 0)) hooks.uninstall();
    },
  };
}

/** @internal Gives a copy of a module the hooks that the module has. */
export function copyHooks(from: Hooked, to: Hooked): void {
  const hooks = hooksOf.get(from);
  if (hooks === undefined) return;
  for (const place of ['before', 'after', 'backward', 'backwardPre'] as const)
    for (const hook of hooks[place]) addHook('copyHooks', to, place, hook, {});
}
