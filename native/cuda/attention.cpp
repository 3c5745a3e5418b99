// attention and its derivative.
#include "cuda/kernels/attention.h"

#include "cuda/gemm.h"
#include "cuda/kernel_table.h"
#include "cuda/teams.h"

namespace tenon {
namespace cuda {

namespace {

/** A kernel, and what a block of it makes. */
struct AttentionKernel {
  const char* name;
  AttentionTile tile;
  unsigned shared_bytes;  // without those of a mask
};
/** The kernels of one type: of the result, and of the gradients of queries, and of keys and values. */
struct Attention {
  AttentionKernel forward, queries, keys;
};

constexpr Attention kF32 = {{"attention_forward_f32", kAttentionTile, 0},
                            {"attention_queries_f32", kAttentionTile, 0},
                            {"attention_keys_f32", kAttentionTile, 0}};
constexpr Attention kWideF32 = {{"attention_forward_wide_f32", kWideAttentionTile, 0},
                                {"attention_queries_wide_f32", kWideAttentionTile, 0},
                                {"attention_keys_wide_f32", kWideAttentionTile, 0}};
constexpr Attention kF64 = {{"attention_forward_f64", kDoubleAttentionTile, 0},
                            {"attention_queries_f64", kDoubleAttentionTile, 0},
                            {"attention_keys_f64", kDoubleAttentionTile, 0}};
constexpr Attention kHalfF32 = {{"attention_forward_half_f32", kAttentionTile, 0},
                                {"attention_queries_half_f32", kAttentionTile, 0},
                                {"attention_keys_half_f32", kAttentionTile, 0}};

constexpr AttentionKernel on_tensor_cores(const char* name, int size, int other_rows) {
  return {name,
          {kHalfAttentionRows, kHalfAttentionColumns, 16, size, kHalfAttentionThreads},
          half_attention_bytes(kHalfAttentionRows + other_rows, size)};
}
constexpr Attention on_tensor_cores(const char* forward, const char* queries, const char* keys, int size) {
  return {on_tensor_cores(forward, size, 2 * kHalfAttentionColumns),
          on_tensor_cores(queries, size, kHalfAttentionRows + 2 * kHalfAttentionColumns),
          on_tensor_cores(keys, size, kHalfAttentionRows + 2 * half_attention_queries(size))};
}
constexpr Attention kHalf =
    on_tensor_cores("attention_forward_half64", "attention_queries_half64", "attention_keys_half64", 64);
constexpr Attention kWideHalf =
    on_tensor_cores("attention_forward_half128", "attention_queries_half128", "attention_keys_half128", 128);

/** For results whose rows have that many elements, at most. */
const Attention& kernels_for(const AttentionParameters& p, int64_t columns, const Queue& q) {
  if (p.type == DType::f64) return kF64;
  if (p.type == DType::f32) return columns > kF32.forward.tile.width ? kWideF32 : kF32;
  // On tensor cores a block has whole rows, of all operands.
  const int64_t longest = p.size > p.width ? p.size : p.width;
  if (q.capability() < 80 || longest > kWideHalf.forward.tile.width) return kHalfF32;
  return longest > kHalf.forward.tile.width ? kWideHalf : kHalf;
}

AttentionMatrix matrix(const TensorView& v) {
  const int64_t rows = v.shape[v.rank - 2], columns = v.shape[v.rank - 1];
  const int64_t row = v.strides[v.rank - 2], column = v.strides[v.rank - 1];
  return {{v.data, row, column, lies_along_k(rows, row, columns, column)},
          {v.data, column, row, lies_along_k(columns, column, rows, row)}};
}

/** The operands of both; `grad`: of the result, or null. */
AttentionParameters operands_of(const Launch& l, int first, const TensorView* grad, const TensorView* mask) {
  const TensorView &query = l.in(first), &key = l.in(first + 1), &value = l.in(first + 2);
  const int rank = query.rank;
  AttentionParameters p = {};
  p.query = matrix(query);
  p.key = matrix(key);
  p.value = matrix(value);
  if (grad) p.grad = matrix(*grad);
  p.queries = query.shape[rank - 2];
  p.keys = key.shape[rank - 2];
  p.size = query.shape[rank - 1];
  p.width = value.shape[rank - 1];
  p.parts = 1;
  p.part = p.keys;
  p.causal = l.scalar[0].get() != 0;
  p.scale = number(l.scalar[1]);
  p.type = query.dtype;
  const auto mask_stride = [&](int dim) {
    const int own = mask ? dim - (rank - mask->rank) : -1;
    return own < 0 || mask->shape[own] == 1 ? int64_t{0} : mask->strides[own];
  };
  if (mask) {
    p.mask = mask->data;
    p.mask_type = mask->dtype;
    p.mask_row = mask_stride(rank - 2);
    p.mask_column = mask_stride(rank - 1);
  }
  DimList<5> batch;
  p.batches = 1;
  for (int i = 0; i < rank - 2; i++) {
    p.batches *= query.shape[i];
    batch.push(
        {query.shape[i],
         {query.strides[i], key.strides[i], value.strides[i], mask_stride(i), grad ? grad->strides[i] : 0},
         0,
         0});
  }
  batch.copy_to(p.dim);
  p.dims = batch.count;
  return p;
}

// With so few blocks keys are cut to parts, so that there are about so many, each with enough to do.
constexpr int64_t kFewBlocks = 128;
constexpr int64_t kWantedBlocks = 256;
constexpr int64_t kLeastTiles = 4;
constexpr int64_t kMostParts = 64;

/** How keys are cut: by the shape alone. */
void share_keys(AttentionParameters& p, const AttentionTile& tile) {
  const int64_t blocks = divide_up(p.queries, tile.rows) * divide_up(p.width, tile.width) * p.batches;
  if (blocks == 0 || blocks > kFewBlocks) return;
  const int64_t tiles = divide_up(p.keys, tile.columns);
  const int64_t each = divide_up(tiles, clamp(kWantedBlocks / blocks, int64_t{1}, kMostParts));
  p.part = (each < kLeastTiles ? kLeastTiles : each) * tile.columns;
  p.parts = p.keys ? divide_up(p.keys, p.part) : 1;
}

/** Makes rows of that many elements. */
void run(AttentionParameters& p, const AttentionKernel& kernel, int64_t rows, int64_t columns, Queue& q) {
  p.chunks = columns ? divide_up(columns, kernel.tile.width) : 1;
  const int64_t items = divide_up(rows, kernel.tile.rows) * p.chunks * p.parts * p.batches;
  if (items == 0) return;
  constexpr int64_t most = int64_t{1} << 20;
  const unsigned mask_bytes = p.mask && kernel.shared_bytes ? kHalfMaskBytes : 0;
  q.launch(kernel.name, {static_cast<unsigned>(items < most ? items : most)}, kernel.tile.threads, p,
           kernel.shared_bytes + mask_bytes);
}

}  // namespace

void kernel_attention(const Launch& l, Queue& q) {
  AttentionParameters p = operands_of(l, 0, nullptr, l.inputs > 3 ? &l.in(3) : nullptr);
  p.out = l.out(0).data;
  p.sums = l.out(1).data;
  const AttentionKernel& kernel = kernels_for(p, p.width, q).forward;
  const bool wide = l.compute == DType::f64;
  const int64_t rows = p.batches * p.queries;
  share_keys(p, kernel.tile);
  if (p.parts > 1)
    p.partial = q.scratch(static_cast<size_t>(p.parts * rows * (p.width + 2)) *
                          (wide ? sizeof(double) : sizeof(float)));
  run(p, kernel, p.queries, p.width, q);
  if (p.parts > 1)
    q.launch(wide ? "attention_join_f64" : "attention_join_f32",
             {blocks_for(rows * p.width, kAttentionJoinThreads, 1, q)}, kAttentionJoinThreads, p);
}

void kernel_attentionBackward(const Launch& l, Queue& q) {
  AttentionParameters p = operands_of(l, 1, &l.in(0), l.inputs > 6 ? &l.in(6) : nullptr);
  const bool wide = l.compute == DType::f64;
  p.out = l.in(4).data;
  p.sums = l.in(5).data;
  p.grad_query = l.out(0).data;
  p.grad_key = l.out(1).data;
  p.grad_value = l.out(2).data;
  const int64_t rows = p.batches * p.queries;
  if (rows) {
    p.dots = q.scratch(static_cast<size_t>(rows) * (wide ? sizeof(double) : sizeof(float)));
    q.launch(wide ? "attention_dots_f64" : "attention_dots_f32", {blocks_for(rows * 32, kDotThreads, 1, q)},
             kDotThreads, p);
  }
  run(p, kernels_for(p, p.size, q).queries, p.queries, p.size, q);
  const int64_t longest = p.size > p.width ? p.size : p.width;
  run(p, kernels_for(p, longest, q).keys, p.keys, longest, q);
}

}  // namespace cuda
}  // namespace tenon
