// What ops with indices have in common: indices are checked, and put in order where equal ones have to be
// found.
#pragma once
#include "core/launch.h"
#include "cuda/failure.h"
#include "cuda/queue.h"

namespace tenon {
namespace cuda {

/** What of an op's working memory is for one purpose after the other. */
class Parts {
 public:
  /** The place of the next part, given where all begin. */
  template <class T>
  T* take(void* memory, int64_t count) {
    T* const at = memory ? reinterpret_cast<T*>(static_cast<char*>(memory) + bytes_) : nullptr;
    bytes_ += (static_cast<size_t>(count) * sizeof(T) + 255) & ~size_t{255};
    return at;
  }
  size_t bytes() const { return bytes_; }

 private:
  size_t bytes_ = 0;
};

/** A view whose elements are on the device: one number may come from the host. */
TensorView on_device(const TensorView&, int64_t* memory, Queue&);

/** Leaves a failure if one of the indices is not in [low, size). */
void check_index(const Launch&, const TensorView& index, FailureKind what, int64_t low, int64_t size, int dim,
                 Queue&);

/** Writes the places, densely in the shape of `like`, that indices into a dimension of `size` name, from its
 * end if negative: the first dimension's, or on from those that are there. After a failure it does nothing.
 */
void write_places(const TensorView& index, const TensorView& like, int64_t size, bool first, int64_t* places,
                  Queue&);

/** Indices in their order, equal ones as they came, and the position of each. */
struct SortedIndices {
  const int64_t *rows, *order;
};

/** Working memory of the order of n indices. */
struct OrderMemory {
  int64_t *order[2], *rows[2], *counts, *totals;
  OrderMemory(Parts&, void* memory, int64_t n);
  /** Where n numbers that are to be put in order may lie. */
  int64_t* unsorted() const { return rows[0]; }
};

/** Puts n indices below `size`, `stride` apart, in order; after a failure it does nothing. */
SortedIndices sort_indices(const int64_t* index, int64_t stride, int64_t n, int64_t size, const OrderMemory&,
                           Queue&);

/** out = the rows of x that the indices name along a dimension; none is empty. */
void select_rows(const TensorView& x, const TensorView& index, int dim, const TensorView& out, Queue&);

}  // namespace cuda
}  // namespace tenon
