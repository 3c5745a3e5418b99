// Scans along a dimension: cumsum, cumprod, logcumsumexp, linearScan, cummax and cummin.
#include <limits>

#include "core/parallel.h"
#include "cpu/isa/kernels.h"
#include "cpu/isa/strided.h"
#include "cpu/isa/vec.h"
#include "kernels/log_sum.h"

namespace tenon {
namespace TENON_ISA {

namespace {

// A step takes the next element of a lane (and that of the second operand), and gives the result at its
// place. float32 accumulates in float64.
template <class T>
using Wider = std::conditional_t<std::is_same_v<T, float>, double, T>;

/** Whether four steps may be taken as one, so that but one of them waits for the last: float64 would round
 * and overflow in other ways than step by step. */
template <class T>
constexpr bool kFourTogether = !std::is_same_v<T, double>;

template <class T>
struct SumStep {
  static constexpr bool indices = false, four_together = kFourTogether<T>;
  Wider<T> sum = 0;
  TENON_INLINE T operator()(T x, T, int64_t) { return static_cast<T>(sum += static_cast<Wider<T>>(x)); }
  TENON_INLINE void four(const T* x, T* y) {
    const Wider<T> a = x[0], b = a + x[1], c = b + x[2], d = b + (static_cast<Wider<T>>(x[2]) + x[3]),
                   s = sum;
    sum = s + d;
    y[0] = static_cast<T>(s + a);
    y[1] = static_cast<T>(s + b);
    y[2] = static_cast<T>(s + c);
    y[3] = static_cast<T>(sum);
  }
};

template <class T>
struct ProductStep {
  static constexpr bool indices = false, four_together = kFourTogether<T>;
  Wider<T> product = 1;
  TENON_INLINE T operator()(T x, T, int64_t) { return static_cast<T>(product *= static_cast<Wider<T>>(x)); }
  TENON_INLINE void four(const T* x, T* y) {
    const Wider<T> a = x[0], b = a * x[1], c = b * x[2], d = b * (static_cast<Wider<T>>(x[2]) * x[3]),
                   p = product;
    product = p * d;
    y[0] = static_cast<T>(p * a);
    y[1] = static_cast<T>(p * b);
    y[2] = static_cast<T>(p * c);
    y[3] = static_cast<T>(product);
  }
};

template <class T>
struct LogSumExpStep {
  static constexpr bool indices = false, four_together = false;
  double sum = -std::numeric_limits<double>::infinity();
  T operator()(T x, T, int64_t) { return static_cast<T>(sum = log_sum_exp(static_cast<double>(x), sum)); }
};

/** y = a y + b */
template <class T>
struct LinearStep {
  static constexpr bool indices = false, four_together = false;
  Wider<T> y = 0;
  TENON_INLINE T operator()(T a, T b, int64_t) {
    return static_cast<T>(y = static_cast<Wider<T>>(a) * y + static_cast<Wider<T>>(b));
  }
};

/** The last of equal ones counts, and the last NaN. */
template <class T, bool kLargest>
struct ExtremeStep {
  static constexpr bool indices = true, four_together = false;
  using Limits = std::numeric_limits<T>;
  T best = Limits::has_infinity ? (kLargest ? -Limits::infinity() : Limits::infinity())
                                : (kLargest ? Limits::lowest() : Limits::max());
  int64_t index = 0;
  TENON_INLINE T operator()(T x, T, int64_t i) {
    // Nothing compares with a NaN that is the best but another one.
    if (x != x || (kLargest ? x >= best : x <= best)) {
      best = x;
      index = i;
    }
    return best;
  }
  static constexpr int64_t kAbreast = 16;
  /** Whether one of so many elements may take the best's place. */
  TENON_INLINE bool changes(const T* x) const {
    bool any = false;
    for (int64_t k = 0; k < kAbreast; k++) any |= !(kLargest ? x[k] < best : x[k] > best);
    return any;
  }
};

constexpr int64_t kTile = 256;
constexpr int64_t kScanTask = 32768;  // elements of a task

/** Lanes side by side where the last dimension is another one, piece by piece where it is this. */
template <class T, class Step>
void scan(const Launch& l, bool reverse) {
  const TensorView &x = l.in(0), &y = l.in(static_cast<int>(l.inputs) - 1), &out = l.out();
  const bool two = l.inputs == 2;
  if (out.numel == 0) return;
  const int dim = static_cast<int>(l.scalar[0].integer()), last = out.rank - 1;
  const int64_t n = out.shape[dim], columns = dim == last ? 1 : out.shape[last];
  Dim dims[kMaxRank], second[kMaxRank];
  int count = 0;
  for (int i = 0; i < last; i++) {
    if (i == dim) continue;
    dims[count] = {out.shape[i], x.strides[i], out.strides[i]};
    second[count++] = {out.shape[i], y.strides[i], 0};
  }
  const int64_t tiles = (columns + kTile - 1) / kTile, units = out.numel / (n * columns) * tiles;
  const int64_t work = n * (columns < kTile ? columns : kTile);
  const int64_t together = work < kScanTask ? kScanTask / work : 1;
  const int64_t turn = reverse ? -1 : 1, start = reverse ? n - 1 : 0;
  const int64_t step_x = turn * x.strides[dim], step_y = turn * y.strides[dim],
                step_out = turn * out.strides[dim];
  const bool dense = step_x == 1 && step_out == 1 && x.dtype == l.compute && out.dtype == l.compute;
  int64_t* const indices = Step::indices ? l.out(l.outputs - 1).as<int64_t>() : nullptr;

  parallel_for((units + together - 1) / together, [&](int64_t task) {
    const int64_t end = (task + 1) * together < units ? (task + 1) * together : units;
    T a[kTile], b[kTile];
    for (int64_t unit = task * together; unit < end; unit++) {
      const int64_t column = unit % tiles * kTile;
      const Walker walker(dims, count, unit / tiles), other(second, count, unit / tiles);
      int64_t at_x = walker.in + start * x.strides[dim], at_y = other.in + start * y.strides[dim],
              to = walker.out + start * out.strides[dim];
      if (columns == 1) {
        Step step;
        if constexpr (Step::four_together)
          if (dense) {
            const T* const from = x.as<T>() + at_x;
            T* const into = out.as<T>() + to;
            int64_t i = 0;
            for (; i + 4 <= n; i += 4) step.four(from + i, into + i);
            for (; i < n; i++) into[i] = step(from[i], T{}, i);
            continue;
          }
        if constexpr (Step::indices)
          if (dense) {
            const T* const from = x.as<T>() + at_x;
            T* const into = out.as<T>() + to;
            int64_t* const at = indices + to;
            int64_t i = 0;
            const auto each = [&](int64_t stop) {
              for (; i < stop; i++) {
                into[i] = step(from[i], T{}, i);
                at[i] = step.index;
              }
            };
            while (i + Step::kAbreast <= n) {
              if (step.changes(from + i)) {
                each(i + Step::kAbreast);
                continue;
              }
              for (int64_t k = 0; k < Step::kAbreast; k++) into[i + k] = step.best;
              for (int64_t k = 0; k < Step::kAbreast; k++) at[i + k] = step.index;
              i += Step::kAbreast;
            }
            each(n);
            continue;
          }
        for (int64_t i = 0; i < n; i += kTile) {
          const int64_t m = n - i < kTile ? n - i : kTile;
          load_strided(x.data, x.dtype, at_x + i * step_x, step_x, m, a);
          if (two) load_strided(y.data, y.dtype, at_y + i * step_y, step_y, m, b);
          int64_t k = 0;
          if constexpr (Step::four_together)
            for (; k + 4 <= m; k += 4) step.four(a + k, a + k);
          for (; k < m; k++) {
            a[k] = step(a[k], two ? b[k] : T{}, i + k);
            if constexpr (Step::indices) indices[to + (i + k) * step_out] = step.index;
          }
          store_strided(a, out.data, out.dtype, to + i * step_out, step_out, m);
        }
        continue;
      }
      const int64_t m = columns - column < kTile ? columns - column : kTile;
      at_x += column * x.strides[last];
      at_y += column * y.strides[last];
      to += column * out.strides[last];
      Step steps[kTile];
      for (int64_t i = 0; i < n; i++) {
        load_strided(x.data, x.dtype, at_x + i * step_x, x.strides[last], m, a);
        if (two) load_strided(y.data, y.dtype, at_y + i * step_y, y.strides[last], m, b);
        for (int64_t k = 0; k < m; k++) {
          a[k] = steps[k](a[k], two ? b[k] : T{}, i);
          if constexpr (Step::indices) indices[to + i * step_out + k * out.strides[last]] = steps[k].index;
        }
        store_strided(a, out.data, out.dtype, to + i * step_out, out.strides[last], m);
      }
    }
  });
}

/** Sums and products of integers wrap. */
template <template <class> class Step>
void scan_numbers(const Launch& l, bool reverse) {
  switch (l.compute) {
    case DType::f32: return scan<float, Step<float>>(l, reverse);
    case DType::f64: return scan<double, Step<double>>(l, reverse);
    case DType::i32: return scan<uint32_t, Step<uint32_t>>(l, reverse);
    default: return scan<uint64_t, Step<uint64_t>>(l, reverse);
  }
}

template <bool kLargest>
void scan_extremes(const Launch& l) {
  switch (l.compute) {
    case DType::f32: return scan<float, ExtremeStep<float, kLargest>>(l, false);
    case DType::f64: return scan<double, ExtremeStep<double, kLargest>>(l, false);
    case DType::i32: return scan<int32_t, ExtremeStep<int32_t, kLargest>>(l, false);
    default: return scan<int64_t, ExtremeStep<int64_t, kLargest>>(l, false);
  }
}

}  // namespace

void kernel_cumsum(const Launch& l) { scan_numbers<SumStep>(l, l.scalar[1].get() != 0); }
void kernel_cumprod(const Launch& l) { scan_numbers<ProductStep>(l, false); }
void kernel_linearScan(const Launch& l) { scan_numbers<LinearStep>(l, l.scalar[1].get() != 0); }
void kernel_cummax(const Launch& l) { scan_extremes<true>(l); }
void kernel_cummin(const Launch& l) { scan_extremes<false>(l); }

void kernel_logcumsumexp(const Launch& l) {
  if (l.compute == DType::f64)
    scan<double, LogSumExpStep<double>>(l, false);
  else
    scan<float, LogSumExpStep<float>>(l, false);
}

}  // namespace TENON_ISA
}  // namespace tenon
