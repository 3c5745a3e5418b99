// searchsorted, bincount and histc.
#include "cuda/kernels/search.h"

#include "cuda/dims.h"
#include "cuda/indices.h"
#include "cuda/kernel_table.h"
#include "cuda/kernels/embedding.h"
#include "cuda/scatter.h"
#include "cuda/teams.h"

namespace tenon {
namespace cuda {

namespace {

/** Elements that a thread counts, at least: so many that what blocks count is not lost in their bins. */
int64_t elements_each(int64_t bins) { return clamp(bins / 32, int64_t{16}, int64_t{256}); }

/** How many elements are in each bin, to the output: of whole numbers, or of bins between two ends. */
void run_count(const Launch& l, Queue& q, const char* kernel, CountParameters& p) {
  const TensorView &x = l.in(0), &out = l.out();
  const size_t bytes = static_cast<size_t>(out.numel) * sizeof(unsigned long long);
  p.failure = q.failure();
  p.x = x.data;
  p.type = x.dtype;
  p.numel = x.numel;
  p.bins = out.numel;
  p.counts = static_cast<unsigned long long*>(q.scratch(bytes));
  DimList<1> dims;
  for (int i = 0; i < x.rank; i++) dims.push({x.shape[i], {x.strides[i]}, 0, 0});
  dims.sort();
  dims.copy_to(p.dim);
  p.dims = dims.count;
  q.zero(p.counts, bytes);
  if (p.numel)
    q.launch(kernel, {blocks_for(p.numel, kSearchThreads, elements_each(p.bins), q)}, kSearchThreads, p,
             p.bins <= kSharedBins ? static_cast<size_t>(p.bins) * sizeof(unsigned) : 0);
  const CountedParameters counted{q.failure(), p.counts, out.data, p.bins, out.strides[0], out.dtype};
  q.launch("search_counted", {blocks_for(p.bins, kSearchThreads, 1, q)}, kSearchThreads, counted);
}

/** Sums of the weights of each whole number: in an order, which equal numbers are found by. */
void add_weights(const Launch& l, Queue& q) {
  const TensorView &x = l.in(0), &weights = l.in(1), &out = l.out();
  const ClearParameters clear{q.failure(), out.data, out.numel, out.strides[0], out.dtype};
  q.launch("embedding_clear", {blocks_for(clear.n, kEmbeddingThreads, 1, q)}, kEmbeddingThreads, clear);
  if (x.numel == 0) return;
  Parts sizes, parts;
  OrderMemory(sizes, nullptr, x.numel);
  const OrderMemory memory(parts, q.scratch(sizes.bytes()), x.numel);
  const SortedIndices sorted = sort_indices(x.as<int64_t>(), x.strides[0], x.numel, out.numel, memory, q);
  RunParameters p = {};
  p.failure = q.failure();
  p.keys = sorted.rows;
  p.order = sorted.order;
  p.source = weights.data;
  p.out = out.data;
  p.units = x.numel;
  p.columns = 1;
  p.mode = kAdd;
  p.source_type = weights.dtype;
  p.out_type = out.dtype;
  DimList<1> keys, units;
  keys.push({out.numel, {out.strides[0]}, 0, 0});
  units.push({x.numel, {weights.strides[0]}, 0, 0});
  keys.copy_to(p.key);
  p.key_dims = keys.count;
  units.copy_to(p.unit);
  p.unit_dims = units.count;
  combine_runs(p, l.compute, q);
}

}  // namespace

void kernel_searchsorted(const Launch& l, Queue& q) {
  const TensorView &sequence = l.in(0), &values = l.in(1), &out = l.out();
  if (out.numel == 0) return;
  SearchParameters p = {};
  p.sequence = sequence.data;
  p.values = values.data;
  p.out = out.data;
  p.n = sequence.shape[sequence.rank - 1];
  p.numel = out.numel;
  p.values_each = sequence.rank == 1 ? 0 : values.shape[values.rank - 1];
  p.right = l.scalar[0].get() != 0;
  p.type = sequence.dtype;
  p.out_type = out.dtype;
  q.launch(l.compute == DType::f32   ? "search_sorted_f32"
           : l.compute == DType::f64 ? "search_sorted_f64"
                                     : "search_sorted_i64",
           {blocks_for(p.numel, kSearchThreads, 1, q)}, kSearchThreads, p);
}

void kernel_bincount(const Launch& l, Queue& q) {
  const TensorView &x = l.in(0), &out = l.out();
  check_index(l, x, kBinOutOfRange, 0, out.numel, 0, q);
  if (out.numel == 0) return;
  if (l.inputs == 2) return add_weights(l, q);
  CountParameters p = {};
  run_count(l, q, "search_count_i64", p);
}

void kernel_histc(const Launch& l, Queue& q) {
  CountParameters p = {};
  p.low = number(l.scalar[0]);
  p.high = number(l.scalar[1]);
  run_count(l, q, l.compute == DType::f64 ? "search_count_f64" : "search_count_f32", p);
}

}  // namespace cuda
}  // namespace tenon
