// out = act(A B + bias) on CUDA, and the one place that picks a kernel for it: matmul and linear stand on it.
#pragma once
#include <cstdint>

#include "cuda/dims.h"
#include "cuda/kernels/gemm.h"
#include "cuda/queue.h"

namespace tenon {
namespace cuda {

/** A kernel that makes a product in tiles. */
struct TiledKernel {
  const char* name;
  GemmTile tile;
};

/** Which of kernels that do the same, and k cut to `parts` of length `part`. */
struct TileChoice {
  int size;
  int64_t tiles, parts, part;
};

/** By the shape alone. Kernels have the largest tiles first; one or two, then without names, are enough. */
TileChoice choose_tiles(const TiledKernel (&kernels)[3], int64_t m, int64_t n, int64_t k, int64_t batches);

/** Blocks of a kernel for so many items: they go on to others if there are more. */
unsigned blocks_of_items(int64_t items, const Queue&);

/** Matrices of any strides, in elements; `out` is dense. */
struct Gemm {
  DType type = DType::f32;
  int64_t m = 0, n = 0, k = 0;
  const void* a = nullptr;
  int64_t a_row = 0, a_column = 0;
  const void* b = nullptr;
  int64_t b_row = 0, b_column = 0;
  void* out = nullptr;
  const void* bias = nullptr;  // [n]
  int64_t bias_stride = 0;
  Activation activation = Activation::none;
  DimList<2> batch;  // strides of A and B
};

/** Whether an operand is read along k: `outer` rows of A or columns of B. */
inline bool lies_along_k(int64_t outer, int64_t outer_stride, int64_t k, int64_t k_stride) {
  const auto distance = [](int64_t s) { return s < 0 ? -s : s; };
  return outer == 1 || (k != 1 && distance(k_stride) <= distance(outer_stride));
}

/** The same bits on every device of a kind: how the work is divided follows from the shape alone. */
void gemm(Gemm, Queue&);

}  // namespace cuda
}  // namespace tenon
