// What averagePool divides the sums of windows by, and how.
#pragma once
#include "core/pooling.h"
#include "kernels/value.h"

namespace tenon {
namespace TENON_ISA {

/** What sums are made in: integers wrap. */
template <class T>
struct Summed {
  using Type = T;
};
template <>
struct Summed<int32_t> {
  using Type = uint32_t;
};
template <>
struct Summed<int64_t> {
  using Type = uint64_t;
};

/** How much the sum of a window is divided by. */
struct PoolDivisor {
  bool padded;    // whether padding counts
  int64_t fixed;  // this much, unless it is 0

  template <class I>
  TENON_INLINE double of(const PoolWindowOf<I>& d, const PoolWindowOf<I>& h, const PoolWindowOf<I>& w) const {
    if (fixed) return static_cast<double>(fixed);
    return size(d) * size(h) * size(w);
  }

 private:
  template <class I>
  TENON_INLINE double size(const PoolWindowOf<I>& x) const {
    return static_cast<double>(padded ? x.reach : x.end - x.first);
  }
};

/** What the last two scalars of averagePool say. */
inline PoolDivisor pool_divisor(const Launch& l) {
  return {l.scalar[l.scalars - 2].get() != 0, l.scalar[l.scalars - 1].integer()};
}

/** Of integers cut towards zero. */
template <class T>
TENON_INLINE T divided(typename Summed<T>::Type sum, double divisor) {
  if constexpr (std::is_floating_point_v<T>) {
    return sum / static_cast<T>(divisor);
  } else {
    const int64_t x = static_cast<T>(sum), y = to_integer(divisor);
    return static_cast<T>(y == -1 ? static_cast<T>(-sum) : y == 0 ? 0 : x / y);
  }
}

}  // namespace TENON_ISA
}  // namespace tenon
