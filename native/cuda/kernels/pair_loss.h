// Parameters of the kernels of losses of pairs; those that make an element of each pair have the parameters
// of kernels/elementwise.h.
#pragma once
#include <cstdint>

#include "core/dtype.h"
#include "cuda/failure.h"
#include "cuda/kernels/dims.h"

namespace tenon {
namespace cuda {

/**
 * The losses' sum or mean, or a look at whether they are all defined. A block has `part` elements; with more
 * than one, a second kernel joins what is in `partial`.
 */
struct PairParameters {
  const void *x, *y;
  void* out;
  double* partial;
  FailureRecord* failure;  // null: the loss is defined for any x
  int64_t elements, part, parts;
  double parameter;  // of the loss, if it has one
  uint32_t op, reduction;
  int32_t dims;
  DType x_type, y_type, out_type;
  Dim<2> dim[kMaxDims];  // strides of x, y
};

}  // namespace cuda
}  // namespace tenon
