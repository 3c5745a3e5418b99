/** Functions element by element as methods of Tensor. */
import type { Tensor } from '../../tensor';
import * as angles from '../angle';
import { attach, attachBinary, attachUnary } from '../attach';
import { i0, i0_ } from '../bessel';
import * as choosing from '../choosing';
import { erfc, erfc_, erfinv, erfinv_ } from '../error-function';
import * as parts from '../float-parts';
import { floatPower, floatPower_ } from '../float-power';
import { fmod, fmod_ } from '../fmod';
import * as gamma from '../gamma';
import * as integers from '../integers';
import type { Operand } from '../kinds';
import * as logarithms from '../logarithms';
import { hardshrink, prelu } from '../shrink';
import { sumToSize } from '../sum-to-size';
import * as ternary from '../ternary';
import * as trigonometric from '../trigonometric';

const UNARY = {
  ...trigonometric,
  erfc,
  erfc_,
  erfinv,
  erfinv_,
  lgamma: gamma.lgamma,
  lgamma_: gamma.lgamma_,
  digamma: gamma.digamma,
  digamma_: gamma.digamma_,
  i0,
  i0_,
  deg2rad: angles.deg2rad,
  deg2rad_: angles.deg2rad_,
  rad2deg: angles.rad2deg,
  rad2deg_: angles.rad2deg_,
  angle: angles.angle,
  signbit: parts.signbit,
  isposinf: parts.isposinf,
  isneginf: parts.isneginf,
  isreal: parts.isreal,
};

type Unary = { readonly [name in keyof typeof UNARY]: () => Tensor };

declare module '../../tensor' {
  interface Tensor extends Unary {
    /** The angle of the point (other, this). */
    atan2(other: Tensor): Tensor;
    atan2_(other: Tensor): this;
    arctan2(other: Tensor): Tensor;
    arctan2_(other: Tensor): this;
    hypot(other: Tensor): Tensor;
    hypot_(other: Tensor): this;
    /** The larger of two numbers; where one is NaN, the other. */
    fmax(other: Tensor): Tensor;
    /** The smaller of two numbers; where one is NaN, the other. */
    fmin(other: Tensor): Tensor;
    /** 0 below zero, 1 above, and `values` at it. */
    heaviside(values: Tensor): Tensor;
    heaviside_(values: Tensor): this;
    /** With this tensor's sign, as C's %. */
    fmod(other: Operand): Tensor;
    fmod_(other: Operand): this;
    /** The power as float64. */
    floatPower(exponent: Operand): Tensor;
    floatPower_(exponent: Operand): this;
    copysign(other: Operand): Tensor;
    copysign_(other: Operand): this;
    nextafter(other: Tensor): Tensor;
    nextafter_(other: Tensor): this;
    /** This times 2 to the power of `other`. */
    ldexp(other: Tensor): Tensor;
    ldexp_(other: Tensor): this;
    frexp(): parts.MantissaAndExponent;
    nanToNum(nan?: number | null, posinf?: number | null, neginf?: number | null): Tensor;
    nanToNum(options: parts.Replacements): Tensor;
    nanToNum(nan: number | null, options: parts.Replacements): Tensor;
    nanToNum_(nan?: number | null, posinf?: number | null, neginf?: number | null): this;
    nanToNum_(options: parts.Replacements): this;
    nanToNum_(nan: number | null, options: parts.Replacements): this;
    gcd(other: Tensor): Tensor;
    gcd_(other: Tensor): this;
    lcm(other: Tensor): Tensor;
    lcm_(other: Tensor): this;
    bitwiseLeftShift(other: Operand): Tensor;
    bitwiseLeftShift_(other: Operand): this;
    bitwiseRightShift(other: Operand): Tensor;
    bitwiseRightShift_(other: Operand): this;
    /** The inverse of sigmoid; `eps` keeps elements in [eps, 1 - eps]. */
    logit(eps?: number | null): Tensor;
    logit(options: { eps?: number | null }): Tensor;
    logit_(eps?: number | null): this;
    logit_(options: { eps?: number | null }): this;
    xlogy(other: Operand): Tensor;
    xlogy_(other: Operand): this;
    logaddexp(other: Tensor): Tensor;
    logaddexp2(other: Tensor): Tensor;
    polygamma(n: number): Tensor;
    polygamma_(n: number): this;
    mvlgamma(p: number): Tensor;
    mvlgamma(options: { p: number }): Tensor;
    mvlgamma_(p: number): this;
    mvlgamma_(options: { p: number }): this;
    /** This plus value tensor1 tensor2. */
    addcmul(tensor1: Tensor, tensor2: Tensor, options?: ternary.Value): Tensor;
    addcmul_(tensor1: Tensor, tensor2: Tensor, options?: ternary.Value): this;
    /** This plus value tensor1 / tensor2. */
    addcdiv(tensor1: Tensor, tensor2: Tensor, options?: ternary.Value): Tensor;
    addcdiv_(tensor1: Tensor, tensor2: Tensor, options?: ternary.Value): this;
    /** From this to `end` by the weight. */
    lerp(end: Tensor, weight: Tensor | number): Tensor;
    lerp(end: Tensor, options: { weight: Tensor | number }): Tensor;
    lerp(options: { end: Tensor; weight: Tensor | number }): Tensor;
    lerp_(end: Tensor, weight: Tensor | number): this;
    lerp_(end: Tensor, options: { weight: Tensor | number }): this;
    lerp_(options: { end: Tensor; weight: Tensor | number }): this;
    /** 0 where the magnitude is at most lambd, 0.5 unless given. */
    hardshrink(lambd?: number): Tensor;
    hardshrink(options: { lambd?: number }): Tensor;
    prelu(weight: Tensor): Tensor;
    /** The sum of what broadcasting made of a tensor of this size. */
    sumToSize(...size: readonly (number | readonly number[])[] | [{ size: readonly number[] }]): Tensor;
  }
}

