// nllLoss, crossEntropy (log softmax and nllLoss in one) and their derivatives.
#include "core/parallel.h"
#include "cpu/isa/dense.h"
#include "cpu/isa/kernels.h"
#include "cpu/isa/reduce.h"
#include "kernels/math.h"

namespace tenon {
namespace TENON_ISA {

namespace {

enum { kNone, kMean, kSum };

// ---- negative log likelihood: x [c] or [n, c, d...], target [] or [n, d...] ----

/** The places of a target beside those of class 0 in x. */
class Targets {
 public:
  Targets(const TensorView& x, const TensorView& target) : target_(target) {
    const int classes = x.rank > 1 ? 1 : 0;
    class_stride = x.strides[classes];
    class_count = x.shape[classes];
    for (int i = 0; i < target.rank; i++)
      dims_[i] = {target.shape[i], target.strides[i], x.strides[i ? i + 1 : 0]};
  }

  /** run(i, class, at in x of class 0) for each target in row-major order; ignored ones have class -1. */
  template <class Run>
  void each(int64_t ignore, Run run) const {
    if (target_.numel == 0) return;
    Walker walker(dims_, target_.rank, 0);
    for (int64_t i = 0; i < target_.numel; i++, walker.next()) {
      const int64_t c = target_.as<int64_t>()[walker.in];
      run(i, c == ignore ? -1 : c, walker.out);
    }
  }

  /** each(), for rows in parallel, each of which costs as much as its classes. */
  template <class Run>
  void each_row(int64_t ignore, Run run) const {
    constexpr int64_t grain = 8192;
    const int64_t together = class_count < grain ? grain / (class_count + 1) + 1 : 1;
    parallel_for((target_.numel + together - 1) / together, [&](int64_t task) {
      const int64_t first = task * together;
      const int64_t end = first + together < target_.numel ? first + together : target_.numel;
      Walker walker(dims_, target_.rank, first);
      for (int64_t i = first; i < end; i++, walker.next()) {
        const int64_t c = target_.as<int64_t>()[walker.in];
        run(i, c == ignore ? -1 : c, walker.out);
      }
    });
  }

  bool fit(const Launch& l, const char* op, int64_t ignore) const {
    if (target_.numel == 0) return true;
    Walker walker(dims_, target_.rank, 0);
    for (int64_t i = 0; i < target_.numel; i++, walker.next()) {
      const int64_t c = target_.as<int64_t>()[walker.in];
      if (c == ignore || (c >= 0 && c < class_count)) continue;
      set_error(*l.error, ErrorCode::index, "%s: target %lld is out of range for %lld classes", op,
                static_cast<long long>(c), static_cast<long long>(class_count));
      return false;
    }
    return true;
  }

  /** The place in x of class 0 of target i. */
  int64_t at(int64_t i) const { return Walker(dims_, target_.rank, i).out; }

  int64_t class_stride, class_count;

