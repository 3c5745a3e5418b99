// embedding and its derivative.
#include "cuda/kernels/embedding.h"

#include "cuda/indices.h"
#include "cuda/kernel_table.h"
#include "cuda/teams.h"

namespace tenon {
namespace cuda {

namespace {

// Windows are short, unless there are enough of them all the same.
constexpr int64_t kLeastWindow = 32, kMostWindow = 1024;
constexpr int64_t kManySums = int64_t{1} << 18;

}  // namespace

void kernel_embedding(const Launch& l, Queue& q) {
  const TensorView &table = l.in(0), &out = l.out();
  int64_t* const number = static_cast<int64_t*>(q.scratch(sizeof(int64_t)));
  TensorView index = on_device(l.in(1), number, q);
  check_index(l, index, kRowOutOfRange, 0, table.shape[0], 0, q);
  if (out.numel == 0) return;
  // Both are dense, whatever shape the indices have.
  const int64_t n = index.numel, width = table.shape[1], one = 1;
  const int64_t shape[2] = {n, width}, strides[2] = {width, 1};
  index.rank = 1;
  index.shape = &n;
  index.strides = &one;
  TensorView rows = out;
  rows.rank = 2;
  rows.shape = shape;
  rows.strides = strides;
  select_rows(table, index, 0, rows, q);
}

void kernel_embeddingBackward(const Launch& l, Queue& q) {
  const TensorView &grad = l.in(0), &out = l.out();
  const int64_t n = l.in(1).numel, rows = out.shape[0], width = out.shape[1];
  const int64_t element = element_size(out.dtype);
  EmbeddingParameters p = {};
  p.n = n;
  p.width = width;
  p.window = clamp(n * width / kManySums, kLeastWindow, kMostWindow);
  p.windows = divide_up(n, p.window);
  const int64_t partial = 2 * p.windows * width * element;
  Parts sizes;
  sizes.take<int64_t>(nullptr, 1);
  sizes.take<char>(nullptr, partial);
  OrderMemory(sizes, nullptr, n);
  void* const all = q.scratch(sizes.bytes());
  Parts parts;
  int64_t* const number = parts.take<int64_t>(all, 1);
  p.partial = parts.take<char>(all, partial);
  const OrderMemory memory(parts, all, n);

  const TensorView index = on_device(l.in(1), number, q);
  check_index(l, index, kRowOutOfRange, 0, rows, 0, q);
  if (out.numel == 0) return;
  ClearParameters clear = {};
  clear.failure = q.failure();
  clear.out = out.data;
  clear.n = out.numel;
  clear.stride = 1;
  clear.dtype = out.dtype;
  q.launch("embedding_clear", {blocks_for(clear.n, kEmbeddingThreads, 4, q)}, kEmbeddingThreads, clear);
  if (n == 0) return;
  const SortedIndices sorted = sort_indices(index.as<int64_t>(), 1, n, rows, memory, q);
  p.failure = q.failure();
  p.rows = sorted.rows;
  p.order = sorted.order;
  p.grad = grad.data;
  p.out = out.data;
  p.skipped = l.scalar[0].integer();
  p.by_frequency = l.scalar[1].get() != 0;
  const bool f64 = l.compute == DType::f64;
  const Blocks blocks{blocks_for(p.windows * width, kEmbeddingThreads, 1, q)};
  q.launch(f64 ? "embedding_sum_f64" : "embedding_sum_f32", blocks, kEmbeddingThreads, p);
  if (p.windows > 1)
    q.launch(f64 ? "embedding_join_f64" : "embedding_join_f32", blocks, kEmbeddingThreads, p);
}

}  // namespace cuda
}  // namespace tenon
