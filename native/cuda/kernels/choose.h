// Parameters of the kernels that choose elements of rows.
#pragma once
#include "cuda/kernels/sort.h"

namespace tenon {
namespace cuda {

/** A row has a block of up to so many threads. */
constexpr unsigned kChoiceThreads = 512;
/** What the compiler is told instead: by less than 1024, nvcc 13 spends too few registers on one of them. */
constexpr unsigned kChoiceBound = 1024;
/** Elements that a thread looks at together. */
constexpr int kChoiceItems = 4;
/** Heaps of at most so many elements are in shared memory. */
constexpr uint32_t kSmallHeap = 1024;

/** Rows of n elements, of which k, or the one of rank k (from 0), are chosen. */
struct ChoiceParameters {
  Pairs from;  // the keys of rows, in the order of their elements; kernels may rearrange them
  Pairs to;
  uint32_t* flags;  // of each row
  int64_t rows;
  uint32_t n, k;
  uint64_t nan;      // the key of NaN
  uint32_t has_nan;  // there may be NaN
  uint32_t ignore_nan;
};

}  // namespace cuda
}  // namespace tenon
