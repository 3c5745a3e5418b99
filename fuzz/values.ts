/**
 * The values that calls are made with. A recipe is planned first, which touches nothing of the library, and made when
 * the call is made: its text says in a report what was given.
 */
import type * as tenon from 'tenon';
import type { Random } from './random';

export type Library = typeof tenon;
type Tensor = InstanceType<Library['Tensor']>;

/** What is made for one call. */
export interface Making {
  readonly lib: Library;
  /** What has been made so far, the receiver first. */
  readonly made: unknown[];
}

export interface Recipe {
  readonly text: string;
  readonly make: (making: Making) => unknown;
}

/** What traps, getters and callbacks throw: it is the caller's own and passes through. */
export class Mine extends Error {}
const throwMine = (): never => {
  throw new Mine();
};

const of = (text: string, make: (making: Making) => unknown): Recipe => ({ text, make });
const constant = (text: string, value: unknown): Recipe => ({ text, make: () => value });

const SMALL: readonly Recipe[] = [-2, -1, 0, 1, 2, 3, 4].map((n) => constant(String(n), n));

const NUMBERS: readonly Recipe[] = [
  ...[NaN, Infinity, -Infinity, 0.5, 1.5, -3, 63, 64, 65, 255, 1e308, 5e-324, 2 ** 22, 65537].map((n) =>
    constant(String(n), n),
  ),
  constant('-0', -0),
  ...[31, 32, 40, 46, 50, 52, 53, 62, 63, 64].map((n) => constant(`2 ** ${n}`, 2 ** n)),
  constant('2 ** 31 - 1', 2 ** 31 - 1),
  constant('-(2 ** 31)', -(2 ** 31)),
  constant('-(2 ** 53)', -(2 ** 53)),
  constant('2 ** 53 - 1', 2 ** 53 - 1),
];

const TEXTS: readonly Recipe[] = [
  ...[
    '',
    'abc',
    '1',
    '__proto__',
    'constructor',
    'toString',
    '...',
    ':',
    '1:2',
    '::0',
    '-1:',
    '0:99:7',
    '::-1',
  ],
  ...[
    'mean',
    'sum',
    'none',
    'floor',
    'trunc',
    'cpu',
    'auto',
    'cuda:0',
    'cuda:',
    'full',
    'weight',
    '0',
    'a.b',
  ],
  ...['relu', 'linear', 'fan_in', 'constant', '\0', '\ud800', 'İ'],
].map((s) => constant(JSON.stringify(s), s));
const LONG_TEXTS: readonly Recipe[] = [
  of("'x'.repeat(2 ** 20)", () => 'x'.repeat(2 ** 20)),
  of("'9'.repeat(400)", () => '9'.repeat(400)),
  of("'1:'.repeat(1000)", () => '1:'.repeat(1000)),
];

export const DTYPES = [
  ...['float32', 'float64', 'float16', 'bfloat16', 'int8', 'uint8', 'int16', 'int32', 'int64', 'bool'],
] as const;

const PRIMITIVES: readonly Recipe[] = [
  constant('undefined', undefined),
  constant('null', null),
  constant('true', true),
  constant('false', false),
  ...[0n, 3n, -1n, 2n ** 63n, -(2n ** 63n), 2n ** 53n + 1n, 2n ** 3000n].map((n) =>
    constant(n > 2n ** 100n ? '2n ** 3000n' : `${n}n`, n),
  ),
  of("Symbol('s')", () => Symbol('s')),
  constant('Symbol.iterator', Symbol.iterator),
];

const cyclic = (): unknown[] => {
  const list: unknown[] = [];
  list.push(list, list);
  return list;
};
const deep = (levels: number): unknown => {
  let list: unknown = 1;
  for (let i = 0; i < levels; i++) list = [list];
  return list;
};
class Subclass extends Array<number> {}

/** A proxy of which every trap throws. */
const throwing = (target: object): object =>
  new Proxy(target, {
    get: throwMine,
    has: throwMine,
    set: throwMine,
    ownKeys: throwMine,
    getPrototypeOf: throwMine,
    getOwnPropertyDescriptor: throwMine,
    deleteProperty: throwMine,
    apply: throwMine,
    construct: throwMine,
  });
const revoked = (target: object): object => {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
};
const detached = (): Float32Array => {
  const array = new Float32Array(4);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
};

