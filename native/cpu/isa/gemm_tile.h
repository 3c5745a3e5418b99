// The register tiles that matrix products are made of, for kernels that pack their panels themselves.
#pragma once
#include <cstdint>

#include "cpu/isa/vec.h"

namespace tenon {
namespace TENON_ISA {

/** The register tile: kRows x (kVectors vectors). */
template <class T>
struct Tiling {
  static constexpr int kWidth = Lanes<T>::count;
#if defined(__AVX512F__)
  static constexpr int kRows = 14, kVectors = 2;
#elif defined(__aarch64__)
  static constexpr int kRows = 6, kVectors = 4;
#else
  static constexpr int kRows = 6, kVectors = 2;
#endif
  static constexpr int kColumns = kWidth * kVectors;
  static constexpr int kPitch = (kRows + 7) / 8 * 8;                        // of a packed panel of A
  static constexpr int64_t kDepth = 384 * 4 / static_cast<int>(sizeof(T));  // of K at a time
  static constexpr int64_t kHigh = 196 / kRows * kRows;                     // rows of A at a time
  static constexpr int64_t kWide = 2048;                                    // columns of B at a time
};

/** k products of a panel of A and a panel of B for every element of a tile of C. */
template <class T>
struct Tile {
  int64_t k;
  const T* a;
  int64_t lda;
  const T* b;
  int64_t ldb;
  T* c;
  int64_t ldc;
  int last;  // lanes of the last vector, where that is not whole
  bool accumulate;
};

/** A tile of rows x columns, A packed at Tiling::kPitch: the tile's `lda` and `last` don't count. */
template <class T>
void multiply_panels(const Tile<T>& tile, int rows, int columns);

/**
 * `count` vectors at distance `step`, their elements at distance `along`, become neighbours: d[k * pitch +
 * i]. As many as make `count` a multiple of eight may be written besides.
 */
template <class T>
void pack_panel(const T* s, int64_t step, int64_t along, int64_t count, int64_t depth, T* d, int64_t pitch);

/** How a sum of k products is cut into parts that panels hold: the first ones are of this depth. */
template <class T>
int64_t panel_depth(int64_t k) {
  const int64_t parts = (k + Tiling<T>::kDepth - 1) / Tiling<T>::kDepth;
  return parts <= 1 ? k : ((k + parts - 1) / parts + 7) / 8 * 8;
}

}  // namespace TENON_ISA
}  // namespace tenon
