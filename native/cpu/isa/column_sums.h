// The sums of a matrix's columns: gradients of biases.
#pragma once
#include <type_traits>

#include "core/view.h"

namespace tenon {
namespace TENON_ISA {

namespace {

/** out[j] = the sum of column j: rows by the block in T, blocks in double (integers stay T). */
template <class T>
void column_sums(const T* x, int64_t rows, int64_t columns, int64_t row, int64_t column, T* out) {
  using Wide = std::conditional_t<std::is_floating_point_v<T>, double, T>;
  constexpr int64_t kTile = 256, kBlock = 64;
  for (int64_t j0 = 0; j0 < columns; j0 += kTile) {
    const int64_t n = columns - j0 < kTile ? columns - j0 : kTile;
    Wide total[kTile];
    T part[kTile];
    for (int64_t j = 0; j < n; j++) total[j] = 0;
    for (int64_t i0 = 0; i0 < rows; i0 += kBlock) {
      const int64_t end = rows - i0 < kBlock ? rows : i0 + kBlock;
      for (int64_t j = 0; j < n; j++) part[j] = 0;
      for (int64_t i = i0; i < end; i++) {
        const T* const r = x + i * row + j0 * column;
        for (int64_t j = 0; j < n; j++) part[j] += r[j * column];
      }
      for (int64_t j = 0; j < n; j++) total[j] += part[j];
    }
    for (int64_t j = 0; j < n; j++) out[j0 + j] = static_cast<T>(total[j]);
  }
}

}  // namespace

}  // namespace TENON_ISA
}  // namespace tenon
