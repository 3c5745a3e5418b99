// What the kernels of optimizer.cu are told: one launch steps many parameters.
#pragma once
#include "cuda/kernels/tensor_list.h"
#include "cuda/queue.h"

namespace tenon {
namespace cuda {

/** The scalars of the op, and how many tensors of state come with a parameter. */
struct StepScalars {
  static constexpr int kMost = 9;
  Number at[kMost];
  int64_t states;
};

/** Operands are the parameter, its gradient, its states; K: at most. */
template <int K>
struct DenseStep {
  StepScalars scalars;
  TensorList<K, 4096 - sizeof(StepScalars)> list;
};

/** One parameter that is not dense, or whose gradient or state is not. */
template <int K>
struct StridedStep {
  StepScalars scalars;
  AnyTensor<K> tensor;
};

}  // namespace cuda
}  // namespace tenon
