// What is done to all gradients of a network at once: their norm, clipping, unscaling.
#include <cmath>
#include <limits>

#include "core/launch.h"
#include "core/parallel.h"
#include "cpu/isa/kernels.h"
#include "cpu/isa/reduce.h"
#include "cpu/isa/strided.h"
#include "cpu/isa/vec.h"

namespace tenon {
namespace TENON_ISA {

namespace {

constexpr int64_t kTile = 1024, kTask = 16 * kTile;

int64_t tasks_of(const TensorView& v) { return (v.numel + kTask - 1) / kTask; }

/** f(x, n) for dense stretches of the elements of a task; those of other tensors are copied to a tile first,
 * and back if f changes them. */
template <class T, bool kChanges, class F>
void each_stretch(const TensorView& v, int64_t task, F f) {
  const int64_t first = task * kTask, end = v.numel - first < kTask ? v.numel : first + kTask;
  if (v.contiguous && v.dtype == dtype_of<T>()) return f(v.as<T>() + first, end - first);
  alignas(64) T tile[kTile];
  for (int64_t i = first; i < end; i += kTile) {
    const int64_t n = end - i < kTile ? end - i : kTile;
    gather(v, i, n, tile);
    f(tile, n);
    if (kChanges) scatter(tile, v, i, n);
  }
}

/** Changes each element: f of vectors. */
template <class T, class F>
TENON_INLINE void change(T* x, int64_t n, F f) {
  constexpr int64_t w = Lanes<T>::count;
  int64_t i = 0;
  for (; i + w <= n; i += w) store(x + i, f(load(x + i)));
  if (i < n) store_part(x + i, f(load_part(x + i, n - i)), n - i);
}

TENON_INLINE void add_squares(Vec<double>* sum, Vec<double> x) { sum[0] += x * x; }
TENON_INLINE void add_squares(Vec<double>* sum, Vec<float> x) {
  Vec<double> low, high;
  widen(x, low, high);
  sum[0] += low * low;
  sum[1] += high * high;
}

/** In double, which holds the squares of all floats. */
template <class T>
double sum_of_squares(const T* x, int64_t n) {
  constexpr int64_t w = Lanes<T>::count;
  Vec<double> sums[4] = {};
  int64_t i = 0;
  for (; i + 2 * w <= n; i += 2 * w) {
    add_squares(sums, load(x + i));
    add_squares(sums + 2, load(x + i + w));
  }
  if (i + w <= n) {
    add_squares(sums, load(x + i));
    i += w;
  }
  if (i < n) add_squares(sums + 2, load_part(x + i, n - i));
  const Vec<double> sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  double total = 0;
  for (int k = 0; k < Lanes<double>::count; k++) total += sum[k];
  return total;
}

/** Floats whose squares are added as floats, which takes half the time; their sums are added as doubles. */
constexpr int64_t kSquaresBlock = 1024;

/** The sum of the squares of kSquaresBlock floats, as floats. */
TENON_INLINE float narrow_sum_of_squares(const float* x) {
  constexpr int64_t w = Lanes<float>::count;
  Vec<float> sums[8] = {};
  for (int64_t i = 0; i < kSquaresBlock; i += 8 * w)
    for (int k = 0; k < 8; k++) {
      const Vec<float> v = load(x + i + k * w);
      sums[k] += v * v;
    }
  for (int half = 4; half; half /= 2)
    for (int k = 0; k < half; k++) sums[k] += sums[k + half];
  return join_lanes<SumOf<float>>(sums[0]);
}

/** In double where squares of floats may be infinite, or so small that what they lose counts. */
double sum_of_squares(const float* x, int64_t n) {
  double total = 0;
  for (; n >= kSquaresBlock; x += kSquaresBlock, n -= kSquaresBlock) {
    const float sum = narrow_sum_of_squares(x);
    const bool holds = sum >= 0x1p-90f && sum <= std::numeric_limits<float>::max();
    total += holds ? static_cast<double>(sum) : sum_of_squares<float>(x, kSquaresBlock);
  }
  return total + sum_of_squares<float>(x, n);
}

template <class T>
void total_norm(const Launch& l) {
  int64_t most = 1;
  for (uint32_t i = 0; i < l.inputs; i++) {
    const int64_t tasks = tasks_of(l.in(static_cast<int>(i)));
    if (tasks > most) most = tasks;
  }
  double* const parts = static_cast<double*>(l.scratch->bytes(static_cast<size_t>(most) * sizeof(double)));
  double total = 0;
  for (uint32_t i = 0; i < l.inputs; i++) {
    const TensorView& v = l.in(static_cast<int>(i));
    const int64_t tasks = tasks_of(v);
    parallel_for(tasks, [&](int64_t task) {
      parts[task] = 0;
      each_stretch<T, false>(v, task, [&](const T* x, int64_t n) { parts[task] += sum_of_squares(x, n); });
    });
    double sum = 0;
    for (int64_t task = 0; task < tasks; task++) sum += parts[task];
    total += sum;
  }
  const T norm = static_cast<T>(std::sqrt(total));
  scatter(&norm, l.out(), 0, 1);
}

template <class T>
void clip_to_norm(const Launch& l) {
  T norm;
  gather(l.in(), 0, 1, &norm);
  const T factor = static_cast<T>(l.scalar[0].get()) / (norm + static_cast<T>(1e-6));
  if (factor >= 1) return;  // which NaN isn't
  const Vec<T> factors = splat(factor);
  for (int i = 0; i < l.outputs; i++)
    parallel_for(tasks_of(l.out(i)), [&](int64_t task) {
      each_stretch<T, true>(l.out(i), task,
                            [&](T* x, int64_t n) { change(x, n, [&](Vec<T> v) { return v * factors; }); });
    });
}

template <class T>
void unscale(const Launch& l) {
  const Vec<T> factor = splat(static_cast<T>(l.scalar[0].get()));
  bool found = false;
  for (int i = 1; i < l.outputs; i++)
    parallel_for(tasks_of(l.out(i)), [&](int64_t task) {
      each_stretch<T, true>(l.out(i), task, [&](T* x, int64_t n) {
        Mask<Vec<T>> wild = {};
        change(x, n, [&](Vec<T> v) {
          wild |= v - v != Vec<T>{};
          return v * factor;
        });
        if (any(wild)) __atomic_store_n(&found, true, __ATOMIC_RELAXED);
      });
    });
  if (found) *l.out().as<float>() = 1;
}

}  // namespace

void kernel_totalNorm(const Launch& l) {
  if (l.compute == DType::f64)
    total_norm<double>(l);
  else
    total_norm<float>(l);
}

void kernel_clipToNorm(const Launch& l) {
  if (l.compute == DType::f64)
    clip_to_norm<double>(l);
  else
    clip_to_norm<float>(l);
}

void kernel_unscale(const Launch& l) {
  if (l.compute == DType::f64)
    unscale<double>(l);
  else
    unscale<float>(l);
}

}  // namespace TENON_ISA
}  // namespace tenon
