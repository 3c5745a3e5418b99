/** Everything that can be called: found by walking the library's exports, its classes and their prototypes. */
import type { Surface } from './surface';
import { ARGUMENTS as TEMPLATES, RECEIVERS } from './templates';
import type { Library, Making, Recipe } from './values';

export type Callable = (...args: unknown[]) => unknown;
type Class = new (...args: unknown[]) => unknown;

/** What a target is called on: nothing, a tensor, or an instance that `make` constructs. */
export type Self = { kind: 'none' } | { kind: 'tensor' } | { kind: 'instance'; make: (m: Making) => unknown };

export interface Target {
  readonly name: string;
  readonly self: Self;
  readonly call: (self: unknown, args: unknown[]) => unknown;
  /** Options that it takes. */
  readonly names: readonly string[];
  /** Calls that work. */
  readonly templates: readonly Template[];
}

export interface Template {
  /** For a tensor's method: what it is called on. */
  readonly self: Recipe | null;
  readonly args: readonly Recipe[];
}

const NONE: Self = { kind: 'none' };

export function isClass(f: unknown): f is Class {
  return typeof f === 'function' && /^class\b/.test(Function.prototype.toString.call(f));
}

/** Arguments that constructors are tried with, to have instances whose methods can be called. */
const ARGUMENTS: readonly ((m: Making) => unknown[])[] = [
  () => [],
  () => [3],
  () => [3, 2],
  ({ lib }) => [lib.ones(2, 3)],
  ({ lib }) => [[new lib.nn.Parameter(lib.ones(3))]],
  ({ lib }) => [[new lib.nn.Parameter(lib.ones(3))], { lr: 0.1 }],
  ({ lib }) => [new lib.nn.Linear(3, 2)],
  ({ lib }) => [[new lib.nn.Linear(3, 2)]],
  ({ lib }) => [new lib.optim.SGD([new lib.nn.Parameter(lib.ones(3))], { lr: 0.1 })],
  ({ lib }) => [new lib.optim.SGD([new lib.nn.Parameter(lib.ones(3))], { lr: 0.1 }), 2],
  () => [2, 3, 1],
  () => [4, 4, 2, 2],
  () => ['sum'],
  () => [() => 1],
];

/** How to make instances of a class: at most two ways, in which it takes its arguments. */
function instancesOf(lib: Library, Class: Class): Self[] {
  if (Class === (lib.Tensor as unknown)) return [{ kind: 'tensor' }];
  const ways: Self[] = [];
  for (const argumentsOf of ARGUMENTS) {
    if (ways.length === 2) break;
    const make = (m: Making): unknown => new Class(...argumentsOf(m));
    try {
      make({ lib, made: [] });
      ways.push({ kind: 'instance', make });
    } catch {
      // It wants others.
    }
  }
  return ways;
}

export type Found = Omit<Target, 'names' | 'templates'>;

/** Methods, getters and setters from a prototype on upwards; `names`: those that are public, if that is known. */
function membersOf(
  name: string,
  prototype: object,
  selves: readonly Self[],
  names: readonly string[] | undefined,
  found: Found[],
): void {
  const met = new Set<PropertyKey>(['constructor']);
  for (
    let level: object | null = prototype;
    level !== null && Object.getPrototypeOf(level) !== null;
    level = Object.getPrototypeOf(level) as object | null
  ) {
    if (level === Function.prototype || level === Error.prototype || level === Array.prototype) return;
    for (const key of Reflect.ownKeys(level)) {
      if (met.has(key) || !isPublicName(key, names)) continue;
      met.add(key);
      const property = Object.getOwnPropertyDescriptor(level, key)!;
      const title = `${name}.${String(key)}`;
      for (const self of selves) {
        if (typeof property.value === 'function')
          found.push({ name: title, self, call: (o, args) => Reflect.apply(memberOf(o, key), o, args) });
        if (property.get !== undefined)
          found.push({ name: title, self, call: (o) => (o as Record<PropertyKey, unknown>)[key] });
        if (property.set !== undefined)
          found.push({ name: `${title} =`, self, call: (o, args) => Reflect.set(o as object, key, args[0]) });
      }
    }
  }
}

/** Symbols that the language or Node know are public, others are the library's own. */
function isPublicName(key: PropertyKey, names: readonly string[] | undefined): boolean {
  if (typeof key !== 'symbol') return names === undefined || names.includes(String(key));
  return Symbol.keyFor(key) !== undefined || /^Symbol\(Symbol\.\w+\)$/.test(String(key));
}

