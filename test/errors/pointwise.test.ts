import {
  ArgumentError,
  AutogradError,
  DTypeError,
  ShapeError,
  addcdiv,
  addcmul,
  angle,
  asin,
  atan2,
  copysign,
  finfo,
  float32,
  floatPower,
  fmax,
  fmod,
  frexp,
  gcd,
  hardshrink,
  heaviside,
  hypot,
  iinfo,
  int64,
  ldexp,
  lerp,
  logaddexp,
  logit,
  mvlgamma,
  nanToNum,
  nextafter,
  ones,
  polygamma,
  prelu,
  signbit,
  special,
  tensor,
  xlogy,
  zeros,
} from 'tenon';
import { failures, wrong } from './table';

const int = (...values: number[]) => tensor(values, { dtype: 'int64' });
const bool = tensor([true, false]);

describe('one operand', () => {
  failures([
    [() => asin(wrong(1)), ArgumentError, /^asin: expected input to be a Tensor, got 1/],
    [() => angle(wrong(null)), ArgumentError, /^angle: expected input to be a Tensor, got null/],
    [() => signbit(wrong('x')), ArgumentError, /^signbit: expected input to be a Tensor/],
    [() => int(1).asin_(), DTypeError, /^asin_: the result is float32, which int64 can't hold/],
    [() => int(1).frac(), DTypeError, /^frac: expected floating point, got int64/],
    [() => bool.frac_(), DTypeError, /^frac_: expected floating point, got bool/],
    [() => int(1).deg2rad_(), DTypeError, /^deg2rad_: the result is float32, which int64 can't hold/],
    [
      () =>
        ones(2)
          .deg2rad()
          .deg2rad_()
          .sinh(...wrong<[]>([1])),
      ArgumentError,
      /^sinh: expected no arguments, got 1 besides/,
    ],
    [() => ones(1).expand(2).exp2_(), ArgumentError, /^exp2_: elements of an expanded/],
    [() => ones(1).expand(2).rad2deg_(), ArgumentError, /^rad2deg_: elements of an expanded/],
    [() => ones(2, { requiresGrad: true }).atan_(), AutogradError, /^atan_: /],
    [() => ones(2, { requiresGrad: true }).deg2rad_(), AutogradError, /^deg2rad_: /],
    [() => int(1).frexp(), DTypeError, /^frexp: expected floating point, got int64/],
    [() => frexp(wrong(1)), ArgumentError, /^frexp: expected input to be a Tensor, got 1/],
    [() => nanToNum(ones(2), wrong('0')), ArgumentError, /^nanToNum: expected nan to be a number, got "0"/],
    [
      () => nanToNum(ones(2), 0, wrong('1')),
      ArgumentError,
      /^nanToNum: expected posinf to be a number, got "1"/,
    ],
    [
      () => nanToNum(ones(2), wrong({ inf: 1 })),
      ArgumentError,
      /^nanToNum: unknown option "inf"; expected one of nan, posinf, neginf/,
    ],
    [() => logit(ones(2), wrong('0')), ArgumentError, /^logit: expected eps to be a number, got "0"/],
    [() => int(1).logit_(), DTypeError, /^logit_: the result is float32, which int64 can't hold/],
    [() => hardshrink(int(1)), DTypeError, /^hardshrink: expected floating point, got int64/],
    [
      () => hardshrink(ones(2), wrong(true)),
      ArgumentError,
      /^hardshrink: expected lambd to be a number, got true/,
    ],
  ]);
});

describe('gamma functions', () => {
  failures([
    [() => polygamma(-1, ones(2)), ArgumentError, /^polygamma: expected n to be at least 0, got -1/],
    [() => polygamma(1.5, ones(2)), ArgumentError, /^polygamma: expected n to be an integer, got 1.5/],
    [() => polygamma(1, wrong(2)), ArgumentError, /^polygamma: expected input to be a Tensor, got 2/],
    [() => int(1).polygamma_(1), DTypeError, /^polygamma_: the result is float32/],
    [() => mvlgamma(ones(2), 0), ArgumentError, /^mvlgamma: expected p to be at least 1, got 0/],
    [() => mvlgamma(ones(2), wrong(undefined)), ArgumentError, /^mvlgamma: expected p to be an integer/],
    [() => mvlgamma(bool, 1), DTypeError, /^mvlgamma: not defined for bool/],
    [() => ones(2).mvlgamma_(1.5), ArgumentError, /^mvlgamma_: expected p to be an integer, got 1.5/],
    [
      () =>
        special
          .zeta(ones(2, { requiresGrad: true }), ones(2))
          .sum()
          .backward(),
      AutogradError,
      /derivative of zeta in its first operand/,
    ],
  ]);
});

describe('two operands', () => {
  failures([
    [() => atan2(ones(2), wrong(1)), ArgumentError, /^atan2: expected other to be a Tensor, got 1/],
    [() => ones(2).atan2_(wrong(1)), ArgumentError, /^atan2_: expected other to be a Tensor, got 1/],
    [() => int(1).atan2_(int(1)), DTypeError, /^atan2_: the result is float32, which int64 can't hold/],
    [() => atan2(ones(2), ones(3)), ShapeError, /^atan2: shapes \[2\] and \[3\] do not broadcast/],
    [() => hypot(int(1), int(1)), DTypeError, /^hypot: expected floating point, got int64/],
    [() => logaddexp(bool, bool), DTypeError, /^logaddexp: expected floating point, got bool/],
    [() => nextafter(int(1), int(1)), DTypeError, /^nextafter: expected floating point, got int64/],
    [() => fmax(ones(2), wrong(2)), ArgumentError, /^fmax: expected other to be a Tensor, got 2/],
    [() => fmod(wrong(2), ones(2)), ArgumentError, /^fmod: expected input to be a Tensor, got 2/],
    [() => fmod(int(1, 2), 0), ArgumentError, /^fmod: integer division by zero/],
    [() => fmod(bool, bool), DTypeError, /^fmod: not defined for bool/],
    [() => int(1).fmod_(2.5), DTypeError, /^fmod_: the result is float32, which int64 can't hold/],
    [() => gcd(ones(2), ones(2)), DTypeError, /^gcd: expected integers or booleans, got float32/],
    [() => gcd(bool, bool), DTypeError, /^gcd: not defined for bool/],
    [() => gcd(int(2), wrong(2)), ArgumentError, /^gcd: expected other to be a Tensor, got 2/],
    [() => ones(2).bitwiseLeftShift(1), DTypeError, /^bitwiseLeftShift: .*got float32/],
    [() => int(1).bitwiseRightShift(1.5), DTypeError, /^bitwiseRightShift: .*got float32/],
    [() => heaviside(ones(2), int(1)), DTypeError, /^heaviside: expected values of dtype float32, got int64/],
    [
      () => copysign(ones(2), wrong('1')),
      ArgumentError,
      /^copysign: expected other to be a Tensor or a number/,
    ],
    [() => copysign(wrong(2), ones(2)), ArgumentError, /^copysign: expected input to be a Tensor, got 2/],
    [() => ldexp(ones(2), bool), DTypeError, /^ldexp: not defined for an exponent of bool/],
    [() => xlogy(2, 3), ArgumentError, /^xlogy: expected at least one Tensor, got two numbers/],
    [() => floatPower(2, 3), ArgumentError, /^floatPower: expected at least one Tensor, got two numbers/],
    [
      () => ones(2).floatPower_(2),
      DTypeError,
      /^floatPower_: the result is float64, which float32 can't hold/,
    ],
    [() => ldexp(ones(2), wrong(1)), ArgumentError, /^ldexp: expected other to be a Tensor, got 1/],
    [() => int(1).ldexp_(int(1)), DTypeError, /^ldexp_: the result is float32, which int64 can't hold/],
    [() => ones(2).ldexp_(ones(2, 2)), ShapeError, /^ldexp_: .*\[2, 2\]/],
  ]);
});

describe('three operands', () => {
  failures([
    [
      () => addcmul(ones(2), wrong(2), ones(2)),
      ArgumentError,
      /^addcmul: expected tensor1 to be a Tensor, got 2/,
    ],
    [() => addcmul(bool, bool, bool), DTypeError, /^addcmul: not defined for bool/],
    [
      () => addcmul(ones(2), ones(2), ones(2), wrong({ alpha: 2 })),
      ArgumentError,
      /^addcmul: unknown option "alpha"; expected one of value/,
    ],
    [
      () => addcmul(ones(2), ones(2), ones(2), wrong(2)),
      ArgumentError,
      /^addcmul: expected an object of options/,
    ],
    [
      () => addcdiv(ones(2), int(1), int(1)),
      DTypeError,
      /^addcdiv: expected floating point to divide, got int64 and int64/,
    ],
    [() => addcmul(ones(2), ones(3), ones(2)), ShapeError, /^addcmul: shapes/],
    [
      () => ones(2).addcmul_(ones(2, 2), ones(2)),
      ShapeError,
      /^addcmul_: \[2, 2\] does not broadcast to \[2\]/,
    ],
    [() => int(1).addcmul_(ones(1), ones(1)), DTypeError, /^addcmul_: the result is float32/],
    [
      () => addcmul(int(1), int(1), int(1), { value: Infinity }),
      ArgumentError,
      /^addcmul: for integers value/,
    ],
    [() => lerp(ones(2), ones(2), wrong('1')), ArgumentError, /^lerp: expected weight to be a number/],
    [() => lerp(ones(2), ones(2), wrong(undefined)), ArgumentError, /^lerp: expected weight/],
    [() => lerp(int(1), int(1), 0.5), DTypeError, /^lerp: expected floating point, got int64/],
    [
      () => lerp(ones(2), ones(2, { dtype: 'float64' }), 0.5),
      DTypeError,
      /^lerp: expected end to be float32 as the input, got float64/,
    ],
    [
      () => lerp(ones(2), ones(2), ones(2, { dtype: 'float64' })),
      DTypeError,
      /^lerp: expected weight to be float32 as the input, got float64/,
    ],
    [() => ones(2).lerp_(ones(3), 0.5), ShapeError, /^lerp_: /],
    [() => ones(1).expand(2).lerp_(ones(2), 0.5), ArgumentError, /^lerp_: elements of an expanded/],
  ]);
});

describe('weights, sizes and dtypes', () => {
  failures([
    [() => prelu(ones(2, 3), ones(2)), ShapeError, /^prelu: expected 1 or 3 weights .*got 2/],
    [() => prelu(ones(3), ones(3)), ShapeError, /^prelu: expected 1 or 1 weights|got 3/],
    [() => prelu(tensor(1.5), ones(2)), ShapeError, /^prelu: a 0-d input takes one weight only/],
    [
      () => prelu(ones(2, 3), ones(1, 3)),
      ShapeError,
      /^prelu: expected a weight of 0 or 1 dimensions, got \[1, 3\]/,
    ],
    [() => prelu(int(1), int(1)), DTypeError, /^prelu: expected floating point, got int64/],
    [
      () => prelu(ones(2), ones(1, { dtype: 'float64' })),
      DTypeError,
      /^prelu: expected the weight to be float32/,
    ],
    [() => ones(2, 3).sumToSize(2), ShapeError, /^sumToSize: \[2\] does not broadcast to \[2, 3\]/],
    [() => ones(2, 3).sumToSize(), ArgumentError, /^sumToSize: expected a size/],
    [
      () => ones(2, 3).sumToSize(wrong<number>('1')),
      ShapeError,
      /^sumToSize: expected sizes to be non-negative/,
    ],
    [() => finfo('int32'), DTypeError, /^finfo: expected a floating-point dtype, got int32; use iinfo/],
    [() => iinfo('float32'), DTypeError, /^iinfo: expected an integer dtype, got float32; use finfo/],
    [() => iinfo('bool'), DTypeError, /^iinfo: expected an integer dtype, got bool/],
    [() => iinfo(wrong(undefined)), DTypeError, /^iinfo: expected a dtype/],
    [() => finfo(wrong('x')), DTypeError, /^finfo: expected a dtype/],
  ]);
});

test('a division by zero writes nothing', () => {
  const x = int(6, 7);
  expect(() => x.fmod_(int(2, 0))).toThrow(ArgumentError);
  expect(x.tolist()).toEqual([6, 7]);
});

test('the limits of dtypes', () => {
  expect(finfo()).toEqual(finfo(float32));
  expect(finfo('float16')).toEqual({
    dtype: 'float16',
    bits: 16,
    eps: 0.0009765625,
    max: 65504,
    min: -65504,
    tiny: 6.103515625e-5,
    smallestNormal: 6.103515625e-5,
    resolution: 0.001,
  });
  expect(iinfo('uint8')).toEqual({ dtype: 'uint8', bits: 8, max: 255, min: 0 });
  expect(iinfo(int64).max).toBe(2n ** 63n - 1n);
});

test('gradients flow through changes in place', () => {
  const start = tensor([0.25, -0.5], { requiresGrad: true });
  const x = start.mul(2);
  x.lerp_(ones(2), 0.25).addcmul_(start, start, { value: 2 }).deg2rad_();
  expect(x.gradFn!.name).toBe('Deg2RadBackward');
  x.sum().backward();
  const slopes = [0.25, -0.5].map((v) => ((1.5 + 4 * v) * Math.PI) / 180);
  start.grad!.tolist<number[]>().forEach((g, i) => expect(g).toBeCloseTo(slopes[i]!, 6));
  expect(
    zeros(1)
      .addcdiv_(ones(1), tensor([4]), { value: 2 })
      .item(),
  ).toBe(0.5);
});
