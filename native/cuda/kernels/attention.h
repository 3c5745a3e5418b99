// Parameters of the kernels of attention and of its derivative, and the sizes of their tiles.
#pragma once
#include <cstdint>

#include "core/dtype.h"
#include "cuda/kernels/dims.h"
#include "cuda/kernels/gemm.h"
#include "cuda/queue.h"

namespace tenon {
namespace cuda {

/** A matrix as an operand of products: its rows, along their elements, or its columns, along theirs. */
struct AttentionMatrix {
  GemmOperand rows, columns;
};

/** Operands that have a stride in the dimensions of the batch. */
enum AttentionOperand { kQuery, kKey, kValue, kMask, kGrad };

/**
 * A block makes a tile of a result: a few rows, of which `chunks` blocks share the columns. Scores are never
 * in memory: tiles of them are computed again wherever they are needed. Where queries are few, blocks share
 * the keys, too, and leave results to be joined.
 */
struct AttentionParameters {
  AttentionMatrix query, key, value, grad;  // grad: of the result
  const void* mask;                         // or null
  int64_t mask_row, mask_column;
  void* out;   // dense: [batches, queries, width]
  void* sums;  // log sum exp of each query's scores, infinite if it may look nowhere
  void* dots;  // of each query: the result times its gradient
  void *grad_query, *grad_key, *grad_value;  // dense
  void* partial;  // of each part of the keys [batches, queries, width] before sums divide it; then of each
                  // part its [batches, queries, 2], the largest score and the sum
  int64_t queries, keys, batches, chunks;
  int64_t parts, part;  // of the keys: how many, each how long
  int64_t size, width;  // of queries and keys; of values
  Number scale;
  int32_t dims;
  DType type, mask_type;
  bool causal;
  Dim<5> dim[kMaxDims - 2];  // of the batch
};
static_assert(sizeof(AttentionParameters) <= 4096, "parameters of a kernel are at most 4 KB");

/** Scores of so many rows and columns, how far a product goes at a time, columns of the result, threads. */
struct AttentionTile {
  int rows, columns, depth, width;
  unsigned threads;
};
constexpr AttentionTile kAttentionTile = {64, 64, 16, 64, 256};
constexpr AttentionTile kWideAttentionTile = {64, 64, 16, 128, 256};
constexpr AttentionTile kDoubleAttentionTile = {32, 32, 16, 64, 128};

// Of those on tensor cores, whose operands have rows of up to 64 or 128 elements in shared memory.
constexpr int kHalfAttentionRows = 64, kHalfAttentionColumns = 64;
constexpr unsigned kHalfAttentionThreads = 128;
/** Queries at a time where keys and values have a block's gradients: what registers have room for. */
constexpr int half_attention_queries(int size) { return size > 64 ? 32 : 64; }
/** Of so many rows, of all operands together. */
constexpr unsigned half_attention_bytes(int rows, int size) {
  return static_cast<unsigned>(2 * rows * (size + kHalfGap));
}

/** A mask, if there is one, is there as floats. */
constexpr int kHalfMaskRow = kHalfAttentionColumns + 2;
constexpr unsigned kHalfMaskBytes = 4 * kHalfAttentionRows * kHalfMaskRow;

/** Threads of the kernel that makes dots, a warp for each. */
constexpr unsigned kDotThreads = 256;
/** Threads of the kernel that joins parts. */
constexpr unsigned kAttentionJoinThreads = 256;

}  // namespace cuda
}  // namespace tenon
