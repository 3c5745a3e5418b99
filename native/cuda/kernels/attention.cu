// softmax(scale query keyT + mask) value and its derivative, without the matrix of scores: tile by tile, each
// row's largest score and sum of exponentials brought up to date as tiles come (Milakov and Gimelshein,
// "Online normalizer calculation for softmax", 2018; Dao et al., "FlashAttention", 2022). The derivative
// computes scores again, once for the queries' gradients and once for those of keys and values: each sum has
// one block, which makes it in one order. Of any type and size.
#include "cuda/kernels/attention_tile.h"

namespace tenon {
namespace cuda {

template <class Block>
TENON_DEVICE void attend(const AttentionParameters& p) {
  using T = typename Block::T;
  constexpr T kLowest = -static_cast<T>(INFINITY);
  SHARED(memory, typename Block::Memory);
  const Block block(p.type, memory);
  const Scores<T> scores(p);
  const AttentionItems items(p.queries, Block::kRows, p.causal);
  const int64_t count = items.count(p);
#pragma unroll 1
  for (int64_t number = blockIdx.x; number < count; number += gridDim.x) {
    const AttentionItem item = items.item(p, number);
    const Strip queries = {p.query.rows, item.at[kQuery], item.first, p.queries};
    const Strip columns = {p.value.columns, item.at[kValue], item.chunk * Block::kWidth, p.width};
    const int64_t begin = item.part * p.part, last = min(p.keys, begin + p.part);
    const int64_t end = p.causal ? min(last, item.first + Block::kRows) : last;
    T result[Block::kOwnRows][Block::kOwnWidth], largest[Block::kOwnRows], sum[Block::kOwnRows];
    Block::clear(result);
#pragma unroll
    for (int i = 0; i < Block::kOwnRows; i++) largest[i] = kLowest, sum[i] = 0;
#pragma unroll 1
    for (int64_t key = begin; key < end; key += Block::kColumns) {
      T tile[Block::kOwnRows][Block::kOwnColumns];
      const AttentionWindow window(p, item, item.first, key);
      if (scores.masked) block.template put_mask<false>(p, window);
      block.multiply(queries, {p.key.rows, item.at[kKey], key, p.keys}, p.size, tile);
#pragma unroll
      for (int i = 0; i < Block::kOwnRows; i++) {
        T top = kLowest, part = 0;
#pragma unroll
        for (int j = 0; j < Block::kOwnColumns; j++) {
          const bool seen = window.sees(block.row(i), block.column(j));
          tile[i][j] = scores.score(tile[i][j], scores.masked ? block.mask(i, j) : T{0}, seen);
          top = larger(top, tile[i][j]);
        }
        const T next = larger(largest[i], Block::largest_of(top));
        const T shift = next == kLowest ? T{0} : next;  // nothing to look at so far
        const T factor = largest[i] == next ? T{1} : exp(largest[i] - shift);
#pragma unroll
        for (int j = 0; j < Block::kOwnColumns; j++) {
          tile[i][j] = exp(tile[i][j] - shift);
          part += tile[i][j];
        }
        sum[i] = sum[i] * factor + part;
        largest[i] = next;
#pragma unroll
        for (int j = 0; j < Block::kOwnWidth; j++) result[i][j] *= factor;
      }
      block.put(tile);
      block.accumulate(columns, key, p.keys, result);
    }
#pragma unroll
    for (int i = 0; i < Block::kOwnRows; i++) {
      const T total = Block::sum_of(sum[i]);
      if (block.leads()) leave_sum(p, item, item.first + block.row(i), largest[i], total);
      if (p.parts > 1) continue;
      const T factor = 1 / total;
#pragma unroll
      for (int j = 0; j < Block::kOwnWidth; j++) result[i][j] = total == 0 ? T{0} : result[i][j] * factor;
    }
    if (p.parts == 1)
      block.store(typename Block::Storage(p.type), p.out, item.batch * p.queries * p.width, item, p.queries,
                  p.width, result);
    else
      block.store(Stored<T, T>(p.type), p.partial, part_of_rows(p, item) * p.width, item, p.queries, p.width,
                  result);
  }
}

template <class Block>
TENON_DEVICE void derive_queries(const AttentionParameters& p) {
  using T = typename Block::T;
  SHARED(memory, typename Block::Memory);
  const Block block(p.type, memory);
  const Scores<T> scores(p);
  const AttentionItems items(p.queries, Block::kRows, p.causal);
  const int64_t count = items.count(p);
#pragma unroll 1
  for (int64_t number = blockIdx.x; number < count; number += gridDim.x) {
    const AttentionItem item = items.item(p, number);
    const Strip queries = {p.query.rows, item.at[kQuery], item.first, p.queries};
    const Strip grads = {p.grad.rows, item.at[kGrad], item.first, p.queries};
    const Strip columns = {p.key.columns, item.at[kKey], item.chunk * Block::kWidth, p.size};
    const int64_t end = p.causal ? min(p.keys, item.first + Block::kRows) : p.keys;
    T result[Block::kOwnRows][Block::kOwnWidth], sum[Block::kOwnRows], dot[Block::kOwnRows];
    Block::clear(result);
#pragma unroll
    for (int i = 0; i < Block::kOwnRows; i++) {
      const KnownOfQuery<T> known(p, item.batch, item.first + block.row(i));
      sum[i] = known.sum, dot[i] = known.dot;
    }
#pragma unroll 1
    for (int64_t key = 0; key < end; key += Block::kColumns) {
      T tile[Block::kOwnRows][Block::kOwnColumns], slope[Block::kOwnRows][Block::kOwnColumns];
      const AttentionWindow window(p, item, item.first, key);
      if (scores.masked) block.template put_mask<false>(p, window);
      block.multiply(queries, {p.key.rows, item.at[kKey], key, p.keys}, p.size, tile);
      block.multiply(grads, {p.value.rows, item.at[kValue], key, p.keys}, p.width, slope);
#pragma unroll
      for (int i = 0; i < Block::kOwnRows; i++)
#pragma unroll
        for (int j = 0; j < Block::kOwnColumns; j++) {
          const bool seen = window.sees(block.row(i), block.column(j));
          const T score = scores.score(tile[i][j], scores.masked ? block.mask(i, j) : T{0}, seen);
          tile[i][j] = seen ? exp(score - sum[i]) * (slope[i][j] - dot[i]) * scores.scale : T{0};
        }
      block.put(tile);
      block.accumulate(columns, key, p.keys, result);
    }
    block.store(typename Block::Storage(p.type), p.grad_query, item.batch * p.queries * p.size, item,
                p.queries, p.size, result);
  }
}

/** Tiles as they lie here have keys as rows, and queries as columns. */
template <class Block>
TENON_DEVICE void derive_keys(const AttentionParameters& p) {
  using T = typename Block::T;
  SHARED(memory, typename Block::Memory);
  const Block block(p.type, memory);
  const Scores<T> scores(p);
  const AttentionItems items(p.keys, Block::kRows, false);
  const int64_t count = items.count(p);
#pragma unroll 1
  for (int64_t number = blockIdx.x; number < count; number += gridDim.x) {
    const AttentionItem item = items.item(p, number);
    const Strip keys = {p.key.rows, item.at[kKey], item.first, p.keys};
    const Strip values = {p.value.rows, item.at[kValue], item.first, p.keys};
    const Strip queries = {p.query.columns, item.at[kQuery], item.chunk * Block::kWidth, p.size};
    const Strip grads = {p.grad.columns, item.at[kGrad], item.chunk * Block::kWidth, p.width};
    T of_keys[Block::kOwnRows][Block::kOwnWidth], of_values[Block::kOwnRows][Block::kOwnWidth];
    Block::clear(of_keys);
    Block::clear(of_values);
    const int64_t start = p.causal ? item.first / Block::kColumns * Block::kColumns : 0;
#pragma unroll 1
    for (int64_t query = start; query < p.queries; query += Block::kColumns) {
      T tile[Block::kOwnRows][Block::kOwnColumns], slope[Block::kOwnRows][Block::kOwnColumns];
      const AttentionWindow window(p, item, query, item.first);
      if (scores.masked) block.template put_mask<true>(p, window);
      block.multiply(keys, {p.query.rows, item.at[kQuery], query, p.queries}, p.size, tile);
      block.multiply(values, {p.grad.rows, item.at[kGrad], query, p.queries}, p.width, slope);
#pragma unroll
      for (int j = 0; j < Block::kOwnColumns; j++) {
        const KnownOfQuery<T> known(p, item.batch, query + block.column(j));
#pragma unroll
        for (int i = 0; i < Block::kOwnRows; i++) {
          const bool seen = window.sees(block.column(j), block.row(i));
          const T score = scores.score(tile[i][j], scores.masked ? block.mask(i, j) : T{0}, seen);
          tile[i][j] = seen ? exp(score - known.sum) : T{0};
          slope[i][j] = seen ? tile[i][j] * (slope[i][j] - known.dot) * scores.scale : T{0};
        }
      }
      block.put(tile);
      block.accumulate(grads, query, p.queries, of_values);
      block.put(slope);
      block.accumulate(queries, query, p.queries, of_keys);
    }
    const typename Block::Storage storage(p.type);
    block.store(storage, p.grad_key, item.batch * p.keys * p.size, item, p.keys, p.size, of_keys);
    block.store(storage, p.grad_value, item.batch * p.keys * p.width, item, p.keys, p.width, of_values);
  }
}

/** The results of all parts of the keys, in their order. */
template <class T>
TENON_DEVICE void join_parts(const AttentionParameters& p) {
  constexpr T kLowest = -static_cast<T>(INFINITY);
  const int64_t rows = p.batches * p.queries, elements = rows * p.width;
  const int64_t step = static_cast<int64_t>(gridDim.x) * kAttentionJoinThreads;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * kAttentionJoinThreads + threadIdx.x; i < elements;
       i += step) {
    const int64_t row = i / p.width;
    const T *const pairs = sums_of_parts<T>(p) + 2 * row, *const results =
                                                              static_cast<const T*>(p.partial) + i;
    T largest = kLowest, sum = 0, result = 0;
    for (int64_t part = 0; part < p.parts; part++) largest = larger(largest, pairs[2 * part * rows]);
    for (int64_t part = 0; part < p.parts && largest != kLowest; part++) {
      const T factor = exp(pairs[2 * part * rows] - largest);
      sum += factor * pairs[2 * part * rows + 1];
      result += factor * results[part * elements];
    }
    store_one(p.out, p.type, i, sum == 0 ? T{0} : result / sum);
    if (i % p.width == 0) static_cast<T*>(p.sums)[row] = log_sum_exp(largest, sum);
  }
}

/** The result times its gradient, of each query. */
template <class T>
TENON_DEVICE void dot_rows(const AttentionParameters& p) {
  constexpr int64_t kWarps = kDotThreads / 32;
  const int64_t lane = threadIdx.x % 32, rows = p.batches * p.queries;
  for (int64_t row = blockIdx.x * kWarps + threadIdx.x / 32; row < rows; row += gridDim.x * kWarps) {
    int64_t at[5];
    locate(p.dim, p.dims, row / p.queries, at);
    const int64_t grad = at[kGrad] + row % p.queries * p.grad.rows.outer;
    double sum = 0;
    for (int64_t i = lane; i < p.width; i += 32)
      sum += load_one<double>(p.grad.rows.data, p.type, grad + i * p.grad.rows.k) *
             load_one<double>(p.out, p.type, row * p.width + i);
#pragma unroll
    for (unsigned bit = 16; bit; bit /= 2) sum += exchange(sum, bit);
    if (lane == 0) static_cast<T*>(p.dots)[row] = static_cast<T>(sum);
  }
}

#define TENON_ATTENTION(type, tile, T, ...)                                                             \
  KERNEL(attention_forward_##type, tile.threads, AttentionParameters)(const AttentionParameters p) {    \
    attend<AttentionBlock<T, __VA_ARGS__, tile.rows, tile.columns, tile.depth, tile.width>>(p);         \
  }                                                                                                     \
  KERNEL(attention_queries_##type, tile.threads, AttentionParameters)(const AttentionParameters p) {    \
    derive_queries<AttentionBlock<T, __VA_ARGS__, tile.rows, tile.columns, tile.depth, tile.width>>(p); \
  }                                                                                                     \
  KERNEL(attention_keys_##type, tile.threads, AttentionParameters)(const AttentionParameters p) {       \
    derive_keys<AttentionBlock<T, __VA_ARGS__, tile.rows, tile.columns, tile.depth, tile.width>>(p);    \
  }
#define TENON_AS_IS(T) Stored<T, T>

TENON_ATTENTION(f32, kAttentionTile, float, TENON_AS_IS(float))
TENON_ATTENTION(wide_f32, kWideAttentionTile, float, TENON_AS_IS(float))
TENON_ATTENTION(f64, kDoubleAttentionTile, double, TENON_AS_IS(double))
// Halves where there are no tensor cores for them, or rows are too long.
TENON_ATTENTION(half_f32, kAttentionTile, float, StoredAsHalf)

#undef TENON_AS_IS
#undef TENON_ATTENTION

KERNEL(attention_join_f32, kAttentionJoinThreads, AttentionParameters)(const AttentionParameters p) {
  join_parts<float>(p);
}
KERNEL(attention_join_f64, kAttentionJoinThreads, AttentionParameters)(const AttentionParameters p) {
  join_parts<double>(p);
}
KERNEL(attention_dots_f32, kDotThreads, AttentionParameters)(const AttentionParameters p) {
  dot_rows<float>(p);
}
KERNEL(attention_dots_f64, kDotThreads, AttentionParameters)(const AttentionParameters p) {
  dot_rows<double>(p);
}

}  // namespace cuda
}  // namespace tenon
