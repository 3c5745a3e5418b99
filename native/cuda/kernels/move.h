// Parameters of the kernels that move elements or make them of their place.
#pragma once
#include <cstdint>

#include "core/dtype.h"
#include "cuda/kernels/dims.h"

namespace tenon {
namespace cuda {

constexpr int kTile = 32;
constexpr uint32_t tiles_along(int64_t n) { return static_cast<uint32_t>((n + kTile - 1) / kTile); }

/** A batch of matrices that are dense along their rows in out, and along their columns in x. */
struct TransposeParameters {
  const void* x;
  void* out;
  int64_t rows, columns;
  int64_t x_stride, out_stride;  // from one column to the next in x, from one row to the next in out
  uint32_t tiles;                // of all matrices; below 2^31
  int32_t dims;
  Dim<2> dim[kMaxDims];  // of the batch
};

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
