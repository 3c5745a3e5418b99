// Losses of pairs, an element of the input and one of the target each: their values, sum or mean, and their
// derivatives. What a loss is, is in kernels/pair_loss.h.
#include "kernels/pair_loss.h"

#include "core/parallel.h"
#include "cpu/isa/dense.h"
#include "cpu/isa/kernels.h"
#include "cpu/isa/reduce.h"

namespace tenon {
namespace TENON_ISA {

namespace {

enum { kNone, kMean, kSum };

constexpr int64_t kTile = 1024;
constexpr int64_t kTask = 16 * kTile;  // elements

/** run(first, end) for stretches of n elements, in parallel. */
template <class Run>
void for_tasks(int64_t n, Run run) {
  parallel_for((n + kTask - 1) / kTask, [&](int64_t task) {
    run(task, task * kTask, (task + 1) * kTask < n ? (task + 1) * kTask : n);
  });
}

/** The sum of the losses of elements [first, end), which go to `out` if there is one. */
template <class T, class Loss>
double losses(const Loss& loss, const TensorView& x, const TensorView& y, const TensorView* out,
              int64_t first, int64_t end) {
  constexpr int64_t w = Lanes<T>::count;
  const bool direct = out && is_dense<T>(*out);
  double sum = 0;
  for (int64_t at = first; at < end; at += kTile) {
    alignas(64) T a[kTile], b[kTile];
    const int64_t n = end - at < kTile ? end - at : kTile;
    const T *p = dense(x, at, n, a), *q = dense(y, at, n, b);
    int64_t i = 0;
    if (!out) {
      Vec<T> total{};
      for (; i + w <= n; i += w) total += loss.value(load(p + i), load(q + i));
      T rest = 0;
      if (i < n) {
        alignas(64) T last[w];
        store(last, loss.value(load_part(p + i, n - i), load_part(q + i, n - i)));
        for (int64_t k = 0; k < n - i; k++) rest += last[k];
      }
      sum += static_cast<double>(join_lanes<SumOf<T>>(total)) + static_cast<double>(rest);
      continue;
    }
    T* const o = direct ? out->as<T>() + at : a;
    for (; i + w <= n; i += w) store(o + i, loss.value(load(p + i), load(q + i)));
    if (i < n) store_part(o + i, loss.value(load_part(p + i, n - i), load_part(q + i, n - i)), n - i);
    if (!direct) scatter(o, *out, at, n);
  }
  return sum;
}

/** Whether the loss is defined for all elements of an operand. */
template <class T, class Loss>
bool all_fit(const TensorView& x) {
  for (int64_t at = 0; at < x.numel; at += kTile) {
    alignas(64) T a[kTile];
    const int64_t n = x.numel - at < kTile ? x.numel - at : kTile;
    const T* const p = dense(x, at, n, a);
    bool fits = true;
    for (int64_t i = 0; i < n; i++) fits &= Loss::fits(p[i]);
    if (!fits) return false;
  }
  return true;
}

template <class T, class Loss>
void forward(const Launch& l, const Loss& loss) {
  const TensorView &x = l.in(0), &y = l.in(1);
  const int64_t n = x.numel, tasks = (n + kTask - 1) / kTask, reduction = l.scalar[0].integer();
  if constexpr (Loss::partial)
    for (const bool input : {true, false})
      if (!all_fit<T, Loss>(input ? x : y))
        return set_error(*l.error, ErrorCode::argument, "%s", Loss::complaint(input));
  if (reduction == kNone) {
    for_tasks(n, [&](int64_t, int64_t first, int64_t end) { losses<T>(loss, x, y, &l.out(), first, end); });
    return;
  }
  double sum = 0;
  if (tasks <= 1) {
    sum = losses<T>(loss, x, y, nullptr, 0, n);
  } else {
    double* const part = static_cast<double*>(l.scratch->bytes(static_cast<size_t>(tasks) * sizeof(double)));
    for_tasks(n, [&](int64_t task, int64_t first, int64_t end) {
      part[task] = losses<T>(loss, x, y, nullptr, first, end);
    });
    sum = reduce_run<SumOf<double>>(part, tasks);
  }
  set_element(l.out(), 0, static_cast<T>(reduction == kMean ? sum / static_cast<double>(n) : sum));
}

/** The slope of each loss, times the gradient: one for all, or that of the loss. */
template <class T, class Loss>
void backward(const Launch& l, const Loss& loss) {
  constexpr int64_t w = Lanes<T>::count;
  const TensorView &grad = l.in(0), &x = l.in(1), &y = l.in(2), &out = l.out();
  const int64_t n = x.numel, reduction = l.scalar[0].integer();
  if (n == 0) return;
  T whole = reduction == kNone ? T{0} : element<T>(grad, 0);
  if (reduction == kMean) whole /= static_cast<T>(n);
  const bool direct = is_dense<T>(out);
  for_tasks(n, [&](int64_t, int64_t first, int64_t end) {
    for (int64_t at = first; at < end; at += kTile) {
      alignas(64) T a[kTile], b[kTile], c[kTile];
      const int64_t m = end - at < kTile ? end - at : kTile;
      const T *p = dense(x, at, m, a), *q = dense(y, at, m, b);
      T* const o = direct ? out.as<T>() + at : a;
      int64_t i = 0;
      if (reduction == kNone) {
        const T* const g = dense(grad, at, m, c);
        for (; i + w <= m; i += w) store(o + i, loss.slope(load(p + i), load(q + i)) * load(g + i));
        if (i < m)
          store_part(o + i,
                     loss.slope(load_part(p + i, m - i), load_part(q + i, m - i)) * load_part(g + i, m - i),
                     m - i);
      } else {
        const Vec<T> g = splat(whole);
        for (; i + w <= m; i += w) store(o + i, loss.slope(load(p + i), load(q + i)) * g);
        if (i < m) store_part(o + i, loss.slope(load_part(p + i, m - i), load_part(q + i, m - i)) * g, m - i);
      }
      if (!direct) scatter(o, out, at, m);
    }
  });
}

template <class Loss>
Loss made(const Launch& l) {
  if constexpr (Loss::parameters == 1)
    return Loss{l.scalar[1].get()};
  else
    return Loss{};
}

}  // namespace

#define TENON_PAIR_LOSS(name)                        \
  void kernel_##name(const Launch& l) {              \
    if (l.compute == DType::f64)                     \
      forward<double>(l, made<pair_loss::name>(l));  \
    else                                             \
      forward<float>(l, made<pair_loss::name>(l));   \
  }                                                  \
  void kernel_##name##Backward(const Launch& l) {    \
    if (l.compute == DType::f64)                     \
      backward<double>(l, made<pair_loss::name>(l)); \
    else                                             \
      backward<float>(l, made<pair_loss::name>(l));  \
  }

TENON_PAIR_LOSS(mseLoss)
TENON_PAIR_LOSS(l1Loss)
TENON_PAIR_LOSS(smoothL1Loss)
TENON_PAIR_LOSS(huberLoss)
TENON_PAIR_LOSS(binaryCrossEntropy)
TENON_PAIR_LOSS(binaryCrossEntropyWithLogits)

#undef TENON_PAIR_LOSS

}  // namespace TENON_ISA
}  // namespace tenon
