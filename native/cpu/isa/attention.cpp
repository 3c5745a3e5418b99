// softmax(scale query keyT + mask) value, without the matrix of scores: tile by tile, each row's largest
// score and sum of exponentials brought up to date as tiles come (Milakov and Gimelshein, "Online normalizer
// calculation for softmax", 2018; Dao et al., "FlashAttention", 2022).
#include "cpu/isa/attention.h"

#include "core/parallel.h"
#include "cpu/isa/kernels.h"

namespace tenon {
namespace TENON_ISA {

namespace {

/** Of a tile: long rows of scores share what a row costs. */
constexpr int64_t kKeys = kMostKeys;

/** x *= factor, n elements. */
template <class T>
TENON_INLINE void rescale(T* x, int64_t n, T factor) {
  constexpr int64_t w = Lanes<T>::count;
  const Vec<T> f = splat(factor);
  int64_t i = 0;
  for (; i + w <= n; i += w) store(x + i, load(x + i) * f);
  if (i < n) store_part(x + i, load_part(x + i, n - i) * f, n - i);
}

/** s = e^(s - largest), whole vectors up to n; their sum. */
template <class T>
TENON_INLINE T exponentials(T* s, int64_t n, T largest) {
  constexpr int64_t w = Lanes<T>::count;
  const Vec<T> shift = splat(largest);
  Vec<T> sum = {};
  for (int64_t j = 0; j < n; j += w) {
    const Vec<T> e = math::exp(load(s + j) - shift);
    store(s + j, e);
    sum += e;
  }
  return join_lanes<SumOf<T>>(sum);
}

/** The rows [first, first + rows) of one matrix of results. */
template <class T>
struct Block {
  const T *q, *k, *v;
  int64_t q_row, q_column, k_row, k_column, v_row, v_column;
  int64_t first, rows, keys, size, width;  // size: of queries and keys; width: of values
  Scores<T> scores;
  T *out, *sums;

  bool run() const {
    alignas(64) T s[kQueries<T> * kKeys];
    T largest[kQueries<T>], sum[kQueries<T>];
    for (int64_t r = 0; r < rows; r++) largest[r] = MaxOf<T>::start(), sum[r] = 0;
    const int64_t end = scores.causal ? lesser(keys, first + rows) : keys;
    for (int64_t j0 = 0; j0 < end; j0 += kKeys) {
      const int64_t n = lesser(kKeys, end - j0);
      Gemm<T> product = {rows, n, size, q, q_row, q_column, k + j0 * k_row, k_column, k_row, s, kKeys};
      if (!gemm_here(product)) return false;
      for (int64_t r = 0; r < rows; r++) {
        T* const row = s + r * kKeys;
        const int64_t visible = scores.visible(first + r, j0, n);
        const T top = visible ? scores.row(row, first + r, j0, visible) : MaxOf<T>::start();
        const T next = MaxOf<T>::join(largest[r], top);
        if (next == MaxOf<T>::start()) {  // nothing to look at so far
          zero(row, n);
          continue;
        }
        const T part = visible ? exponentials(row, visible, next) : T{0};
        zero(row + visible, n - visible);
        if (next != largest[r] && j0 > 0) {
          const T factor = math::exp(splat(largest[r] - next))[0];
          sum[r] *= factor;
          rescale(out + r * width, width, factor);
        }
        sum[r] += part;
        largest[r] = next;
      }
      Gemm<T> weighted = {rows, width, n, s, kKeys, 1, v + j0 * v_row, v_row, v_column, out, width};
      weighted.accumulate = j0 > 0;
      if (!gemm_here(weighted)) return false;
    }
    if (end == 0) zero(out, rows * width);
    for (int64_t r = 0; r < rows; r++) {
      // Infinite for a row that looks at nothing: the derivative then finds probabilities of 0.
      if (sum[r] == 0) {
        zero(out + r * width, width);
        sums[r] = -MaxOf<T>::start();
        continue;
      }
      rescale(out + r * width, width, T{1} / sum[r]);
      sums[r] = largest[r] + math::log(splat(sum[r]))[0];
    }
    return true;
  }
};

template <class T>
void attention(const Launch& l) {
  const TensorView &query = l.in(0), &key = l.in(1), &value = l.in(2), &result = l.out(0);
  const int rank = query.rank;
  const int64_t queries = query.shape[rank - 2], keys = key.shape[rank - 2];
  if (l.out(1).numel == 0) return;
  const bool direct = result.dtype == dtype_of<T>();
  const int64_t elements =
      to_convert<T>(query) + to_convert<T>(key) + to_convert<T>(value) + (direct ? 0 : result.numel);
  T* memory = static_cast<T*>(l.scratch->bytes(static_cast<size_t>(elements) * sizeof(T)));
  const Matrices<T> q = matrices(query, memory), k = matrices(key, memory), v = matrices(value, memory);
  T *const out = direct ? result.as<T>() : memory, *const sums = l.out(1).as<T>();
  const ScoreMask mask(l.inputs > 3 ? &l.in(3) : nullptr, rank);

  Block<T> all = {};
  all.q_row = q.row(), all.q_column = q.column();
  all.k_row = k.row(), all.k_column = k.column();
  all.v_row = v.row(), all.v_column = v.column();
  all.keys = keys, all.size = query.shape[rank - 1], all.width = value.shape[rank - 1];
  all.scores = {&mask, 0, rank, static_cast<T>(l.scalar[1].get()), l.scalar[0].get() != 0};
  // Fewer rows skip more of what a causal mask hides.
  const int64_t high = !all.scores.causal ? kQueries<T> : queries <= 128 ? 32 : 64;
  const int64_t blocks = (queries + high - 1) / high, batches = l.out(1).numel / queries;
  bool failed = false;
  parallel_for(batches * blocks, [&](int64_t task) {
    const int64_t batch = task / blocks;
    Block<T> one = all;
    one.first = task % blocks * high;
    one.rows = lesser(high, queries - one.first);
    one.q = q.at(batch) + one.first * q.row();
    one.k = k.at(batch);
    one.v = v.at(batch);
    one.scores.mask_at = mask.at(batch, query);
    one.out = out + (batch * queries + one.first) * one.width;
    one.sums = sums + batch * queries + one.first;
    if (!one.run()) __atomic_store_n(&failed, true, __ATOMIC_RELAXED);
  });
  if (failed)
    return set_error(*l.error, ErrorCode::out_of_memory, "attention: no memory to pack the operands");
  if (!direct) scatter(out, result, 0, result.numel);
}

}  // namespace

void kernel_attention(const Launch& l) {
  if (l.compute == DType::f64)
    attention<double>(l);
  else
    attention<float>(l);
}

}  // namespace TENON_ISA
}  // namespace tenon
