// multinomial: categories drawn by weight, from uniform draws in [0, 1) that come as an operand.
#include <cmath>

#include "core/parallel.h"
#include "cpu/isa/kernels.h"

namespace tenon {
namespace TENON_ISA {

namespace {

/** Whether all rows can be drawn from; sets the error if not. */
template <class T>
bool valid(const Launch& l, const T* weights, int64_t rows, int64_t n) {
  for (int64_t r = 0; r < rows; r++) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
      const double w = static_cast<double>(weights[r * n + i]);
      if (!(w >= 0 && w < HUGE_VAL)) {
        set_error(*l.error, ErrorCode::argument,
                  "multinomial: expected weights that are finite and not negative, got %g", w);
        return false;
      }
      sum += w;
    }
    if (sum > 0 && sum < HUGE_VAL) continue;
    set_error(*l.error, ErrorCode::argument,
              "multinomial: expected weights with a sum above 0, and finite, got %g", sum);
    return false;
  }
  return true;
}

/** Each draw takes the first category whose sum of weights up to it exceeds its share of the total. */
template <class T>
void with_replacement(const T* weights, int64_t n, const double* draws, int64_t count, double* sums,
                      int64_t* out) {
  double total = 0;
  int64_t last = 0;
  for (int64_t i = 0; i < n; i++) {
    if (weights[i] > 0) last = i;
    sums[i] = total += static_cast<double>(weights[i]);
  }
  for (int64_t k = 0; k < count; k++) {
    const double share = draws[k] * total;
    int64_t low = 0, high = last;  // rounding may leave nothing above the share
    while (low < high) {
      const int64_t middle = low + (high - low) / 2;
      if (sums[middle] > share)
        high = middle;
      else
        low = middle + 1;
    }
    out[k] = low;
  }
}

/** Whether category a comes after b. */
inline bool after(const double* keys, int64_t a, int64_t b) {
  return keys[a] < keys[b] || (keys[a] == keys[b] && a > b);
}

/** Restores a heap, the last category on top, below place i. */
inline void sift(const double* keys, int64_t* heap, int64_t size, int64_t i) {
  const int64_t moved = heap[i];
  for (;;) {
    int64_t child = 2 * i + 1;
    if (child >= size) break;
    if (child + 1 < size && after(keys, heap[child + 1], heap[child])) child++;
    if (!after(keys, heap[child], moved)) break;
    heap[i] = heap[child];
    i = child;
  }
  heap[i] = moved;
}

/**
 * The categories of the largest weight / exponential draw, in that order: as if drawn one after the other
 * (Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006).
 */
template <class T>
void without_replacement(const T* weights, int64_t n, const double* draws, int64_t count, double* keys,
                         int64_t* heap) {
  for (int64_t i = 0; i < n; i++)
    keys[i] = static_cast<double>(weights[i]) / -std::log1p(-(draws[i] + 0x1p-54));
  for (int64_t i = 0; i < count; i++) heap[i] = i;
  for (int64_t i = count / 2 - 1; i >= 0; i--) sift(keys, heap, count, i);
  for (int64_t i = count; i < n; i++) {
    if (!after(keys, heap[0], i)) continue;
    heap[0] = i;
    sift(keys, heap, count, 0);
  }
  for (int64_t size = count - 1; size > 0; size--) {
    const int64_t last = heap[0];
    heap[0] = heap[size];
    heap[size] = last;
    sift(keys, heap, size, 0);
  }
}

template <class T>
void draw(const Launch& l) {
  const TensorView& x = l.in(0);
  const int64_t n = x.shape[x.rank - 1], rows = x.numel / n, count = l.out().shape[x.rank - 1];
  const T* const weights = x.as<T>();
  if (!valid(l, weights, rows, n)) return;
  const bool replacement = l.scalar[0].get() != 0;
  double* const scratch =
      static_cast<double*>(l.scratch->bytes(static_cast<size_t>(x.numel) * sizeof(double)));
  parallel_for(rows, [&](int64_t r) {
    const double* const draws = l.in(1).as<double>() + r * (replacement ? count : n);
    int64_t* const out = l.out().as<int64_t>() + r * count;
    if (replacement)
      with_replacement(weights + r * n, n, draws, count, scratch + r * n, out);
    else
      without_replacement(weights + r * n, n, draws, count, scratch + r * n, out);
  });
}

}  // namespace

void kernel_multinomial(const Launch& l) {
  if (l.in(0).dtype == DType::f64)
    draw<double>(l);
  else
    draw<float>(l);
}

}  // namespace TENON_ISA
}  // namespace tenon
