// The logarithm of the gamma function and its derivative, of vectors.
#pragma once
#include "kernels/hyperbolic.h"
#include "kernels/special.h"

namespace tenon {
namespace TENON_ISA {
namespace math {

/**
 * ln Gamma a for a >= 0, as float32 needs it: (a - 1) (a - 2) times a polynomial from 1/2 to 5/2, by the
 * recurrence below and by Stirling's formula, its series replaced by a fit, above.
 */
template <class D>
TENON_INLINE D lgamma_of_magnitude(D a) {
  const D one = constant<D>(1), half = constant<D>(0.5), l = math::log(a), r = one / a;
  const Mask<D> below = a < half;
  const D u = select(below, a + one, a), t = u - constant<D>(1.5);
  const D near =
      (u - one) * (u - constant<D>(2)) *
      polynomial(t, 0.48312895054098089, -0.14595990394863583, 0.062911406235716065, -0.031308008761259435,
                 0.016796791100539292, -0.0094339088776564869, 0.0054517806051753831, -0.0031476238512583165,
                 0.0018815198651649422, -0.0014319095021007265, 0.00088331422136117562,
                 0.00020019255011100801, -0.00013851334488352059, -0.0010571918455763994,
                 0.0006758665174686502, 0.00062017155916461537, -0.00039872494380400975,
                 -0.00026986490161391533, 0.00017281766918780941);
  const D rest = r * polynomial(r * r, 0.083333333321192553, -0.002777772275509496, 0.00079323474978446613,
                                -0.0005832642752836936, 0.00067395407312787812, -0.00062377166083205818);
  const D far = (a - half) * (l - one) + (constant<D>(0.41893853320467274178) + rest);
  return select(a < constant<D>(2.5), near + select(below, -l, D{}), far);
}

/** By the reflection Gamma(x) Gamma(-x) = -pi / (x sin(pi x)) below zero; `y` is ln Gamma |x|. */
template <class D>
TENON_INLINE D reflect_lgamma(D a, D y) {
  const D part = a - TENON_ISA::floor(a), one = constant<D>(1);
  const D angle = min(part, one - part) * constant<D>(special::kPi / 2);
  const D sine = constant<D>(2) * (angle + sin_rest(angle)) * cos_reduced(angle);
  return constant<D>(1.1447298858494001741) - math::log(a * sine) - y;  // ln pi
}

template <class V>
TENON_INLINE V lgamma(V x) {
  if constexpr (is_float32_vector<V>) {
    const V a = magnitude(x);
    Vec<double> a0, a1;
    widen(a, a0, a1);
    const Vec<double> y0 = lgamma_of_magnitude(a0), y1 = lgamma_of_magnitude(a1);
    V y = narrow(y0, y1);
    if (any(x < V{})) y = select(x < V{}, narrow(reflect_lgamma(a0, y0), reflect_lgamma(a1, y1)), y);
    return select(a == infinity<V>(), a, y);
  } else {
    return map_lanes(x, [](double lane) { return special::lgamma(lane); });
  }
}

/**
 * digamma x: four steps of its recurrence, as one fraction, up to 4; there is DLMF 5.11.2, its series
 * replaced by a fit. By reflection (5.5.4) below zero.
 */
template <class D>
TENON_INLINE D digamma_wide(D x) {
  const D zero{}, one = constant<D>(1), two = constant<D>(2), three = constant<D>(3);
  const Mask<D> negative = x < zero;
  const D a = select(negative, one - x, x), p = a * (a + three), next = p + two;
  const Mask<D> small = a < constant<D>(4);
  const D steps = (a + a + three) * (p + next) / (p * next);
  const D far = select(small, a + constant<D>(4), a), r = one / far, z = r * r;
  const D fit =
      polynomial(z, 0.08333333333333333, -0.0083333333333186469, 0.0039682539587479263,
                 -0.0041666642395230463, 0.0075754352459134057, -0.021067335524613188, 0.082042409632015777,
                 -0.39915504162205002, 1.9984655968882904, -7.8588143459694395, 16.219434438845883);
  D y = (math::log(far) - (constant<D>(0.5) * r + z * fit)) - select(small, steps, zero);
  if (any(negative)) {
    const D t = (x - round_even(x)) * constant<D>(special::kPi / 2), s = t + sin_rest(t), c = cos_reduced(t);
    const D cotangent = select(t == zero, not_a_number<D>(), (c * c - s * s) / (two * s * c));
    y = select(negative, y - constant<D>(special::kPi) * cotangent, y);
  }
  return y;
}

template <class V>
TENON_INLINE V digamma(V x) {
  if constexpr (is_float32_vector<V>) {
    const V y = widely(x, [](auto w) { return digamma_wide(w); });
    return select(x == V{}, with_sign(infinity<V>(), -x), y);
  } else {
    return map_lanes(x, [](double lane) { return special::digamma(lane); });
  }
}

}  // namespace math
}  // namespace TENON_ISA
}  // namespace tenon
