// Many tensors in one launch, for both sides: dense ones together, others one by one.
#pragma once
#include <cstdint>

#include "core/dtype.h"
#include "cuda/kernels/dims.h"

namespace tenon {
namespace cuda {

/** Threads of a block. */
constexpr unsigned kListThreads = 256;

/** Elements of a chunk, for kernels that write what they read. */
constexpr int kListChunk = 4096;

/**
 * Dense tensors, each with K operands of its size; as many as fit kBytes, a multiple of 8. They are cut into
 * chunks (the last of a tensor may be shorter), and a block takes one.
 */
template <int K, int kBytes>
struct TensorList {
  static constexpr int kOperands = K;
  static constexpr int kMost = (kBytes - 16) / (K * static_cast<int>(sizeof(void*)) + 12);
  int32_t count, chunk;
  int64_t earlier;  // chunks in earlier launches of the same list
  void* data[kMost][K];
  int64_t numel[kMost];
  uint32_t first_block[kMost];
};

/** A tensor whose operands have any strides, and all the same dtype. */
template <int K>
struct AnyTensor {
  void* data[K];
  int64_t numel;
  int32_t dims;
  DType dtype;
  Dim<K> dim[kMaxDims];
};

}  // namespace cuda
}  // namespace tenon
