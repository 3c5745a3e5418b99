// The bins of a histogram.
#pragma once
#include <cstdint>

#include "core/launch.h"
#include "kernels/value.h"

namespace tenon {
namespace TENON_ISA {

/** Which of so many bins of one width from low to high x is in; -1: none, it lies outside. */
template <class T>
TENON_INLINE int64_t bin_of(T x, T low, T high, int64_t bins) {
  if (!(x >= low && x <= high)) return -1;
  const int64_t bin = to_integer(static_cast<double>((x - low) * static_cast<T>(bins) / (high - low)));
  return bin < 0 ? 0 : bin < bins ? bin : bins - 1;
}

}  // namespace TENON_ISA
}  // namespace tenon
