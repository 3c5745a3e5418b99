// What the kernels of optimizer.cu are told: one launch steps many parameters.
#pragma once
#include "core/view.h"
#include "cuda/queue.h"

namespace tenon {
namespace cuda {

struct SgdScalars {
  static constexpr int kStates = 1;  // the momentum buffer
  Number lr, momentum, dampening, weight_decay, nesterov, maximize, first;
};

struct AdamNumbers {
  static constexpr int kStates = 3;  // exp_avg, exp_avg_sq, max_exp_avg_sq
  Number lr, beta1, beta2, eps, weight_decay, decoupled, amsgrad, maximize, step;
};

/** Threads of a block, the elements of its chunk, and how many of them a thread moves at a time. */
constexpr int kStepThreads = 256, kStepChunk = 4096, kStepPack = 4;

/** Dense parameters, each cut into chunks; a block takes one chunk. */
template <class Scalars>
struct DenseStep {
  static constexpr int kOperands = 2 + Scalars::kStates;  // parameter, gradient, states
  static constexpr int kMost = (4096 - sizeof(Scalars) - 16) / (kOperands * sizeof(void*) + 12);
  Scalars scalars;
  int count, states;
  void* data[kMost][kOperands];
  int64_t numel[kMost];
  uint32_t first_block[kMost];
};

/** One parameter that is not dense, or whose gradient or state is not. */
template <class Scalars>
struct StridedStep {
  static constexpr int kOperands = 2 + Scalars::kStates;
  Scalars scalars;
  int states, rank;
  void* data[kOperands];
  int64_t numel;
  int64_t shape[kMaxRank], stride[kOperands][kMaxRank];
};

}  // namespace cuda
}  // namespace tenon
