// Parameters of the kernels of reductions.
#pragma once
#include <cstdint>

#include "core/dtype.h"
#include "cuda/kernels/dims.h"
#include "cuda/kernels/team.h"

namespace tenon {
namespace cuda {

/** Partial results that are joined in the compute type; more are joined in the accumulator's wider one. */
constexpr int64_t kReduceBlock = 4096;

/**
 * Each of `results` is reduced from `elements`, in `parts` of `part` elements (the last may be shorter): a
 * block's x counts teams of threads, its y the parts. With more than one part, a second kernel joins what is
 * in `partial`, [parts, results].
 */
struct ReduceParameters {
  const void* x;
  void* out;       // values; null if only indices are wanted
  int64_t* index;  // of argmax and the like
  void* partial;
  int64_t results, elements, parts, part;
  int32_t kept, reduced;  // numbers of dimensions: the kept ones are first in `dim`
  uint32_t
      narrow;     // numbers of elements within a part fit 32 bits, as do all if there are several dimensions
  uint32_t mean;  // sums are divided by the number of elements
  TeamShape shape;
  DType x_type, out_type;
  Dim<2> dim[kMaxDims];  // strides of x, of the outputs
};

}  // namespace cuda
}  // namespace tenon
