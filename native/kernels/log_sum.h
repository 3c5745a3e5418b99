// What scans of exponentials are made of.
#pragma once
#include <cmath>

#include "kernels/value.h"

namespace tenon {
namespace TENON_ISA {

/** log(e^a + e^b), the larger one taken out; two infinities of one sign are themselves. */
TENON_INLINE double log_sum_exp(double a, double b) {
  if (a != a || b != b) return a + b;
  const double high = a > b ? a : b, low = a > b ? b : a;
  return low != high || high - high == 0 ? std::log1p(std::exp(low - high)) + high : high;
}

}  // namespace TENON_ISA
}  // namespace tenon
