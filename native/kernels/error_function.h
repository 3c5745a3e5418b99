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

/**
 * erfinv a for a >= 0: a times a fit of erfinv a / a up to 3/4; beyond, t plus a fit in t, the root of
 * -ln(1 - a^2), where that has lost next to nothing.
 */
template <class V>
TENON_INLINE V erfinv_of_magnitude(V a) {
  const V rest = constant<V>(1) - a;
  const V near =
      a * polynomial(a * a, 0.88622692621335371, 0.23201334002081092, 0.12757913929103123,
                     0.08592826796498255, 0.073554370199500414, -0.01637729132182015, 0.37296645457396141,
                     -0.96285926810345571, 1.88817854791795, -1.9343336646582754, 0.96063741595542695);
  const V t = TENON_ISA::sqrt(-math::log(rest + rest - rest * rest));
  const V far = t + polynomial(t - constant<V>(2.4525), -0.16592730794508388, -0.0087546597119809184,
                               0.014794816099733797, -0.0062507885703452465, 0.0011252150275729618,
                               0.00043682949067876394, -0.0003872219366322521, 6.7484317121999504e-5,
                               5.8147704220753077e-5, -3.0330230991750308e-5, -5.1270984442299682e-6,
                               5.58148759020381e-6, 1.8155778441805329e-7, -4.5210187594641068e-7);
  return select(a <= constant<V>(0.75), near, select(rest == V{}, infinity<V>(), far));
}

template <class V>
TENON_INLINE V erfinv(V x) {
  if constexpr (is_float32_vector<V>)
    return with_sign(magnitude(erfinv_of_magnitude(magnitude(x))), x);
  else
    return map_lanes(x, [](double lane) { return special::erfinv(lane); });
}

}  // namespace math
}  // namespace TENON_ISA
}  // namespace tenon
