// Elementary functions of float32 and float64 values. Polynomials are minimax fits (Remez) of the quantity
// that a comment names; with the argument reductions here results are within 2.6 units in the last place of
// the true ones, at every argument, subnormal ones and results included. Where there is no polynomial, the
// lanes go through the C library.
#pragma once
#include "kernels/value.h"

namespace tenon {
namespace TENON_ISA {
namespace math {

/** The layout of a floating type. */
template <class T>
struct Format;
template <>
struct Format<float> {
  static constexpr int fraction_bits = 23;
  static constexpr uint32_t one = 0x3f800000, sqrt_half = 0x3f3504f3, fraction = 0x7fffff;
  static constexpr double magic = 0x1.8p23;  // x + magic has the whole number nearest to x in its low bits
  static constexpr uint32_t count =
      0x4b000000;  // the bits of 2^23: with a number or'ed in, 2^23 + that number
  static constexpr double count_value = 0x1p23;
  static constexpr double least_normal = 0x1p-126;
};
template <>
struct Format<double> {
  static constexpr int fraction_bits = 52;
  static constexpr uint64_t one = 0x3ff0000000000000, sqrt_half = 0x3fe6a09e667f3bcd,
                            fraction = 0xfffffffffffff;
  static constexpr double magic = 0x1.8p52;
  static constexpr uint64_t count = 0x4330000000000000;
  static constexpr double count_value = 0x1p52;
  static constexpr double least_normal = 0x1p-1022;
};
template <class V>
using FormatOf = Format<Element<V>>;

template <class V>
TENON_INLINE V infinity() {
  return constant<V>(__builtin_inf());
}
template <class V>
TENON_INLINE V not_a_number() {
  return constant<V>(__builtin_nan(""));
}

/** c0 + x (c1 + x (c2 + ...)). */
template <class V>
TENON_INLINE V polynomial(V, double c) {
  return constant<V>(c);
}
template <class V, class... C>
TENON_INLINE V polynomial(V x, double c, C... rest) {
  return polynomial(x, rest...) * x + constant<V>(c);
}

/** 2^n for shifted = n + magic, n whole and 2^n normal. */
template <class V>
TENON_INLINE V power_of_two(V shifted) {
  using F = FormatOf<V>;
  return bit_cast<V>((bit_cast<Unsigned<V>>(shifted) << F::fraction_bits) + F::one);
}

/** p 2^n for a whole n, rounded once; in two steps where 2^n may not be normal. */
template <class V>
TENON_INLINE V scale(V p, V n) {
#if defined(__AVX512F__)
  if constexpr (is_float32_vector<V>)
    return bit_cast<V>(_mm512_scalef_ps(bit_cast<__m512>(p), bit_cast<__m512>(n)));
  else
    return bit_cast<V>(_mm512_scalef_pd(bit_cast<__m512d>(p), bit_cast<__m512d>(n)));
#else
  const V magic = constant<V>(FormatOf<V>::magic), half = n * constant<V>(0.5) + magic;
  return p * power_of_two(half) * power_of_two(n - (half - magic) + magic);
#endif
}

/** x = n ln 2 + r with n whole and |r| <= ln 2 / 2. */
template <class V>
TENON_INLINE void reduce_exp(V x, V& n, V& r) {
  constexpr bool single = is_float32_vector<V>;
  const V magic = constant<V>(FormatOf<V>::magic);
  n = (x * constant<V>(0x1.71547652b82fep+0) + magic) - magic;
  r = x - n * constant<V>(single ? 0x1.63p-1 : 0x1.62e42feep-1);
  r = r - n * constant<V>(single ? -0x1.bd0105c610ca8p-13 : 0x1.a39ef35793c76p-33);
}

/** e^r - 1 for |r| <= ln 2 / 2: r + r^2 E(r), fit with the relative error of the result. */
template <class V>
TENON_INLINE V expm1_reduced(V r) {
  V e;
  if constexpr (is_float32_vector<V>)
    e = polynomial(r, 0.5, 0.16666542, 0.0416662805, 0.00836664438, 0.00139465556);
  else
    e = polynomial(r, 0.5, 0.166666666666666768, 0.041666666666666699, 0.00833333333332153016,
                   0.00138888888888666915, 0.000198412698864023615, 2.48015873608542308e-05,
                   2.75572439104950505e-06, 2.75572424992446194e-07, 2.51091477702516809e-08,
                   2.09245252368276629e-09);
  return r * r * e + r;
}

template <class V>
TENON_INLINE V exp(V x) {
  constexpr bool single = is_float32_vector<V>;
  const V high = constant<V>(single ? 88.7228394 : 709.782712893384),
          low = constant<V>(single ? -104.0 : -746.0);
  V n, r;
  reduce_exp(max(low, min(high, x)), n, r);
  return select(x > high, infinity<V>(), scale(expm1_reduced(r) + constant<V>(1), n));
}

/** e^x - 1 = 2^n (e^r - 1) + (2^n - 1). */
template <class V>
TENON_INLINE V expm1(V x) {
  constexpr bool single = is_float32_vector<V>;
  const V high = constant<V>(single ? 88.7228394 : 709.782712893384),
          low = constant<V>(single ? -18.0 : -38.0);
  V n, r;
  reduce_exp(max(low, min(high, x)), n, r);
  const V p = expm1_reduced(r),
          half = power_of_two(n + constant<V>(FormatOf<V>::magic - 1));  // 2^1024 is no number
  const V y = (half * p + (half - constant<V>(0.5))) * constant<V>(2);
  return select(x > high, infinity<V>(), select(n == V{}, select(p == V{}, x, p), y));
}

/** x = 2^k (1 + f) with sqrt 1/2 <= 1 + f < sqrt 2, for x > 0. */
template <class V>
TENON_INLINE void split(V x, V& k, V& f) {
  using F = FormatOf<V>;
  using U = Unsigned<V>;
  const Mask<V> subnormal = x < constant<V>(F::least_normal);
  const U shifted = bit_cast<U>(select(subnormal, x * constant<V>(0x1p60), x)) + (F::one - F::sqrt_half);
  k = bit_cast<V>((shifted >> F::fraction_bits) | F::count) -
      select(subnormal, constant<V>(F::count_value + (F::one >> F::fraction_bits) + 60),
             constant<V>(F::count_value + (F::one >> F::fraction_bits)));
  f = bit_cast<V>((shifted & F::fraction) + F::sqrt_half) - constant<V>(1);
}

/**
 * ln(1 + f) - f, plus `more`: with s = f / (2 + f) and z = s^2, ln(1 + f) = 2 atanh s = 2 s + s z L(z) is
 * f - (f^2 / 2 - s (f^2 / 2 + z L(z))). L is fit.
 */
template <class V>
TENON_INLINE V log1p_rest(V f, V more) {
  const V s = f / (constant<V>(2) + f), z = s * s, half = constant<V>(0.5) * f * f;
  V l;
  if constexpr (is_float32_vector<V>)
    l = polynomial(z, 0.666666627, 0.400003374, 0.285372376, 0.235835701);
  else
    l = polynomial(z, 0.66666666666666663, 0.400000000000062861, 0.285714285690729597, 0.222222226487513635,
                   0.181817755084432764, 0.153870976547727328, 0.1324996193316752, 0.13252755703671934);
  return (s * (half + z * l) + more) - half;
}

/** y, where it is the logarithm of an x that has a finite one. */
template <class V>
TENON_INLINE V finish_log(V x, V y) {
  const V r = select(x == infinity<V>(), x, y);
  return select(x > V{}, r, select(x == V{}, -infinity<V>(), not_a_number<V>()));
}

template <class V>
TENON_INLINE V log_plus(V x, V more) {
  constexpr bool single = is_float32_vector<V>;
  V k, f;
  split(x, k, f);
  const V rest =
      log1p_rest(f, k * constant<V>(single ? -0x1.bd0105c610ca8p-13 : 0x1.a39ef35793c76p-33) + more);
  return k * constant<V>(single ? 0x1.63p-1 : 0x1.62e42feep-1) + (f + rest);
}

template <class V>
TENON_INLINE V log(V x) {
  return finish_log(x, log_plus(x, V{}));
}

/** ln(1 + x) = ln u + (1 + x - u) / u where u is 1 + x rounded. */
template <class V>
TENON_INLINE V log1p(V x) {
  const V one = constant<V>(1), u = one + x;
  const V lost = select(magnitude(x) < one, x - (u - one), one - (u - x));
  return select(u == one, x, finish_log(u, log_plus(u, lost / u)));
}

/** k + ln(1 + f) log2(e). */
template <class V>
TENON_INLINE V log2(V x) {
  constexpr bool single = is_float32_vector<V>;
  V k, f;
  split(x, k, f);
  const V l = f + log1p_rest(f, V{});
  const V low = l * constant<V>(single ? 1.925963033500011e-08 : 0x1.777d0ffda0d24p-56);
  return finish_log(x, k + (l * constant<V>(0x1.71547652b82fep+0) + low));
}

/** k log10(2) + ln(1 + f) log10(e). */
template <class V>
TENON_INLINE V log10(V x) {
  constexpr bool single = is_float32_vector<V>;
  V k, f;
  split(x, k, f);
  const V l = f + log1p_rest(f, V{});
  const V low = k * constant<V>(single ? 4.605039066518657e-06 : -0x1.80433b83b532ap-44) +
                l * constant<V>(single ? -1.0103049952192578e-08 : 0x1.95355baaafad3p-57);
  return finish_log(x, k * constant<V>(single ? 0x1.344p-2 : 0x1.34413509f8p-2) +
                           (l * constant<V>(0x1.bcb7b1526e50ep-2) + low));
}

/** Beyond this many radians angles go through the C library. */
constexpr double kLargeAngle = 1e6;

/** An angle as quarter turns (a whole number) and the rest, at most an eighth of a turn, with what it lost.
 */
template <class V>
struct Angle {
  V rest, quarters, lost;
};

/** Three parts of pi / 2: whole numbers below 2^20 times the first two have no rounding error. */
TENON_INLINE Angle<Vec<double>> reduce_angle(Vec<double> x) {
  using V = Vec<double>;
  const V magic = constant<V>(Format<double>::magic),
          n = (x * constant<V>(0x1.45f306dc9c883p-1) + magic) - magic;
  const V a = x - n * constant<V>(0x1.921fb544p+0), second = n * constant<V>(0x1.0b4611a6p-34),
          b = a - second;
  const V third = n * constant<V>(0x1.3198a2e037073p-69), rest = b - third;
  return {rest, n, ((a - b) - second) + ((b - rest) - third)};
}

/** Up to so many radians float32 is enough: four parts of pi / 2, of which whole numbers below 2^13 times the
 * first three have no rounding error. */
constexpr double kNearAngle = 8192;

TENON_INLINE Angle<Vec<float>> reduce_angle(Vec<float> x) {
  using V = Vec<float>;
  const V magic = constant<V>(Format<float>::magic),
          n = (x * constant<V>(0x1.45f306dc9c883p-1) + magic) - magic;
  const V a = (x - n * constant<V>(0x1.92p+0)) - n * constant<V>(0x1.fb4p-12),
          third = n * constant<V>(0x1.444p-24), b = a - third;
  const V rest = b + (((a - b) - third) - n * constant<V>(0x1.68c234p-39));
  const Mask<V> far = magnitude(x) > constant<V>(kNearAngle);
  if (__builtin_expect(!any(far), true)) return {rest, n, V{}};
  Vec<double> low, high;
  widen(x, low, high);
  const Angle<Vec<double>> first = reduce_angle(low), second = reduce_angle(high);
  // What is near is as it is beside others.
  return {select(far, narrow(first.rest, second.rest), rest),
          select(far, narrow(first.quarters, second.quarters), n), V{}};
}

/** sin t - t = t z S(z), z = t^2, |t| <= pi / 4. */
template <class V>
TENON_INLINE V sin_rest(V t) {
  const V z = t * t;
  V s;
  if constexpr (is_float32_vector<V>)
    s = polynomial(z, -0.166666552, 0.00833215471, -0.000195140849);
  else
    s = polynomial(z, -0.166666666666666297, 0.00833333333332186843, -0.000198412698293528981,
                   2.75573135281303172e-06, -2.50507316147755576e-08, 1.5895213793842634e-10);
  return t * z * s;
}

/** cos t = 1 - z / 2 + z^2 C(z), plus `more`, if there is any. */
template <class V, class... More>
TENON_INLINE V cos_reduced(V t, More... more) {
  const V z = t * t;
  V c;
  if constexpr (is_float32_vector<V>)
    c = polynomial(z, 0.0416666456, -0.00138872839, 2.44294388e-05);
  else
    c = polynomial(z, 0.041666666666666588, -0.00138888888888722361, 2.48015872883279461e-05,
                   -2.75573140247357742e-07, 2.08756794160595543e-09, -1.13574067688410683e-11);
  const V half = constant<V>(0.5) * z, w = constant<V>(1) - half;
  return w + (((constant<V>(1) - w) - half) + (more + ... + (z * z * c)));
}

/** y where the angle x is moderate, f of the lane where it is not. */
template <class V, class F>
TENON_INLINE V finish_angle(V x, V y, F f) {
  const Mask<V> large = magnitude(x) > constant<V>(kLargeAngle);
  if (__builtin_expect(any(large), false)) y = select(large, map_lanes(x, f), y);
  return y;
}

/** The sine, `ahead` quarter turns on. */
template <class V>
TENON_INLINE V sin_ahead(V x, int ahead) {
  using U = Unsigned<V>;
  const Angle<V> angle = reduce_angle(x);
  const V t = angle.rest;
  const U turns = bit_cast<U>(angle.quarters + constant<V>(FormatOf<V>::magic + ahead));
  const V s = with_sign(magnitude(sin_rest(t) + t), t), c = cos_reduced(t);
  const V y = select((turns & 1) != U{}, c, s);
  return bit_cast<V>(bit_cast<U>(y) ^ (turns << (sizeof(Element<V>) * 8 - 2) & sign_bit<V>()));
}

template <class V>
TENON_INLINE V sin(V x) {
  return finish_angle(x, sin_ahead(x, 0), [](auto lane) { return std::sin(lane); });
}

template <class V>
TENON_INLINE V cos(V x) {
  return finish_angle(x, sin_ahead(x, 1), [](auto lane) { return std::cos(lane); });
}

/** Of a quarter turn's rest t, and what that lost, by the derivatives. */
template <class V>
TENON_INLINE V tan(V x) {
  using U = Unsigned<V>;
  const Angle<V> angle = reduce_angle(x);
  const U turns = bit_cast<U>(angle.quarters + constant<V>(FormatOf<V>::magic));
  const Mask<V> odd = (turns & 1) != U{};
  const V one = constant<V>(1), t = angle.rest, z = t * t;
  V s, c;                                // tan t = s / c
  if constexpr (is_float32_vector<V>) {  // tan t = t + t z T(z)
    s = t + t * z *
                polynomial(z, 0.3333334977, 0.133326628, 0.05405997826, 0.02128186211, 0.01083667189,
                           8.842812191e-5, 0.004376830687);
    c = one;
  } else {
    s = t + (angle.lost * (one - constant<V>(0.5) * z) + sin_rest(t));
    c = cos_reduced(t, -t * angle.lost);
  }
  s = with_sign(magnitude(s), t);
  return finish_angle(x, select(odd, c, s) / select(odd, -s, c), [](auto lane) { return std::tan(lane); });
}

/** (e^2a - 1) / (e^2a + 1), a = |x|. */
template <class V>
TENON_INLINE V tanh(V x) {
  const V a = min(constant<V>(22), magnitude(x)), e = expm1(a + a);
  return with_sign(e / (e + constant<V>(2)), x);
}

/** Of e^-|x|, so that nothing overflows and small results keep their precision. */
template <class V>
TENON_INLINE V sigmoid(V x) {
  const V one = constant<V>(1), e = exp(-magnitude(x));
  return select(x < V{}, e, one) / (one + e);
}

/** float32: erf x = x + x P(x^2) up to 0.92, from there on 1 - e^(x Q(x)). */
template <class V>
TENON_INLINE V erf(V x) {
  if constexpr (is_float32_vector<V>) {
    const V a = magnitude(x), t = min(constant<V>(4), a), z = x * x;
    const V p = polynomial(z, 0.128379166, -0.376126319, 0.112836726, -0.0268581044, 0.00519779744,
                           -0.000810596626, 8.21542708e-05);
    const V q = polynomial(t, -1.12855172, -0.635625303, -0.105262697, 0.0226741415, -0.00293016201,
                           4.95892018e-05, 4.55805239e-05, -4.93814423e-06);
    return select(a < constant<V>(0.93), x * p + x, with_sign(constant<V>(1) - exp(t * q), x));
  } else {
    return map_lanes(x, [](auto lane) { return std::erf(lane); });
  }
}

/** a^y for a >= 0 in double precision, exponents clamped to what float32 distinguishes: 2^(y log2 a). */
TENON_INLINE Vec<double> pow_wide(Vec<double> a, Vec<double> y) {
  using V = Vec<double>;
  V k, f;
  split(a, k, f);
  const V s = f / (constant<V>(2) + f), z = s * s;
  const V l =
      polynomial(z, 0.961796694058412505, 0.577077952943861217, 0.412208430612668153, 0.319933481742233072,
                 0.282559450839755089);  // (log2(1 + f) - 2 s / ln 2) / (s z)
  V log = k + s * (constant<V>(2 * 0x1.71547652b82fep+0) + z * l);
  log = select(a == V{}, -infinity<V>(), select(a == infinity<V>(), a, log));
  const V e = max(constant<V>(-200), min(constant<V>(200), y * log)),
          magic = constant<V>(Format<double>::magic);
  const V shifted = e + magic, r = e - (shifted - magic);
  const V p = polynomial(r, 0.999999999961685093, 0.693147180728439394, 0.240226511981441682,
                         0.0555041035345577236, 0.00961802725408345514, 0.00133339225587242641,
                         0.000154692911979308859, 1.52019229550571405e-05);
  return p * power_of_two(shifted);
}

template <class V>
TENON_INLINE V pow(V x, V y) {
  if constexpr (is_float32_vector<V>) {
    using U = Unsigned<V>;
    const V one = constant<V>(1), a = magnitude(x), size = magnitude(y);
    Vec<double> a0, a1, y0, y1;
    widen(a, a0, a1);
    widen(y, y0, y1);
    V r = narrow(pow_wide(a0, y0), pow_wide(a1, y1));
    const V half = size * constant<V>(0.5);
    const Mask<V> whole = trunc(size) == size, odd = whole & (trunc(half) != half);
    r = bit_cast<V>(bit_cast<U>(r) | select(odd, bit_cast<U>(x) & sign_bit<V>(), U{}));
    r = select((x < V{}) & (a != infinity<V>()) & !whole, not_a_number<V>(), r);
    r = select((x != x) | (y != y), x + y, r);
    return select((x == one) | (y == V{}) | ((a == one) & (size == infinity<V>())), one, r);
  } else {
    return map_lanes(x, y, [](auto a, auto b) { return std::pow(a, b); });
  }
}

}  // namespace math
}  // namespace TENON_ISA
}  // namespace tenon
