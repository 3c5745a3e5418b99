// Parameters of the kernels of softmax, log softmax and their derivatives.
#pragma once
#include <cstdint>

#include "core/dtype.h"
#include "cuda/kernels/dims.h"
#include "cuda/kernels/team.h"

namespace tenon {
namespace cuda {

/** A long row has a block of up to so many threads for itself. */
constexpr uint32_t kLogRowThreads = 10;
constexpr unsigned kRowThreads = 1u << kLogRowThreads;

/** Rows of n elements. Derivatives have the gradient as `a` and what softmax gave as `b`; softmax has no b.
 */
struct SoftmaxParameters {
  const void *a, *b;
  void* out;
  int64_t rows, n;
  int64_t stride[3];  // of neighbours in a row: in a, in b, in out
  int32_t dims;
  TeamShape shape;
  DType a_type, b_type, out_type;
  Dim<3> dim[kMaxDims];  // of the rows; strides of a, b, out
};

}  // namespace cuda
}  // namespace tenon