attachUnary({ ...UNARY, frexp: parts.frexp });

attachBinary({
  atan2: angles.atan2,
  atan2_: angles.atan2.inPlace,
  arctan2: angles.atan2,
  arctan2_: angles.atan2.inPlace,
  hypot: angles.hypot,
  hypot_: angles.hypot.inPlace,
  fmax: choosing.fmax,
  fmin: choosing.fmin,
  heaviside: choosing.heaviside,
  heaviside_: choosing.heaviside_,
  fmod,
  fmod_,
  floatPower,
  floatPower_,
  copysign: parts.copysign,
  copysign_: parts.copysign_,
  nextafter: parts.nextafter,
  nextafter_: parts.nextafter.inPlace,
  ldexp: parts.ldexp,
  ldexp_: parts.ldexp_,
  gcd: integers.gcd,
  gcd_: integers.gcd.inPlace,
  lcm: integers.lcm,
  lcm_: integers.lcm.inPlace,
  bitwiseLeftShift: integers.bitwiseLeftShift,
  bitwiseLeftShift_: integers.bitwiseLeftShift.inPlace,
  bitwiseRightShift: integers.bitwiseRightShift,
  bitwiseRightShift_: integers.bitwiseRightShift.inPlace,
  xlogy: logarithms.xlogy,
  xlogy_: logarithms.xlogy.inPlace,
  logaddexp: logarithms.logaddexp,
  logaddexp2: logarithms.logaddexp2,
  polygamma: (x: Tensor, n: number) => gamma.polygamma(n, x),
  polygamma_: gamma.polygamma_,
});

attach({
  nanToNum: parts.nanToNum,
  nanToNum_: parts.nanToNum_,
  logit: logarithms.logit,
  logit_: logarithms.logit_,
  mvlgamma: gamma.mvlgamma,
  mvlgamma_: gamma.mvlgamma_,
  addcmul: ternary.addcmul,
  addcmul_: ternary.addcmul_,
  addcdiv: ternary.addcdiv,
  addcdiv_: ternary.addcdiv_,
  lerp: ternary.lerp,
  lerp_: ternary.lerp_,
  hardshrink,
  prelu,
  sumToSize,
});
