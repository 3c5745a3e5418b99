import {
  ArgumentError,
  DTypeError,
  IndexError,
  ShapeError,
  add,
  addmm,
  amax,
  argmax,
  bmm,
  clamp,
  dot,
  exp,
  logSoftmax,
  matmul,
  max,
  mean,
  mm,
  mul,
  mv,
  ones,
  pow,
  prod,
  relu,
  softmax,
  std,
  sub,
  sum,
  tensor,
  where,
  zeros,
  var as variance,
} from 'tenon';
import { errorOf, failures, wrong } from './table';

const int = (...values: number[]) => tensor(values, { dtype: 'int64' });
const bool = tensor([true, false]);

describe('one operand', () => {
  failures([
    [() => exp(wrong(1)), ArgumentError, /^exp: expected input to be a Tensor, got 1/],
    [() => exp(wrong(null)), ArgumentError, /got null/],
    [() => relu(wrong([1, 2])), ArgumentError, /^relu: .*got an array of length 2/],
    [() => relu(bool), DTypeError, /^relu: not defined for bool/],
    [() => bool.neg(), DTypeError, /^neg: not defined for bool/],
    [() => bool.abs(), DTypeError, /^abs: not defined for bool/],
    [() => ones(2).bitwiseNot(), DTypeError, /^bitwiseNot: expected integers or booleans, got float32/],
    [() => int(1).exp_(), DTypeError, /^exp_: the result is float32, which int64 can't hold/],
    [
      () => ones(1).expand(3).exp_(),
      ArgumentError,
      /^exp_: elements of an expanded tensor \(shape \[3\]\) share one place of memory: clone\(\) it first/,
    ],
    [() => clamp(ones(2)), ArgumentError, /^clamp: expected min, max or both/],
    [
      () => clamp(ones(2), wrong('0')),
      ArgumentError,
      /^clamp: expected a bound to be a number, a boolean or a BigInt, got "0"/,
    ],
    [
      () => clamp(ones(2), wrong({ low: 0 })),
      ArgumentError,
      /^clamp: unknown option "low"; expected one of min, max/,
    ],
    [
      () => ones(2).clamp(0, wrong({ min: 1 })),
      ArgumentError,
      /^clamp: min was given by position and by name/,
    ],
    [() => int(1).clamp_(0.5), DTypeError, /^clamp_: the result is float32, which int64 can't hold/],
    [() => bool.clamp(false), DTypeError, /^clamp: not defined for bool/],
    [() => ones(1).expand(2).clamp_(0), ArgumentError, /^clamp_: elements of an expanded/],
    [() => softmax(ones(2), wrong(undefined)), ArgumentError, /^softmax: expected a dim/],
    [() => softmax(ones(2), 1), IndexError, /^softmax: dimension out of range: expected -1 to 0, got 1/],
    [() => softmax(int(1), 0), DTypeError, /^softmax: expected floating point, got int64/],
    [
      () => logSoftmax(ones(2), wrong('0')),
      ArgumentError,
      /^logSoftmax: expected dim to be an integer, got "0"/,
    ],
    [() => logSoftmax(ones(2), 0, { dtype: wrong('x') }), DTypeError, /^logSoftmax: expected a dtype/],
    [
      () => logSoftmax(ones(2), 0, { dtype: 'int8' }),
      DTypeError,
      /^logSoftmax: expected floating point, got int8/,
    ],
    [
      () => softmax(ones(2), 0, wrong({ dim: 0 })),
      ArgumentError,
      /^softmax: dim was given by position and by name/,
    ],
  ]);
});

describe('two operands', () => {
  failures([
    [
      () => add(wrong(null), ones(2)),
      ArgumentError,
      /^add: expected input to be a Tensor or a number, got null/,
    ],
    [
      () => add(ones(2), wrong(undefined)),
      ArgumentError,
      /^add: expected other to be a Tensor or a number, got undefined/,
    ],
    [() => add(ones(2), wrong('1')), ArgumentError, /got "1"/],
    [() => mul(ones(2), wrong([1, 2])), ArgumentError, /^mul: .*got an array of length 2/],
    [() => mul(ones(2), wrong({})), ArgumentError, /got an object/],
    [() => mul(ones(2), wrong(Symbol('s'))), ArgumentError, /got a symbol/],
    [() => mul(1, 2), ArgumentError, /^mul: expected at least one Tensor, got two numbers/],
    [
      () => mul(int(1), 2n ** 60n),
      ArgumentError,
      /^mul: other = 1152921504606846976n exceeds 2\^53; make it a tensor/,
    ],
    [() => mul(int(1), 2n ** 5000n), ArgumentError, /^mul: other = .*… ?n? exceeds/],
    [
      () => ones(2).add(ones(3)),
      ShapeError,
      /^add: shapes \[2\] and \[3\] do not broadcast \(2 and 3 in dimension -1\)/,
    ],
    [() => ones(2, 3).mul(ones(3, 2)), ShapeError, /^mul: shapes \[2, 3\] and \[3, 2\]/],
    [() => ones(2).eq(ones(3)), ShapeError, /^eq: /],
    [() => ones(2).eq(wrong('1')), ArgumentError, /^eq: expected other to be/],
    [() => bool.sub(bool), DTypeError, /^sub: not defined for bool/],
    [() => sub(bool, bool, { alpha: 1 }), DTypeError, /^sub: not defined for bool/],
    [() => ones(2).bitwiseAnd(1), DTypeError, /^bitwiseAnd: expected integers or booleans, got float32/],
    [
      () => ones(2).add(1, wrong({ beta: 2 })),
      ArgumentError,
      /^add: unknown option "beta"; expected one of alpha/,
    ],
    [() => ones(2).add(1, wrong(2)), ArgumentError, /^add: expected an object of options, got 2/],
    [
      () => ones(2).add(ones(2), { alpha: wrong('2') }),
      ArgumentError,
      /^add: expected alpha to be a number, got "2"/,
    ],
    [
      () => ones(2).add(wrong('1'), { alpha: 2 }),
      ArgumentError,
      /^add: expected other to be a Tensor or a number/,
    ],
    [
      () => int(1).sub_(int(1), { alpha: 0.5 }),
      ArgumentError,
      /^sub_: for integers alpha must be an integer, got 0.5/,
    ],
    [() => ones(2).add_(ones(3), { alpha: 2 }), ShapeError, /^add_: /],
    [
      () => ones(2).div(2, { roundingMode: wrong('up') }),
      ArgumentError,
      /^div: expected roundingMode to be 'floor', 'trunc' or null, got "up"/,
    ],
    [() => ones(2).div_(2, wrong({ rounding: 'floor' })), ArgumentError, /^div_: unknown option "rounding"/],
    [() => int(4).div_(2), DTypeError, /^div_: the result is float32, which int64 can't hold/],
    [() => int(4).add_(0.5), DTypeError, /^add_: the result is float32, which int64 can't hold/],
    [() => bool.add_(1), DTypeError, /^add_: the result is int64, which bool can't hold/],
    [() => ones(2).add_(ones(2, 2)), ShapeError, /^add_: \[2, 2\] does not broadcast to \[2\]/],
    [() => ones(1).expand(2).add_(1), ArgumentError, /^add_: elements of an expanded/],
    [() => ones(1).expand(2).copy_(ones(2)), ArgumentError, /^copy_: elements of an expanded/],
    [() => ones(2).copy_(wrong('1')), ArgumentError, /^copy_: expected the source to be a Tensor, got "1"/],
    [() => ones(2).copy_(ones(3)), ShapeError, /^copy_: /],
    [() => int(1, 2).floorDivide(0), ArgumentError, /^floorDivide: integer division by zero/],
    [() => int(1, 2).floorDivide(int(1, 0)), ArgumentError, /^floorDivide: integer division by zero/],
    [() => int(1, 2).remainder(0), ArgumentError, /^remainder: integer division by zero/],
    [
      () => tensor([1, 2], { dtype: 'uint8' }).remainder(tensor([1, 0], { dtype: 'uint8' })),
      ArgumentError,
      /^remainder: integer division/,
    ],
    [() => int(1, 2).div(0, { roundingMode: 'trunc' }), ArgumentError, /division by zero/],
    [() => pow(int(2), -1), ArgumentError, /^pow: integers to a negative power \(-1\)/],
    [() => pow(int(2), -1n), ArgumentError, /^pow: integers to a negative power/],
    [() => int(2).pow_(-2), ArgumentError, /^pow_: integers to a negative power/],
    [() => pow(2, int(-1)).add(wrong('x')), ArgumentError, /^add: /],
    [() => ones(2).equal(wrong([1, 1])), ArgumentError, /^equal: expected other to be a Tensor/],
    [() => ones(2).allclose(wrong(1)), ArgumentError, /^allclose: expected other to be a Tensor, got 1/],
    [
      () => ones(2).isclose(ones(2), { rtol: wrong<number>('1') }),
      ArgumentError,
      /^isclose: expected rtol to be a number >= 0, got "1"/,
    ],
    [
      () => ones(2).isclose(ones(2), { equalNan: wrong<boolean>(1) }),
      ArgumentError,
      /^isclose: expected equalNan to be a boolean/,
    ],
    [() => where(wrong(true), 1, 2), ArgumentError, /^where: expected condition to be a Tensor, got true/],
    [() => where(ones(2), 1, 2), DTypeError, /^where: expected a bool condition, got float32/],
    [
      () => where(bool, wrong('1'), 2),
      ArgumentError,
      /^where: expected x to be a Tensor or a number, got "1"/,
    ],
    [
      () => where(bool, 1, wrong(null)),
      ArgumentError,
      /^where: expected y to be a Tensor or a number, got null/,
    ],
    [() => where(bool, ones(3), 1), ShapeError, /^where: /],
    [
      () => ones(2).maskedFill(wrong([true, false]), 1),
      ArgumentError,
      /^maskedFill: expected mask to be a Tensor/,
    ],
    [() => ones(2).maskedFill(ones(2), 1), DTypeError, /^maskedFill: expected a bool mask, got float32/],
    [
      () => ones(2).maskedFill_(bool, wrong('1')),
      ArgumentError,
      /^maskedFill_: expected the value to be a number.*got "1"/,
    ],
  ]);

  test('a division by zero writes nothing', () => {
    const x = int(6, 7, 8);
    expect(errorOf(() => x.div_(int(1, 0, 2), { roundingMode: 'floor' }))).toBeInstanceOf(ArgumentError);
    expect(x.tolist()).toEqual([6, 7, 8]);
  });

  test('the least integers divide by -1', () => {
    for (const [dtype, least] of [
      ['int8', -128],
      ['int32', -(2 ** 31)],
    ] as const) {
      const x = tensor([least], { dtype });
      expect([x.floorDivide(-1).item(), x.remainder(-1).item()]).toEqual([least, 0]);
    }
    expect(
      tensor([-(2n ** 63n)])
        .floorDivide(-1)
        .itemBigInt(),
    ).toBe(-(2n ** 63n));
    expect(
      tensor([-(2n ** 63n)])
        .remainder(-1)
        .item(),
    ).toBe(0);
  });
});

describe('products', () => {
  failures([
    [() => matmul(wrong(2), ones(2)), ArgumentError, /^matmul: expected input to be a Tensor, got 2/],
    [() => matmul(ones(2), wrong([1])), ArgumentError, /^matmul: expected other to be a Tensor/],
    [
      () => matmul(ones(2, 3), ones(4, 5)),
      ShapeError,
      /^matmul: inner sizes differ: \[2, 3\] @ \[4, 5\] \(3 and 4\)/,
    ],
    [
      () => matmul(ones(2), tensor(1)),
      ShapeError,
      /^matmul: expected at least one dimension, got \[2\] @ \[\]/,
    ],
    [
      () => matmul(ones(2, 3, 4), ones(3, 4, 5)),
      ShapeError,
      /^matmul: shapes \[2\] and \[3\] do not broadcast/,
    ],
    [
      () => matmul(ones(2, 2), int(1, 2)),
      DTypeError,
      /^matmul: expected operands of one dtype, got float32 and int64/,
    ],
    [() => matmul(bool, bool), DTypeError, /^matmul: not defined for bool/],
    [() => mm(ones(2), ones(2)), ShapeError, /^mm: expected 2-d @ 2-d, got \[2\] @ \[2\]/],
    [() => mm(wrong(null), ones(2, 2)), ArgumentError, /^mm: /],
    [() => bmm(ones(2, 3, 4), ones(3, 4, 5)), ShapeError, /^bmm: batches differ/],
    [() => bmm(ones(2, 3), ones(2, 3)), ShapeError, /^bmm: expected 3-d @ 3-d/],
    [() => mv(ones(2), ones(2)), ShapeError, /^mv: expected 2-d @ 1-d/],
    [() => dot(ones(2, 2), ones(2)), ShapeError, /^dot: expected 1-d @ 1-d/],
    [() => dot(ones(2), ones(3)), ShapeError, /^matmul: inner sizes differ: \[2\] @ \[3\]/],
    [() => addmm(wrong(1), ones(2, 2), ones(2, 2)), ArgumentError, /^addmm: expected input to be a Tensor/],
    [
      () => addmm(ones(3), ones(2, 2), ones(2, 2)),
      ShapeError,
      /^addmm: shapes \[2, 2\] and \[3\] do not broadcast/,
    ],
    [
      () => addmm(ones(2), ones(2, 2), ones(2, 2), { beta: wrong('0') }),
      ArgumentError,
      /^addmm: expected beta to be a number, got "0"/,
    ],
    [() => addmm(ones(2), ones(2), ones(2)), ShapeError, /^addmm: expected 2-d @ 2-d/],
    [
      () => addmm(ones(2), ones(2, 2), ones(2, 2), wrong({ gamma: 2 })),
      ArgumentError,
      /^addmm: unknown option "gamma"/,
    ],
  ]);
});

describe('reductions', () => {
  failures([
    [() => sum(wrong([1, 2])), ArgumentError, /^sum: expected input to be a Tensor/],
    [() => sum(ones(2), 1), IndexError, /^sum: dimension out of range: expected -1 to 0, got 1/],
    [() => sum(ones(2, 3), [0, -2]), ArgumentError, /^sum: dim 0 appears more than once/],
    [() => sum(ones(2), [0, 0, 0]), ArgumentError, /^sum: expected at most 1 dims, got 3/],
    [() => sum(ones(2), new Array<number>(2 ** 32 - 1)), ArgumentError, /at most 1 dims/],
    [() => sum(ones(2), wrong('0')), ArgumentError, /^sum: expected dim to be an integer, got "0"/],
    [() => sum(ones(2), 0.5), ArgumentError, /got 0.5/],
    [() => sum(ones(2), wrong(ones(1))), ArgumentError, /got a Tensor/],
    [() => sum(ones(2), 0, wrong('yes')), ArgumentError, /^sum: expected keepdim to be a boolean, got "yes"/],
    [
      () => ones(2).sum(wrong({ axis: 0 })),
      ArgumentError,
      /^sum: unknown option "axis"; expected one of dim, keepdim, dtype/,
    ],
    [() => ones(2).sum(0, wrong({ dim: 0 })), ArgumentError, /^sum: dim was given by position and by name/],
    [
      () => (ones(2).sum as (...a: unknown[]) => unknown)(0, true, 'int64', 4),
      ArgumentError,
      /^sum: expected input|expected at most 3 arguments/,
    ],
    [() => ones(2).sum({ dtype: wrong<'int8'>('x') }), DTypeError, /^sum: expected a dtype/],
    [
      () => mean(int(1)),
      DTypeError,
      /^mean: expected floating point, got int64; pass \{ dtype: 'float32' \}/,
    ],
    [() => prod(ones(2), wrong('a')), ArgumentError, /^prod: expected dim/],
    [() => amax(zeros(0, 3)), IndexError, /^amax: an empty reduction has no value: shape \[0, 3\]/],
    [() => zeros(0, 3).max(), IndexError, /^max: an empty reduction/],
    [() => zeros(0, 3).max(0), IndexError, /^max: an empty reduction/],
    [() => zeros(3, 0).argmin(1), IndexError, /^argmin: an empty reduction/],
    [() => argmax(bool), DTypeError, /^argmax: not defined for bool/],
    [() => max(ones(2), wrong({ keepdim: true })), ArgumentError, /^max: keepdim needs a dim/],
    [() => ones(2).max(wrong([0])), ArgumentError, /^max: expected dim to be an integer, got an array/],
    [() => ones(2).min(0, wrong(1)), ArgumentError, /^min: expected keepdim to be a boolean/],
    [() => ones(2).all(3), IndexError, /^all: /],
    [() => ones(2).any(wrong({ dims: 0 })), ArgumentError, /^any: unknown option "dims"/],
    [() => variance(int(1)), DTypeError, /^var: expected floating point, got int64/],
    [
      () => std(ones(2), { correction: '1' }),
      ArgumentError,
      /^std: expected correction to be a number, got "1"/,
    ],
  ]);

  test('the fringe is not an error', () => {
    expect(zeros(0, 3).amax(1).shape).toEqual([0]);
    expect(zeros(0).mean().item()).toBeNaN();
    expect(ones(2).var({ correction: 5 }).item()).toBeNaN();
    expect(tensor(3).sum(0).item()).toBe(3);
    expect(tensor(3).sum(-1, true).shape).toEqual([]);
  });
});

test('integers take what requires a gradient, and leave the gradient behind', () => {
  const x = ones(2, { requiresGrad: true });
  const y = zeros(2, { dtype: 'int64' }).copy_(x);
  expect([y.tolist(), y.requiresGrad]).toEqual([[1, 1], false]);
});