const OBJECTS: readonly Recipe[] = [
  of('{}', () => ({})),
  of('Object.create(null)', () => Object.create(null) as unknown),
  of('{ foo: 1 }', () => ({ foo: 1 })),
  of('a throwing Proxy', () => throwing({})),
  of('a throwing Proxy of an array', () => throwing([1, 2])),
  of('a throwing Proxy of a function', () => throwing(() => 1)),
  of('a revoked Proxy', () => revoked({})),
  of('a revoked Proxy of an array', () => revoked([])),
  of('a revoked Proxy of a function', () => revoked(() => 1)),
  of('new Proxy([1, 2], {})', () => new Proxy([1, 2], {})),
  of('an array whose length changes', () => {
    let n = 0;
    return new Proxy([1, 2, 3], {
      get: (list, key, receiver) =>
        key === 'length' ? n++ % 4 : (Reflect.get(list, key, receiver) as unknown),
    });
  }),
  of('an array with a throwing getter', () => Object.defineProperty([1, 2], 1, { get: throwMine })),
  of('an object with a throwing valueOf', () => ({ valueOf: throwMine, toString: throwMine })),
  of('an object with a throwing toPrimitive', () => ({ [Symbol.toPrimitive]: throwMine })),
  of('an object with a throwing iterator', () => ({ [Symbol.iterator]: throwMine, length: 2 })),
  of('an object with a throwing constructor', () =>
    Object.defineProperty({}, 'constructor', { get: throwMine }),
  ),
  of('{ then: throws }', () => ({ then: throwMine })),
  of('{ length: 2, 0: 1, 1: 2 }', () => ({ length: 2, 0: 1, 1: 2 })),
  of('{ valueOf: () => 1 }', () => ({ valueOf: () => 1 })),
  of('new Date(NaN)', () => new Date(NaN)),
  of('new Map([[1, 2]])', () => new Map([[1, 2]])),
  of('new Set([1])', () => new Set([1])),
  of('/x/', () => /x/),
  of('new Error()', () => new Error()),
  of('new Number(3)', () => new Number(3)),
  of("new String('sum')", () => new String('sum')),
  of('Promise.resolve(1)', () => Promise.resolve(1)),
  of('a generator', () =>
    (function* () {
      yield 1;
      throw new Mine();
    })(),
  ),
  of('the library', ({ lib }) => lib),
  of('the class Tensor', ({ lib }) => lib.Tensor),
];

const LISTS: readonly Recipe[] = [
  of('[]', () => []),
  of('[1, 2]', () => [1, 2]),
  of('[[1], [2]]', () => [[1], [2]]),
  of('[[1, 2], [3]]', () => [[1, 2], [3]]),
  of('[1, , 3]', () => [1, , 3]),
  of('new Array(2 ** 32 - 1)', () => new Array<unknown>(2 ** 32 - 1)),
  of('a cyclic array', cyclic),
  of('an array of itself alone', () => {
    const list: unknown[] = [];
    list.push(list);
    return list;
  }),
  of('an array 70 deep', () => deep(70)),
  of('an array 20000 deep', () => deep(20000)),
  of('new Array(1000).fill(1)', () => new Array<number>(1000).fill(1)),
  of('a subclass of Array', () => Subclass.from([1, 2])),
  of('[Symbol()]', () => [Symbol('s')]),
  of("['a']", () => ['a']),
  of('[{}]', () => [{}]),
  of('[null]', () => [null]),
  of('[true, false]', () => [true, false]),
  of('[1n, 2n]', () => [1n, 2n]),
  of('[1n, 1]', () => [1n, 1]),
  of('[NaN, Infinity]', () => [NaN, Infinity]),
  of('Object.freeze([0, 1])', () => Object.freeze([0, 1])),
];

const BUFFERS: readonly Recipe[] = [
  ...[
    Float32Array,
    Float64Array,
    Int8Array,
    Uint8Array,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
  ].map((Class) => of(`new ${Class.name}(2)`, () => new Class(2))),
  of('new Uint8ClampedArray(2)', () => new Uint8ClampedArray(2)),
  of('new BigInt64Array(2)', () => new BigInt64Array(2)),
  of('new BigUint64Array(2)', () => new BigUint64Array(2)),
  of('new Float32Array(0)', () => new Float32Array(0)),
  of('a detached Float32Array', detached),
  of('a Float64Array of a SharedArrayBuffer', () => new Float64Array(new SharedArrayBuffer(16))),
  of('new DataView(…)', () => new DataView(new ArrayBuffer(8))),
  of('new ArrayBuffer(8)', () => new ArrayBuffer(8)),
  of("Buffer.from('ab')", () => Buffer.from('ab')),
];

