/**
 * Every function and method is called with every kind of wrong value in every place: it may succeed or throw a typed
 * error, but never a TypeError from within, an InternalError, or a tensor of an impossible shape.
 */
import * as tenon from 'tenon';
import { InternalError, Tensor, TenonError, nn, ones, optim, tensor, zeros } from 'tenon';

type Callable = (...args: unknown[]) => unknown;
type Values = readonly (readonly [name: string, make: () => unknown])[];

/** What user code may throw from traps and getters: it passes through. */
class Mine extends Error {}
const throwMine = (): never => {
  throw new Mine();
};
const cyclic: unknown[] = [];
cyclic.push(cyclic, cyclic);
class Subclass extends Array<number> {}

const disposed = (): Tensor => {
  const t = ones(3);
  t.dispose();
  return t;
};

const HOSTILE: Values = [
  ['undefined', () => undefined],
  ['null', () => null],
  ['a string', () => 'abc'],
  ['an empty string', () => ''],
  ['a digit', () => '1'],
  ['NaN', () => NaN],
  ['Infinity', () => Infinity],
  ['-0', () => -0],
  ['-3', () => -3],
  ['1.5', () => 1.5],
  ['2^53', () => 2 ** 53],
  ['a BigInt', () => 10n],
  ['a huge BigInt', () => 2n ** 3000n],
  ['true', () => true],
  ['a symbol', () => Symbol('s')],
  ['a function', () => () => 1],
  ['an object', () => ({})],
  ['unknown options', () => ({ foo: 1 })],
  ['an object without a prototype', () => Object.assign(Object.create(null) as object, { dim: 'x' })],
  ['a throwing getter', () => Object.defineProperty({}, 'dim', { get: throwMine, enumerable: true })],
  [
    'a throwing Proxy',
    () => new Proxy({}, { get: throwMine, has: throwMine, ownKeys: throwMine, getPrototypeOf: throwMine }),
  ],
  ['a Proxy of an array', () => new Proxy([1, 2], {})],
  ['a Proxy of a Tensor', () => new Proxy(ones(3), {})],
  ['an array', () => [1, 2]],
  ['an empty array', () => []],
  ['a nested array', () => [[1], [2]]],
  ['a sparse array', () => [1, , 3]],
  ['a huge sparse array', () => new Array<unknown>(2 ** 32 - 1)],
  ['a cyclic array', () => cyclic],
  ['an array subclass', () => Subclass.from([1, 2])],
  ['something with a length', () => ({ length: 2, 0: 1, 1: 2 })],
  ['an array of symbols', () => [Symbol('s')]],
  ['an array of text', () => ['a']],
  ['an array of objects', () => [{}]],
  ['a Date', () => new Date(0)],
  ['a Map', () => new Map([[1, 2]])],
  ['a Float32Array', () => new Float32Array(2)],
  ['a DataView', () => new DataView(new ArrayBuffer(8))],
  ['a promise', () => Promise.resolve(1)],
  ['a false tensor', () => Object.create(Tensor.prototype) as Tensor],
  ['a disposed tensor', disposed],
  ['an array of disposed tensors', () => [disposed()]],
  ['a tensor', () => ones(3)],
  ['a matrix', () => ones(2, 3)],
  ['an int64 tensor', () => tensor([0, 1], { dtype: 'int64' })],
  ['a bool tensor', () => tensor([true, false, true])],
  ['a 0-d tensor', () => tensor(1)],
  ['an empty tensor', () => zeros(0, 3)],
  ['tensors', () => [ones(3), ones(3)]],
];

/** Fitting values, so that a hostile one is met in later places too. */
const FITTING: Values = [
  ['a matrix', () => ones(2, 3)],
  ['a bool tensor', () => tensor([true, false, true])],
  ['1', () => 1],
];

function checkResult(result: unknown): void {
  for (const t of Array.isArray(result) ? (result as unknown[]).slice(0, 4) : [result]) {
    if (!(t instanceof Tensor)) continue;
    if (!t.shape.every((n) => Number.isSafeInteger(n) && n >= 0)) throw new Error(`shape ${String(t.shape)}`);
  }
}

const complaints = new Set<string>();

function attempt(title: string, call: () => unknown): void {
  try {
    const result = call();
    if (result instanceof Promise) result.catch(() => undefined);
    checkResult(result);
  } catch (error) {
    if (error instanceof Mine || (error instanceof TenonError && !(error instanceof InternalError))) return;
    complaints.add(`${title}: ${String(error)}`);
  }
}

/** Calls with a hostile value in each of three places. */
function assault(title: string, call: Callable): void {
  attempt(`${title}()`, () => call());
  for (const [name, hostile] of HOSTILE) {
    attempt(`${title}(${name})`, () => call(hostile()));
    for (const [first, fitting] of FITTING)
      attempt(`${title}(${first}, ${name})`, () => call(fitting(), hostile()));
    attempt(`${title}(a matrix, 1, ${name})`, () => call(ones(2, 3), 1, hostile()));
    attempt(`${title}(a matrix, a matrix, ${name})`, () => call(ones(2, 3), ones(2, 3), hostile()));
  }
}

function isClass(f: unknown): boolean {
  return typeof f === 'function' && String(f).startsWith('class');
}

