// Division by what the host has prepared (cuda/dims.h: divisor), whatever the size.
#pragma once
#include "cuda/kernels/locate.h"

namespace tenon {
namespace cuda {

/** n / by.size of what is not negative. */
TENON_DEVICE int32_t quotient(int32_t n, const Divisor& by) {
  return static_cast<int32_t>(divide(static_cast<uint32_t>(n), by));
}
/** The same, by multiplication where both are below 2^31. */
TENON_DEVICE int64_t quotient(int64_t n, const Divisor& by) {
  return (n | by.size) < int64_t{1} << 31 ? static_cast<int64_t>(divide(static_cast<uint32_t>(n), by))
                                          : n / by.size;
}

}  // namespace cuda
}  // namespace tenon
