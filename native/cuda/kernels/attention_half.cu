// Attention and its derivative for halves on tensor cores, with scores and sums in float32: as attention.cu,
// for rows of up to kSize elements. A block of four warps makes sixty-four rows, each warp sixteen of them,
// whose scores stay in its registers: they leave a product as the next one takes them. Probabilities are
// rounded to halves before they are multiplied. Needs compute capability 8.0.
#include "cuda/kernels/attention_item.h"
#include "cuda/kernels/block.h"
#include "cuda/kernels/tensor_core.h"

namespace tenon {
namespace cuda {

#if TENON_TENSOR_CORES

constexpr int kChunk = 8;  // halves that are copied at once: 16 bytes

/** kSize: of rows of shared memory; shorter ones end in zeros. kColumns: of a tile of scores. */
template <int kSize, int kColumns>
struct HalfAttention {
  static constexpr int kRows = kHalfAttentionRows, kRow = kSize + kHalfGap;
  static constexpr int kTiles = kColumns / 8, kSums = kSize / 8;  // of mma's results
  using Tile = float[kTiles][4];
  using Sums = float[kSums][4];
  using Factors = uint32_t[kTiles / 2][4];  // a tile that has become an operand

  /** Starts to copy kCount rows; what is not there becomes zero. */
  template <int kCount>
  static TENON_DEVICE void copy(uint16_t* to, const GemmOperand& rows, int64_t at, int64_t first,
                                int64_t outer, int64_t columns) {
    constexpr int kAcross = kSize / kChunk, kThreads = static_cast<int>(kHalfAttentionThreads);
    const int there = static_cast<int>(min(outer - first, int64_t{kCount})), wide = static_cast<int>(columns);
    const uint16_t* const from = static_cast<const uint16_t*>(rows.data) + at + first * rows.outer;
    const int thread = static_cast<int>(threadIdx.x);
    if (rows.k == 1 && wide % kChunk == 0 && rows.outer % kChunk == 0 && is_aligned(from, 16)) {
#pragma unroll
      for (int i = 0; i < kCount * kAcross / kThreads; i++) {
        const int chunk = thread + i * kThreads, row = chunk / kAcross, column = chunk % kAcross * kChunk;
        const bool inside = row < there && column < wide;
        cp_async<16>(to + row * kRow + column, inside ? from + row * rows.outer + column : from, inside);
      }
      return;
    }
#pragma unroll 1
    for (int i = thread; i < kCount * kSize; i += kThreads) {
      const int row = i / kSize, column = i % kSize;
      const bool inside = row < there && column < wide;
      to[row * kRow + column] = inside ? from[row * rows.outer + column * rows.k] : uint16_t{0};
    }
  }

  static TENON_DEVICE int lane() { return static_cast<int>(threadIdx.x) % 32; }
  /** The first row of this warp. */
  static TENON_DEVICE int warp_row() { return static_cast<int>(threadIdx.x) / 32 * 16; }
  // Which of the block's rows, and of the tile's columns, element e of result j of mma is.
  static TENON_DEVICE int row(int e) { return warp_row() + lane() / 4 + e / 2 * 8; }
  static TENON_DEVICE int column(int j, int e) { return j * 8 + lane() % 4 * 2 + e % 2; }

  /** The warp's rows of A times rows of B, all `depth` long. */
  static TENON_DEVICE void multiply_rows(bool brain, const uint16_t* a, const uint16_t* b, int64_t depth,
                                         Tile& product) {
#pragma unroll
    for (int j = 0; j < kTiles; j++)
#pragma unroll
      for (int e = 0; e < 4; e++) product[j][e] = 0;
    if (brain)
      multiply_rows_of<true>(a, b, static_cast<int>(depth), product);
    else
      multiply_rows_of<false>(a, b, static_cast<int>(depth), product);
  }

  static TENON_DEVICE void factors_of(bool brain, const Tile& tile, Factors& factors) {
#pragma unroll
    for (int i = 0; i < kTiles / 2; i++)
#pragma unroll
      for (int r = 0; r < 4; r++)
        factors[i][r] = pack(brain, tile[2 * i + r / 2][r % 2 * 2], tile[2 * i + r / 2][r % 2 * 2 + 1]);
  }

  /** A tile times kColumns rows of B, of which `width` columns count. */
  static TENON_DEVICE void accumulate(bool brain, const Factors& a, const uint16_t* b, int64_t width,
                                      Sums& sum) {
    if (brain)
      accumulate_of<true>(a, b, static_cast<int>(width), sum);
    else
      accumulate_of<false>(a, b, static_cast<int>(width), sum);
  }

