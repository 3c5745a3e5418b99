// The derivative of embedding: rows of the gradient, added up where they came from. Which sums are made, and
// in which order, follows from the indices alone.
#include "cuda/kernels/batch.h"
#include "cuda/kernels/embedding.h"

namespace tenon {
namespace cuda {

namespace {

TENON_DEVICE int64_t first_item() { return static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; }
TENON_DEVICE int64_t item_stride() { return static_cast<int64_t>(gridDim.x) * blockDim.x; }

/** Where the part of a run that is in a window begins, given where it ends. */
TENON_DEVICE int64_t start_of(const EmbeddingParameters& p, int64_t end, int64_t first) {
  int64_t begin = end - 1;
  while (begin > first && p.rows[begin - 1] == p.rows[end - 1]) begin--;
  return begin;
}

template <class T>
TENON_DEVICE void write_row(const EmbeddingParameters& p, int64_t row, int64_t column, T sum, int64_t count) {
  static_cast<T*>(p.out)[row * p.width + column] = p.by_frequency ? sum / static_cast<T>(count) : sum;
}

/** One column of a window. */
template <class T>
TENON_DEVICE void sum_window(const EmbeddingParameters& p, int64_t window, int64_t column) {
  const T* const grad = static_cast<const T*>(p.grad);
  T* const partial = static_cast<T*>(p.partial) + 2 * window * p.width + column;
  const int64_t first = window * p.window, end = p.n - first < p.window ? p.n : first + p.window;
  int64_t row = p.rows[first], begin = first;
  T sum = 0;
  const auto finish = [&](int64_t i) {
    if (row == p.skipped) return;
    if (begin == first && first > 0 && p.rows[first - 1] == row)
      partial[0] = sum;
    else if (i == end && end < p.n && p.rows[end] == row)
      partial[p.width] = sum;
    else
      write_row(p, row, column, sum, i - begin);
  };
#pragma unroll 1
  for (int64_t i = first; i < end; i += kBatch) {
    T x[kBatch];
    int64_t at[kBatch];
#pragma unroll
    for (int k = 0; k < kBatch; k++) {
      const int64_t j = i + k < end ? i + k : i;
      at[k] = p.rows[j];
      x[k] = grad[p.order[j] * p.width + column];
    }
#pragma unroll
    for (int k = 0; k < kBatch; k++) {
      if (i + k >= end) break;
      if (at[k] != row) {
        finish(i + k);
        row = at[k];
        begin = i + k;
        sum = 0;
      }
      sum += x[k];
    }
  }
  finish(end);
}

/** A run that begins in a window and goes on in others, of which it has at least the first index. */
template <class T>
TENON_DEVICE void join_windows(const EmbeddingParameters& p, int64_t window, int64_t column) {
  const int64_t first = window * p.window, end = first + p.window;
  if (end >= p.n) return;
  const int64_t row = p.rows[end];
  if (p.rows[end - 1] != row || row == p.skipped) return;
  if (first > 0 && p.rows[first] == row && p.rows[first - 1] == row) return;  // it began before
  const T* const partial = static_cast<const T*>(p.partial) + column;
  T sum = partial[(2 * window + 1) * p.width];
  int64_t last = window;
#pragma unroll 1
  for (bool more = true; more;) {
    T x[kBatch];
    bool here[kBatch];
#pragma unroll
    for (int k = 0; k < kBatch; k++) {
      const int64_t w = last + 1 + k;
      here[k] = w < p.windows && p.rows[w * p.window] == row;
      x[k] = here[k] ? partial[2 * w * p.width] : T{0};
    }
#pragma unroll
    for (int k = 0; k < kBatch; k++) {
      if (!here[k]) continue;
      sum += x[k];
      last++;
    }
    more = here[kBatch - 1];
  }
  int64_t count = 1;
  if (p.by_frequency) {
    int64_t stop = last * p.window;
    while (stop < p.n && stop < (last + 1) * p.window && p.rows[stop] == row) stop++;
    count = stop - start_of(p, end, first);
  }
  write_row(p, row, column, sum, count);
}

template <class T, bool kJoin>
TENON_DEVICE void for_windows(const EmbeddingParameters& p) {
  if (p.failure->state) return;
  const int64_t items = p.windows * p.width;
  for (int64_t n = first_item(); n < items; n += item_stride()) {
    const int64_t window = n / p.width, column = n - window * p.width;
    if constexpr (kJoin)
      join_windows<T>(p, window, column);
    else
      sum_window<T>(p, window, column);
  }
}

}  // namespace

KERNEL(embedding_clear, kEmbeddingThreads, ClearParameters)(const ClearParameters p) {
  if (p.failure->state) return;
  for (int64_t n = first_item(); n < p.n; n += item_stride()) store_one(p.out, p.dtype, n * p.stride, 0.0f);
}

#define TENON_EMBEDDING(type, T)                                        \
  KERNEL(embedding_sum_##type, kEmbeddingThreads, EmbeddingParameters)  \
  (const EmbeddingParameters p) { for_windows<T, false>(p); }           \
  KERNEL(embedding_join_##type, kEmbeddingThreads, EmbeddingParameters) \
  (const EmbeddingParameters p) { for_windows<T, true>(p); }
TENON_EMBEDDING(f32, float)
TENON_EMBEDDING(f64, double)

#undef TENON_EMBEDDING

}  // namespace cuda
}  // namespace tenon
