// softmax, log softmax and their derivatives along one dimension.
#include "core/parallel.h"
#include "cpu/isa/kernels.h"
#include "cpu/isa/reduce.h"
#include "cpu/isa/strided.h"
#include "kernels/math.h"

namespace tenon {
namespace TENON_ISA {

namespace {

/** o[i] = f(a[i], b[i]), vector by vector. */
template <class T, class F>
TENON_INLINE void each(T* o, const T* a, const T* b, int64_t n, F f) {
  constexpr int64_t w = Lanes<T>::count;
  int64_t i = 0;
  for (; i + w <= n; i += w) store(o + i, f(load(a + i), load(b + i)));
  if (i < n) store_part(o + i, f(load_part(a + i, n - i), load_part(b + i, n - i)), n - i);
}

template <class T>
TENON_INLINE T scalar_log(T x) {
  return math::log(splat(x))[0];
}

// One row of n elements: o may be one of the inputs.
template <class T>
struct SoftmaxRow {
  static constexpr int inputs = 1;
  static void run(T* o, const T* x, const T*, int64_t n) {
    const Vec<T> largest = splat(reduce_run<MaxOf<T>>(x, n));
    each(o, x, x, n, [&](Vec<T> v, Vec<T>) { return math::exp(v - largest); });
    const Vec<T> scale = splat(static_cast<T>(1 / reduce_run<SumOf<T>>(o, n)));
    each(o, o, o, n, [&](Vec<T> v, Vec<T>) { return v * scale; });
  }
};

template <class T>
struct LogSoftmaxRow {
  static constexpr int inputs = 1;
  static constexpr int64_t kPart = 512;
  static void run(T* o, const T* x, const T*, int64_t n) {
    const Vec<T> largest = splat(reduce_run<MaxOf<T>>(x, n));
    typename SumOf<T>::Wide sum = 0;
    for (int64_t i = 0; i < n; i += kPart) {
      alignas(64) T part[kPart];
      const int64_t m = n - i < kPart ? n - i : kPart;
      each(part, x + i, x + i, m, [&](Vec<T> v, Vec<T>) { return math::exp(v - largest); });
      sum += reduce_run<SumOf<T>>(part, m);
    }
    const Vec<T> shift = splat(scalar_log(static_cast<T>(sum)));
    each(o, x, x, n, [&](Vec<T> v, Vec<T>) { return v - largest - shift; });
  }
};

/** y (g - sum(g y)) */
template <class T>
struct SoftmaxBackwardRow {
  static constexpr int inputs = 2;
  static constexpr int64_t kPart = 512;
  static void run(T* o, const T* g, const T* y, int64_t n) {
    typename SumOf<T>::Wide sum = 0;
    for (int64_t i = 0; i < n; i += kPart) {
      alignas(64) T part[kPart];
      const int64_t m = n - i < kPart ? n - i : kPart;
      each(part, g + i, y + i, m, [](Vec<T> a, Vec<T> b) { return a * b; });
      sum += reduce_run<SumOf<T>>(part, m);
    }
    const Vec<T> dot = splat(static_cast<T>(sum));
    each(o, g, y, n, [&](Vec<T> a, Vec<T> b) { return b * (a - dot); });
  }
};

/** g - exp(y) sum(g) */
template <class T>
struct LogSoftmaxBackwardRow {
  static constexpr int inputs = 2;
  static void run(T* o, const T* g, const T* y, int64_t n) {
    const Vec<T> sum = splat(static_cast<T>(reduce_run<SumOf<T>>(g, n)));
    each(o, g, y, n, [&](Vec<T> a, Vec<T> b) { return a - math::exp(b) * sum; });
  }
};

constexpr int64_t kRowTask = 8192;  // elements of a task

template <class T, class Row>
void along(const Launch& l) {
  const TensorView &out = l.out(), &x = l.in(0), &y = l.in(Row::inputs - 1);
  if (out.numel == 0) return;
  const int dim = static_cast<int>(l.scalar[0].integer());
  const int64_t n = out.rank ? out.shape[dim] : 1, rows = out.numel / n;
  const DType type = dtype_of<T>();
  bool direct = out.dtype == type && (out.rank == 0 || out.strides[dim] == 1 || n == 1);
  for (const TensorView* v : {&x, &y})
    direct &= v->dtype == type && (out.rank == 0 || v->strides[dim] == 1 || n == 1);

  // Where row r starts, in each operand: out beside input 0, and input 1 by itself.
  Dim dims[kMaxRank], second[kMaxRank];
  int count = 0;
  for (int i = 0; i < out.rank; i++) {
    if (i == dim) continue;
    dims[count] = {out.shape[i], x.strides[i], out.strides[i]};
    second[count++] = {out.shape[i], y.strides[i], 0};
  }
  int64_t together = n < kRowTask ? kRowTask / n : 1;
  if (!direct && together < rows / 64) together = rows / 64;  // as many buffers as tasks
  const int64_t tasks = (rows + together - 1) / together;
  const int64_t stride[] = {out.rank ? out.strides[dim] : 0, out.rank ? x.strides[dim] : 0,
                            out.rank ? y.strides[dim] : 0};
  T* const scratch =
      direct ? nullptr : static_cast<T*>(l.scratch->bytes(static_cast<size_t>(tasks * 2 * n) * sizeof(T)));
  parallel_for(tasks, [&](int64_t task) {
    const int64_t first = task * together, end = first + together < rows ? first + together : rows;
    Walker walker(dims, count, first), other(second, count, first);
    T *const a = scratch + task * 2 * n, *const b = a + n;
    for (int64_t r = first; r < end; r++, walker.next(), other.next()) {
      if (direct) {
        Row::run(out.as<T>() + walker.out, x.as<T>() + walker.in, y.as<T>() + other.in, n);
        continue;
      }
      load_strided(x.data, x.dtype, walker.in, stride[1], n, a);
      if (Row::inputs == 2) load_strided(y.data, y.dtype, other.in, stride[2], n, b);
      Row::run(a, a, Row::inputs == 2 ? b : a, n);
      store_strided(a, out.data, out.dtype, walker.out, stride[0], n);
    }
  });
}

constexpr int64_t kColumns = 128;  // columns that are taken together
constexpr int64_t kSumRows = 64;   // rows that are summed in T, before these sums go into wider ones

/** softmax down n rows of m <= kColumns columns. */
template <class T>
void softmax_down(T* o, int64_t o_row, const T* x, int64_t x_row, int64_t n, int64_t m) {
  alignas(64) T largest[kColumns], part[kColumns] = {};
  typename SumOf<T>::Wide sum[kColumns] = {};
  std::memcpy(largest, x, static_cast<size_t>(m) * sizeof(T));
  for (int64_t r = 1; r < n; r++)
    each(largest, largest, x + r * x_row, m, [](Vec<T> a, Vec<T> b) { return MaxOf<T>::join(a, b); });
  for (int64_t r = 0; r < n; r++) {
    T* const row = o + r * o_row;
    each(row, x + r * x_row, largest, m, [](Vec<T> v, Vec<T> most) { return math::exp(v - most); });
    each(part, part, row, m, [](Vec<T> a, Vec<T> b) { return a + b; });
    if (r + 1 < n && (r + 1) % kSumRows) continue;
    for (int64_t j = 0; j < m; j++) {
      sum[j] += part[j];
      part[j] = 0;
    }
  }
  for (int64_t j = 0; j < m; j++) part[j] = static_cast<T>(1 / sum[j]);
  for (int64_t r = 0; r < n; r++)
    each(o + r * o_row, o + r * o_row, part, m, [](Vec<T> v, Vec<T> scale) { return v * scale; });
}

/** softmax along another dimension than the last, which is dense; false if that isn't so. */
template <class T>
bool softmax_across(const Launch& l) {
  const TensorView &out = l.out(), &x = l.in(0);
  const int dim = static_cast<int>(l.scalar[0].integer()), last = out.rank - 1;
  if (out.numel == 0 || dim >= last || out.dtype != dtype_of<T>() || x.dtype != dtype_of<T>()) return false;
  const int64_t n = out.shape[dim], m = out.shape[last];
  if (out.strides[last] != 1 || x.strides[last] != 1 || m < Lanes<T>::count) return false;
  Dim dims[kMaxRank];
  int count = 0;
  for (int i = 0; i < last; i++)
    if (i != dim) dims[count++] = {out.shape[i], x.strides[i], out.strides[i]};
  const int64_t across = (m + kColumns - 1) / kColumns, units = out.numel / (n * m) * across;
  const int64_t work = n * (m < kColumns ? m : kColumns), together = work < kRowTask ? kRowTask / work : 1;
  parallel_for((units + together - 1) / together, [&](int64_t task) {
    const int64_t end = (task + 1) * together < units ? (task + 1) * together : units;
    for (int64_t unit = task * together; unit < end; unit++) {
      const Walker walker(dims, count, unit / across);
      const int64_t column = unit % across * kColumns, wide = m - column < kColumns ? m - column : kColumns;
      softmax_down(out.as<T>() + walker.out + column, out.strides[dim], x.as<T>() + walker.in + column,
                   x.strides[dim], n, wide);
    }
  });
  return true;
}

}  // namespace

void kernel_softmax(const Launch& l) {
  if (l.compute == DType::f64)
    return softmax_across<double>(l) ? void() : along<double, SoftmaxRow<double>>(l);
  return softmax_across<float>(l) ? void() : along<float, SoftmaxRow<float>>(l);
}

#define TENON_SOFTMAX(name, Row)        \
  void kernel_##name(const Launch& l) { \
    if (l.compute == DType::f64)        \
      along<double, Row<double>>(l);    \
    else                                \
      along<float, Row<float>>(l);      \
  }

TENON_SOFTMAX(logSoftmax, LogSoftmaxRow)
TENON_SOFTMAX(softmaxBackward, SoftmaxBackwardRow)
TENON_SOFTMAX(logSoftmaxBackward, LogSoftmaxBackwardRow)

#undef TENON_SOFTMAX

}  // namespace TENON_ISA
}  // namespace tenon