/** Those change the settings of the process. */
const SETTINGS = new Set(['setNumThreads', 'setDefaultDtype', 'setPrintoptions', 'collect', 'emptyCache']);

const NAMESPACES: readonly (readonly [string, object])[] = [
  ['tenon', tenon],
  ['nn.functional', nn.functional],
  ['nn.init', nn.init],
  ['autograd', tenon.autograd],
];

afterEach(() => {
  const found = [...complaints];
  complaints.clear();
  expect(found).toEqual([]);
});

const { stackTraceLimit } = Error;
afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
  tenon.collect();
});

beforeAll(() => {
  // A hundred thousand errors: their stacks are what takes time.
  Error.stackTraceLimit = 0;
  // Losses of differing shapes warn each time.
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});

/** Second names of a function are no other function. */
const met = new Set<unknown>();

describe.each(NAMESPACES)('%s', (prefix, namespace) => {
  const functions = Object.entries(namespace).filter(([name, f]) => {
    if (typeof f !== 'function' || isClass(f) || SETTINGS.has(name) || met.has(f)) return false;
    met.add(f);
    return true;
  }) as [string, Callable][];
  test.each(functions)('%s', (name, f) => assault(`${prefix}.${name}`, f));
});

describe('Tensor', () => {
  const methods = Reflect.ownKeys(Tensor.prototype).filter((name) => {
    const value: unknown = Object.getOwnPropertyDescriptor(Tensor.prototype, name)!.value;
    return typeof value === 'function' && name !== 'constructor';
  });
  const SELVES: Values = [
    ['a matrix', () => ones(2, 3)],
    ['an int64 tensor', () => tensor([0, 1], { dtype: 'int64' })],
    ['a 0-d tensor', () => tensor(1)],
  ];
  test.each(methods.map((name) => [String(name), name] as const))('%s', (title, name) => {
    const callOn =
      (make: () => unknown): Callable =>
      (...args) => {
        const t = make();
        const result = Reflect.apply((t as Record<PropertyKey, Callable>)[name]!, t, args);
        return Symbol.iterator === name ? [...(result as Iterable<unknown>)] : result;
      };
    attempt(`a disposed tensor.${title}()`, () => callOn(disposed)());
    attempt(`a disposed tensor.${title}(1)`, () => callOn(disposed)(1));
    SELVES.forEach(([self, make], i) => {
      const call = callOn(make);
      attempt(`${self}.${title}()`, () => call());
      for (const [value, hostile] of HOSTILE) {
        attempt(`${self}.${title}(${value})`, () => call(hostile()));
        if (i > 0) continue;
        attempt(`${self}.${title}(1, ${value})`, () => call(1, hostile()));
        attempt(`${self}.${title}(a matrix, ${value})`, () => call(ones(2, 3), hostile()));
      }
    });
  });

  const setters = Reflect.ownKeys(Tensor.prototype).filter(
    (name) => Object.getOwnPropertyDescriptor(Tensor.prototype, name)!.set !== undefined,
  );
  test.each(setters.map((name) => [String(name), name] as const))('%s =', (title, name) => {
    for (const [value, hostile] of HOSTILE)
      attempt(`${title} = ${value}`, () => Reflect.set(ones(3), name, hostile()));
  });
});

describe('classes', () => {
  const classes = [...Object.entries(nn), ...Object.entries(optim), ['Slice', tenon.Slice]].filter(([, f]) =>
    isClass(f),
  ) as [string, new (...args: unknown[]) => unknown][];
  test.each(classes)('%s', (title, Class) => {
    assault(`new ${title}`, (...args) => {
      const made = new Class(...args);
      if (made instanceof optim.Optimizer) made.step();
      if (!(made instanceof nn.Module)) return made;
      String(made);
      made.stateDict();
      return made.parameters();
    });
  });

  const layers: readonly (readonly [string, nn.Module])[] = [
    ['Linear', new nn.Linear(3, 2)],
    ['Sequential', new nn.Sequential(new nn.Linear(3, 2), new nn.ReLU())],
    ['ReLU in place', new nn.ReLU({ inplace: true })],
    ['Softmax', new nn.Softmax(0)],
    ['Flatten', new nn.Flatten()],
    ['MSELoss', new nn.MSELoss()],
    ['CrossEntropyLoss', new nn.CrossEntropyLoss()],
    ['NLLLoss', new nn.NLLLoss()],
  ];
  test.each(layers)('%s.forward', (title, layer) => {
    assault(`${title}.forward`, (...args) => layer.forward(...args) as unknown);
  });

  const questions = [
    'train',
    'to',
    'apply',
    'zeroGrad',
    'requiresGrad_',
    'loadStateDict',
    'registerBuffer',
    'registerParameter',
    'registerModule',
    'registerForwardHook',
    'registerForwardPreHook',
    'registerFullBackwardHook',
    'registerFullBackwardPreHook',
    'namedParameters',
    'parameters',
    'stateDict',
  ] as const;
  test.each(questions)('Module.%s', (name) => {
    assault(name, (...args) => {
      const module = new nn.Linear(2, 2) as unknown as Record<string, Callable>;
      return module[name]!(...args);
    });
  });
});
