// Hyperbolic functions, inverse trigonometric and hyperbolic ones, and powers of two, as math.h has the
// others.
#pragma once
#include "kernels/math.h"

namespace tenon {
namespace TENON_ISA {
namespace math {

/** 2^x = 2^n e^(r ln 2). */
template <class V>
TENON_INLINE V exp2(V x) {
  constexpr bool single = is_float32_vector<V>;
  const V high = constant<V>(single ? 128 : 1024), low = constant<V>(single ? -151 : -1076),
          magic = constant<V>(FormatOf<V>::magic);
  const V c = max(low, min(high, x)), n = (c + magic) - magic;
  const V p = expm1_reduced((c - n) * constant<V>(0x1.62e42fefa39efp-1)) + constant<V>(1);
  return select(x >= high, infinity<V>(), scale(p, n));
}

/** e^a / 2 for a >= 0: finite a little longer than e^a. */
template <class V>
TENON_INLINE V half_exp(V a) {
  V n, r;
  reduce_exp(min(constant<V>(is_float32_vector<V> ? 89.5 : 710.5), a), n, r);
  return scale(expm1_reduced(r) + constant<V>(1), n - constant<V>(1));
}

/** e / 2 + e / (2 e + 2) with e = e^a - 1 for small a = |x|, e^a / 2 - e^-a / 2 for others. */
template <class V>
TENON_INLINE V sinh(V x) {
  const V one = constant<V>(1), a = magnitude(x), e = expm1(min(one, a)), h = half_exp(a);
  const V near = constant<V>(0.5) * (e + e / (e + one));
  return with_sign(magnitude(select(a < one, near, h - constant<V>(0.25) / h)), x);
}

template <class V>
TENON_INLINE V cosh(V x) {
  const V h = half_exp(magnitude(x));
  return h + constant<V>(0.25) / h;
}

/** f in double precision where V is float32: formulas that lose some digits will do for that. */
template <class F>
TENON_INLINE Vec<float> widely(Vec<float> x, F f) {
  Vec<double> low, high;
  widen(x, low, high);
  return narrow(f(low), f(high));
}

/** ln(a + sqrt(a^2 + 1)), a = |x|. */
template <class V>
TENON_INLINE V asinh(V x) {
  if constexpr (is_float32_vector<V>)
    return with_sign(magnitude(widely(magnitude(x),
                                      [](auto a) {
                                        using D = decltype(a);
                                        const D one = constant<D>(1), z = a * a;
                                        const D y = math::log1p(a + z / (one + TENON_ISA::sqrt(z + one)));
                                        return select(a == infinity<D>(), a, y);
                                      })),
                     x);
  else
    return map_lanes(x, [](auto lane) { return std::asinh(lane); });
}

/** ln(x + sqrt(x^2 - 1)), by what exceeds 1. */
template <class V>
TENON_INLINE V acosh(V x) {
  if constexpr (is_float32_vector<V>)
    return widely(x, [](auto a) {
      using D = decltype(a);
      const D more = a - constant<D>(1);
      const D y = math::log1p(more + TENON_ISA::sqrt(more * (a + constant<D>(1))));
      return select(more < D{}, not_a_number<D>(), y);
    });
  else
    return map_lanes(x, [](auto lane) { return std::acosh(lane); });
}

/**
 * Half of ln((1 + a) / (1 - a)): with 1 - a = q 2^k, sqrt 1/2 <= q < sqrt 2, that is atanh s - k ln 2 / 2
 * where s = (1 + a - q) / (1 + a + q). A fit for |s| < 0.479.
 */
template <class D>
TENON_INLINE D atanh_wide(D a) {
  const D one = constant<D>(1), p = one + a, rest = one - a;
  D k, f;
  split(rest, k, f);
  const D q = one + f, s = select(k == D{}, a + a, p - q) / (p + q), z = s * s;
  const D y = s + s * z *
                      polynomial(z, 0.33333333330360631, 0.20000001661065246, 0.14285563027461833,
                                 0.11116317201424037, 0.090038579744776052, 0.084692399872428982,
                                 0.029498603905995081, 0.14403116478726817);
  const D far = y - k * constant<D>(0x1.62e42fefa39efp-2);
  return select(rest > D{}, far, select(rest == D{}, infinity<D>(), not_a_number<D>()));
}

template <class V>
TENON_INLINE V atanh(V x) {
  if constexpr (is_float32_vector<V>)
    return with_sign(magnitude(widely(magnitude(x), [](auto a) { return atanh_wide(a); })), x);
  else
    return map_lanes(x, [](auto lane) { return std::atanh(lane); });
}

/** pi / 2 in two parts. */
template <class V>
TENON_INLINE V half_pi() {
  return constant<V>(0x1.921fb54442d18p+0);
}
constexpr double kHalfPiLost = -4.37113883e-08;  // of the float32 nearest to pi / 2

/** asin t = t + t z A(z), z = t^2, |t| <= 1/2. */
template <class V>
TENON_INLINE V asin_reduced(V t) {
  const V z = t * t;
  return t * z *
             polynomial(z, 0.1666665999, 0.07500504185, 0.04451695516, 0.03180771856, 0.01443860436,
                        0.03751645086) +
         t;
}

/** pi / 2 - 2 asin sqrt((1 - |x|) / 2) beyond 1/2. */
template <class V>
TENON_INLINE V asin(V x) {
  if constexpr (is_float32_vector<V>) {
    const V half = constant<V>(0.5), a = magnitude(x);
    const Mask<V> far = a > half;
    const V s = asin_reduced(select(far, TENON_ISA::sqrt((constant<V>(1) - a) * half), a));
    return with_sign(magnitude(select(far, half_pi<V>() - (s + s - constant<V>(kHalfPiLost)), s)), x);
  } else {
    return map_lanes(x, [](auto lane) { return std::asin(lane); });
  }
}

template <class V>
TENON_INLINE V acos(V x) {
  if constexpr (is_float32_vector<V>) {
    const V half = constant<V>(0.5), a = magnitude(x), lost = constant<V>(kHalfPiLost);
    const Mask<V> far = a > half;
    const V s = asin_reduced(select(far, TENON_ISA::sqrt((constant<V>(1) - a) * half), x));
    const V twice = s + s, pi = half_pi<V>() + half_pi<V>();
    return select(far, select(x < V{}, pi - (twice - (lost + lost)), twice), half_pi<V>() - (s - lost));
  } else {
    return map_lanes(x, [](auto lane) { return std::acos(lane); });
  }
}

/** atan t = t + t z T(z), z = t^2, |t| <= 1. */
template <class V>
TENON_INLINE V atan_reduced(V t) {
  const V z = t * t;
  return t * z *
             polynomial(z, -0.3333329909, 0.199985482, -0.1426424079, 0.1095218109, -0.08403436628,
                        0.05795735915, -0.03117761263, 0.0109144808, -0.001793593845) +
         t;
}

/** pi / 2 - atan(1 / |x|) beyond 1. */
template <class V>
TENON_INLINE V atan(V x) {
  if constexpr (is_float32_vector<V>) {
    const V one = constant<V>(1), a = magnitude(x);
    const Mask<V> far = a > one;
    const V s = atan_reduced(select(far, one / a, a));
    return with_sign(magnitude(select(far, half_pi<V>() - (s - constant<V>(kHalfPiLost)), s)), x);
  } else {
    return map_lanes(x, [](auto lane) { return std::atan(lane); });
  }
}

/** The angle of the point (x, y), of y's sign: by the smaller coordinate over the larger. */
template <class V>
TENON_INLINE V atan2(V y, V x) {
  if constexpr (is_float32_vector<V>) {
    const V a = magnitude(x), b = magnitude(y), lost = constant<V>(kHalfPiLost);
    const Mask<V> steep = b > a;
    const V small = select(steep, a, b), large = select(steep, b, a);
    const V q = select(large == V{}, V{}, select(small == large, constant<V>(1), small / large));
    const V s = atan_reduced(q), turned = select(steep, half_pi<V>() - (s - lost), s);
    const V pi = half_pi<V>() + half_pi<V>();
    const V r = select(with_sign(constant<V>(1), x) < V{}, pi - (turned - (lost + lost)), turned);
    return select((x != x) | (y != y), x + y, with_sign(magnitude(r), y));
  } else {
    return map_lanes(y, x, [](auto a, auto b) { return std::atan2(a, b); });
  }
}

/** sqrt(x^2 + y^2) without overflow; infinite if either is. */
template <class V>
TENON_INLINE V hypot(V x, V y) {
  if constexpr (is_float32_vector<V>) {
    Vec<double> x0, x1, y0, y1;
    widen(x, x0, x1);
    widen(y, y0, y1);
    const V r = narrow(TENON_ISA::sqrt(x0 * x0 + y0 * y0), TENON_ISA::sqrt(x1 * x1 + y1 * y1));
    return select((magnitude(x) == infinity<V>()) | (magnitude(y) == infinity<V>()), infinity<V>(), r);
  } else {
    return map_lanes(x, y, [](auto a, auto b) { return std::hypot(a, b); });
  }
}

}  // namespace math
}  // namespace TENON_ISA
}  // namespace tenon