function memberOf(o: unknown, key: PropertyKey): Callable {
  return (o as Record<PropertyKey, Callable>)[key]!;
}

/** The options that an error names when it is given one that doesn't exist. */
function optionsOf(lib: Library, target: Found): string[] {
  const making: Making = { lib, made: [] };
  const unknown = { '\0': 1 };
  const tries = [[unknown], [lib.ones(2, 3), unknown], [lib.ones(2, 3), 0, unknown], [3, 2, unknown]];
  for (const args of tries)
    try {
      const { self } = target;
      const o =
        self.kind === 'none' ? undefined : self.kind === 'tensor' ? lib.ones(2, 3) : self.make(making);
      target.call(o, args);
    } catch (error) {
      const list = /expected one of ([\w, ]+)$/.exec(String((error as Error | undefined)?.message))?.[1];
      if (list !== undefined) return list.split(', ');
    }
  return [];
}

const ENOUGH_TEMPLATES = 4;

/** What trying a target out tells of it: the options that it takes, and which receiver and arguments work. */
export interface Learned {
  readonly names: readonly string[];
  /** By index in the lists of templates; -1: no receiver. */
  readonly worked: readonly (readonly [receiver: number, args: number])[];
}

/** The first few of the common arguments with which a call works. */
function learn(lib: Library, target: Found, after: () => void): Learned {
  const names = optionsOf(lib, target);
  after();
  const worked: [number, number][] = [];
  const { self } = target;
  const receivers = self.kind === 'tensor' ? [...RECEIVERS.entries()] : ([[-1, null]] as const);
  for (const [j, args] of TEMPLATES.entries())
    for (const [i, receiver] of receivers) {
      if (worked.length === ENOUGH_TEMPLATES) return { names, worked };
      const making: Making = { lib, made: [] };
      try {
        const o = receiver?.make(making) ?? (self.kind === 'instance' ? self.make(making) : undefined);
        const result = target.call(
          o,
          args.map((r) => r.make(making)),
        );
        if (result instanceof Promise) result.catch(() => undefined);
        worked.push([i, j]);
        if (args.length === 0) break; // others tell more
      } catch {
        // It wants others.
      } finally {
        after();
      }
    }
  return { names, worked };
}

/**
 * All targets whose names match `wanted`, in an order that depends on the library alone. What is not in `surface`, if
 * there is one, is left out.
 */
export function findTargets(lib: Library, surface: Surface | null, wanted: RegExp): Found[] {
  const met = new Set<unknown>();
  const found: Found[] = [];
  const walk = (prefix: string, namespace: object): void => {
    met.add(namespace);
    for (const [key, value] of Object.entries(namespace) as [string, unknown][]) {
      const name = prefix === '' ? key : `${prefix}.${key}`;
      if (met.has(value) || value === null) continue;
      if (surface !== null && !Object.hasOwn(surface, name)) continue;
      const names = surface?.[name];
      if (typeof value === 'object') {
        if (Array.isArray(value)) continue;
        walk(name, value);
        const prototype = Object.getPrototypeOf(value) as object | null;
        if (prototype !== null)
          membersOf(name, prototype, [{ kind: 'instance', make: () => value }], names, found);
      }
      if (typeof value !== 'function') continue;
      met.add(value);
      if (!isClass(value)) {
        found.push({ name, self: NONE, call: (_, args) => (value as Callable)(...args) });
        continue;
      }
      found.push({ name: `new ${name}`, self: NONE, call: (_, args) => new value(...args) });
      for (const [member, f] of Object.entries(Object.getOwnPropertyDescriptors(value)))
        if (typeof f.value === 'function' && !isClass(f.value))
          found.push({
            name: `${name}.${member}`,
            self: NONE,
            call: (_, args) => Reflect.apply(f.value as Callable, value, args),
          });
      membersOf(name, value.prototype as object, instancesOf(lib, value), names, found);
    }
  };
  walk('', lib);
  return found.filter((target) => wanted.test(target.name));
}

/** Tries each target out; `after` is called after each call that is made for that. */
export function learnAll(lib: Library, found: readonly Found[], after: () => void): Learned[] {
  return found.map((target) => learn(lib, target, after));
}

export function withLearned(found: readonly Found[], learned: readonly Learned[]): Target[] {
  return found.map((target, k) => {
    const { names, worked } = learned[k]!;
    const templates = worked.map(([i, j]) => ({ self: RECEIVERS[i] ?? null, args: TEMPLATES[j]! }));
    return { ...target, names, templates };
  });
}
