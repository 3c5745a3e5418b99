// Parameters of the kernels that move elements or make them of their place.
#pragma once
#include <cstdint>

#include "core/dtype.h"
#include "cuda/kernels/dims.h"

namespace tenon {
namespace cuda {

/** out[i] = start + i step, of one dense dimension. */
struct ArangeParameters {
  void* out;
  DType dtype;
  int64_t n;
  bool floating;
  double start, step;
  uint64_t whole_start, whole_step;
};

/** Ones where a matrix's row is its column, zeros elsewhere. */
struct EyeParameters {
  void* out;
  DType dtype;
  int64_t n, columns;
};

/** Elements of a batch of matrices that are not beyond a diagonal; `upper`: those above it are kept. */
struct TriangleParameters {
  const void* x;
  void* out;
  int64_t n, rows, columns, diagonal;
  bool upper;
  int32_t dims;
  Dim<1> dim[kMaxDims];  // of x; out is dense
};

}  // namespace cuda
}  // namespace tenon
