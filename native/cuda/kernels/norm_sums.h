// What the kernels of normalisation gather: two sums at a time, in the elements' type for some batches, then
// in double, as the CPU does.
#pragma once
#include "cuda/kernels/block.h"
#include "cuda/kernels/kernel.h"
#include "cuda/kernels/norm.h"

namespace tenon {
namespace cuda {

namespace {

/** So many batches of a thread are summed in the elements' type before that goes into doubles. */
constexpr int kNarrowBatches = 16;

using cuda::exchange;

template <class T>
struct Two {
  T first, second;
};
template <class T>
TENON_DEVICE Two<T> exchange(Two<T> x, unsigned bits) {
  return {exchange(x.first, bits), exchange(x.second, bits)};
}

struct AddOne {
  template <class T>
  static TENON_DEVICE T join(T a, T b) {
    return a + b;
  }
};
struct AddTwo {
  template <class T>
  static TENON_DEVICE Two<T> join(Two<T> a, Two<T> b) {
    return {a.first + b.first, a.second + b.second};
  }
};

template <class T>
TENON_DEVICE T sum_batch(const T (&x)[kBatch]) {
  T sum[kBatch];
#pragma unroll
  for (int i = 0; i < kBatch; i++) sum[i] = x[i];
#pragma unroll
  for (int half = kBatch / 2; half; half /= 2)
#pragma unroll
    for (int i = 0; i < half; i++) sum[i] += sum[i + half];
  return sum[0];
}

/** What a thread has gathered. */
template <class T>
class TwoSums {
 public:
  TENON_DEVICE void take(const T (&a)[kBatch], const T (&b)[kBatch]) {
    narrow_.first += sum_batch(a);
    narrow_.second += sum_batch(b);
    if constexpr (sizeof(T) < sizeof(double)) {
      if (++batches_ < kNarrowBatches) return;
      wide_ = wide();
      narrow_ = {0, 0};
      batches_ = 0;
    }
  }
  TENON_DEVICE Two<double> wide() const {
    return {wide_.first + static_cast<double>(narrow_.first),
            wide_.second + static_cast<double>(narrow_.second)};
  }
  TENON_DEVICE Two<T> narrow() const {
    const Two<double> all = wide();
    return {static_cast<T>(all.first), static_cast<T>(all.second)};
  }

 private:
  Two<double> wide_ = {0, 0};
  Two<T> narrow_ = {0, 0};
  int batches_ = 0;
};

/** Elements first, first + lanes, ... of a line that ends at `end`: zeros where there are none. */
template <class T>
struct NormBatch {
  T at[kBatch];
  bool here[kBatch];

  template <class I>
  TENON_DEVICE void load(const T* line, I first, I lanes, I end, I stride = 1) {
#pragma unroll
    for (int i = 0; i < kBatch; i++) {
      const I place = first + static_cast<I>(i) * lanes;
      here[i] = place < end;
      at[i] = here[i] ? line[place * stride] : T{0};
    }
  }
  template <class I>
  TENON_DEVICE void store(T* line, I first, I lanes, I stride = 1) const {
#pragma unroll
    for (int i = 0; i < kBatch; i++)
      if (here[i]) line[(first + static_cast<I>(i) * lanes) * stride] = at[i];
  }
  TENON_DEVICE T sum() const { return sum_batch(at); }
  /** x - center and its square. */
  TENON_DEVICE void add_moments(T center, TwoSums<T>& sums) const {
    T first[kBatch], second[kBatch];
#pragma unroll
    for (int i = 0; i < kBatch; i++) {
      first[i] = here[i] ? at[i] - center : T{0};
      second[i] = first[i] * first[i];
    }
    sums.take(first, second);
  }
};

/** 1 / sqrt(variance + eps), of a sum of squared deviations. */
TENON_DEVICE double inverse_deviation(double squares, double count, double eps) {
  return 1 / sqrt((squares < 0 ? 0.0 : squares / count) + eps);
}

}  // namespace

}  // namespace cuda
}  // namespace tenon
