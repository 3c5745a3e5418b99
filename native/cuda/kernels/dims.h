// Dimensions that kernels walk, as plain data for both sides.
#pragma once
#include <cstdint>

namespace tenon {
namespace cuda {

constexpr int kMaxDims = 64;

/** A size, the distance of neighbours in each of K operands, and how to divide by the size. */
template <int K>
struct Dim {
  int64_t size;
  int64_t stride[K];
  uint32_t multiplier, shift;  // n / size = (n + the upper half of n * multiplier) >> shift for n < 2^31
};

}  // namespace cuda
}  // namespace tenon
