// indexSelect, indexAdd, indexCopy and linearIndex. Kernels that write do nothing after a failed check. What
// has equal indices is done in the order of the indices, by one thread: so results don't depend on timing.
#include "cuda/kernels/convert.h"
#include "cuda/kernels/index.h"
#include "cuda/kernels/kernel.h"

namespace tenon {
namespace cuda {

namespace {

TENON_DEVICE int64_t first_item() { return static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; }
TENON_DEVICE int64_t item_stride() { return static_cast<int64_t>(gridDim.x) * blockDim.x; }

/** Where the n-th element in row-major order is. */
TENON_DEVICE int64_t strided_place(int64_t n, int rank, const int64_t* shape, const int64_t* stride) {
  int64_t at = 0;
  for (int d = rank - 1; d > 0; d--) {
    const int64_t rest = n / shape[d];
    at += (n - rest * shape[d]) * stride[d];
    n = rest;
  }
  return rank ? at + n * stride[0] : 0;
}

TENON_DEVICE bool out_of_range(const IndexCheck& p, int64_t n, int64_t& value) {
  value = p.index[strided_place(n, p.rank, p.shape, p.stride)];
  return value < p.low || value >= p.size;
}

}  // namespace

KERNEL(index_check, 256, IndexCheck)(const IndexCheck p) {
  for (int64_t n = first_item(); n < p.numel; n += item_stride()) {
    int64_t value, other;
    if (!out_of_range(p, n, value)) continue;
    // The first of all is what the error tells, whichever thread is early.
    for (int64_t before = 0; before < n; before++)
      if (out_of_range(p, before, other)) return;
    if (p.what == kIndexOutOfRange)
      leave_failure(p.failure, p.op, p.what, value, p.dim, p.size);
    else
      leave_failure(p.failure, p.op, p.what, value, p.size);
    return;
  }
}

// The order of indices: of few, each counts those before it; many are sorted digit by digit.

KERNEL(index_order, 256, IndexOrder)(const IndexOrder p) {
  if (p.failure->state) return;
  for (int64_t n = first_item(); n < p.numel; n += item_stride()) {
    const int64_t row = p.index[n * p.stride];
    int64_t rank = 0;
    for (int64_t i = 0; i < p.numel; i++) {
      const int64_t other = p.index[i * p.stride];
      rank += other < row || (other == row && i < n);
    }
    p.order[rank] = n;
    p.rows[rank] = row;
  }
}

namespace {

TENON_DEVICE unsigned digit_of(const IndexSort& p, int64_t row) {
  return static_cast<unsigned>(static_cast<uint64_t>(row) >> p.shift) & (kDigits - 1);
}

/** The sum of `value` over the threads up to this one; `sums` holds those of all, for another call to use
 * after a barrier. */
TENON_DEVICE int64_t sum_to_here(int64_t value, int64_t* sums) {
  const unsigned t = threadIdx.x;
  sums[t] = value;
  __syncthreads();
  for (unsigned step = 1; step < kSortThreads; step *= 2) {
    const int64_t before = t >= step ? sums[t - step] : 0;
    __syncthreads();
    sums[t] += before;
    __syncthreads();
  }
  return sums[t];
}

}  // namespace

KERNEL(index_sort_count, kSortThreads, IndexSort)(const IndexSort p) {
  SHARED(count, unsigned[kDigits]);
  if (p.failure->state) return;
  count[threadIdx.x] = 0;
  __syncthreads();
  const int64_t first = static_cast<int64_t>(blockIdx.x) * kSortTile;
  for (int i = static_cast<int>(threadIdx.x); i < kSortTile && first + i < p.numel; i += kSortThreads)
    atomicAdd(&count[digit_of(p, p.rows[(first + i) * p.stride])], 1u);
  __syncthreads();
  p.counts[threadIdx.x * p.tiles + blockIdx.x] = count[threadIdx.x];
}

/** A block for each digit. */
KERNEL(index_sort_sum, kSortThreads, IndexSort)(const IndexSort p) {
  SHARED(sums, int64_t[kSortThreads]);
  if (p.failure->state) return;
  int64_t* const counts = p.counts + blockIdx.x * p.tiles;
  int64_t total = 0;
  for (int64_t first = 0; first < p.tiles; first += kSortThreads) {
    const int64_t tile = first + threadIdx.x, count = tile < p.tiles ? counts[tile] : 0;
    const int64_t sum = sum_to_here(count, sums);
    if (tile < p.tiles) counts[tile] = total + sum - count;
    total += sums[kSortThreads - 1];
    __syncthreads();
  }
  if (threadIdx.x == 0) p.totals[blockIdx.x] = total;
}

KERNEL(index_sort_move, kSortThreads, IndexSort)(const IndexSort p) {
  constexpr int warps = kSortThreads / 32;
  SHARED(sums, int64_t[kSortThreads]);
  SHARED(next, int64_t[kDigits]);           // the place of the next row with a digit
  SHARED(count, unsigned[warps][kDigits]);  // of a round of rows
  if (p.failure->state) return;
  const unsigned t = threadIdx.x, warp = t / 32, lane = t % 32;
  const int64_t total = p.totals[t];
  next[t] = sum_to_here(total, sums) - total + p.counts[t * p.tiles + blockIdx.x];
  for (int w = 0; w < warps; w++) count[w][t] = 0;
  __syncthreads();
  const int64_t first = static_cast<int64_t>(blockIdx.x) * kSortTile;
  for (int round = 0; round < kSortTile; round += kSortThreads) {
    const int64_t n = first + round + t;
    const bool here = n < p.numel;
    const int64_t row = here ? p.rows[n * p.stride] : 0;
    const unsigned digit = digit_of(p, row);
    // The lanes that have this one's digit.
    unsigned same = __ballot_sync(~0u, here);
    for (int bit = 1; bit < kDigits; bit *= 2) {
      const unsigned set = __ballot_sync(~0u, (digit & bit) != 0);
      same &= digit & bit ? set : ~set;
    }
    const unsigned before = __popc(same & ((1u << lane) - 1));
    if (here && before == 0) count[warp][digit] = __popc(same);
    __syncthreads();
    if (here) {
      int64_t to = next[digit] + before;
      for (unsigned w = 0; w < warp; w++) to += count[w][digit];
      p.sorted_rows[to] = row;
      p.sorted_order[to] = p.order ? p.order[n] : n;
    }
    __syncthreads();
    for (int w = 0; w < warps; w++) {
      next[t] += count[w][t];
      count[w][t] = 0;
    }
    __syncthreads();
  }
}

namespace {

/** An element: which index is its, and its places but for the index's dimension. */
struct Place {
  int64_t index, many, whole;
};

template <class Integer>
TENON_DEVICE Place place_of(const IndexRows& p, Integer n) {
  Place at{0, 0, 0};
  for (int d = p.rank - 1; d >= 0; d--) {
    const Integer size = static_cast<Integer>(p.size[d]), rest = n / size;
    const int64_t i = static_cast<int64_t>(n - rest * size);
    if (d == p.picked) {
      at.index = i;
    } else {
      at.many += i * p.many_stride[d];
      at.whole += i * p.whole_stride[d];
    }
    n = rest;
  }
  return at;
}
TENON_DEVICE Place place(const IndexRows& p, int64_t n) {
  return p.numel <= INT32_MAX ? place_of(p, static_cast<uint32_t>(n)) : place_of(p, n);
}

template <class T>
TENON_DEVICE void select_rows(const IndexRows& p) {
  if (p.failure->state) return;
  T* const to = static_cast<T*>(p.many);
  const T* const from = static_cast<const T*>(p.whole);
  for (int64_t n = first_item(); n < p.numel; n += item_stride()) {
    const Place at = place(p, n);
    const int64_t row = p.index[at.index * p.index_stride];
    to[at.many + at.index * p.many_stride[p.picked]] = from[at.whole + row * p.whole_stride[p.picked]];
  }
}

/** The last of equal indices counts. */
template <class T>
TENON_DEVICE void copy_rows(const IndexRows& p) {
  if (p.failure->state) return;
  const T* const from = static_cast<const T*>(p.many);
  T* const to = static_cast<T*>(p.whole);
  for (int64_t n = first_item(); n < p.numel; n += item_stride()) {
    const Place at = place(p, n);
    const int64_t row = p.index[at.index];
    if (at.index + 1 < p.indices && p.index[at.index + 1] == row) continue;
    to[at.whole + row * p.whole_stride[p.picked]] =
        from[at.many + p.order[at.index] * p.many_stride[p.picked]];
  }
}

/** A sum is rounded to the dtype after each addition, as if rows were added one by one. */
template <class T, class Compute>
TENON_DEVICE void add_rows(const IndexRows& p) {
  if (p.failure->state) return;
  const T* const from = static_cast<const T*>(p.many);
  T* const to = static_cast<T*>(p.whole);
  for (int64_t n = first_item(); n < p.numel; n += item_stride()) {
    const Place at = place(p, n);
    const int64_t row = p.index[at.index];
    if (at.index > 0 && p.index[at.index - 1] == row) continue;
    T& sum = to[at.whole + row * p.whole_stride[p.picked]];
    T value = sum;
    for (int64_t i = at.index; i < p.indices && p.index[i] == row; i++)
      value = convert<T>(static_cast<Compute>(
          convert<Compute>(value) + convert<Compute>(from[at.many + p.order[i] * p.many_stride[p.picked]])));
    sum = value;
  }
}

struct alignas(16) Quad {
  uint64_t low, high;
};

}  // namespace

#define TENON_MOVES(bits, T)                                                            \
  KERNEL(index_select_##bits, 256, IndexRows)(const IndexRows p) { select_rows<T>(p); } \
  KERNEL(index_copy_##bits, 256, IndexRows)(const IndexRows p) { copy_rows<T>(p); }
TENON_MOVES(b8, uint8_t)
TENON_MOVES(b16, uint16_t)
TENON_MOVES(b32, uint32_t)
TENON_MOVES(b64, uint64_t)
TENON_MOVES(b128, Quad)

#define TENON_ADD(name, T, Compute) \
  KERNEL(index_add_##name, 256, IndexRows)(const IndexRows p) { add_rows<T, Compute>(p); }
TENON_ADD(f32, float, float)
TENON_ADD(f64, double, double)
TENON_ADD(f16, Half, float)
TENON_ADD(bf16, BFloat16, float)
TENON_ADD(i8, uint8_t, uint32_t)
TENON_ADD(i16, uint16_t, uint32_t)
TENON_ADD(i32, uint32_t, uint32_t)
TENON_ADD(i64, uint64_t, uint64_t)
TENON_ADD(bool, Bool, uint32_t)

KERNEL(index_places, 256, IndexPlaces)(const IndexPlaces p) {
  if (p.failure->state) return;
  for (int64_t n = first_item(); n < p.numel; n += item_stride()) {
    const int64_t k = p.index[strided_place(n, p.rank, p.shape, p.stride)];
    p.places[n] = (p.first ? 0 : p.places[n] * p.size) + (k < 0 ? k + p.size : k);
  }
}

}  // namespace cuda
}  // namespace tenon
