// Dimensions that kernels walk, as plain data for both sides.
#pragma once
#include <cstdint>

namespace tenon {
namespace cuda {

constexpr int kMaxDims = 64;

/** What is divided by, and how: n / size = (n + the upper half of n * multiplier) >> shift for n < 2^31. */
struct Divisor {
  int64_t size;
  uint32_t multiplier, shift;
};

/** A size, the distance of neighbours in each of K operands, and how to divide by the size, as a Divisor. */
template <int K>
struct Dim {
  int64_t size;
  int64_t stride[K];
  uint32_t multiplier, shift;
};

}  // namespace cuda
}  // namespace tenon