 private:
  const TensorView& target_;
  Dim dims_[kMaxRank];
};

/** Offset of the i-th element, row major. */
int64_t place(const TensorView& v, int64_t i) {
  if (v.contiguous) return i;
  int64_t at = 0;
  for (int d = v.rank - 1; d >= 0; d--) {
    at += i % v.shape[d] * v.strides[d];
    i /= v.shape[d];
  }
  return at;
}

constexpr int64_t kRowTile = 1024;

/** f(first, count, elements) for the parts of a row of x. */
template <class T, class F>
TENON_INLINE void each_part(const TensorView& x, int64_t at, int64_t stride, int64_t n, F f) {
  for (int64_t i = 0; i < n; i += kRowTile) {
    alignas(64) T part[kRowTile];
    const int64_t m = n - i < kRowTile ? n - i : kRowTile;
    load_strided(x.data, x.dtype, at + i * stride, stride, m, part);
    f(i, m, part);
  }
}

/** Replaces elements by exp((x - largest) - shift). */
template <class T>
TENON_INLINE void exponentials(T* x, int64_t n, T largest, T shift) {
  constexpr int64_t w = Lanes<T>::count;
  const Vec<T> a = splat(largest), b = splat(shift);
  int64_t i = 0;
  for (; i + w <= n; i += w) store(x + i, math::exp((load(x + i) - a) - b));
  if (i < n) store_part(x + i, math::exp((load_part(x + i, n - i) - a) - b), n - i);
}

/** A row's largest element, and the logarithm of the sum of exp(x - largest). */
template <class T>
void normalize_row(const TensorView& x, int64_t at, int64_t stride, int64_t n, T* row) {
  T largest = MaxOf<T>::start();
  double sum = 0;
  each_part<T>(x, at, stride, n, [&](int64_t, int64_t m, T* part) {
    largest = MaxOf<T>::join(largest, reduce_run<MaxOf<T>>(part, m));
  });
  each_part<T>(x, at, stride, n, [&](int64_t, int64_t m, T* part) {
    exponentials(part, m, largest, T{0});
    sum += static_cast<double>(reduce_run<SumOf<T>>(part, m));
  });
  row[0] = largest;
  row[1] = math::log(splat(static_cast<T>(sum)))[0];
}

template <class T>
void cross_entropy_backward(const Launch& l) {
  const TensorView &grad = l.in(0), &x = l.in(1), &target = l.in(2), &total = l.in(3), &out = l.out();
  const T* const rows = l.in(4).as<T>();
  const TensorView* const weight = l.inputs > 5 ? &l.in(5) : nullptr;
  const int64_t ignore = l.scalar[0].integer(), reduction = l.scalar[1].integer();
  const Targets targets(x, target), places(out, target);
  if (!targets.fit(l, "crossEntropyBackward", ignore) || out.numel == 0) return;
  const T whole = reduction == kNone ? T{0} : element<T>(grad, 0);
  const T scale = reduction == kMean ? whole / element<T>(total, 0) : whole;
  targets.each_row(ignore, [&](int64_t i, int64_t c, int64_t at) {
    const T g = c < 0 ? T{0} : reduction == kNone ? element<T>(grad, place(grad, i)) : scale;
    const T factor = c >= 0 && weight ? g * element<T>(*weight, c * weight->strides[0]) : g;
    const int64_t to = places.at(i), step = places.class_stride;
    each_part<T>(x, at, targets.class_stride, targets.class_count, [&](int64_t first, int64_t m, T* part) {
      if (c >= 0) exponentials(part, m, rows[2 * i], rows[2 * i + 1]);
      for (int64_t k = 0; k < m; k++) part[k] = c < 0 ? T{0} : (part[k] - T(first + k == c)) * factor;
      store_strided(part, out.data, out.dtype, to + first * step, step, m);
    });
  });
}

template <class T>
void nll(const Launch& l) {
  const TensorView &x = l.in(0), &target = l.in(1), &out = l.out(0), &total = l.out(1);
  const TensorView* const weight = l.inputs > 2 ? &l.in(2) : nullptr;
  const int64_t ignore = l.scalar[0].integer(), reduction = l.scalar[1].integer();
  T* const rows = l.outputs > 2 ? l.out(2).as<T>() : nullptr;  // x are no log probabilities yet
  const Targets targets(x, target);
  if (!targets.fit(l, rows ? "crossEntropy" : "nllLoss", ignore)) return;
  if (rows)
    targets.each_row(ignore, [&](int64_t i, int64_t, int64_t at) {
      normalize_row(x, at, targets.class_stride, targets.class_count, rows + 2 * i);
    });
  double sum = 0, weights = 0;
  targets.each(ignore, [&](int64_t i, int64_t c, int64_t at) {
    T loss = 0;
    if (c >= 0) {
      const T w = weight ? element<T>(*weight, c * weight->strides[0]) : T{1};
      T value = element<T>(x, at + c * targets.class_stride);
      if (rows) value = (value - rows[2 * i]) - rows[2 * i + 1];
      loss = -value * w;
      sum += loss;
      weights += w;
    }
    if (reduction == kNone) set_element(out, place(out, i), loss);
  });
  set_element(total, 0, static_cast<T>(weights));
  if (reduction != kNone) set_element(out, 0, static_cast<T>(reduction == kMean ? sum / weights : sum));
}

template <class T>
void nll_backward(const Launch& l) {
  const TensorView &grad = l.in(0), &target = l.in(1), &total = l.in(2), &out = l.out();
  const TensorView* const weight = l.inputs > 3 ? &l.in(3) : nullptr;
  const int64_t ignore = l.scalar[0].integer(), reduction = l.scalar[1].integer();
  const Targets targets(out, target);
  if (!targets.fit(l, "nllLossBackward", ignore)) return;
  const T zero = 0;
  for (int64_t i = 0; i < out.numel; i += 1024) {
    T zeros[1024] = {};
    scatter(zeros, out, i, out.numel - i < 1024 ? out.numel - i : 1024);
  }
  const T whole = reduction == kNone ? zero : element<T>(grad, 0);
  const T scale = reduction == kMean ? whole / element<T>(total, 0) : whole;
  targets.each(ignore, [&](int64_t i, int64_t c, int64_t at) {
    if (c < 0) return;
    const T g = reduction == kNone ? element<T>(grad, place(grad, i)) : scale;
    const T w = weight ? element<T>(*weight, c * weight->strides[0]) : T{1};
    set_element(out, at + c * targets.class_stride, static_cast<T>(-g * w));
  });
}

}  // namespace

#define TENON_LOSS(name, f)             \
  void kernel_##name(const Launch& l) { \
    if (l.compute == DType::f64)        \
      f<double>(l);                     \
    else                                \
      f<float>(l);                      \
  }

TENON_LOSS(nllLoss, nll)
TENON_LOSS(nllLossBackward, nll_backward)
TENON_LOSS(crossEntropy, nll)
TENON_LOSS(crossEntropyBackward, cross_entropy_backward)

#undef TENON_LOSS

}  // namespace TENON_ISA
}  // namespace tenon
