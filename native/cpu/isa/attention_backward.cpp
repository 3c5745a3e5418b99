// The derivative of attention: tiles of scores are computed again, probabilities come of them by the rows'
// log sum exp (Dao et al., "FlashAttention", 2022).
#include "core/parallel.h"
#include "cpu/isa/attention.h"
#include "cpu/isa/kernels.h"

namespace tenon {
namespace TENON_ISA {

namespace {

/** Of a tile, of which two are needed here. */
constexpr int64_t kKeys = 64;

/** The sum of a b; four sums side by side, as each waits for its last addition. */
template <class T>
T dot(const T* a, int64_t a_step, const T* b, int64_t b_step, int64_t n) {
  double sums[4] = {};
  int64_t i = 0;
  for (; i + 4 <= n; i += 4)
    for (int64_t k = 0; k < 4; k++)
      sums[k] += static_cast<double>(a[(i + k) * a_step]) * static_cast<double>(b[(i + k) * b_step]);
  for (; i < n; i++) sums[0] += static_cast<double>(a[i * a_step]) * static_cast<double>(b[i * b_step]);
  return static_cast<T>((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

/** One matrix of a batch, for a range of its keys. */
template <class T>
struct Slice {
  const T *grad, *q, *k, *v;
  int64_t grad_row, grad_column, q_row, q_column, k_row, k_column, v_row, v_column;
  int64_t queries, first, end, size, width;  // keys [first, end)
  Scores<T> scores;
  const T *sums, *dots;  // of each query: log sum exp, and the result times its gradient
  T *grad_q, *grad_k, *grad_v;

  bool run() const {
    alignas(64) T p[kQueries<T> * kKeys], d[kQueries<T> * kKeys];
    zero(grad_k + first * size, (end - first) * size);
    zero(grad_v + first * width, (end - first) * width);
    zero(grad_q, queries * size);
    for (int64_t j0 = first; j0 < end; j0 += kKeys) {
      const int64_t n = lesser(kKeys, end - j0);
      const T *const key = k + j0 * k_row, *const value = v + j0 * v_row;
      // Fewer rows skip more of what a causal mask hides.
      const int64_t high = scores.causal ? 64 : kQueries<T>, start = scores.causal ? j0 / high * high : 0;
      for (int64_t i0 = start; i0 < queries; i0 += high) {
        const int64_t m = lesser(high, queries - i0);
        const T *const query = q + i0 * q_row, *const g = grad + i0 * grad_row;
        if (!gemm_here(Gemm<T>{m, n, size, query, q_row, q_column, key, k_column, k_row, p, kKeys}) ||
            !gemm_here(Gemm<T>{m, n, width, g, grad_row, grad_column, value, v_column, v_row, d, kKeys}))
          return false;
        for (int64_t r = 0; r < m; r++) derive(p + r * kKeys, d + r * kKeys, i0 + r, j0, n);
        if (!add(n, width, m, p, 1, kKeys, g, grad_row, grad_column, grad_v + j0 * width) ||
            !add(n, size, m, d, 1, kKeys, query, q_row, q_column, grad_k + j0 * size) ||
            !add(m, size, n, d, kKeys, 1, key, k_row, k_column, grad_q + i0 * size))
          return false;
      }
    }
    return true;
  }

 private:
  /** Of query i: products become probabilities, derivatives of probabilities those of products. */
  void derive(T* p, T* d, int64_t i, int64_t j0, int64_t n) const {
    constexpr int64_t w = Lanes<T>::count;
    const int64_t visible = scores.visible(i, j0, n);
    if (visible) scores.row(p, i, j0, visible);
    const Vec<T> sum = splat(sums[i]), dot = splat(dots[i]), scale = splat(scores.scale);
    for (int64_t j = 0; j < visible; j += w) {
      const Vec<T> e = math::exp(load(p + j) - sum);
      store(p + j, e);
      store(d + j, e * (load(d + j) - dot) * scale);
    }
    zero(p + visible, n - visible);
    zero(d + visible, n - visible);
  }

  /** c += a b, c with dense rows of n. */
  static bool add(int64_t m, int64_t n, int64_t depth, const T* a, int64_t a_row, int64_t a_column,
                  const T* b, int64_t b_row, int64_t b_column, T* c) {
    Gemm<T> g = {m, n, depth, a, a_row, a_column, b, b_row, b_column, c, n};
    g.accumulate = true;
    return gemm_here(g);
  }
};

/** Into so many ranges keys are cut, so that there is something to share where a batch has few matrices. */
int64_t ranges_of(int64_t batches, int64_t keys) {
  constexpr int64_t kTasks = 16;
  const int64_t tiles = (keys + kKeys - 1) / kKeys, wanted = (kTasks + batches - 1) / batches;
  const int64_t n = lesser(tiles, wanted);
  return n > 0 ? n : 1;
}

template <class T>
void attention_backward(const Launch& l) {
  const TensorView &query = l.in(1), &key = l.in(2), &value = l.in(3), &result = l.in(4);
  const int rank = query.rank;
  const int64_t queries = query.shape[rank - 2], keys = key.shape[rank - 2], size = query.shape[rank - 1],
                width = value.shape[rank - 1];
  int64_t batches = 1;
  for (int i = 0; i < rank - 2; i++) batches *= query.shape[i];
  if (batches == 0) return;
  const int64_t ranges = ranges_of(batches, keys), tiles = (keys + kKeys - 1) / kKeys;
  const bool direct = query.dtype == dtype_of<T>();
  int64_t elements = batches * queries;  // dots
  for (int i = 0; i < 5; i++) elements += to_convert<T>(l.in(i));
  if (!direct) elements += query.numel + key.numel + value.numel;
  if (ranges > 1) elements += ranges * query.numel;
  T* memory = static_cast<T*>(l.scratch->bytes(static_cast<size_t>(elements) * sizeof(T)));
  const auto take = [&](int64_t n) {
    T* const p = memory;
    memory += n;
    return p;
  };
  const Matrices<T> grad = matrices(l.in(0), memory), q = matrices(query, memory), k = matrices(key, memory),
                    v = matrices(value, memory), out = matrices(result, memory);
  T* const dots = take(batches * queries);
  T* grads[3];
  for (int i = 0; i < 3; i++) grads[i] = direct ? l.out(i).as<T>() : take(l.out(i).numel);
  T* const parts = ranges > 1 ? take(ranges * query.numel) : grads[0];
  const ScoreMask mask(l.inputs > 6 ? &l.in(6) : nullptr, rank);

  parallel_for(batches, [&](int64_t batch) {
    const T *const a = grad.at(batch), *const b = out.at(batch);
    for (int64_t i = 0; i < queries; i++)
      dots[batch * queries + i] =
          dot(a + i * grad.row(), grad.column(), b + i * out.row(), out.column(), width);
  });

  Slice<T> all = {};
  all.grad_row = grad.row(), all.grad_column = grad.column();
  all.q_row = q.row(), all.q_column = q.column();
  all.k_row = k.row(), all.k_column = k.column();
  all.v_row = v.row(), all.v_column = v.column();
  all.queries = queries, all.size = size, all.width = width;
  all.scores = {&mask, 0, rank, static_cast<T>(l.scalar[1].get()), l.scalar[0].get() != 0};
  bool failed = false;
  parallel_for(batches * ranges, [&](int64_t task) {
    const int64_t batch = task / ranges, range = task % ranges;
    Slice<T> one = all;
    one.first = tiles * range / ranges * kKeys;
    one.end = lesser(tiles * (range + 1) / ranges * kKeys, keys);
    one.grad = grad.at(batch);
    one.q = q.at(batch);
    one.k = k.at(batch);
    one.v = v.at(batch);
    one.scores.mask_at = mask.at(batch, query);
    one.sums = l.in(5).as<T>() + batch * queries;
    one.dots = dots + batch * queries;
    one.grad_q = parts + task * queries * size;
    one.grad_k = grads[1] + batch * keys * size;
    one.grad_v = grads[2] + batch * keys * width;
    if (!one.run()) __atomic_store_n(&failed, true, __ATOMIC_RELAXED);
  });
  if (failed)
    return set_error(*l.error, ErrorCode::out_of_memory, "attentionBackward: no memory to pack the operands");
  if (ranges > 1)
    parallel_for(batches, [&](int64_t batch) {
      const int64_t n = queries * size;
      T* const sum = grads[0] + batch * n;
      const T* const part = parts + batch * ranges * n;
      for (int64_t i = 0; i < n; i++) sum[i] = part[i];
      for (int64_t range = 1; range < ranges; range++)
        for (int64_t i = 0; i < n; i++) sum[i] += part[range * n + i];
    });
  if (direct) return;
  for (int i = 0; i < 3; i++) scatter(grads[i], l.out(i), 0, l.out(i).numel);
}

}  // namespace

void kernel_attentionBackward(const Launch& l) {
  if (l.compute == DType::f64)
    attention_backward<double>(l);
  else
    attention_backward<float>(l);
}

}  // namespace TENON_ISA
}  // namespace tenon