  /** The item's part of a dense matrix that starts at `at`. */
  static TENON_DEVICE void store(bool brain, void* to, int64_t at, const AttentionItem& item, int64_t rows,
                                 int64_t columns, const Sums& sum) {
    uint16_t* const start = static_cast<uint16_t*>(to) + at;
    const int wide = static_cast<int>(columns);
    const bool paired = wide % 2 == 0 && is_aligned(start, 4);
    for_pairs(item, rows, wide, sum, [&](int64_t place, bool both, float low, float high) {
      const uint32_t pair = pack(brain, low, high);
      if (paired) {
        *reinterpret_cast<uint32_t*>(start + place) = pair;
        return;
      }
      start[place] = static_cast<uint16_t>(pair);
      if (both) start[place + 1] = static_cast<uint16_t>(pair >> 16);
    });
  }
  /** The same, in float32. */
  static TENON_DEVICE void store_wide(void* to, int64_t at, const AttentionItem& item, int64_t rows,
                                      int64_t columns, const Sums& sum) {
    float* const start = static_cast<float*>(to) + at;
    for_pairs(item, rows, static_cast<int>(columns), sum,
              [&](int64_t place, bool both, float low, float high) {
                start[place] = low;
                if (both) start[place + 1] = high;
              });
  }

  /** The mask of a tile. */
  template <bool kKeysAreRows>
  static TENON_DEVICE void copy_mask(const AttentionParameters& p, const AttentionWindow& window, float* to) {
    load_mask<float, StoredAsHalf>(
        p, window, kKeysAreRows ? kColumns : kRows, kKeysAreRows ? kRows : kColumns,
        [&](int query, int key, float element) {
          to[(kKeysAreRows ? key : query) * kHalfMaskRow + (kKeysAreRows ? query : key)] = element;
        });
    __syncwarp();  // what comes next may be for whole warps
  }
  static TENON_DEVICE float mask(const float* room, int j, int e) {
    return room[row(e) * kHalfMaskRow + column(j, e)];
  }

  static TENON_DEVICE void clear(Sums& sum) {
#pragma unroll
    for (int j = 0; j < kSums; j++)
#pragma unroll
      for (int e = 0; e < 4; e++) sum[j][e] = 0;
  }

  // Over the four lanes of a row; each gets it.
  static TENON_DEVICE float largest_of(float x) {
    x = larger(x, exchange(x, 1));
    return larger(x, exchange(x, 2));
  }
  static TENON_DEVICE float sum_of(float x) {
    x += exchange(x, 1);
    return x + exchange(x, 2);
  }

 private:
  template <bool kBrain>
  static TENON_DEVICE void multiply(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
    if (kBrain)
      mma_bf16(d, a, b0, b1);
    else
      mma_f16(d, a, b0, b1);
  }
  /** The first in the lower half. */
  static TENON_DEVICE uint32_t pack(bool brain, float low, float high) {
    return brain ? pack_bf16(low, high) : pack_f16(low, high);
  }

  template <bool kBrain>
  static TENON_DEVICE void multiply_rows_of(const uint16_t* a, const uint16_t* b, int depth, Tile& product) {
    const uint16_t* const mine = a + (warp_row() + lane() % 16) * kRow + lane() / 16 * 8;
    const uint16_t* const theirs = b + (lane() % 8 + lane() / 16 * 8) * kRow + lane() / 8 % 2 * 8;
#pragma unroll
    for (int k = 0; k < kSize; k += 16) {
      if (k >= depth) break;
      uint32_t x[4];
      ldmatrix_x4(x, mine + k);
#pragma unroll
      for (int j = 0; j < kTiles; j += 2) {
        uint32_t y[4];
        ldmatrix_x4(y, theirs + j * 8 * kRow + k);
        multiply<kBrain>(product[j], x, y[0], y[1]);
        multiply<kBrain>(product[j + 1], x, y[2], y[3]);
      }
    }
  }

  template <bool kBrain>
  static TENON_DEVICE void accumulate_of(const Factors& a, const uint16_t* b, int width, Sums& sum) {
    const uint16_t* const theirs = b + lane() % 16 * kRow + lane() / 16 * 8;
#pragma unroll
    for (int j = 0; j < kSums; j += 2) {
      if (j * 8 >= width) break;
#pragma unroll
      for (int i = 0; i < kTiles / 2; i++) {
        uint32_t y[4];
        ldmatrix_x4_trans(y, theirs + i * 16 * kRow + j * 8);
        multiply<kBrain>(sum[j], a[i], y[0], y[1]);
        multiply<kBrain>(sum[j + 1], a[i], y[2], y[3]);
      }
    }
  }

