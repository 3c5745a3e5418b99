// Parameters of the kernels that multiply matrices, and the sizes of their tiles.
#pragma once
#include <cstdint>

#include "core/dtype.h"
#include "cuda/kernels/dims.h"

namespace tenon {
namespace cuda {

/** Numbered as linear's scalar. */
enum class Activation : uint8_t { none, relu, sigmoid, tanh };

/** A or B: any strides, in elements. Tiles are read along k where that is the denser direction. */
struct GemmOperand {
  const void* data;
  int64_t outer, k;  // of neighbouring rows of A, or columns of B; of neighbours along k
  bool along_k;
};

/**
 * out = act(A B + bias), for each of a batch. Blocks take one item after another: a tile of a matrix and a
 * part of k. With more than one part they leave sums to be joined.
 */
struct GemmParameters {
  GemmOperand a, b;
  const void* bias;  // or null
  int64_t bias_stride;
  void* out;      // dense: [batches, m, n]
  void* partial;  // [parts, batches, m, n] of the type of the sums, if there are parts
  int64_t m, n, k, batches;
  int64_t parts, part;  // of k: how many, each how long
  DType type;           // of A, B, bias and out
  Activation activation;
  int32_t dims;
  Dim<2> dim[kMaxDims];  // of the batch: strides of A and B
};

/** Threads of the kernel that joins the parts. */
constexpr unsigned kJoinThreads = 256;

/** A kernel's tile of the output, how far it goes along k at a time, and its threads. */
struct GemmTile {
  int rows, columns, depth;
  unsigned threads;
};

// Of the kernels that multiply in registers, by the size of the tile.
constexpr GemmTile kLargeTile = {128, 128, 8, 256};
constexpr GemmTile kMediumTile = {64, 64, 16, 256};
constexpr GemmTile kMediumShallowTile = {64, 64, 8, 256};
constexpr GemmTile kSmallTile = {32, 32, 32, 128};
constexpr GemmTile kSmallShallowTile = {32, 32, 16, 128};

// Of those that multiply halves on tensor cores: the tile, and the tile of each warp.
constexpr GemmTile kLargeHalfTile = {128, 128, 32, 128};
constexpr GemmTile kSmallHalfTile = {64, 64, 32, 128};
constexpr int kHalfStages = 3;
/** Between rows of a panel in shared memory, so that ldmatrix reads from all banks. */
constexpr int kHalfGap = 8;

/** Halves of one operand's panel, however it lies; `outer` rows or columns. */
constexpr int half_panel(int outer, int depth) {
  return outer * (depth + kHalfGap) > depth * (outer + kHalfGap) ? outer * (depth + kHalfGap)
                                                                 : depth * (outer + kHalfGap);
}
constexpr unsigned half_shared_bytes(const GemmTile& t) {
  return static_cast<unsigned>(2 * kHalfStages *
                               (half_panel(t.rows, t.depth) + half_panel(t.columns, t.depth)));
}

}  // namespace cuda
}  // namespace tenon