/** What a callback does; errors of its own are the caller's. */
const callback = (f: (making: Making, args: unknown[]) => unknown) => (making: Making) =>
  function (...args: unknown[]): unknown {
    try {
      return f(making, args);
    } catch (error) {
      if (error instanceof making.lib.TenonError) throw error;
      throw new Mine();
    }
  };
const isTensor = (lib: Library, value: unknown): value is Tensor => value instanceof lib.Tensor;

const FUNCTIONS: readonly Recipe[] = [
  of(
    '() => undefined',
    callback(() => undefined),
  ),
  of(
    '() => 1',
    callback(() => 1),
  ),
  of(
    '(x) => x',
    callback((_, [x]) => x),
  ),
  of(
    '(...args) => args',
    callback((_, args) => args),
  ),
  of(
    '(x) => x.mul(x).sum()',
    callback((_, [x]) => (x as Tensor).mul(x as Tensor).sum()),
  ),
  of(
    '() => ones(2)',
    callback(({ lib }) => lib.ones(2)),
  ),
  of(
    '(x) => x.dispose()',
    callback((_, [x]) => (x as Tensor).dispose()),
  ),
  of(
    '(x) => { receiver.dispose(); return x; }',
    callback(({ lib, made }, [x]) => {
      for (const t of made) if (isTensor(lib, t)) t.dispose();
      return x;
    }),
  ),
  of(
    '(x) => { x.sum().backward(); return x; }',
    callback((_, [x]) => {
      (x as Tensor).sum().backward();
      return x;
    }),
  ),
  of('() => { throw }', () => throwMine),
  of('() => { throw undefined }', () => () => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- what user code may do
    throw undefined;
  }),
  of('async () => 1', () => async () => Promise.resolve(1)),
  of('async () => { throw }', () => async () => Promise.reject(new Mine())),
  of(
    'function* () {}',
    () =>
      function* (): Generator<number> {
        yield 1;
      },
  ),
  of('class {}', () => class {}),
  of('Object', () => Object),
];

const SHAPES: readonly (readonly number[])[] = [
  ...[[], [1], [3], [2, 3], [3, 2], [3, 3], [1, 3], [2, 1, 3], [2, 3, 4], [2, 2, 3, 3], [1, 1, 1, 1, 1]],
  ...[[0], [0, 3], [2, 0, 3], new Array<number>(64).fill(1)],
];
const FITTING_SHAPES: readonly (readonly number[])[] = [[3], [2, 3], [3, 3], [2, 3], []];

function showShape(shape: readonly number[]): string {
  return shape.length > 8 ? `${shape.length} dimensions of ${shape[0]}` : `[${shape.join(', ')}]`;
}

/** Whole numbers from -1 on in a shape and a dtype. */
function numbersIn(lib: Library, shape: readonly number[], dtype: string): Tensor {
  const count = shape.reduce((n, size) => n * size, 1);
  return lib
    .arange(-1, count - 1)
    .reshape([...shape])
    .to(dtype as never);
}

/** What becomes of a plain tensor; each takes and gives one. */
const FORMS: readonly (readonly [text: string, change: (t: Tensor, lib: Library) => Tensor])[] = [
  ['requiring a gradient', (t) => (t.isFloatingPoint() ? t.requiresGrad_() : t)],
  ['computed from a leaf', (t) => (t.isFloatingPoint() ? t.requiresGrad_().mul(2) : t)],
  ['transposed', (t) => (t.ndim >= 2 ? t.transpose(0, -1) : t)],
  ['a view with stride 0', (t) => t.unsqueeze(0).expand(3, ...t.shape)],
  ['every second row', (t) => (t.ndim > 0 && t.ndim < 64 ? t.index('::2') : t)],
  ['a view at an offset', (t) => (t.ndim > 0 && t.shape[0]! > 1 ? t.narrow(0, 1, 1) : t)],
  [
    'expanded to 2 ** 31 rows',
    (t) =>
      t
        .detach()
        .reshape(-1)
        .index('0:1')
        .expand(2 ** 31, 1),
  ],
  [
    'expanded to 2 ** 50',
    (t) =>
      t
        .detach()
        .reshape(-1)
        .index('0:1')
        .expand(2 ** 50),
  ],
  ['of an empty shape with huge sizes', (t, lib) => lib.zeros(0, 2 ** 40, { dtype: t.dtype })],
  [
    'disposed',
    (t) => {
      t.dispose();
      return t;
    },
  ],
];

