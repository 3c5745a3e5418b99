// How the threads of a block multiply panels of A and B in registers: each has a few rows and columns of the
// tile.
#pragma once
#include "cuda/kernels/gemm_tile.h"

namespace tenon {
namespace cuda {

/**
 * Of a tile's kTile rows or columns, a thread has kOwn: in groups that are read at once, with the other
 * threads' groups between them, so that neighbours read from neighbouring banks.
 */
template <class T, int kTile, int kOwn>
struct Share {
  static constexpr int kVector = 16 / static_cast<int>(sizeof(T));
  static constexpr int kGroup = kOwn < kVector ? kOwn : kVector;
  static constexpr int kGroups = kOwn / kGroup;
  static constexpr int kThreads = kTile / kOwn;

  static TENON_DEVICE int group(int thread, int g) { return g * kGroup * kThreads + thread * kGroup; }
  static TENON_DEVICE void load(const T* row, int thread, T (&x)[kOwn]) {
#pragma unroll
    for (int g = 0; g < kGroups; g++) {
      const Pack<T, kGroup> pack = *reinterpret_cast<const Pack<T, kGroup>*>(row + group(thread, g));
      for (int i = 0; i < kGroup; i++) x[g * kGroup + i] = pack.x[i];
    }
  }
};

/** Adds the product of panels that lie by k, [depth][row or column], to a thread's sums. */
template <class Down, class Across, class T, int kDepth, int kRowsAndGap, int kColumnsAndGap, int kOwnRows,
          int kOwnColumns>
TENON_DEVICE void multiply_panels(const T (&a)[kDepth][kRowsAndGap], const T (&b)[kDepth][kColumnsAndGap],
                                  int down, int across, T (&sum)[kOwnRows][kOwnColumns]) {
#pragma unroll
  for (int d = 0; d < kDepth; d++) {
    T x[kOwnRows], y[kOwnColumns];
    Down::load(a[d], down, x);
    Across::load(b[d], across, y);
#pragma unroll
    for (int i = 0; i < kOwnRows; i++)
#pragma unroll
      for (int j = 0; j < kOwnColumns; j++) sum[i][j] += x[i] * y[j];
  }
}

}  // namespace cuda
}  // namespace tenon
