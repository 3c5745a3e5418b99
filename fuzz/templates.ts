/**
 * Arguments that many functions take. Each target is tried with them, and calls that worked are then varied: so that
 * hostile values are met behind the first checks, too.
 */
import type { Library, Making, Recipe } from './values';

type Tensor = InstanceType<Library['Tensor']>;

const of = (text: string, make: (making: Making) => unknown): Recipe => ({ text, make });
const is = (value: string | number | boolean | null): Recipe =>
  of(typeof value === 'string' ? `'${value}'` : String(value), () => value);
const tensor = (text: string, make: (lib: Library) => Tensor): Recipe =>
  of(`<${text}>`, ({ lib }) => make(lib));

const square = tensor('float32 [3, 3]', (lib) => lib.arange(9).reshape(3, 3).div(4));
const row = tensor('float32 [3]', (lib) => lib.tensor([0.5, 1, 2]));
const scalar = tensor('float32 []', (lib) => lib.tensor(0.5));
const batch = tensor('float32 [2, 3, 3]', (lib) => lib.ones(2, 3, 3));
const leaf = tensor('float32 [3, 3], requiring a gradient', (lib) => lib.ones(3, 3).requiresGrad_());
const loss = tensor('float32 [], computed from a leaf', (lib) => lib.ones(3).requiresGrad_().sum());
const index = tensor('int64 [3]', (lib) => lib.arange(3));
const mask = tensor('bool [3, 3]', (lib) => lib.ones(3, 3, { dtype: 'bool' }));
const param = of('new nn.Parameter(ones(3))', ({ lib }) => new lib.nn.Parameter(lib.ones(3)));
const params = of('[new nn.Parameter(ones(3))]', ({ lib }) => [new lib.nn.Parameter(lib.ones(3))]);
const group = of('{ params: new nn.Parameter(ones(3)) }', ({ lib }) => ({
  params: new lib.nn.Parameter(lib.ones(3)),
}));
const linear = of('new nn.Linear(3, 3)', ({ lib }) => new lib.nn.Linear(3, 3));
const rate = of('{ lr: 0.1 }', () => ({ lr: 0.1 }));
const identity = of('(x) => x', () => (x: unknown) => x);
// By a function, which refuses what is no tensor with an error of the library's.
const squareSum = of(
  '(x) => mul(x, x).sum()',
  ({ lib }) =>
    (x: Tensor) =>
      lib.mul(x, x).sum(),
);
const double = tensor('float64 [2], requiring a gradient', (lib) =>
  lib.ones(2, { dtype: 'float64', requiresGrad: true }),
);
const list = (...items: readonly Recipe[]): Recipe =>
  of(`[${items.map((item) => item.text).join(', ')}]`, (making) => items.map((item) => item.make(making)));

/** What methods of tensors are called on. */
export const RECEIVERS: readonly Recipe[] = [square, leaf, row, scalar, index, mask, batch, loss];

export const ARGUMENTS: readonly (readonly Recipe[])[] = [
  [],
  [square],
  [row],
  [is(0)],
  [is(1), is(0)],
  [square, square],
  [square, row],
  [row, row],
  [batch, batch],
  [square, is(0)],
  [square, is(0), is(1)],
  [square, is(0), is(0), is(1)],
  [square, is(0), index],
  [square, is(0), index, square],
  [is(0), index],
  [is(0), index, square],
  [square, square, square],
  [square, mask, is(1)],
  [mask, is(1)],
  [mask, square, square],
  [mask, square],
  [square, index],
  [loss],
  [loss, leaf],
  [leaf],
  [squareSum, double],
  [identity],
  [list(square, square)],
  [is(3), is(2)],
  [list(is(3), is(3))],
  [square, list(is(3), is(3))],
  [square, list(is(1), is(2))],
  [is(0), list(is(3), is(1))],
  [square, is(0), list(is(3), is(1))],
  [list(is(1), is(2))],
  [list(is(1), is(0))],
  [is(0), is(0), is(1)],
  [is(0), is(1), is(3)],
  [is(3), list(is(2), is(2))],
  [is(0), is(3), list(is(2), is(2))],
  [list(is(2), is(3)), is(1)],
  [list(is(0)), is(1)],
  [of('new Float32Array(2)', () => new Float32Array(2))],
  [is('a'), linear],
  [is('a'), param],
  [is('a'), row],
  [is('float64')],
  [is('float32'), is('float64')],
  [is('relu')],
  [is('cpu')],
  [param],
  [linear],
  [params],
  [params, rate],
  [group],
  [is(null)],
  [is(true)],
  [of('the state of a Linear(3, 2)', ({ lib }) => new lib.nn.Linear(3, 2).stateDict())],
  [of('the state of the generator', ({ lib }) => lib.defaultGenerator.getState())],
];