function tensor(random: Random): Recipe {
  const shape = random.pick(SHAPES);
  const dtype = random.chance(0.5) ? 'float32' : random.pick(DTYPES);
  const form = random.chance(0.5) ? random.pick(FORMS) : undefined;
  const name = form === undefined ? '' : `, ${form[0]}`;
  return of(`<${dtype} ${showShape(shape)}${name}>`, ({ lib }) => {
    const t = numbersIn(lib, shape, dtype);
    // A 64-d tensor has no room for one dimension more, and the like: then the plain one serves.
    try {
      return form === undefined ? t : form[1](t, lib);
    } catch {
      return t;
    }
  });
}

function fittingTensor(random: Random): Recipe {
  const shape = random.pick(FITTING_SHAPES);
  const dtype = random.chance(0.7) ? 'float32' : random.pick(['int64', 'bool', 'float64'] as const);
  const leaf = random.chance(0.3) && dtype.startsWith('float');
  return of(`<${dtype} ${showShape(shape)}${leaf ? ', requiring a gradient' : ''}>`, ({ lib }) => {
    const t = dtype === 'int64' ? lib.arange(0, 3) : numbersIn(lib, shape, dtype);
    return leaf ? t.requiresGrad_() : t;
  });
}

const FALSE_TENSORS: readonly Recipe[] = [
  of('Object.create(Tensor.prototype)', ({ lib }) => Object.create(lib.Tensor.prototype) as unknown),
  of('new Proxy(ones(3), {})', ({ lib }) => new Proxy(lib.ones(3), {})),
  of('a throwing Proxy of a tensor', ({ lib }) => throwing(lib.ones(3))),
  of('{ ...ones(3) }', ({ lib }) => ({ ...lib.ones(3) })),
  of("a tensor with another thread's id", ({ lib }) =>
    Object.assign(Object.create(lib.Tensor.prototype) as object, lib.ones(3), { id: 4_000_000 }),
  ),
];

const ALIASES: readonly Recipe[] = [
  of('the receiver itself', ({ made, lib }) => made[0] ?? lib.ones(3)),
  of('what was given last', ({ made, lib }) => made.at(-1) ?? lib.ones(3)),
  of('a view of the receiver', ({ made, lib }) => {
    const t = made[0];
    return isTensor(lib, t) && !t.isDisposed && t.ndim > 0 ? t.transpose(0, -1) : lib.ones(3);
  }),
  of('an overlapping view of the receiver', ({ made, lib }) => {
    const t = made[0];
    return isTensor(lib, t) && !t.isDisposed && t.ndim > 0 && t.shape[0]! > 1 ? t.index(':-1') : lib.ones(3);
  }),
];

const MODULES: readonly Recipe[] = [
  of('new nn.Linear(3, 2)', ({ lib }) => new lib.nn.Linear(3, 2)),
  of('new nn.Sequential(new nn.Linear(3, 3))', ({ lib }) => new lib.nn.Sequential(new lib.nn.Linear(3, 3))),
  of('new nn.Parameter(ones(3))', ({ lib }) => new lib.nn.Parameter(lib.ones(3))),
  of('[new nn.Parameter(ones(3))]', ({ lib }) => [new lib.nn.Parameter(lib.ones(3))]),
  of('a module that contains itself', ({ lib }) => {
    const module = new lib.nn.Linear(2, 2);
    return Object.assign(module, { itself: module });
  }),
  of('a module with a throwing getter', ({ lib }) =>
    Object.defineProperty(new lib.nn.Linear(2, 2), 'bad', { get: throwMine, enumerable: true }),
  ),
  of('a module with an array of modules', ({ lib }) =>
    Object.assign(new lib.nn.Linear(2, 2), { list: [new lib.nn.Linear(2, 2)] }),
  ),
  of('an optimizer', ({ lib }) => new lib.optim.SGD([new lib.nn.Parameter(lib.ones(3))], { lr: 0.1 })),
  of('another optimizer', ({ lib }) => new lib.optim.Adam([new lib.nn.Parameter(lib.ones(3))], { lr: 0.1 })),
  of("an optimizer's state dict", ({ lib }) => {
    const parameter = new lib.nn.Parameter(lib.ones(3));
    const optimizer = new lib.optim.Adam([parameter], { lr: 0.1 });
    parameter.sum().backward();
    optimizer.step();
    return optimizer.stateDict();
  }),
  of('a state dict', ({ lib }) => new lib.nn.Linear(3, 2).stateDict()),
];

function list(random: Random, names: readonly string[], depth: number): Recipe {
  if (random.chance(0.4)) return random.pick(LISTS);
  const items = Array.from({ length: random.below(4) }, () => value(random, names, depth + 1));
  return of(`[${items.map((item) => item.text).join(', ')}]`, (making) =>
    items.map((item) => item.make(making)),
  );
}

