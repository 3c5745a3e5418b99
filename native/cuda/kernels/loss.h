// Parameters of the kernels of nllLoss, crossEntropy and their derivatives.
#pragma once
#include <cstdint>

#include "core/dtype.h"
#include "cuda/failure.h"
#include "cuda/kernels/dims.h"

namespace tenon {
namespace cuda {

constexpr unsigned kLossThreads = 256;

enum LossReduction : uint32_t { kNone, kMean, kSum };

/** What a block gathers of its targets. */
struct NllPart {
  double loss, weight;
  int64_t bad;  // the first target that is out of range, or kAllGood
};
constexpr int64_t kAllGood = INT64_MAX;

/**
 * nllLoss: x [n, c, d...], target [n, d...]. Without x only the targets are looked at, for the derivative. A
 * block has `part` targets; with more than one block, a second kernel joins what is in `partial`.
 */
struct NllParameters {
  const void *x, *weight;  // weight: of each class, or null
  const void* rows;  // of each target its row's largest element and log sum exp(x - largest); null: x are
                     // log probabilities
  const int64_t* target;
  void *out, *total;
  NllPart* partial;
  FailureRecord* failure;
  int64_t targets, part, parts;
  int64_t classes, class_stride, weight_stride, ignore;
  uint32_t op, reduction;
  int32_t dims;
  DType x_type, weight_type, out_type, total_type;
  Dim<3> dim[kMaxDims];  // of the targets; strides of target, x, out
};

/** What is kept of the row of each target; blocks go through the targets, as many threads as 2^log_lanes to
 * each. */
struct RowParameters {
  const void* x;
  void* rows;
  int64_t targets, classes, class_stride;
  int32_t dims;
  DType x_type;
  Dim<3> dim[kMaxDims];  // as of NllParameters
};

/** The derivative, for every element of x: class by class, so that neighbours are written together. */
struct NllBackwardParameters {
  const void *grad, *total, *weight;
  const void *x, *rows;  // null: of nllLoss
  const int64_t* target;
  void* out;
  const FailureRecord* failure;
  int64_t elements, weight_stride, ignore;
  uint32_t reduction;
  int32_t dims;
  DType grad_type, total_type, weight_type, out_type, x_type;
  // Strides of out, target, grad, x; of the class's number and the target's. No memory holds the elements of
  // more dimensions than these, none of which is of size 1.
  Dim<6> dim[48];
};

}  // namespace cuda
}  // namespace tenon
