// Losses of pairs, an element of the input and one of the target each: their values, sum or mean, and their
// derivatives. What a loss is, is in kernels/pair_loss.h. Sums are gathered in double, in an order that
// follows from the shape alone.
#include "cuda/kernels/block.h"
#include "cuda/kernels/elementwise_loops.h"
#include "cuda/kernels/loss.h"
#include "cuda/kernels/pair_loss.h"
#include "kernels/pair_loss.h"

namespace tenon {
namespace cuda {

template <class Loss>
TENON_INLINE Loss made([[maybe_unused]] double parameter) {
  if constexpr (Loss::parameters == 1)
    return Loss{parameter};
  else
    return Loss{};
}

// ---- an element of each pair ----

template <class Loss>
struct EachLoss {
  static constexpr int scalars = 1;
  Loss loss;
  TENON_INLINE explicit EachLoss(const double* s) : loss(made<Loss>(s[0])) {}
  template <class T>
  TENON_INLINE T operator()(T x, T y) const {
    return loss.value(x, y);
  }
};

/** The slope of each loss, times the gradient: its own, or that of all, of which it has an equal share. */
template <class Loss>
struct EachSlope {
  static constexpr int scalars = 2;
  Loss loss;
  double shares;
  TENON_INLINE explicit EachSlope(const double* s) : loss(made<Loss>(s[0])), shares(s[1]) {}
  template <class T>
  TENON_INLINE T operator()(T grad, T x, T y) const {
    return loss.slope(x, y) * (grad / static_cast<T>(shares));
  }
};

template <class F, class T, int kInputs>
TENON_DEVICE void each_pair(const StridedParameters& p) {
  strided_loop<F, T, T, kInputs>(p, F(p.scalars));
}

// ---- sums ----

constexpr int kPairs = 4;  // that a thread takes together

static_assert(kLossThreads == kTeamThreads, "a block is one team");
struct AddSums {
  static TENON_DEVICE double join(double a, double b) { return a + b; }
};
TENON_DEVICE double join_sums(double sum) {
  return join_team<AddSums, kLossThreads>(sum, {kLogTeamThreads, 1});
}

/**
 * f(how many, places in x, places in y) for the elements of the block, every so many of a thread. Where there
 * are fewer, the first stands for those that are missing.
 */
template <class F>
TENON_DEVICE void each_pairs(const PairParameters& p, F f) {
  const int64_t first = blockIdx.x * p.part;
  const int64_t end = p.elements - first < p.part ? p.elements : first + p.part;
  for (int64_t i = first + threadIdx.x; i < end; i += kPairs * kLossThreads) {
    int64_t x_at[kPairs], y_at[kPairs];
    int n = 0;
#pragma unroll
    for (int k = 0; k < kPairs; k++) {
      const int64_t place = i + k * static_cast<int64_t>(kLossThreads);
      int64_t at[2];
      n += place < end;
      locate(p.dim, p.dims, place < end ? place : i, at);
      x_at[k] = at[0];
      y_at[k] = at[1];
    }
    f(n, x_at, y_at);
  }
}

template <class T>
TENON_DEVICE void finish_pairs(const PairParameters& p, double sum) {
  if (p.failure && p.failure->state != 0) return;
  store_one(p.out, p.out_type, 0,
            static_cast<T>(p.reduction == kMean ? sum / static_cast<double>(p.elements) : sum));
}

/** Whether all threads of the block found the loss defined; one leaves a failure if not. */
TENON_DEVICE bool all_fit(const PairParameters& p, bool fit) {
  if (!__syncthreads_or(!fit)) return true;
  if (threadIdx.x == 0) leave_failure(p.failure, p.op, kNotFromZeroToOne);
  return false;
}

template <class Loss, class T>
TENON_DEVICE void sum_pairs(const PairParameters& p) {
  const Loss loss = made<Loss>(p.parameter);
  double sum = 0;
  bool fit = true;
  each_pairs(p, [&](int n, const int64_t (&x_at)[kPairs], const int64_t (&y_at)[kPairs]) {
    T x[kPairs], y[kPairs];
    load_each(p.x, p.x_type, x_at, x);
    load_each(p.y, p.y_type, y_at, y);
#pragma unroll
    for (int k = 0; k < kPairs; k++) {
      if constexpr (Loss::partial) fit &= Loss::fits(x[k]);
      x[k] = k < n ? loss.value(x[k], y[k]) : T{0};
    }
#pragma unroll
    for (int half = kPairs / 2; half; half /= 2)
#pragma unroll
      for (int k = 0; k < half; k++) x[k] += x[k + half];
    sum += static_cast<double>(x[0]);
  });
  if constexpr (Loss::partial)
    if (!all_fit(p, fit)) return;
  sum = join_sums(sum);
  if (threadIdx.x != 0) return;
  if (p.parts > 1)
    p.partial[blockIdx.x] = sum;
  else
    finish_pairs<T>(p, sum);
}

template <class T>
TENON_DEVICE void join_pairs(const PairParameters& p) {
  double sum = 0;
  for (int64_t i = threadIdx.x; i < p.parts; i += kLossThreads) sum += p.partial[i];
  sum = join_sums(sum);
  if (threadIdx.x == 0) finish_pairs<T>(p, sum);
}

/** Of a loss that is not defined for any x: looked at before single losses are written. */
template <class Loss, class T>
TENON_DEVICE void check_pairs(const PairParameters& p) {
  bool fit = true;
  each_pairs(p, [&](int, const int64_t (&x_at)[kPairs], const int64_t (&)[kPairs]) {
    T x[kPairs];
    load_each(p.x, p.x_type, x_at, x);
#pragma unroll
    for (int k = 0; k < kPairs; k++) fit &= Loss::fits(x[k]);
  });
  all_fit(p, fit);
}

// ---- kernels ----

#define PAIR_SUM(suffix, T, name)                                                                            \
  CUDA_KERNEL(pair_##name##_sum_##suffix, kLossThreads, PairParameters)(const PairParameters p) {            \
    sum_pairs<pair_loss::name, T>(p);                                                                        \
  }                                                                                                          \
  CUDA_KERNEL(pair_##name##_slope_##suffix, kElementThreads, StridedParameters)(const StridedParameters p) { \
    each_pair<EachSlope<pair_loss::name>, T, 3>(p);                                                          \
  }
#define PAIR_EACH(suffix, T, name)                                                                          \
  CUDA_KERNEL(pair_##name##_each_##suffix, kElementThreads, StridedParameters)(const StridedParameters p) { \
    each_pair<EachLoss<pair_loss::name>, T, 2>(p);                                                          \
  }
#define PAIR_CHECK(suffix, T, name)                                                                 \
  CUDA_KERNEL(pair_##name##_check_##suffix, kLossThreads, PairParameters)(const PairParameters p) { \
    check_pairs<pair_loss::name, T>(p);                                                             \
  }
#define PAIR_JOIN(suffix, T, ...) \
  CUDA_KERNEL(pair_join_##suffix, kLossThreads, PairParameters)(const PairParameters p) { join_pairs<T>(p); }

ROWS_FLOAT(PAIR_SUM, mseLoss)
ROWS_FLOAT(PAIR_SUM, l1Loss)
ROWS_FLOAT(PAIR_EACH, l1Loss)
ROWS_FLOAT(PAIR_SUM, smoothL1Loss)
ROWS_FLOAT(PAIR_EACH, smoothL1Loss)
ROWS_FLOAT(PAIR_SUM, huberLoss)
ROWS_FLOAT(PAIR_EACH, huberLoss)
ROWS_FLOAT(PAIR_SUM, binaryCrossEntropy)
ROWS_FLOAT(PAIR_EACH, binaryCrossEntropy)
ROWS_FLOAT(PAIR_CHECK, binaryCrossEntropy)
ROWS_FLOAT(PAIR_SUM, binaryCrossEntropyWithLogits)
ROWS_FLOAT(PAIR_EACH, binaryCrossEntropyWithLogits)
ROWS_FLOAT(PAIR_JOIN, )

}  // namespace cuda
}  // namespace tenon
