// Host side of the dimensions that kernels walk: collected, merged and sorted.
#pragma once
#include <cstdint>

#include "core/view.h"
#include "cuda/kernels/dims.h"

namespace tenon {
namespace cuda {

static_assert(kMaxDims == kMaxRank, "every tensor's dimensions fit");

/** How to divide by d.size. Granlund and Montgomery, Division by Invariant Integers using Multiplication. */
template <class D>
void set_divisor(D& d) {
  d.multiplier = d.shift = 0;
  if (d.size < 1 || d.size >= int64_t{1} << 31) return;
  const uint64_t size = static_cast<uint64_t>(d.size);
  while (uint64_t{1} << d.shift < size) d.shift++;
  d.multiplier = static_cast<uint32_t>((uint64_t{1} << 32) * ((uint64_t{1} << d.shift) - size) / size + 1);
}

inline Divisor divisor(int64_t size) {
  Divisor d = {size, 0, 0};
  set_divisor(d);
  return d;
}

/** Dimensions from the outermost in, none of size 1, merged where each operand steps through two as one. */
template <int K>
class DimList {
 public:
  int count = 0;
  Dim<K> at[kMaxDims];

  void push(const Dim<K>& d) {
    if (d.size == 1) return;
    int64_t size;  // beside a dimension of none, others may be beyond counting
    if (count && continues(at[count - 1], d) && !__builtin_mul_overflow(at[count - 1].size, d.size, &size)) {
      at[count - 1] = d;
      at[count - 1].size = size;
    } else {
      at[count++] = d;
    }
  }

  /** The densest in the first operand (then in the second, ...) last, then merged again. */
  void sort() {
    for (int i = 1; i < count; i++) {
      const Dim<K> d = at[i];
      int j = i;
      for (; j > 0 && coarser(d, at[j - 1]); j--) at[j] = at[j - 1];
      at[j] = d;
    }
    const int n = count;
    count = 0;
    for (int i = 0; i < n; i++) push(at[i]);
  }

  int64_t numel() const {
    for (int i = 0; i < count; i++)
      if (at[i].size == 0) return 0;
    int64_t n = 1;
    for (int i = 0; i < count; i++) n *= at[i].size;
    return n;
  }

  /** To a kernel's parameters. */
  void copy_to(Dim<K>* to) const {
    for (int i = 0; i < count; i++) {
      to[i] = at[i];
      set_divisor(to[i]);
    }
  }

 private:
  static int64_t distance(int64_t stride) { return stride < 0 ? -stride : stride; }

  static bool continues(const Dim<K>& outer, const Dim<K>& inner) {
    for (int k = 0; k < K; k++) {
      int64_t whole;  // strides of no elements may be anything
      if (__builtin_mul_overflow(inner.stride[k], inner.size, &whole) || outer.stride[k] != whole)
        return false;
    }
    return true;
  }

  static bool coarser(const Dim<K>& a, const Dim<K>& b) {
    for (int k = 0; k < K; k++)
      if (distance(a.stride[k]) != distance(b.stride[k]))
        return distance(a.stride[k]) > distance(b.stride[k]);
    return false;
  }
};

/** Whether numbers up to n can be divided by multiplication. */
inline bool is_narrow(int64_t n) { return n < int64_t{1} << 31; }

}  // namespace cuda
}  // namespace tenon
