// Strided views for kernels that go beyond one dense array: dimensions merged and walked, tiles gathered and
// scattered.
#pragma once
#include "core/view.h"
#include "cpu/isa/convert.h"

namespace tenon {
namespace TENON_ISA {

namespace {

/** A dimension: its size and the distance of its neighbours in the input and, where there is one, in the
 * output. */
struct Dim {
  int64_t size, stride, out;
};

/** Dimensions from the outermost in, none of size 1, merged where one continues the other. */
struct Dims {
  int count = 0;
  Dim at[kMaxRank];

  void push(int64_t size, int64_t stride, int64_t out) {
    if (size == 1) return;
    if (count) {
      Dim& last = at[count - 1];
      if (last.stride == stride * size && last.out == out * size) {
        last = {last.size * size, stride, out};
        return;
      }
    }
    at[count++] = {size, stride, out};
  }

  int64_t numel() const {
    int64_t n = 1;
    for (int i = 0; i < count; i++) n *= at[i].size;
    return n;
  }

  /** Densest last, then merged again. For dimensions whose order doesn't matter. */
  void sort() {
    for (int i = 1; i < count; i++) {
      const Dim d = at[i];
      int j = i;
      for (; j > 0 && distance(at[j - 1]) < distance(d); j--) at[j] = at[j - 1];
      at[j] = d;
    }
    const int n = count;
    count = 0;
    for (int i = 0; i < n; i++) push(at[i].size, at[i].stride, at[i].out);
  }

  static int64_t distance(const Dim& d) { return d.stride < 0 ? -d.stride : d.stride; }
};

/** Goes through the dimensions dims[0 .. count), the last one fastest, from the `linear`-th place on. */
class Walker {
 public:
  Walker(const Dim* dims, int count, int64_t linear) : dims_(dims), count_(count) {
    for (int i = count - 1; i >= 0; i--) {
      index_[i] = linear ? linear % dims[i].size : 0;
      linear = linear ? linear / dims[i].size : 0;
      in += index_[i] * dims[i].stride;
      out += index_[i] * dims[i].out;
    }
  }
  void next() {
    for (int i = count_ - 1; i >= 0; i--) {
      in += dims_[i].stride;
      out += dims_[i].out;
      if (++index_[i] < dims_[i].size) return;
      in -= dims_[i].size * dims_[i].stride;
      out -= dims_[i].size * dims_[i].out;
      index_[i] = 0;
    }
  }
  int64_t in = 0, out = 0;  // offsets, in elements

 private:
  const Dim* dims_;
  int count_;
  int64_t index_[kMaxRank];
};

/** run(at, stride, done, n) for every stretch along the last dimension of elements [first, first + n) in
 * row-major order. */
template <class Run>
void for_stretches(const TensorView& v, int64_t first, int64_t n, Run run) {
  if (v.contiguous) return run(first, int64_t{1}, int64_t{0}, n);
  const int last = v.rank - 1;
  for (int64_t done = 0; done < n;) {
    int64_t rest = (first + done) / v.shape[last], at = 0;
    const int64_t column = (first + done) % v.shape[last];
    for (int i = last - 1; i >= 0; i--) {
      at += rest % v.shape[i] * v.strides[i];
      rest /= v.shape[i];
    }
    const int64_t left = v.shape[last] - column, m = n - done < left ? n - done : left;
    run(at + column * v.strides[last], v.strides[last], done, m);
    done += m;
  }
}

/** Elements [first, first + n) of a view, in row-major order. */
template <class T>
void gather(const TensorView& v, int64_t first, int64_t n, T* x) {
  for_stretches(v, first, n, [&](int64_t at, int64_t stride, int64_t done, int64_t m) {
    load_strided(v.data, v.dtype, at, stride, m, x + done);
  });
}

template <class T>
void scatter(const T* x, const TensorView& v, int64_t first, int64_t n) {
  for_stretches(v, first, n, [&](int64_t at, int64_t stride, int64_t done, int64_t m) {
    store_strided(x + done, v.data, v.dtype, at, stride, m);
  });
}

}  // namespace

}  // namespace TENON_ISA
}  // namespace tenon