  /** put(place in the matrix, whether both are there, two neighbours) for the thread's results. */
  template <class Put>
  static TENON_DEVICE void for_pairs(const AttentionItem& item, int64_t rows, int columns, const Sums& sum,
                                     Put put) {
#pragma unroll
    for (int half = 0; half < 2; half++) {
      const int64_t place = item.first + row(2 * half);
      if (place >= rows) continue;
#pragma unroll
      for (int j = 0; j < kSums; j++) {
        const int first = column(j, 0);
        if (first < columns)
          put(place * columns + first, first + 1 < columns, sum[j][2 * half], sum[j][2 * half + 1]);
      }
    }
  }
};

/** The next values come while keys are multiplied, the next keys while values are. */
template <int kSize>
TENON_DEVICE void attend(const AttentionParameters& p) {
  constexpr int kColumns = kHalfAttentionColumns;
  constexpr float kLowest = -static_cast<float>(INFINITY);
  using Block = HalfAttention<kSize, kColumns>;
  DYNAMIC_SHARED(room, uint16_t);
  uint16_t *const queries = room, *const keys = queries + Block::kRows * Block::kRow,
                  *const values = keys + kColumns * Block::kRow;
  float* const mask = reinterpret_cast<float*>(values + kColumns * Block::kRow);
  const Scores<float> scores(p);
  const bool brain = p.type == DType::bf16;
  const AttentionItems items(p.queries, Block::kRows, p.causal);
  const int64_t count = items.count(p);
#pragma unroll 1
  for (int64_t number = blockIdx.x; number < count; number += gridDim.x) {
    const AttentionItem item = items.item(p, number);
    const int64_t begin = item.part * p.part, last = min(p.keys, begin + p.part);
    const int64_t end = p.causal ? min(last, item.first + Block::kRows) : last;
    typename Block::Sums result;
    float largest[2] = {kLowest, kLowest}, sum[2] = {0, 0};
    Block::clear(result);
    Block::template copy<Block::kRows>(queries, p.query.rows, item.at[kQuery], item.first, p.queries, p.size);
    Block::template copy<kColumns>(keys, p.key.rows, item.at[kKey], begin, p.keys, p.size);
    cp_async_commit();
    if (scores.masked && begin < end)
      Block::template copy_mask<false>(p, AttentionWindow(p, item, item.first, begin), mask);
#pragma unroll 1
    for (int64_t key = begin; key < end; key += kColumns) {
      cp_async_wait<0>();
      __syncthreads();  // the keys are there, and nobody reads values any more
      Block::template copy<kColumns>(values, p.value.rows, item.at[kValue], key, p.keys, p.width);
      cp_async_commit();
      typename Block::Tile tile;
      Block::multiply_rows(brain, queries, keys, p.size, tile);
      const AttentionWindow window(p, item, item.first, key);
#pragma unroll
      for (int half = 0; half < 2; half++) {
        float top = kLowest, part = 0;
#pragma unroll
        for (int j = 0; j < Block::kTiles; j++)
#pragma unroll
          for (int e = 2 * half; e < 2 * half + 2; e++) {
            const bool seen = window.sees(Block::row(e), Block::column(j, e));
            tile[j][e] = scores.score(tile[j][e], scores.masked ? Block::mask(mask, j, e) : 0.0f, seen);
            top = larger(top, tile[j][e]);
          }
        const float next = larger(largest[half], Block::largest_of(top));
        const float shift = next == kLowest ? 0.0f : next;  // nothing to look at so far
        const float factor = largest[half] == next ? 1.0f : exp(largest[half] - shift);
#pragma unroll
        for (int j = 0; j < Block::kTiles; j++)
#pragma unroll
          for (int e = 2 * half; e < 2 * half + 2; e++) {
            tile[j][e] = exp(tile[j][e] - shift);
            part += tile[j][e];
          }
        sum[half] = sum[half] * factor + part;
        largest[half] = next;
#pragma unroll
        for (int j = 0; j < Block::kSums; j++) {
          result[j][2 * half] *= factor;
          result[j][2 * half + 1] *= factor;
        }
      }
      typename Block::Factors factors;
      Block::factors_of(brain, tile, factors);
      cp_async_wait<0>();
      __syncthreads();  // the values are there, and nobody reads keys or masks any more
      if (key + kColumns < end) {
        Block::template copy<kColumns>(keys, p.key.rows, item.at[kKey], key + kColumns, p.keys, p.size);
        if (scores.masked)
          Block::template copy_mask<false>(p, AttentionWindow(p, item, item.first, key + kColumns), mask);
      }
      cp_async_commit();
      Block::accumulate(brain, factors, values, p.width, result);
    }
#pragma unroll
    for (int half = 0; half < 2; half++) {
      const float total = Block::sum_of(sum[half]);
      if (Block::lane() % 4 == 0) leave_sum(p, item, item.first + Block::row(2 * half), largest[half], total);
      if (p.parts > 1) continue;
      const float factor = 1 / total;
#pragma unroll
      for (int j = 0; j < Block::kSums; j++)
#pragma unroll
        for (int e = 2 * half; e < 2 * half + 2; e++)
          result[j][e] = total == 0 ? 0.0f : result[j][e] * factor;
    }
    if (p.parts == 1)
      Block::store(brain, p.out, item.batch * p.queries * p.width, item, p.queries, p.width, result);
    else
      Block::store_wide(p.partial, part_of_rows(p, item) * p.width, item, p.queries, p.width, result);
    cp_async_wait<0>();
    __syncthreads();  // the next item's operands go where this one's were
  }
}

template <int kSize>
TENON_DEVICE void derive_queries(const AttentionParameters& p) {
  constexpr int kColumns = kHalfAttentionColumns;
  using Block = HalfAttention<kSize, kColumns>;
  DYNAMIC_SHARED(room, uint16_t);
  uint16_t *const queries = room, *const grads = queries + Block::kRows * Block::kRow,
                  *const keys = grads + Block::kRows * Block::kRow,
                  *const values = keys + kColumns * Block::kRow;
  float* const mask = reinterpret_cast<float*>(values + kColumns * Block::kRow);
  const Scores<float> scores(p);
  const bool brain = p.type == DType::bf16;
  const AttentionItems items(p.queries, Block::kRows, p.causal);
  const int64_t count = items.count(p);
#pragma unroll 1
  for (int64_t number = blockIdx.x; number < count; number += gridDim.x) {
    const AttentionItem item = items.item(p, number);
    const int64_t end = p.causal ? min(p.keys, item.first + Block::kRows) : p.keys;
    const KnownOfQuery<float> known[2] = {{p, item.batch, item.first + Block::row(0)},
                                          {p, item.batch, item.first + Block::row(2)}};
    typename Block::Sums result;
    Block::clear(result);
    Block::template copy<Block::kRows>(queries, p.query.rows, item.at[kQuery], item.first, p.queries, p.size);
    Block::template copy<Block::kRows>(grads, p.grad.rows, item.at[kGrad], item.first, p.queries, p.width);
    cp_async_commit();
#pragma unroll 1
    for (int64_t key = 0; key < end; key += kColumns) {
      __syncthreads();  // nobody reads those before
      Block::template copy<kColumns>(keys, p.key.rows, item.at[kKey], key, p.keys, p.size);
      Block::template copy<kColumns>(values, p.value.rows, item.at[kValue], key, p.keys, p.width);
      cp_async_commit();
      const AttentionWindow window(p, item, item.first, key);
      if (scores.masked) Block::template copy_mask<false>(p, window, mask);
      cp_async_wait<0>();
      __syncthreads();  // all are there
      typename Block::Tile tile, slope;
      Block::multiply_rows(brain, queries, keys, p.size, tile);
      Block::multiply_rows(brain, grads, values, p.width, slope);
#pragma unroll
      for (int j = 0; j < Block::kTiles; j++)
#pragma unroll
        for (int e = 0; e < 4; e++) {
          const bool seen = window.sees(Block::row(e), Block::column(j, e));
          const float score = scores.score(tile[j][e], scores.masked ? Block::mask(mask, j, e) : 0.0f, seen);
          tile[j][e] =
              seen ? exp(score - known[e / 2].sum) * (slope[j][e] - known[e / 2].dot) * scores.scale : 0.0f;
        }
      typename Block::Factors factors;
      Block::factors_of(brain, tile, factors);
      Block::accumulate(brain, factors, keys, p.size, result);
    }
    Block::store(brain, p.grad_query, item.batch * p.queries * p.size, item, p.queries, p.size, result);
    cp_async_wait<0>();
    __syncthreads();  // the next item's operands go where this one's were
  }
}

/** Tiles as they lie here have keys as rows, and queries as columns. */
template <int kSize>
TENON_DEVICE void derive_keys(const AttentionParameters& p) {
  constexpr int kColumns = half_attention_queries(kSize);
  using Block = HalfAttention<kSize, kColumns>;
  DYNAMIC_SHARED(room, uint16_t);
  uint16_t *const keys = room, *const values = keys + Block::kRows * Block::kRow,
                  *const queries = values + Block::kRows * Block::kRow,
                  *const grads = queries + kColumns * Block::kRow;
  float* const mask = reinterpret_cast<float*>(grads + kColumns * Block::kRow);
  const Scores<float> scores(p);
  const bool brain = p.type == DType::bf16;
  const AttentionItems items(p.keys, Block::kRows, false);
  const int64_t count = items.count(p);
#pragma unroll 1
  for (int64_t number = blockIdx.x; number < count; number += gridDim.x) {
    const AttentionItem item = items.item(p, number);
    const int64_t start = p.causal ? item.first / kColumns * kColumns : 0;
    typename Block::Sums of_keys, of_values;
    Block::clear(of_keys);
    Block::clear(of_values);
    Block::template copy<Block::kRows>(keys, p.key.rows, item.at[kKey], item.first, p.keys, p.size);
    Block::template copy<Block::kRows>(values, p.value.rows, item.at[kValue], item.first, p.keys, p.width);
    cp_async_commit();
#pragma unroll 1
    for (int64_t query = start; query < p.queries; query += kColumns) {
      __syncthreads();  // nobody reads those before
      Block::template copy<kColumns>(queries, p.query.rows, item.at[kQuery], query, p.queries, p.size);
      Block::template copy<kColumns>(grads, p.grad.rows, item.at[kGrad], query, p.queries, p.width);
      cp_async_commit();
      const AttentionWindow window(p, item, query, item.first);
      if (scores.masked) Block::template copy_mask<true>(p, window, mask);
      cp_async_wait<0>();
      __syncthreads();  // all are there
      typename Block::Tile tile, slope;
      Block::multiply_rows(brain, keys, queries, p.size, tile);
      Block::multiply_rows(brain, values, grads, p.width, slope);
#pragma unroll
      for (int j = 0; j < Block::kTiles; j++)
#pragma unroll
        for (int side = 0; side < 2; side++) {
          const KnownOfQuery<float> known(p, item.batch, query + Block::column(j, side));
#pragma unroll
          for (int e = side; e < 4; e += 2) {
            const bool seen = window.sees(Block::column(j, e), Block::row(e));
            const float score =
                scores.score(tile[j][e], scores.masked ? Block::mask(mask, j, e) : 0.0f, seen);
            tile[j][e] = seen ? exp(score - known.sum) : 0.0f;
            slope[j][e] = seen ? tile[j][e] * (slope[j][e] - known.dot) * scores.scale : 0.0f;
          }
        }
      typename Block::Factors factors;
      Block::factors_of(brain, tile, factors);
      Block::accumulate(brain, factors, grads, p.width, of_values);
      Block::factors_of(brain, slope, factors);
      Block::accumulate(brain, factors, queries, p.size, of_keys);
    }
    Block::store(brain, p.grad_key, item.batch * p.keys * p.size, item, p.keys, p.size, of_keys);
    Block::store(brain, p.grad_value, item.batch * p.keys * p.width, item, p.keys, p.width, of_values);
    cp_async_wait<0>();
    __syncthreads();  // the next item's operands go where this one's were
  }
}

#define TENON_ATTENTION(name, size, f)                                              \
  KERNEL(attention_##name##_half##size, kHalfAttentionThreads, AttentionParameters) \
  (const AttentionParameters p) { f<size>(p); }
#else
#define TENON_ATTENTION(name, size, f)                                              \
  KERNEL(attention_##name##_half##size, kHalfAttentionThreads, AttentionParameters) \
  (const AttentionParameters) {}
#endif

TENON_ATTENTION(forward, 64, attend)
TENON_ATTENTION(queries, 64, derive_queries)
TENON_ATTENTION(keys, 64, derive_keys)
TENON_ATTENTION(forward, 128, attend)
TENON_ATTENTION(queries, 128, derive_queries)
TENON_ATTENTION(keys, 128, derive_keys)

#undef TENON_ATTENTION

}  // namespace cuda
}  // namespace tenon
