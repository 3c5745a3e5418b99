/** One random call: planned from the seed and its number alone, so that it can be made again on its own. */
import { inspect } from 'util';
import { Random } from './random';
import { isClass, type Target, type Template } from './targets';
import {
  Mine,
  fittingValue,
  receiver,
  value,
  withStrange,
  type Library,
  type Making,
  type Recipe,
} from './values';

export interface Call {
  readonly target: string;
  readonly text: string;
  /** Makes the values and the call; returns what is wrong with how it went, or null. */
  readonly run: () => string | null;
}

/** Those that take milliseconds are called seldom. */
const SLOW = new Set([
  'collect',
  'emptyCache',
  'setNumThreads',
  'autograd.gradcheck',
  'autograd.gradgradcheck',
]);
const SLOW_CHANCE = 0.02;

/** The process's own settings and streams are not the library's to guard; all else is. */
function isTyped(lib: Library, error: unknown): boolean {
  return (
    error instanceof lib.TenonError &&
    !(error instanceof lib.InternalError) &&
    !(error instanceof lib.NativeError)
  );
}

/** Whether a value that was given has thrown this by itself: traps, getters, callbacks, revoked proxies, classes. */
function isOwn(error: unknown): boolean {
  if (error instanceof Mine || error === undefined) return true;
  return (
    error instanceof TypeError &&
    /has been revoked|on a detached ArrayBuffer|^Class constructors?\b.*cannot be invoked without 'new'/.test(
      error.message,
    )
  );
}

/** The last error that was judged wrong. */
export let lastWrong: unknown;

/** What is wrong with what a call threw, or null. */
export function judgeError(lib: Library, error: unknown): string | null {
  if (isTyped(lib, error) || isOwn(error)) return null;
  lastWrong = error;
  return `threw ${error instanceof Error ? `${error.name}: ${error.message.slice(0, 200)}` : inspect(error)}`;
}

/** What is wrong with a result, or null. */
function judgeResult(lib: Library, result: unknown): string | null {
  const list: unknown[] = Array.isArray(result) ? (result as unknown[]).slice(0, 4) : [result];
  for (const t of list) {
    if (!(t instanceof lib.Tensor)) continue;
    // Of a false tensor that comes back nothing is expected.
    if (!Object.hasOwn(t, 'shape')) continue;
    if (!t.shape.every((n) => Number.isSafeInteger(n) && n >= 0)) return `made the shape ${inspect(t.shape)}`;
    if (t.shape.length > 64) return `made ${t.shape.length} dimensions`;
  }
  return null;
}

/** What is done with a result afterwards; each may throw typed errors only. */
const SEQUELS: readonly (readonly [text: string, f: (lib: Library, result: unknown) => unknown])[] = [
  ['printed', (_, result) => inspect(result)],
  ['converted to text', (lib, result) => (result instanceof lib.Tensor ? String(result) : undefined)],
  ['read', (lib, result) => (result instanceof lib.Tensor ? result.toTypedArray() : undefined)],
  ['as JSON', (lib, result) => (result instanceof lib.Tensor ? JSON.stringify(result) : undefined)],
  [
    'then backward',
    (lib, result) => {
      const first: unknown = Array.isArray(result) ? result[0] : result;
      if (first instanceof lib.Tensor && first.requiresGrad) first.sum().backward();
    },
  ],
  [
    'then changed in place and backward',
    (lib, result) => {
      if (!(result instanceof lib.Tensor) || !result.requiresGrad) return;
      result.mul_(2);
      result.sum().backward();
    },
  ],
];

/** Whether a method of that name is public in the class of that name. */
export type IsPublic = (className: string, name: string) => boolean;

function methodsOf(o: object, isPublic: IsPublic): string[] {
  const names: string[] = [];
  const className = (o as { constructor?: { name: string } }).constructor?.name ?? '';
  for (
    let level: object | null = Object.getPrototypeOf(o) as object | null;
    level !== null && Object.getPrototypeOf(level) !== null;
    level = Object.getPrototypeOf(level) as object | null
  ) {
    if ([Function.prototype, Array.prototype, Promise.prototype].includes(level as never)) return [];
    if (!isClass((level as { constructor?: unknown }).constructor)) return [];
    for (const name of Object.getOwnPropertyNames(level))
      if (
        isPublic(className, name) &&
        typeof Object.getOwnPropertyDescriptor(level, name)!.value === 'function'
      )
        names.push(name);
  }
  return names;
}

