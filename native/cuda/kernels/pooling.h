// Parameters of the kernels of maxPool, averagePool and their derivatives.
#pragma once
#include <cstdint>

#include "core/pooling.h"
#include "cuda/failure.h"
#include "cuda/kernels/dims.h"
#include "cuda/kernels/team.h"

namespace tenon {
namespace cuda {

/**
 * Dense planes. Results are outputs or, of derivatives, elements of the input; each is a team's. I counts
 * what is within a plane.
 */
template <class I>
struct PoolParameters {
  const void* from;
  void* to;
  void* places;                  // in the plane, of each output; null: not wanted
  const FailureRecord* failure;  // of maxPoolBackward, which does nothing after one
  int64_t results;
  int64_t in, out;  // elements of a plane
  PoolAxisOf<I> axis[3];
  I inner[3], inner_end[3];     // outputs whose windows lie within the input
  Dim<1> plane, height, width;  // of results: the size of a plane, the last two of it
  Dim<1> stride[3];             // of windows
  double whole;                 // what such windows' sums are divided by
  int64_t fixed;                // as of PoolDivisor
  bool padded;
  bool wide;  // places are int64, else int32
  TeamShape shape;
};

/** Looks for places outside of planes of `in` elements: the first of them is kept as its distance from the
 * end. */
struct PlaceCheck {
  FailureRecord* failure;
  const void* places;
  unsigned long long* found;  // 0 before
  int64_t count, in;
  uint32_t op;
  bool wide;
};

}  // namespace cuda
}  // namespace tenon
