// How many threads a result of a reduction gets, and which: by its shape and layout alone.
#pragma once
#include <cstdint>

#include "cuda/kernels/team.h"

namespace tenon {
namespace cuda {

inline int64_t divide_up(int64_t n, int64_t by) { return (n + by - 1) / by; }

template <class T>
T clamp(T x, T low, T high) {
  return x < low ? low : x > high ? high : x;
}

/** Of the least power of two that is not below n. */
inline uint32_t log2_up(int64_t n) {
  uint32_t log = 0;
  while (int64_t{1} << log < n) log++;
  return log;
}

/**
 * The team for a result of `elements`, `stride` apart; results are `column_stride` apart, `columns` of them.
 * Neighbouring threads read along the denser of the two. log_most: of the most lanes.
 */
inline TeamShape team_shape(int64_t elements, int64_t stride, int64_t columns, int64_t column_stride,
                            uint32_t log_most) {
  const auto distance = [](int64_t s) { return s < 0 ? -s : s; };
  const uint32_t useful = log2_up(divide_up(elements, kBatch));
  if (columns == 1 || distance(stride) < distance(column_stride)) {
    // At least eight lanes, so that they read whole sectors of memory.
    return {clamp(useful, clamp(log2_up(elements), 0u, 3u), log_most), 1};
  }
  const uint32_t beside = clamp(log2_up(columns), 0u, 5u);
  return {clamp(useful, 0u, kLogTeamThreads - beside), 0};
}

/** For that many results; a block goes on to others if there are more. */
inline unsigned blocks_of_teams(int64_t results, const TeamShape& shape, unsigned threads) {
  return static_cast<unsigned>(
      clamp(divide_up(results, threads >> shape.log_lanes), int64_t{1}, int64_t{1} << 20));
}

}  // namespace cuda
}  // namespace tenon
