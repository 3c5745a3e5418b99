// Parameters of the kernels of gather and scatter, and of sums over equal indices.
#pragma once
#include <cstdint>

#include "core/dtype.h"
#include "cuda/failure.h"
#include "cuda/kernels/dims.h"

namespace tenon {
namespace cuda {

constexpr unsigned kAlongThreads = 256;

/** What is done with an element and what is in its place; numbered as scatter's mode. */
enum ScatterMode : uint32_t { kReplace, kAdd, kMultiply, kLargest, kSmallest };

/**
 * The elements of an index's shape, in `beside`, and those of `whole` that the index names along a dimension.
 * What can be named has a dense number, its place.
 */
struct AlongParameters {
  const FailureRecord* failure;
  const int64_t* index;
  void *beside, *whole;
  int64_t* keys;         // of kernels that write places down
  uint32_t* owners;      // of each place: the number of the last element for it, from 1; 0 for none
  int64_t numel;         // elements; of kernels that go along the dimension, what there is beside it
  int64_t step, places;  // from one index to the next: of whole, of the place
  int64_t n;             // along the dimension, of kernels that go along it, and what they step by
  int64_t beside_stride, index_stride;
  ScatterMode mode;
  DType dtype;
  int32_t dims;
  Dim<4> dim[kMaxDims];  // strides of beside, index, whole, place
};

/** Runs of equal keys up to this length are a thread's, longer ones a block's. */
constexpr int64_t kLongRun = 128;
/** A block looks for long runs among so many keys. */
constexpr int kRunWindow = 2048;
constexpr int kMostRunDims = 48;  // as many of more than one element as any memory holds

/** Runs of equal keys: all that belongs to a key is combined with what is there in `out`, in its order. */
struct RunParameters {
  const FailureRecord* failure;
  const int64_t *keys, *order;  // sorted, and the number of each in `source`
  const void* source;
  void* out;
  int64_t units, columns;  // keys; elements that belong to each
  ScatterMode mode;
  DType source_type, out_type;
  int32_t key_dims, unit_dims, column_dims;
  Dim<1> key[kMostRunDims];     // strides of out
  Dim<1> unit[kMostRunDims];    // strides of source
  Dim<2> column[kMostRunDims];  // strides of source, of out
};

}  // namespace cuda
}  // namespace tenon
