import {
  ArgumentError,
  AutogradError,
  DTypeError,
  DeviceError,
  Generator,
  IndexError,
  OutOfMemoryError,
  ShapeError,
  Tensor,
  arange,
  empty,
  eye,
  fromNumpy,
  full,
  fullLike,
  linspace,
  manualSeed,
  normal,
  ones,
  onesLike,
  promoteTypes,
  rand,
  randLike,
  randint,
  randn,
  randperm,
  setDefaultDtype,
  slice,
  tensor,
  zeros,
  zerosLike,
} from 'tenon';
import { expectError, failures, wrong } from './table';

const cyclic: unknown[] = [];
cyclic.push(cyclic);

describe('tensor', () => {
  failures([
    [
      () => tensor(wrong(undefined)),
      ArgumentError,
      /^tensor: expected numbers.* got undefined at position 0/,
    ],
    [() => tensor(wrong(null)), ArgumentError, /got null/],
    [() => tensor(wrong('5')), ArgumentError, /got "5"/],
    [() => tensor(wrong(Symbol('x'))), ArgumentError, /got a symbol/],
    [() => tensor(wrong({ length: 2, 0: 1, 1: 2 })), ArgumentError, /got an object/],
    [() => tensor(wrong(new Map())), ArgumentError, /got a Map/],
    [() => tensor(wrong(new ArrayBuffer(8))), ArgumentError, /got an ArrayBuffer/],
    [() => tensor(wrong(() => 1)), ArgumentError, /got a function/],
    [() => tensor(wrong([1, 'a', 3])), ArgumentError, /got "a" at position 1/],
    [() => tensor(wrong([1, , 3])), ArgumentError, /got undefined at position 1/],
    [() => tensor(new Array(2 ** 32 - 1)), ArgumentError, /got undefined at position 0/],
    [() => tensor(wrong([[1], [null]])), ArgumentError, /got null at position 1/],
    [() => tensor(wrong([new Number(1)])), ArgumentError, /got a Number at position 0/],
    [() => tensor(wrong(cyclic)), ShapeError, /^tensor: expected at most 64 levels of lists/],
    [() => tensor([1, cyclic as never]), ShapeError, /ragged lists: got a list among numbers/],
    [
      () => tensor([[1, 2], [3]]),
      ShapeError,
      /ragged lists: expected 2 elements at level 1, got an array of length 1/,
    ],
    [() => tensor([[1], 2]), ShapeError, /ragged lists: expected 1 elements at level 1, got 2/],
    [() => tensor([1, [2]]), ShapeError, /ragged lists: got a list among numbers/],
    [() => tensor([ones(2)]), ShapeError, /^tensor: tensors in lists must have one element, got shape \[2\]/],
    [() => tensor(wrong(new DataView(new ArrayBuffer(8)))), ArgumentError, /a DataView has no dtype/],
    [() => tensor(wrong(new BigUint64Array(1))), ArgumentError, /a BigUint64Array has no dtype/],
    [
      () => fromNumpy(wrong([1, 2])),
      ArgumentError,
      /^fromNumpy: expected a typed array, got an array of length 2/,
    ],
    [
      () => tensor(1, { dtype: wrong('float') }),
      DTypeError,
      /^tensor: expected a dtype \(float32, .*bool\), got "float"/,
    ],
    [() => tensor(1, { dtype: wrong(null) }), DTypeError, /got null/],
    [() => tensor(1, { dtype: wrong('constructor') }), DTypeError, /got "constructor"/],
    [() => tensor(1, { device: wrong('tpu') }), DeviceError, /^tensor: expected a device .*, got "tpu"/],
    [() => tensor(1, { device: 'cuda:1' }), DeviceError, /no CUDA device is available for "cuda:1"/],
    [() => tensor(1, { device: wrong(null) }), DeviceError, /got null/],
    [
      () => tensor(1, wrong({ dtyp: 'int64' })),
      ArgumentError,
      /^tensor: unknown option "dtyp"; expected one of dtype/,
    ],
    [() => tensor(1, wrong('int64')), ArgumentError, /expected an object of options, got "int64"/],
    [() => tensor(1, wrong(ones(1))), ArgumentError, /expected an object of options, got a Tensor/],
    [() => tensor(1, wrong([])), ArgumentError, /expected an object of options, got an array of length 0/],
    [
      () => tensor(1, { requiresGrad: wrong(1) }),
      ArgumentError,
      /expected requiresGrad to be a boolean, got 1/,
    ],
    [
      () => tensor([1], { dtype: 'int64', requiresGrad: true }),
      AutogradError,
      /only floating-point .* got int64/,
    ],
    [() => tensor([true], { requiresGrad: true }), AutogradError, /got bool/],
    [() => new Tensor(wrong(Symbol()), [1], 0, 1, 0), ArgumentError, /^Tensor: made with tensor\(\)/],
  ]);
});

