// Parameters of the kernels of ctcLoss and its derivative.
#pragma once
#include <cstdint>

#include "core/dtype.h"
#include "cuda/failure.h"

namespace tenon {
namespace cuda {

/** Of the block that checks lengths and labels. */
constexpr unsigned kCtcCheckThreads = 1024;
/** A sequence has a block of up to so many threads. */
constexpr unsigned kCtcThreads = 512;
/** Of a block that makes the gradients of a sequence's step. */
constexpr unsigned kCtcStepThreads = 128;

/** A target of n labels has 2 n + 1 states: blanks between and around its labels. */
struct CtcParameters {
  const void* x;  // log probabilities [steps, sequences, classes]
  int64_t x_stride[3];
  const int64_t *labels, *steps, *lengths;  // steps: of each input; lengths: of each target
  int64_t* starts;                          // where the targets of sequences begin in labels
  void *loss, *alpha;  // alpha [sequences, steps, states]: how probable it is to get there
  void* rows;          // of each block, two of states; null: they are in shared memory
  // Of the derivative:
  const void* grad;
  int64_t grad_stride;
  void* out;     // [steps, sequences, classes]
  void* shares;  // as alpha: the share of all alignments that are in a state
  int32_t*
      next;  // of each label, where in its target the class comes next (0: nowhere); ~ unless it is the first
  FailureRecord* failure;
  int64_t most_steps, sequences, classes, states;
  int64_t label_count, label_stride, blank;  // label_stride: -1 where targets follow each other
  uint32_t op;
  DType grad_type;
  bool zero_infinity;
};

}  // namespace cuda
}  // namespace tenon
