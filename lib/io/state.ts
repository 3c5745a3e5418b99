/** Nested state as a list of tensors and, as JSON, what is around them. */
import { ArgumentError, describe } from '../errors';
import { Tensor } from '../tensor';
import { isOptions } from '../functional/arguments';
import { checkLive } from './safetensors';

/** What `save` takes: tensors, numbers, text, booleans, null and undefined, BigInts, in arrays, objects and Maps. */
export type Saveable =
  | Tensor
  | number
  | string
  | boolean
  | bigint
  | null
  | undefined
  | readonly Saveable[]
  | ReadonlyMap<string | number, Saveable>
  | { readonly [name: string]: Saveable };

/** Levels of arrays and objects. */
const MAX_DEPTH = 128;
/** Those of the JSON text: an object takes two. */
export const MAX_JSON_DEPTH = 2 * MAX_DEPTH + 4;

/**
 * JSON's own values stand for themselves, all else is an array of a word and what belongs to it:
 * ["tensor", name, requires a gradient], ["list", …], ["object", [name, value], …], ["map", [key, value], …],
 * ["number", text], ["bigint", text], ["undefined"].
 */
type Encoded = null | boolean | string | number | readonly unknown[];

class Encoder {
  readonly tensors: [string, Tensor][] = [];
  private readonly names = new Map<Tensor, string>();
  private readonly taken = new Set<string>(['__metadata__']);
  private readonly above = new Set<object>();

  /** A name of its own for a tensor: its path, with a number if that is taken. */
  private nameOf(t: Tensor, path: string): string {
    const known = this.names.get(t);
    if (known !== undefined) return known;
    checkLive('save', path, t);
    const wanted = path === '' ? 'tensor' : path;
    let name = wanted;
    for (let i = 1; this.taken.has(name); i++) name = `${wanted}#${i}`;
    this.taken.add(name);
    this.names.set(t, name);
    this.tensors.push([name, t]);
    return name;
  }

  encode(value: unknown, path: string): Encoded {
    if (value instanceof Tensor) return ['tensor', this.nameOf(value, path), value.requiresGrad];
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value;
      case 'number':
        return Number.isFinite(value) && !Object.is(value, -0) ? value : ['number', textOf(value)];
      case 'bigint':
        return ['bigint', String(value)];
      case 'undefined':
        return ['undefined'];
      case 'object':
        return value === null ? null : nestedIn(this.above, value, path, () => this.nested(value, path));
      default:
        return refuse(value, path);
    }
  }

  private nested(value: object, path: string): Encoded {
    const below = (key: string | number): string => (path === '' ? String(key) : `${path}.${key}`);
    const pairs = (entries: readonly (readonly [string | number, unknown])[]): unknown[] =>
      entries.map(([key, item]) => [key, this.encode(item, below(key))]);
    if (Array.isArray(value)) {
      checkDense(value, path);
      return ['list', ...value.map((item, i) => this.encode(item, below(i)))];
    }
    if (value instanceof Map) return ['map', ...pairs(mapEntries(value, path))];
    if (isOptions(value)) return ['object', ...pairs(Object.entries(value))];
    return refuse(value, path);
  }
}

/** Encodes what is inside of a value; `above` are the values around it. */
export function nestedIn<T>(above: Set<object>, value: object, path: string, encode: () => T): T {
  if (above.has(value)) throw new ArgumentError(`save: ${place(path)} contains itself`);
  if (above.size === MAX_DEPTH)
    throw new ArgumentError(`save: expected at most ${MAX_DEPTH} levels, got more at ${place(path)}`);
  above.add(value);
  const encoded = encode();
  above.delete(value);
  return encoded;
}

/** Throws for an array with holes, which other formats don't have and of which there may be billions. */
export function checkDense(list: readonly unknown[], path: string): void {
  for (let i = 0; i < list.length; i++)
    if (!(i in list))
      throw new ArgumentError(`save: expected arrays without holes, got one at ${i} of ${place(path)}`);
}

function place(path: string): string {
  return path === '' ? 'what is saved' : describe(path);
}

/** Says what can be saved. */
export function refuse(value: unknown, path: string): never {
  const hint =
    typeof (value as { stateDict?: unknown }).stateDict === 'function' ? '; save its stateDict()' : '';
  throw new ArgumentError(
    `save: expected tensors, numbers, text, booleans, null, arrays, objects and Maps, got ${describe(value)} as ${place(path)}${hint}`,
  );
}

/** A Map's entries; keys are text or numbers. */
export function mapEntries(
  map: Map<unknown, unknown>,
  path: string,
): (readonly [string | number, unknown])[] {
  return [...map].map(([key, value]) => {
    if (typeof key !== 'string' && !(typeof key === 'number' && Number.isFinite(key)))
      throw new ArgumentError(
        `save: expected the keys of ${place(path)} to be text or numbers, got ${describe(key)}`,
      );
    return [key, value] as const;
  });
}

function textOf(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** The tensors in a value, with names, and the rest of it as JSON text. */
export function takeApart(value: unknown): readonly [tensors: (readonly [string, Tensor])[], json: string] {
  const encoder = new Encoder();
  const encoded = encoder.encode(value, '');
  return [encoder.tensors, JSON.stringify(encoded)];
}

/**
 * The value again. Throws a SyntaxError for JSON that `takeApart` can't have made.
 * @param find The tensor of a name, on which `requiresGrad` is set.
 */
export function putTogether(json: unknown, find: (name: string, requiresGrad: boolean) => Tensor): unknown {
  if (json === null || typeof json !== 'object') return json;
  if (!Array.isArray(json)) throw new SyntaxError('an object makes no sense');
  const [kind, ...rest] = json as unknown[];
  const inside = (item: unknown): unknown => putTogether(item, find);
  switch (kind) {
    case 'tensor':
      if (typeof rest[0] === 'string' && typeof rest[1] === 'boolean') return find(rest[0], rest[1]);
      break;
    case 'list':
      return rest.map(inside);
    case 'object':
      return Object.fromEntries(pairsOf(rest).map(([key, item]) => [key, inside(item)]));
    case 'map':
      return new Map(pairsOf(rest).map(([key, item]) => [key, inside(item)]));
    case 'number':
      if (typeof rest[0] === 'string') return Number(rest[0]);
      break;
    case 'bigint':
      if (typeof rest[0] === 'string' && /^-?\d{1,1000}$/.test(rest[0])) return BigInt(rest[0]);
      break;
    case 'undefined':
      return undefined;
  }
  throw new SyntaxError(`a value of the kind ${describe(kind)} makes no sense`);
}

function pairsOf(list: readonly unknown[]): (readonly [string | number, unknown])[] {
  for (const pair of list)
    if (
      !Array.isArray(pair) ||
      pair.length !== 2 ||
      (typeof pair[0] !== 'string' && typeof pair[0] !== 'number')
    )
      throw new SyntaxError('an entry is not a key and a value');
  return list as (readonly [string | number, unknown])[];
}
