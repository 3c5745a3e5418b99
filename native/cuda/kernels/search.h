// Parameters of the kernels of searchsorted, bincount and histc.
#pragma once
#include <cstdint>

#include "core/dtype.h"
#include "cuda/failure.h"
#include "cuda/kernels/dims.h"
#include "cuda/queue.h"

namespace tenon {
namespace cuda {

constexpr unsigned kSearchThreads = 256;
/** Up to so many bins are counted in shared memory first. */
constexpr int64_t kSharedBins = 8192;

/** Dense operands: sequences of n sorted elements, `values_each` values for each of them (all, if there is
 * one). */
struct SearchParameters {
  const void *sequence, *values;
  void* out;
  int64_t n, numel, values_each;
  bool right;
  DType type, out_type;
};

/** Counts of elements, of whole numbers themselves or of bins from low to high. */
struct CountParameters {
  const FailureRecord* failure;
  const void* x;
  unsigned long long* counts;
  int64_t numel, bins;
  Number low, high;
  DType type;
  int32_t dims;
  Dim<1> dim[kMaxDims];
};

/** Counts become elements. */
struct CountedParameters {
  const FailureRecord* failure;
  const unsigned long long* counts;
  void* out;
  int64_t bins, stride;
  DType type;
};

}  // namespace cuda
}  // namespace tenon