/** Options: names that a target is known to take, or others; some throw when they are read. */
function options(random: Random, names: readonly string[], depth: number): Recipe {
  const entries = Array.from({ length: 1 + random.below(3) }, () => {
    const name =
      names.length > 0 && random.chance(0.85)
        ? random.pick(names)
        : random.pick(['foo', '__proto__', 'constructor', 'length', '']);
    return [name, value(random, names, depth + 1)] as const;
  });
  const kind = random.below(20);
  const text = `{ ${entries.map(([name, v]) => `${name}: ${v.text}`).join(', ')} }`;
  if (kind === 0)
    return of(`${text} with throwing getters`, () => {
      const object = {};
      for (const [name] of entries)
        Object.defineProperty(object, name, { get: throwMine, enumerable: true, configurable: true });
      return object;
    });
  if (kind === 1)
    return of(`${text}, of which a getter disposes of the tensors`, (making) => {
      const object = {};
      for (const [name, v] of entries) {
        const made = v.make(making);
        Object.defineProperty(object, name, {
          get: () => {
            for (const t of making.made) if (isTensor(making.lib, t)) t.dispose();
            return made;
          },
          enumerable: true,
          configurable: true,
        });
      }
      return object;
    });
  return of(text, (making) => {
    const object: Record<string, unknown> = kind === 2 ? (Object.create(null) as never) : {};
    for (const [name, v] of entries)
      Object.defineProperty(object, name, {
        value: v.make(making),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    return object;
  });
}

/** Of each kind that an argument which is looked up, compared or calculated with may turn out to be. */
const STRANGE: readonly Recipe[] = [
  of('Object.create(null)', () => Object.create(null) as unknown),
  of("Symbol('s')", () => Symbol('s')),
  constant('1n', 1n),
  constant("'abc'", 'abc'),
  constant("''", ''),
  of('{}', () => ({})),
  of('[[Object.create(null)]]', () => [[Object.create(null) as unknown]]),
  constant('NaN', NaN),
  constant('-(2 ** 53)', -(2 ** 53)),
  of('new Array(2 ** 32 - 1)', () => new Array<unknown>(2 ** 32 - 1)),
  of('() => Object.create(null)', () => () => Object.create(null) as unknown),
];

/** Arguments of which one is strange, by position or by name: each by each in turn of the numbers. */
export function withStrange(args: readonly Recipe[], names: readonly string[], number: number): Recipe[] {
  const places = args.length + 1 + names.length;
  const place = number % places;
  const strange = STRANGE[Math.floor(number / places) % STRANGE.length]!;
  if (place <= args.length) return Object.assign([...args], { [place]: strange });
  const name = names[place - args.length - 1]!;
  return [...args, of(`{ ${name}: ${strange.text} }`, (making) => ({ [name]: strange.make(making) }))];
}

/** Any value at all; `names`: options that the target knows. */
export function value(random: Random, names: readonly string[], depth = 0): Recipe {
  const n = random.below(100);
  if (n < 16) return random.pick(SMALL);
  if (n < 24) return random.pick(NUMBERS);
  if (n < 30) return random.pick(PRIMITIVES);
  if (n < 34) return random.pick(TEXTS);
  if (n < 38) return constant(...dtypeText(random));
  if (n < 44) return random.pick(OBJECTS);
  if (n < 47) return random.pick(BUFFERS);
  if (n < 51) return random.pick(FUNCTIONS);
  if (n < 66) return tensor(random);
  if (n < 69) return random.pick(FALSE_TENSORS);
  if (n < 73) return random.pick(ALIASES);
  if (n < 77) return random.pick(MODULES);
  if (n < 78) return random.pick(LONG_TEXTS);
  if (depth >= 2) return random.pick(SMALL);
  return n < 88 ? list(random, names, depth) : options(random, names, depth);
}

function dtypeText(random: Random): [string, string] {
  const dtype = random.pick(DTYPES);
  return [`'${dtype}'`, dtype];
}

/** A value that many functions take, so that hostile ones are met in later places too. */
export function fittingValue(random: Random, names: readonly string[]): Recipe {
  const n = random.below(10);
  if (n < 6) return fittingTensor(random);
  if (n < 8) return random.pick(SMALL);
  return n < 9 && names.length > 0 ? options(random, names, 1) : random.pick(FUNCTIONS);
}

/** The tensor that a method is called on. */
export function receiver(random: Random): Recipe {
  return random.chance(0.5) ? fittingTensor(random) : tensor(random);
}
