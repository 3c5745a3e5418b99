// What the kernels of index.cu are told.
#pragma once
#include "core/view.h"
#include "cuda/failure.h"

namespace tenon {
namespace cuda {

/** Whole numbers that have to be in [low, size). */
struct IndexCheck {
  FailureRecord* failure;
  uint32_t op;
  uint32_t what;  // the FailureKind of one that is not; `dim` is a detail of kIndexOutOfRange
  const int64_t* index;
  int64_t numel, low, size, dim;
  int rank;
  int64_t shape[kMaxRank], stride[kMaxRank];
};

/** Of `numel` neighbouring indices, the order by the row they name, equal ones as they come. */
struct IndexOrder {
  const FailureRecord* failure;
  const int64_t* index;
  int64_t stride, numel;
  int64_t *order, *rows;  // the position of each, and its row
};

/** Indices that a block of the radix sort takes, and how many values a digit has. */
constexpr int kSortTile = 2048, kSortThreads = 256, kDigits = 256;

/** One pass of the radix sort that makes an IndexOrder: by the digit from bit `shift` on. */
struct IndexSort {
  const FailureRecord* failure;
  const int64_t* rows;  // sorted by the lower digits
  int64_t stride;
  const int64_t* order;  // their positions; null: they are at their own
  int64_t *sorted_rows, *sorted_order;
  int64_t numel, tiles;
  int64_t* counts;  // [digit][tile], then made the sum of those before
  int64_t* totals;  // [digit]
  int shift;
};

/**
 * The elements of a tensor that has a row for each index (`many`) and those of the tensor whose rows the
 * indices name (`whole`): dimensions from the outermost in, one of them the index's.
 */
struct IndexRows {
  const FailureRecord* failure;
  void *many, *whole;
  const int64_t* index;  // the rows, at `index_stride`
  int64_t index_stride, indices;
  const int64_t* order;  // of kernels that write to `whole`: see IndexOrder; their `index` is sorted
  int64_t numel;         // of `many`
  int rank, picked;      // the index's dimension
  int64_t size[kMaxRank], many_stride[kMaxRank], whole_stride[kMaxRank];
};

/** Indices into one dimension as places in that and those before. */
struct IndexPlaces {
  const FailureRecord* failure;
  const int64_t* index;  // broadcast to the places
  int64_t* places;
  int64_t numel, size;  // of the dimension
  bool first;           // there is no dimension before
  int rank;
  int64_t shape[kMaxRank], stride[kMaxRank];
};

}  // namespace cuda
}  // namespace tenon
