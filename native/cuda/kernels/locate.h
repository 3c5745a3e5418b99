// From the number of an element to its place in strided operands.
#pragma once
#include "cuda/kernels/dims.h"
#include "cuda/kernels/kernel.h"

namespace tenon {
namespace cuda {

/** n / by.size for n < 2^31, by a Divisor or a Dim. */
template <class D>
TENON_DEVICE uint32_t divide(uint32_t n, const D& by) {
  return (__umulhi(n, by.multiplier) + n) >> by.shift;
}

/**
 * Adds to offsets, in the first of the operands, those of N elements: places in row-major order of `count`
 * dimensions, all below 2^31 if there is more than one.
 */
template <int N, int Used, int K>
TENON_DEVICE void locate_each(const Dim<K>* dims, int count, uint32_t (&place)[N],
                              int64_t (&offset)[Used][N]) {
#pragma unroll 1
  for (int d = count - 1; d > 0; d--)
    for (int i = 0; i < N; i++) {
      const uint32_t rest = divide(place[i], dims[d]);
      const int64_t index = place[i] - rest * static_cast<uint32_t>(dims[d].size);
      for (int k = 0; k < Used; k++) offset[k][i] += index * dims[d].stride[k];
      place[i] = rest;
    }
  if (count == 0) return;
  for (int i = 0; i < N; i++)
    for (int k = 0; k < Used; k++) offset[k][i] += place[i] * dims[0].stride[k];
}

/** The offsets of one element, wherever it is. */
template <int Used, int K>
TENON_DEVICE void locate(const Dim<K>* dims, int count, int64_t place, int64_t (&offset)[Used]) {
  for (int k = 0; k < Used; k++) offset[k] = 0;
#pragma unroll 1
  for (int d = count - 1; d >= 0; d--) {
    int64_t rest = 0, index = place;
    if (d > 0) {
      rest = place < (int64_t{1} << 31) && dims[d].shift
                 ? static_cast<int64_t>(divide(static_cast<uint32_t>(place), dims[d]))
                 : place / dims[d].size;
      index = place - rest * dims[d].size;
    }
    for (int k = 0; k < Used; k++) offset[k] += index * dims[d].stride[k];
    place = rest;
  }
}

}  // namespace cuda
}  // namespace tenon
