// Division by what the host has prepared (cuda/dims.h: divisor), whatever the size.
#pragma once
#include "cuda/kernels/locate.h"

namespace tenon {
namespace cuda {

/** n / dim.size of what is not negative. */
TENON_DEVICE int64_t quotient(int64_t n, const Dim<1>& dim) {
  if (dim.size == 1) return n;
  if (n < (int64_t{1} << 31) && dim.shift) return static_cast<int64_t>(divide(static_cast<uint32_t>(n), dim));
  return n / dim.size;
}
TENON_DEVICE int32_t quotient(int32_t n, const Dim<1>& dim) {
  return static_cast<int32_t>(divide(static_cast<uint32_t>(n), dim));
}

}  // namespace cuda
}  // namespace tenon
