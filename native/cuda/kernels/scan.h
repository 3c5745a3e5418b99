// Parameters of the kernels of scans.
#pragma once
#include <cstdint>

#include "core/dtype.h"
#include "cuda/kernels/dims.h"
#include "cuda/kernels/team.h"

namespace tenon {
namespace cuda {

constexpr unsigned kScanThreads = kTeamThreads;
/** Elements of a row that a block has at a time. */
constexpr int kScanTile = kScanThreads * kBatch;

/**
 * Rows of n elements, in `parts` parts of `part` elements (the last may be shorter), each of which is the
 * work of a team or, where neighbours in memory belong to different rows, of a thread. With more than one
 * part there are three passes: what each part comes to, what comes before each, and the results.
 */
struct ScanParameters {
  const void *a, *b;  // b: of scans of two operands
  void* out;
  int64_t* index;  // of extremes, dense as `out` is
  void* partial;   // [rows, parts]
  int64_t rows, n, parts, part;
  int64_t stride[3];  // of neighbours in a row: in a, b, out
  uint32_t log_lanes;
  uint32_t totals;  // the first pass
  int32_t dims;
  DType a_type, b_type, out_type;
  Dim<3> dim[kMaxDims];  // of the rows; strides of a, b, out
};

/** Each partial result is made what comes before it. */
struct ScanJoinParameters {
  void* partial;
  int64_t rows, parts;
};

}  // namespace cuda
}  // namespace tenon
