// What the host sides of losses have in common.
#pragma once
#include "core/launch.h"
#include "cuda/kernels/loss.h"
#include "cuda/teams.h"

namespace tenon {
namespace cuda {

inline const char* pick(const Launch& l, const char* f32, const char* f64) {
  return l.compute == DType::f64 ? f64 : f32;
}

/** How many of n elements are a block's: by n alone, so that sums have the same bits on every device. */
inline int64_t part_of(int64_t n, int64_t least) {
  constexpr int64_t most_parts = 1024, together = kBatch * kLossThreads;
  const int64_t even = divide_up(divide_up(n, most_parts), together) * together;
  return even < least ? least : even;
}

}  // namespace cuda
}  // namespace tenon
