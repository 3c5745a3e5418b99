#include "cuda/indices.h"

#include "cuda/kernels/index.h"

namespace tenon {
namespace cuda {

namespace {

constexpr unsigned kThreads = 256;
/** Up to here the order of indices is found by comparing each with each. */
constexpr int64_t kFewIndices = 2048;
constexpr int kDigitBits = 8;

int64_t sort_tiles(int64_t n) { return (n + kSortTile - 1) / kSortTile; }

}  // namespace

TensorView on_device(const TensorView& v, int64_t* memory, Queue& q) {
  TensorView there = v;
  if (!is_number(v)) return there;
  q.upload(memory, v.data, static_cast<size_t>(element_size(v.dtype)));
  there.data = memory;
  return there;
}

void check_index(const Launch& l, const TensorView& index, FailureKind what, int64_t low, int64_t size,
                 int dim, Queue& q) {
  if (index.numel == 0) return;
  IndexCheck p;
  p.failure = q.failure();
  p.op = l.op;
  p.what = what;
  p.index = index.as<int64_t>();
  p.numel = 1;
  p.low = low;
  p.size = size;
  p.dim = dim;
  p.rank = index.rank;
  for (int i = 0; i < index.rank; i++) {
    p.stride[i] = index.strides[i];
    p.shape[i] = p.stride[i] == 0 ? 1 : index.shape[i];  // what is repeated is looked at once
    p.numel *= p.shape[i];
  }
  q.launch("index_check", {blocks_for(p.numel, kThreads, 1, q)}, kThreads, p);
}

OrderMemory::OrderMemory(Parts& parts, void* memory, int64_t n) {
  for (int i = 0; i < 2; i++) {
    order[i] = parts.take<int64_t>(memory, n);
    rows[i] = parts.take<int64_t>(memory, n);
  }
  const bool few = n <= kFewIndices;
  counts = parts.take<int64_t>(memory, few ? 0 : sort_tiles(n) * kDigits);
  totals = parts.take<int64_t>(memory, few ? 0 : kDigits);
}

SortedIndices sort_indices(const int64_t* index, int64_t stride, int64_t n, int64_t size,
                           const OrderMemory& memory, Queue& q) {
  if (n <= kFewIndices) {
    const IndexOrder p{q.failure(), index, stride, n, memory.order[1], memory.rows[1]};
    q.launch("index_order", {blocks_for(n, kThreads, 1, q)}, kThreads, p);
    return {memory.rows[1], memory.order[1]};
  }
  IndexSort p;
  p.failure = q.failure();
  p.rows = index;
  p.stride = stride;
  p.order = nullptr;
  p.numel = n;
  p.tiles = sort_tiles(n);
  p.counts = memory.counts;
  p.totals = memory.totals;
  int half = 0;
  for (p.shift = 0; p.shift == 0 || (p.shift < 63 && (size - 1) >> p.shift); p.shift += kDigitBits) {
    half = 1 - half;
    p.sorted_rows = memory.rows[half];
    p.sorted_order = memory.order[half];
    const Blocks tiles{static_cast<unsigned>(p.tiles)};
    q.launch("index_sort_count", tiles, kSortThreads, p);
    q.launch("index_sort_sum", {kDigits}, kSortThreads, p);
    q.launch("index_sort_move", tiles, kSortThreads, p);
    p.rows = p.sorted_rows;
    p.stride = 1;
    p.order = p.sorted_order;
  }
  return {memory.rows[half], memory.order[half]};
}

}  // namespace cuda
}  // namespace tenon
