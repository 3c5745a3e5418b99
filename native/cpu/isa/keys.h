// The keys of lanes.
#pragma once
#include "cpu/isa/strided.h"
#include "kernels/key.h"

namespace tenon {
namespace TENON_ISA {

namespace {

/** put(i, key) for the n elements of a lane. */
template <class T, class Put>
void for_keys(const TensorView& x, int64_t at, int64_t stride, int64_t n, Put put) {
  constexpr int64_t tile = 512;
  T part[tile];
  for (int64_t i = 0; i < n; i += tile) {
    const int64_t m = n - i < tile ? n - i : tile;
    load_strided(x.data, x.dtype, at + i * stride, stride, m, part);
    for (int64_t k = 0; k < m; k++) put(i + k, key_of(part[k]));
  }
}

}  // namespace

}  // namespace TENON_ISA
}  // namespace tenon
