// The complementary error function and the inverse of the error function, of vectors.
#pragma once
#include "kernels/hyperbolic.h"
#include "kernels/special.h"

namespace tenon {
namespace TENON_ISA {
namespace math {

/** erfc a = e^(-a^2) C(a) / (1 + 2 a) for a >= 0: C as a polynomial in (a - 3.75) / (a + 3.75), which
 * special.h has with more digits; as many as float32 needs here. */
template <class D>
TENON_INLINE D erfc_factor(D a) {
  const D k = constant<D>(3.75), t = (a - k) / (a + k);
  const D c =
      polynomial(t, 1.237512630808139, -0.1402405995359089, 0.003585419320941058, 0.08227677399009919,
                 -0.1088040116595468, 0.09230393753827405, -0.05869273583334759, 0.02836410511737205,
                 -0.009749243355606894, 0.001751157629239803, 0.000299596508888984, -0.000284313075751098,
                 4.428013518445527e-05, 1.85219473867501e-05, -6.352404651074643e-06);
  return c / (constant<D>(1) + (a + a));
}

template <class V>
TENON_INLINE V erfc(V x) {
  if constexpr (is_float32_vector<V>)
    return widely(x, [](auto w) {
      using D = decltype(w);
      const D a = min(constant<D>(27), magnitude(w)), y = erfc_factor(a) * math::exp(-a * a);
      return select(w < D{}, constant<D>(2) - y, y);
    });
  else
    return map_lanes(x, [](auto lane) { return std::erfc(lane); });
}

/** A fit of erfinv a / a up to 1/2; beyond, Winitzki's approximation with two steps of Halley's method. */
template <class D>
TENON_INLINE D erfinv_wide(D a) {
  const D one = constant<D>(1), half = constant<D>(0.5), rest = one - a;
  const D near =
      a * polynomial(a * a, 0.886226925471, 0.232013656784, 0.127557019196, 0.0865241442841, 0.0654209538306,
                     0.0475126072015, 0.0650009533684, -0.0284425933143, 0.122963695879);
  const D l = math::log(rest * (one + a)), h = constant<D>(2 / (special::kPi * 0.147)) + half * l;
  D y = TENON_ISA::sqrt(TENON_ISA::sqrt(h * h - l * constant<D>(1 / 0.147)) - h);
  for (int i = 0; i < 2; i++) {
    const D e = math::exp(-y * y);
    const D step = (rest - erfc_factor(y) * e) / (constant<D>(2 * special::kInverseSqrtPi) * e);
    y = y - step / (one + y * step);
  }
  const D far = select(a == one, infinity<D>(), select(a > one, not_a_number<D>(), y));
  return select(a <= half, near, far);
}

template <class V>
TENON_INLINE V erfinv(V x) {
  if constexpr (is_float32_vector<V>)
    return with_sign(magnitude(widely(magnitude(x), [](auto a) { return erfinv_wide(a); })), x);
  else
    return map_lanes(x, [](double lane) { return special::erfinv(lane); });
}

}  // namespace math
}  // namespace TENON_ISA
}  // namespace tenon
