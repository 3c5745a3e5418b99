// Parameters of the kernels of nonzero.
#pragma once
#include "core/dtype.h"
#include "core/view.h"
#include "cuda/failure.h"
#include "cuda/kernels/dims.h"

namespace tenon {
namespace cuda {

constexpr unsigned kNonzeroThreads = 256;
/** Elements that a block looks at together. */
constexpr int64_t kNonzeroTile = int64_t{kNonzeroThreads} * 8;

/** A block has `part` elements, in row-major order. */
struct NonzeroParameters {
  FailureRecord* failure;
  uint32_t op;
  DType x_type;
  const void* x;
  int64_t* out;     // [total][rank]
  int64_t* counts;  // of each part
  int64_t numel, part, parts, total;
  int32_t dims, rank;
  Dim<1> dim[kMaxDims];     // of x, merged
  int64_t shape[kMaxRank];  // as it is
};

}  // namespace cuda
}  // namespace tenon
