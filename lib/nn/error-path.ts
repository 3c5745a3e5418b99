/** Where in a network an error came from: found when it is thrown, so that nothing is paid on the way. */
import { TenonError } from '../errors';

/** What is needed of a module here. */
interface Located {
  namedModules(): [string, Located][];
}

interface Whereabouts {
  /** The outermost module that the error has left. */
  outermost: Located;
  /** From there to where it was thrown. */
  path: string;
  /** The error's own message. */
  readonly message: string;
}

const whereabouts = new WeakMap<TenonError, Whereabouts>();
const known = new WeakSet<object>();

/** Notes that an error leaves a module; names the way in its message once there is one. */
function left(module: Located, error: unknown): void {
  if (!(error instanceof TenonError)) return;
  const at = whereabouts.get(error);
  if (at === undefined) {
    whereabouts.set(error, { outermost: module, path: '', message: error.message });
    return;
  }
  const name = module.namedModules().find(([, inner]) => inner === at.outermost)?.[0];
  if (!name) return; // the same module again, by super.forward, or one that is not its own
  at.outermost = module;
  at.path = `.${name}${at.path}`;
  const { stack, message } = error;
  error.message = `${at.message} (in ${module.constructor.name}${at.path})`;
  if (stack !== undefined) error.stack = stack.replace(message, () => error.message);
}

type Forward = (this: Located, ...inputs: unknown[]) => unknown;

function watched(forward: Forward): Forward {
  const watching = function (this: Located, ...inputs: unknown[]): unknown {
    try {
      return forward.apply(this, inputs);
    } catch (error) {
      left(this, error);
      throw error;
    }
  };
  for (const key of ['name', 'length'] as const)
    Object.defineProperty(watching, key, { value: forward[key], configurable: true });
  return watching;
}

/** Watches the forward methods of a module's class and of those above it, up to `base`. */
export function watchErrors(module: Located, base: object): void {
  for (let at: object = Object.getPrototypeOf(module) as object; at !== base && !known.has(at);) {
    known.add(at);
    const own = Object.getOwnPropertyDescriptor(at, 'forward');
    if (typeof own?.value === 'function' && own.configurable)
      Object.defineProperty(at, 'forward', { ...own, value: watched(own.value as Forward) });
    at = Object.getPrototypeOf(at) as object;
  }
}
