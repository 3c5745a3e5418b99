// Special functions of one number, in double precision: correct to about 1e-14 of the result, or of 1 near a
// zero of the function. Vectors go through them lane by lane. Coefficients of Chebyshev series were made by
// interpolation with 40 digits. DLMF is https://dlmf.nist.gov.
#pragma once
#include "kernels/value.h"

namespace tenon {
namespace TENON_ISA {
namespace special {

constexpr double kPi = 3.14159265358979323846, kSqrtHalf = 0.70710678118654752440,
                 kInverseSqrtPi = 0.56418958354775628695;

TENON_INLINE double infinite() { return __builtin_inf(); }
TENON_INLINE double undefined() { return __builtin_nan(""); }

/** The sum of c[k] T_k(t), by Clenshaw's recurrence. */
template <int n>
TENON_INLINE double chebyshev(double t, const double (&c)[n]) {
  double a = 0, b = 0;
  for (int i = n - 1; i > 0; i--) {
    const double next = 2 * t * a - b + c[i];
    b = a;
    a = next;
  }
  return t * a - b + c[0];
}

/** ln Gamma(2 + e) for |e| <= 1/2: Taylor's series (DLMF 5.7.3), (-1)^k (zeta(k) - 1) / k. */
TENON_INLINE double lgamma_beside_2(double e) {
  constexpr double c[] = {0.4227843350984671394,     0.3224670334241132182,     -0.06735230105319809513,
                          0.02058080842778454788,    -0.007385551028673985266,  0.002890510330741523286,
                          -0.001192753911703260977,  0.0005096695247430424223,  -0.0002231547584535793798,
                          0.00009945751278180853371, -0.0000449262367381331417, 0.00002050721277567069155,
                          -9.439488275268395904e-6,  4.374866789907487804e-6,   -2.039215753801366237e-6,
                          9.551412130407419833e-7,   -4.492469198764566043e-7,  2.120718480555466587e-7,
                          -1.004322482396809961e-7,  4.769810169363980566e-8,   -2.271109460894316491e-8,
                          1.083865921489695409e-8,   -5.183475041970046655e-9,  2.483674543802478317e-9,
                          -1.192140140586091207e-9};
  double sum = 0;
  for (int i = 24; i >= 0; i--) sum = sum * e + c[i];
  return sum * e;
}

/** ln Gamma(x) for x > 0: the recurrence to where the series or Stirling's formula (DLMF 5.11.1) is exact. */
TENON_INLINE double lgamma_positive(double x) {
  if (x < 0.5) return lgamma_beside_2(x) - std::log1p(x) - std::log(x);
  if (x < 1.5) return lgamma_beside_2(x - 1) - std::log1p(x - 1);
  if (x < 10) {
    double product = 1;
    while (x >= 2.5) {
      x -= 1;
      product *= x;
    }
    return lgamma_beside_2(x - 2) + std::log(product);
  }
  const double r = 1 / x, z = r * r;
  const double rest =
      r * (1.0 / 12 -
           z * (1.0 / 360 -
                z * (1.0 / 1260 - z * (1.0 / 1680 - z * (1.0 / 1188 - z * (691.0 / 360360 - z / 156))))));
  return (x - 0.5) * (std::log(x) - 1) + (0.41893853320467274178 + rest);  // 1/2 ln(2 pi) - 1/2
}

/** By the reflection Gamma(x) Gamma(-x) = -pi / (x sin(pi x)) below zero. */
TENON_INLINE double lgamma(double x) {
  if (x != x) return x;
  const double a = std::fabs(x);
  if (a == infinite()) return a;
  if (x > 0) return lgamma_positive(x);
  if (x == std::floor(x)) return infinite();
  if (a < 1e-17) return -std::log(a);
  double part = a - std::floor(a);
  if (part > 0.5) part = 1 - part;
  return std::log(kPi / (a * std::sin(kPi * part))) - lgamma_positive(a);
}

/** The derivative of ln Gamma: its recurrence, then DLMF 5.11.2; by reflection (5.5.4) below zero. */
TENON_INLINE double digamma(double x) {
  if (x == 0) return std::copysign(infinite(), -x);
  double sum = 0;
  if (x < 0) {
    if (x == std::floor(x)) return undefined();
    sum = -kPi / std::tan(kPi * (x - std::trunc(x)));
    x = 1 - x;
  }
  for (; x < 10; x += 1) sum -= 1 / x;
  const double r = 1 / x, z = r * r;
  const double rest =
      z *
      (1.0 / 12 -
       z * (1.0 / 120 - z * (1.0 / 252 - z * (1.0 / 240 - z * (1.0 / 132 - z * (691.0 / 32760 - z / 12))))));
  return sum + (std::log(x) - 0.5 * r - rest);
}

/** The sum of (q + k)^-s over k >= 0, for q > 0 and s > 1: Euler-Maclaurin (DLMF 25.11.7) behind some terms.
 */
TENON_INLINE double zeta_positive(double s, double q) {
  double sum = 0, a = q;
  for (const double far = 10 + 0.5 * (s < 100 ? s : 100); a < far; a += 1) {
    const double term = std::pow(a, -s);
    sum += term;
    if (term < sum * 1e-18) return sum;
  }
  constexpr double c[] = {// B_2j / (2j)!
                          0.083333333333333333,    -0.0013888888888888889,  3.3068783068783069e-05,
                          -8.2671957671957672e-07, 2.0876756987868099e-08,  -5.2841901386874932e-10,
                          1.3382536530684679e-11,  -3.3896802963225829e-13, 8.5860620562778446e-15,
                          -2.1748686985580619e-16};
  double term = std::pow(a, -s);
  sum += a * term / (s - 1) + 0.5 * term;
  term *= s / a;
  for (int j = 0; j < 10; j++) {
    sum += c[j] * term;
    term *= (s + 2 * j + 1) * (s + 2 * j + 2) / (a * a);
  }
  return sum;
}

/** Hurwitz's zeta. Below zero the terms are those of both signs, and s has to be whole. */
TENON_INLINE double zeta(double s, double q) {
  if (s != s || q != q) return s + q;
  if (s == 1) return infinite();
  if (s < 1) return undefined();
  if (q == infinite() || s == infinite()) return undefined();
  if (q > 0) return zeta_positive(s, q);
  if (q == std::floor(q)) return infinite();
  if (s != std::floor(s)) return undefined();
  const double part = q - std::floor(q), below = zeta_positive(s, 1 - part) - zeta_positive(s, 1 - q);
  const double half = 0.5 * s;
  return zeta_positive(s, part) + (half == std::floor(half) ? below : -below);
}

/** The n-th derivative of digamma (DLMF 5.15.2); NaN if there is none. At infinity only the first has a limit
 * in PyTorch. */
TENON_INLINE double polygamma(double n, double x) {
  if (n == 0) return digamma(x);
  if (n == 1 && std::fabs(x) == infinite()) return x > 0 ? 0 : undefined();
  if (!(n > 0) || n != std::floor(n)) return undefined();
  double factorial = 1;
  for (double k = 2; k <= n && k <= 171; k += 1) factorial *= k;
  const double half = 0.5 * n;
  return (half == std::floor(half) ? -factorial : factorial) * zeta(n + 1, x);
}

/** e^-a I0(a), for a >= 0, without what `scale` says is to be multiplied to it. */
TENON_INLINE double bessel_0(double a, double scale) {
  constexpr double near[] = {0.3383976372047380425,     -0.3046826723431983987,    0.1716209015222087753,
                             -0.09490109704804764442,   0.04930528423967070849,    -0.02373741480589946882,
                             0.01054646039459499832,    -0.004324309995050575944,  0.001639475616941335798,
                             -0.0005763755745385823659, 0.0001885028850958416557,  -0.00005754195010082103704,
                             0.00001644844807072889709, -4.416738358458750564e-6,  1.117387539120103718e-6,
                             -2.670793853940611734e-7,  6.046995022541918949e-8,   -1.300025009986248042e-8,
                             2.65982372468238665e-9,    -5.189795601635262907e-10, 9.675809035373236912e-11,
                             -1.726826291441555707e-11, 2.955052663129639835e-12,  -4.856446783111929461e-13,
                             7.676185498604935617e-14,  -1.168533287799345168e-14, 1.715391285555133031e-15,
                             -2.431279846547954694e-16, 3.330794518822238098e-17};
  constexpr double far[] = {0.4022452055070544158,     0.00336911647825569409,    0.00006889758346916823984,
                            2.891370520834756483e-6,   2.048918589469063742e-7,   2.266668990498178065e-8,
                            3.396232025708386345e-9,   4.940602388224969589e-10,  1.188914710784643834e-11,
                            -3.149916527963241365e-11, -1.321581184044771312e-11, -1.794178531506806118e-12,
                            7.180124451383666234e-13,  3.852778382742142701e-13,  1.540086217521409827e-14,
                            -4.150569347287222087e-14, -9.554846698828307649e-15, 3.811680669352622421e-15,
                            1.772560133056526384e-15,  -3.425485619677219135e-16, -2.827623980516583485e-16,
                            3.461222867697461104e-17,  4.465621420296759984e-17};
  return a <= 8 ? scale * chebyshev(a / 4 - 1, near) : scale * chebyshev(16 / a - 1, far) / std::sqrt(a);
}

/** e^-a I1(a), for a >= 0, likewise. */
TENON_INLINE double bessel_1(double a, double scale) {
  constexpr double near[] = {0.1262935932218168274,     -0.1764165183578340552,    0.1026436586898470954,
                             -0.05294598120809499143,   0.02472644903062651683,    -0.01056408489462619816,
                             0.004156422944312888157,   -0.001513572450631253149,  0.0005122859561685757729,
                             -0.0001617608158257967456, 0.00004781565107550054226, -0.00001327316365603943583,
                             3.470251308137678477e-6,   -8.568720264695454741e-7,  2.003294753552135262e-7,
                             -4.445059128796328081e-8,  9.381537386495771784e-9,   -1.887249751722829288e-9,
                             3.625590281552117037e-10,  -6.663489723502027742e-11, 1.173618629889090163e-11,
                             -1.983974397764943715e-12, 3.22379336594557471e-13,   -5.042185504727911687e-14,
                             7.600684294735406934e-15,  -1.105596947735386308e-15, 1.553631957736200469e-16,
                             -2.111421214358166078e-17};
  constexpr double far[] = {0.3892881175091400602,     -0.009761097491361468408,  -0.0001105889387626237163,
                            -3.882564808877690393e-6,  -2.512236237870208925e-7,  -2.631468846889519507e-8,
                            -3.835380385964237022e-9,  -5.589743462196583807e-10, -1.897495812350541234e-11,
                            3.252603583015488239e-11,  1.412580743661378133e-11,  2.035628544147089507e-12,
                            -7.198551776245908512e-13, -4.083551111092197318e-13, -2.101541842772664313e-14,
                            4.272440016711951354e-14,  1.042027698412880276e-14,  -3.814403072437007805e-15,
                            -1.880354775510782449e-15, 3.308202310920928283e-16,  2.962628997645950139e-16,
                            -3.209525921993423969e-17, -4.65030536848935831e-17};
  return a <= 8 ? scale * a * chebyshev(a / 4 - 1, near) : scale * chebyshev(16 / a - 1, far) / std::sqrt(a);
}

/** Modified Bessel functions of the first kind; with an e, scaled by e^-|x|. */
TENON_INLINE double i0(double x) { return bessel_0(std::fabs(x), std::exp(std::fabs(x))); }
TENON_INLINE double i0e(double x) { return bessel_0(std::fabs(x), 1); }
TENON_INLINE double i1(double x) {
  const double y = bessel_1(std::fabs(x), std::exp(std::fabs(x)));
  return x < 0 ? -y : y;
}
TENON_INLINE double i1e(double x) {
  const double y = bessel_1(std::fabs(x), 1);
  return x < 0 ? -y : y;
}

/** e^(x^2) erfc x: (1 + 2 x) times it as a series in (x - 3.75) / (x + 3.75). */
TENON_INLINE double erfcx(double x) {
  constexpr double c[] = {1.177578934567401754,      -0.004590054580646477331,  -0.08424913336651791558,
                          0.0592099399981918905,     -0.02665866843530575228,   0.009074997670705265094,
                          -0.002413163540417608191,  0.0004907758365258086323,  -0.00006916973302501206367,
                          4.139027986073010168e-6,   7.740383066198490669e-7,   -2.188640104923439566e-7,
                          1.076499946567091038e-8,   4.521959811218286898e-9,   -7.754400208831351106e-10,
                          -6.318088340886684494e-11, 2.868795010930669898e-11,  1.945586854577734723e-13,
                          -9.654696748433438906e-13, 3.252548148148739842e-14,  3.347811948286805388e-14,
                          -1.864562880419313102e-15, -1.250795053068864709e-15, 7.418235256624043443e-17,
                          5.0681489047961113e-17};
  const double a = std::fabs(x);
  if (x < -27) return infinite();  // beyond all numbers, and what the square below lacks would be, too
  if (a == infinite()) return 0;
  const double y = chebyshev((a - 3.75) / (a + 3.75), c) / (1 + 2 * a);
  if (!(x < 0)) return y;
  const double square = x * x;
  return 2 * std::exp(square) * (1 + std::fma(x, x, -square)) - y;
}

/**
 * The y >= 0 with erf y = x and erfc y = rest, 0 < rest <= 1: Winitzki's approximation, right to some
 * thousandths, made exact by Halley's method.
 */
TENON_INLINE double inverse_erf(double x, double rest) {
  const double a = 0.147, l = std::log(rest * (1 + x)), half = 2 / (kPi * a) + 0.5 * l;
  const double square = std::sqrt(half * half - l / a) - half;
  double y = square > 0 ? std::sqrt(square) : 0;
  for (int i = 0; i < 6; i++) {
    const double excess = x < 0.5 ? std::erf(y) - x : rest - std::erfc(y);
    const double step = excess / (2 * kInverseSqrtPi * std::exp(-y * y));
    y -= step / (1 + y * step);
    if (std::fabs(step) <= 1e-7 * y) break;
  }
  return y;
}

TENON_INLINE double erfinv(double x) {
  const double a = std::fabs(x);
  if (!(a <= 1)) return undefined();
  return std::copysign(a == 1 ? infinite() : inverse_erf(a, 1 - a), x);
}

/** The quantile function of the standard normal distribution. */
TENON_INLINE double ndtri(double p) {
  if (!(p >= 0 && p <= 1)) return undefined();
  const double rest = 2 * (p < 0.5 ? p : 1 - p);
  const double y = rest == 0 ? infinite() : inverse_erf(1 - rest, rest) / kSqrtHalf;
  return p < 0.5 ? -y : y;
}

/** The logarithm of the standard normal distribution function. */
TENON_INLINE double log_ndtr(double x) {
  const double t = x * kSqrtHalf;
  return x < -1 ? std::log(0.5 * erfcx(-t)) - t * t : std::log1p(-0.5 * std::erfc(t));
}

}  // namespace special
}  // namespace TENON_ISA
}  // namespace tenon
