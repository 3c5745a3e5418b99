// What the kernels of gradients.cu are told.
#pragma once
#include "cuda/kernels/tensor_list.h"
#include "cuda/queue.h"

namespace tenon {
namespace cuda {

/** Threads of the one block that joins what the others found. */
constexpr uint32_t kLogJoinThreads = 10;
constexpr unsigned kJoinThreads = 1u << kLogJoinThreads;

/** A block leaves the sum of squares of its chunk in `partial`: of the n-th chunk at n. */
struct DenseNorm {
  double* partial;
  TensorList<1, 4096 - 8> list;
};
/** Of one tensor that is not dense. */
struct StridedNorm {
  double* partial;
  int64_t chunk;
  AnyTensor<1> tensor;
};
struct JoinNorm {
  const double* partial;
  int64_t parts;
  void* out;
  DType out_type;
  uint32_t wide;  // the norm is rounded to float64 first, else to float32
};

/** To clip: the largest norm, and the norm. To unscale: the factor, and what becomes 1 if it finds. */
struct Scaling {
  Number number;
  const void* norm;
  float* found;
  DType norm_type;
};
struct DenseScale {
  Scaling scaling;
  TensorList<1, 4096 - sizeof(Scaling)> list;
};
struct StridedScale {
  Scaling scaling;
  AnyTensor<1> tensor;
};

}  // namespace cuda
}  // namespace tenon
