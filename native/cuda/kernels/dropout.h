// Parameters of the kernels of dropout; maskedScale's other one is of kernels/elementwise.h.
#pragma once
#include <cstdint>

#include "core/dtype.h"
#include "cuda/kernels/dims.h"
#include "cuda/kernels/random.h"

namespace tenon {
namespace cuda {

constexpr unsigned kDropThreads = 256;
/** Elements that a thread has at a time: the draws of a counter. */
constexpr int kDropped = 4;

/** Dense arrays of n elements, aligned to as many as a thread has. */
struct MaskedScaleParameters {
  const void* x;
  const uint8_t* mask;
  void* out;
  int64_t n;
  double scale;
};

struct DropoutParameters {
  RandomSource source;
  const void* x;
  void* out;
  uint8_t* mask;
  int64_t n;
  uint64_t kept;  // a word below this one keeps its element
  double scale;
};

/** Of any strides; the mask is dense. */
struct StridedDropoutParameters {
  DropoutParameters all;
  DType type;
  int32_t dims;
  Dim<2> dim[kMaxDims];  // in row-major order, as draws are; strides of x, out
};

}  // namespace cuda
}  // namespace tenon