describe('values that a dtype does not hold', () => {
  failures([
    [() => tensor([300], { dtype: 'uint8' }), ArgumentError, /^tensor: 300 can't be converted to uint8/],
    [() => tensor([-1.5], { dtype: 'uint8' }), ArgumentError, /-1.5 can't be converted to uint8/],
    [() => tensor([-129], { dtype: 'int8' }), ArgumentError, /to int8/],
    [() => tensor([2 ** 40], { dtype: 'int32' }), ArgumentError, /to int32/],
    [() => tensor([NaN], { dtype: 'int64' }), ArgumentError, /NaN can't be converted to int64/],
    [() => tensor([Infinity], { dtype: 'int16' }), ArgumentError, /Infinity can't be converted to int16/],
    [() => tensor([2 ** 63], { dtype: 'int64' }), ArgumentError, /to int64/],
    [() => tensor([2n ** 63n]), ArgumentError, /^tensor: 9223372036854775808n is out of the range of int64/],
    [() => tensor(2n ** 4000n), ArgumentError, /…n is out of the range of int64/],
    [() => full([2], 256, { dtype: 'uint8' }), ArgumentError, /^full: 256 can't be converted to uint8/],
    [
      () => fullLike(zeros(2, { dtype: 'int8' }), 1e3),
      ArgumentError,
      /^fullLike: 1000 can't be converted to int8/,
    ],
    [() => zeros(2, { dtype: 'int64' }).fill_(NaN), ArgumentError, /^fill_: NaN can't be converted to int64/],
    [() => zeros(2, { dtype: 'int32' }).fill_(1e20), ArgumentError, /to int32/],
    [() => zeros(2, { dtype: 'int8' }).setIndex([0], 1000), ArgumentError, /^setIndex: 1000 can't be/],
  ]);
  test('whole negative numbers wrap in uint8, fractions are cut off', () => {
    expect(tensor([-1, 7.9], { dtype: 'uint8' }).tolist()).toEqual([255, 7]);
    expect(tensor([-1.9, 2n ** 62n], { dtype: 'int64' }).toTypedArray()).toEqual(
      BigInt64Array.of(-1n, 2n ** 62n),
    );
  });
});

describe('sizes', () => {
  failures([
    [() => zeros(-1), ShapeError, /^zeros: expected sizes to be non-negative integers, got -1/],
    [() => zeros(1.5), ShapeError, /got 1.5/],
    [() => zeros(NaN), ShapeError, /got NaN/],
    [() => zeros(Infinity), ShapeError, /got Infinity/],
    [() => zeros(wrong<number>('3')), ShapeError, /got "3"/],
    [() => zeros(wrong<number>(2n)), ShapeError, /got 2n/],
    [() => zeros(wrong<number>(null)), ShapeError, /got null/],
    [() => zeros(wrong<number[]>([1, undefined, 2])), ShapeError, /got undefined/],
    [() => zeros(wrong<number[]>([[2]])), ShapeError, /got an array of length 1/],
    [() => zeros(wrong<number[]>(new Int32Array([2]))), ShapeError, /got an Int32Array/],
    [() => zeros(wrong<number>(ones(2))), ShapeError, /got a Tensor/],
    [
      () => zeros(2 ** 53),
      ShapeError,
      /^zeros: a tensor of shape \[9007199254740992\] has more than 2\^53 elements/,
    ],
    [() => zeros(2 ** 30, 2 ** 30), ShapeError, /more than 2\^53/],
    [() => zeros(0, 2 ** 30, 2 ** 30), ShapeError, /more than 2\^53/],
    [() => ones(new Array<number>(65).fill(1)), ShapeError, /^ones: expected at most 64 dimensions, got 65/],
    [() => ones(new Array<number>(2 ** 32 - 1)), ShapeError, /at most 64 dimensions, got 4294967295/],
    [() => empty(2, wrong<object>({ dtypes: 1 })), ArgumentError, /^empty: unknown option "dtypes"/],
    [() => full(wrong(undefined), 1), ShapeError, /^full: .*got undefined/],
    [
      () => full([2], wrong('1')),
      ArgumentError,
      /^full: expected fillValue to be a number, a boolean or a BigInt, got "1"/,
    ],
    [
      () => full([2], 2n ** 60n),
      ArgumentError,
      /^full: fillValue = 1152921504606846976n exceeds 2\^53; make it a tensor/,
    ],
    [() => full([2], 2n ** 4000n), ArgumentError, /^full: /],
    [
      () => full([2], ones(1)),
      ShapeError,
      /^full: expected fillValue to be a number or a 0-d tensor, got shape \[1\]/,
    ],
    [
      () => full([2], tensor(1, { requiresGrad: true })),
      AutogradError,
      /^full: fillValue requires a gradient/,
    ],
    [
      () => arange(tensor([1])),
      ShapeError,
      /^arange: expected end to be a number or a 0-d tensor, got shape \[1\]/,
    ],
    [
      () => zerosLike(wrong([1, 2])),
      ArgumentError,
      /^zerosLike: expected input to be a Tensor, got an array of length 2/,
    ],
    [() => onesLike(wrong(null)), ArgumentError, /^onesLike: .*got null/],
    [
      () => fullLike(ones(2), wrong({})),
      ArgumentError,
      /^fullLike: expected fillValue to be a number.*got undefined/,
    ],
    [() => fullLike(wrong(2), 1), ArgumentError, /^fullLike: expected input to be a Tensor/],
  ]);
});

describe('ranges', () => {
  failures([
    [
      () => arange(wrong(undefined)),
      ArgumentError,
      /^arange: expected finite numbers \(start, end, step\), got undefined/,
    ],
    [() => arange(1, 2, 3, wrong(4)), ArgumentError, /got 4/],
    [() => arange(wrong('5')), ArgumentError, /^arange: expected finite numbers .*, got "5"/],
    [() => arange(NaN), ArgumentError, /got NaN/],
    [() => arange(0, Infinity), ArgumentError, /got Infinity/],
    [() => arange(0, 5, 0), ArgumentError, /a step other than 0/],
    [() => arange(0, 5, 0.5, { dtype: 'int64' }), ArgumentError, /a step other than 0/],
    [() => arange(5, 0), ArgumentError, /a step of 1 doesn't lead from 5 to 0/],
    [() => arange(0, 5, -1), ArgumentError, /a step of -1 doesn't lead from 0 to 5/],
    [() => arange(2 ** 53, { dtype: 'float32' }), ShapeError, /^arange: .*2\^53/],
    [() => arange(-1e308, 1e308), ShapeError, /^arange: .*got Infinity/],
    [() => arange(2, { dtype: 'bool' }), DTypeError, /^arange: not defined for bool/],
    [() => linspace(wrong('0'), 1, 3), ArgumentError, /^linspace: expected start to be a number, got "0"/],
    [() => linspace(0, wrong(null), 3), ArgumentError, /expected end to be a number, got null/],
    [() => linspace(0, 1, 2.5), ArgumentError, /expected steps to be an integer, got 2.5/],
    [() => linspace(0, 1, tensor(3)), ArgumentError, /expected steps to be an integer, got a Tensor/],
    [() => linspace(ones(1), 1, 3), ShapeError, /^linspace: expected start to be a number or a 0-d tensor/],
    [() => linspace(0, 1, wrong([3])), ArgumentError, /expected steps to be an integer/],
    [() => linspace(0, 1, -1), ShapeError, /^linspace: .*got -1/],
    [() => eye(-1), ShapeError, /^eye: .*got -1/],
    [() => eye(2, wrong('3')), ShapeError, /^eye: .*got "3"/],
    [() => eye(2, wrong(null)), ShapeError, /^eye: .*got null/],
    [() => slice(1.5), ArgumentError, /^slice: expected stop to be an integer, got 1.5/],
    [() => slice(wrong('a'), 2), ArgumentError, /expected start to be an integer, got "a"/],
    [() => slice(0, 5, 0), ArgumentError, /^slice: expected a positive step, got 0/],
    [() => slice(0, 5, -1), ArgumentError, /got -1/],
  ]);
});

describe('random', () => {
  failures([
    [() => rand(-2), ShapeError, /^rand: /],
    [
      () => rand(2, { generator: wrong(5) }),
      ArgumentError,
      /^rand: expected generator to be a Generator, got 5/,
    ],
    [() => rand(2, wrong<object>({ seed: 1 })), ArgumentError, /^rand: unknown option "seed"/],
    [() => randn(2, { dtype: 'int64' }), DTypeError, /^randn: expected floating point, got int64/],
    [
      () => randLike(ones(2, { dtype: 'int32' })),
      DTypeError,
      /^randLike: expected floating point, got int32/,
    ],
    [() => randLike(wrong(2)), ArgumentError, /^randLike: expected input to be a Tensor/],
    [() => normal(wrong('0'), 1, [2]), ArgumentError, /^normal: expected mean to be a number, got "0"/],
    [() => normal(0, -1, [2]), ArgumentError, /^normal: expected std >= 0, got -1/],
    [() => normal(0, NaN, [2]), ArgumentError, /std >= 0, got NaN/],
    [() => randint(0, [2]), ArgumentError, /^randint: expected low < high, got 0 and 0/],
    [() => randint(1.5, [2]), ArgumentError, /^randint: expected high to be an integer, got 1.5/],
    [() => randint(2 ** 53, [2]), ArgumentError, /expected high to be an integer, got 9007199254740992/],
    [() => randint(wrong('1'), 3, [2]), ArgumentError, /expected low to be an integer, got "1"/],
    [() => randint(5, wrong('2')), ArgumentError, /^randint: expected high to be an integer, got "2"/],
    [
      () => (randint as (n: number) => Tensor)(5),
      ArgumentError,
      /^randint: expected \(high, size\) or .* got no size/,
    ],
    [
      () => randint(1000, [2], { dtype: 'int8' }),
      ArgumentError,
      /^randint: int8 does not hold the numbers from 0 to 999/,
    ],
    [
      () => randint(-1, 2, [2], { dtype: 'uint8' }),
      ArgumentError,
      /uint8 does not hold the numbers from -1 to 1/,
    ],
    [() => randint(3, [2], { dtype: 'bool' }), ArgumentError, /bool does not hold the numbers from 0 to 2/],
    [() => randint(2 ** 20, [2], { dtype: 'float16' }), ArgumentError, /float16 does not hold/],
    [() => randperm(-1), ShapeError, /^randperm: .*got -1/],
    [() => randperm(wrong([3])), ArgumentError, /^randperm: expected n to be an integer/],
    [() => randperm(1000, { dtype: 'int8' }), ArgumentError, /^randperm: int8 does not hold/],
    [() => randperm(2, { dtype: 'bool' }), DTypeError, /^randperm: not defined for bool/],
    [
      () => zeros(2, { dtype: 'int64' }).uniform_(),
      DTypeError,
      /^uniform_: expected floating point, got int64/,
    ],
    [
      () => zeros(2).uniform_(2, 1),
      ArgumentError,
      /^uniform_: expected from <= to, both finite, got 2 and 1/,
    ],
    [() => zeros(2).uniform_(-Infinity, 0), ArgumentError, /got -Infinity and 0/],
    [() => zeros(2).uniform_(wrong('0')), ArgumentError, /^uniform_: expected from to be a number, got "0"/],
    [() => zeros(2).uniform_(0, 1, wrong({ seed: 1 })), ArgumentError, /^uniform_: unknown option "seed"/],
    [
      () => zeros(2).uniform_(0, 1, wrong({ to: 1 })),
      ArgumentError,
      /^uniform_: to was given by position and by name/,
    ],
    [() => zeros(2).normal_(0, -1), ArgumentError, /^normal_: expected std >= 0, got -1/],
    [
      () => zeros(2).normal_(0, 1, { generator: wrong('g') }),
      ArgumentError,
      /^normal_: .*Generator, got "g"/,
    ],
    [() => zeros(2).random_(3, 3), ArgumentError, /^random_: expected low < high, got 3 and 3/],
    [() => zeros(2, { dtype: 'bool' }).random_(5), ArgumentError, /^random_: bool does not hold/],
    [() => zeros(2).random_({ to: wrong<number>(1n) }), ArgumentError, /^random_: expected high to be/],
    [() => zeros(2).random_({ to: -1 }), ArgumentError, /^random_: expected low < high, got 0 and -1/],
    [() => manualSeed(wrong('1')), ArgumentError, /^manualSeed: expected an integer, got "1"/],
    [() => manualSeed(1.5), ArgumentError, /got 1.5/],
    [
      () => new Generator().setState(wrong(null)),
      ArgumentError,
      /^setState: expected what getState\(\) returned/,
    ],
    [() => new Generator().setState({ seed: 1n, offset: -1 }), ArgumentError, /^setState/],
  ]);
});

describe('dtypes', () => {
  failures([
    [
      () => setDefaultDtype('int64'),
      DTypeError,
      /^setDefaultDtype: expected a floating-point dtype, got int64/,
    ],
    [() => setDefaultDtype(wrong('float')), DTypeError, /^setDefaultDtype: expected a dtype/],
    [() => promoteTypes('int8', wrong(7)), DTypeError, /^promoteTypes: expected a dtype .* got 7/],
    [() => ones(2).type(wrong('double')), DTypeError, /^type: expected a dtype .* got "double"/],
    [() => ones(2).to(wrong('double')), DeviceError, /^to: expected a device .* got "double"/],
    [
      () => ones(2).to(wrong(undefined)),
      ArgumentError,
      /^to: expected a dtype, a device, a Tensor or options/,
    ],
    [() => ones(2).to(wrong(5)), ArgumentError, /^to: expected a dtype.* got 5/],
    [() => ones(2).to('cuda'), DeviceError, /^to: no CUDA device/],
    [() => ones(2).to({ dtype: wrong(1) }), DTypeError, /^to: expected a dtype/],
    [() => ones(2).to(wrong({ type: 'int8' })), ArgumentError, /^to: unknown option "type"/],
  ]);
});

describe('readers', () => {
  failures([
    [() => ones(2).item(), ShapeError, /^item: expected a tensor of one element, got shape \[2\]/],
    [() => zeros(0).item(), ShapeError, /got shape \[0\]/],
    [
      () => tensor(2n ** 60n).item(),
      ArgumentError,
      /^item: the int64 value exceeds 2\^53 .* use itemBigInt\(\)/,
    ],
    [() => tensor(-(2n ** 63n)).item(), ArgumentError, /itemBigInt/],
    [() => ones(1).itemBigInt(), ArgumentError, /^itemBigInt: expected integers, got float32/],
    [
      () => tensor([2n ** 53n, 1n]).tolist(),
      ArgumentError,
      /^tolist: the int64 value 9007199254740992 exceeds 2\^53/,
    ],
    [() => [...tensor(1)], ShapeError, /^iterator: a 0-d tensor has no dimension to iterate over/],
    [() => ones(2).size(1), IndexError, /^size: dimension out of range: expected -1 to 0, got 1/],
    [() => ones(2).stride(wrong('0')), ArgumentError, /^stride: expected dim to be an integer, got "0"/],
    [() => tensor(1).size(0), IndexError, /^size: a 0-d tensor has no dimensions/],
  ]);
});

describe('memory', () => {
  const huge = [
    () => zeros(2 ** 40),
    () => empty(2 ** 43),
    () => ones(2 ** 50),
    () => rand(2 ** 41),
    () => arange(2 ** 42),
    () => eye(2 ** 21),
    () =>
      ones(2 ** 20)
        .reshape(-1, 1)
        .add(ones(2 ** 20)),
    () =>
      ones(1)
        .expand(2 ** 45)
        .clone(),
  ];
  test.each(huge.map((call, i) => [i, call] as const))(
    'that is not there (%i): an error, and life goes on',
    (_, call) => {
      expectError(
        call,
        OutOfMemoryError,
        /^\w+: cannot allocate \d+ bytes \(\d+ bytes are live in tensors, \d+ cached; limit: \d+ bytes\)$/,
      );
      expect(ones(3).add(1).tolist()).toEqual([2, 2, 2]);
    },
  );

  test('an expanded tensor of any size costs nothing', () => {
    expect(ones(1).expand(2 ** 45).shape).toEqual([2 ** 45]);
  });
});
