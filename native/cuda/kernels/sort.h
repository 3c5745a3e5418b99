// Parameters of the kernels that put elements in order. Elements are keys, unsigned numbers in their order,
// with their places in the row.
#pragma once
#include <cstdint>

#include "core/dtype.h"
#include "cuda/failure.h"
#include "cuda/kernels/dims.h"

namespace tenon {
namespace cuda {

constexpr unsigned kOrderThreads = 256;

/** Rows of at most so many elements are sorted in shared memory. */
constexpr uint32_t kLogShortRow = 11;
constexpr unsigned kShortRow = 1u << kLogShortRow;

/** Values of a digit, and how many elements a block of the radix sort has at once, by the bytes of keys. */
constexpr unsigned kRadix = 256;
constexpr int kNarrowItems = 16, kWideItems = 8;

/** Rows of n elements along one dimension of x, and of the outputs. */
struct Lanes {
  const void* x;
  int64_t rows, n;
  int64_t stride, step;  // of neighbours in a row: in x, in the outputs
  uint32_t across;       // neighbours in memory are of neighbouring rows
  int32_t dims;
  DType x_type;
  Dim<2> dim[kMaxDims];  // of the rows; strides in x, in the outputs
};

/** The key of an element is (key_of(x) - origin) ^ flip. */
struct KeyRule {
  uint64_t origin, flip;
};

/** Keys and where each was, [rows][pitch]; without `index` each is at its own place. */
struct Pairs {
  void* keys;
  uint32_t* index;
  int64_t pitch;
};

/** The keys of rows. */
struct KeyParameters {
  Lanes lanes;
  KeyRule rule;
  void* keys;
  uint32_t* index;  // null: not needed
};

/** Sorts short rows of x, several in a block: each has room for 2^log_width elements. */
struct ShortParameters {
  Lanes lanes;
  KeyRule rule;
  void* values;
  int64_t* places;
  uint32_t log_width, bytes;  // bytes: of an element
};

/** The same of pairs. */
struct ShortPairs {
  Pairs from, to;
  int64_t rows, n;
  uint32_t log_width;
};

/** One pass of a radix sort: rows by the digit from bit `shift` on; a block has `part` elements of a row. */
struct RadixParameters {
  Pairs from, to;
  uint32_t* counts;  // [rows][parts][kRadix]
  int64_t n, part;
  uint32_t parts;
  int32_t shift;
};

/** What is chosen of rows, to the outputs: m elements of each. */
struct TakeParameters {
  Lanes lanes;
  const uint32_t* index;  // [rows][pitch]
  int64_t pitch, m;
  const FailureRecord* failure;  // null: there was none
  void* values;                  // null: only places
  int64_t* places;
  uint32_t bytes;
};

/** Merges runs of `width` rows of keys that are in order. */
struct MergeParameters {
  const void* keys;     // [n][columns]
  const int64_t* from;  // null: rows in their order
  int64_t* to;
  int64_t n, columns, width;
};

}  // namespace cuda
}  // namespace tenon