function hasMethods(
  lib: Library,
  result: unknown,
): result is Record<string, (...args: unknown[]) => unknown> {
  return (
    typeof result === 'object' && result !== null && !(result instanceof lib.Tensor) && !Array.isArray(result)
  );
}

/** Whether a promise that was returned ended well is known later only. */
type Later = (complaint: string) => void;

export function planCall(
  lib: Library,
  targets: readonly Target[],
  seed: number,
  number: number,
  later: Later,
  isPublic: IsPublic,
): Call {
  const random = new Random(seed, number);
  // One after the other, so that each has its share in a short run.
  let target = targets[number % targets.length]!;
  while (SLOW.has(target.name) && !random.chance(SLOW_CHANCE) && targets.length > 1)
    target = random.pick(targets);
  const names = target.names;
  const any = random.chance(0.5) ? 0.25 : 0.8;
  const one = (): Recipe => (random.chance(any) ? value(random, names) : fittingValue(random, names));
  const works = target.templates;
  const round = Math.floor(number / targets.length);
  let template: Template | null = null;
  let args: Recipe[];
  if (works.length > 0 && round % 2 === 1) {
    // What would seldom come by chance.
    const turn = seed + (round >> 1);
    template = works[turn % works.length]!;
    args = withStrange(template.args, names, Math.floor(turn / works.length));
  } else if (works.length > 0 && random.chance(0.5)) {
    template = random.pick(works);
    args = varied(random, template.args, () => value(random, names));
  } else args = Array.from({ length: random.pick([0, 1, 1, 2, 2, 2, 3, 3, 4, 5]) }, one);
  const self =
    target.self.kind === 'tensor'
      ? ((random.chance(0.9) ? template?.self : null) ?? receiver(random))
      : target.self.kind === 'instance'
        ? { text: 'instance', make: target.self.make }
        : null;
  const extra = target.self.kind === 'instance' && random.chance(0.1) ? one() : null;
  const sequel = random.chance(0.3) ? random.pick(SEQUELS) : null;
  const again = random.chance(0.1) ? { which: random.below(1000), args: [one(), one()] } : null;
  const list = args.map((r) => r.text).join(', ');
  const text =
    (self === null ? '' : `(${self.text}${extra === null ? '' : ` with own = ${extra.text}`}) `) +
    `${target.name}(${list})` +
    (sequel === null ? '' : `, ${sequel[0]}`) +
    (again === null ? '' : `, then a method of what it returned`);

  const run = (): string | null => {
    const making: Making = { lib, made: [] };
    let made: unknown[];
    let o: unknown;
    try {
      if (self !== null) making.made.push((o = self.make(making)));
      if (extra !== null) (o as Record<string, unknown>).own = extra.make(making);
      made = args.map((r) => {
        const v = r.make(making);
        making.made.push(v);
        return v;
      });
    } catch (error) {
      // The values themselves are made by the library.
      return judgeError(lib, error);
    }
    let result: unknown;
    try {
      result = target.call(o, made);
      if (
        typeof result === 'object' &&
        result !== null &&
        Symbol.iterator in result &&
        !Array.isArray(result)
      )
        take(result as Iterable<unknown>);
    } catch (error) {
      return judgeError(lib, error);
    }
    if (result instanceof Promise)
      result.catch((error: unknown) => {
        const complaint = judgeError(lib, error);
        if (complaint !== null) later(`its promise ${complaint}`);
      });
    const wrong = judgeResult(lib, result);
    if (wrong !== null) return wrong;
    try {
      sequel?.[1](lib, result);
      if (again !== null && hasMethods(lib, result)) {
        const methods = methodsOf(result, isPublic);
        if (methods.length > 0) {
          const more = again.args.map((r) => r.make(making));
          result[methods[again.which % methods.length]!]!(...more);
        }
      }
    } catch (error) {
      const complaint = judgeError(lib, error);
      return complaint === null ? null : `what followed ${complaint}`;
    }
    return null;
  };
  return { target: target.name, text, run };
}

/** Arguments that work, up to two of them changed, or one more. */
function varied(random: Random, args: readonly Recipe[], one: () => Recipe): Recipe[] {
  const list = [...args];
  for (let changes = random.below(3); changes > 0; changes--) {
    const i = random.below(list.length + 1);
    list[i] = one();
  }
  return list;
}

/** Some of what an iterable yields. */
function take(iterable: Iterable<unknown>): void {
  const iterator = iterable[Symbol.iterator]();
  for (let n = 0; n < 4; n++) if (iterator.next().done === true) return;
  iterator.return?.();
}
