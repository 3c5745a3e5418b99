// gather, take and scatter: one element for each index along a dimension. Indices are data: scatter checks
// all of them before it writes anything.
#include <atomic>

#include "core/parallel.h"
#include "cpu/isa/indices.h"
#include "cpu/isa/kernels.h"
#include "cpu/isa/strided.h"

namespace tenon {
namespace TENON_ISA {

namespace {

/** What `scatter` does with an element and what it finds in its place. */
enum Mode : int64_t { replace, add, multiply, largest, smallest };

/** Offsets, or strides, of the index, the operand of its shape and the whole operand, in elements. */
struct Place {
  int64_t index = 0, beside = 0, whole = 0;
};

/** The dimensions of the index; along `dim` the whole operand steps by the index, not with it. */
struct Lanes {
  int rank = 1, dim;
  int64_t size[kMaxRank];
  Place stride[kMaxRank];
  int64_t step = 0;  // of the whole operand, from one index to the next

  Lanes(const TensorView& index, const TensorView& beside, const TensorView& whole, int d) : dim(d) {
    size[0] = 1;  // of a 0-d tensor
    if (index.rank) rank = index.rank;
    for (int i = 0; i < index.rank; i++) {
      size[i] = index.shape[i];
      stride[i] = {index.strides[i], beside.strides[i], i == d || i >= whole.rank ? 0 : whole.strides[i]};
    }
    if (d >= 0 && d < whole.rank) step = whole.strides[d];
  }

  /** run(place, stride, n) for each row, in row-major order. */
  template <class Run>
  void rows(Place at, Run run) const {
    const int last = rank - 1;
    int64_t left = 1, counter[kMaxRank] = {0};
    for (int i = 0; i < last; i++) left *= size[i];
    for (; left > 0; left--) {
      run(at, stride[last], size[last]);
      for (int i = last - 1; i >= 0; i--) {
        at.index += stride[i].index;
        at.beside += stride[i].beside;
        at.whole += stride[i].whole;
        if (++counter[i] < size[i]) break;
        at.index -= size[i] * stride[i].index;
        at.beside -= size[i] * stride[i].beside;
        at.whole -= size[i] * stride[i].whole;
        counter[i] = 0;
      }
    }
  }

  /**
   * The same on several threads, each with a part of the largest dimension: besides `dim`, unless the whole
   * operand is only read, so that what goes to one place comes in one order.
   */
  template <class Run>
  void parallel_rows(int64_t numel, Run run, bool reads = false) const {
    constexpr int64_t together = 16384;
    int split = -1;
    for (int i = 0; i < rank; i++)
      if ((reads || i != dim) && (split < 0 || size[i] > size[split])) split = i;
    if (split < 0 || numel <= together) return rows({}, run);
    const int64_t n = size[split], rest = numel / n, part = rest < together ? together / rest : 1;
    parallel_for((n + part - 1) / part, [&](int64_t task) {
      const int64_t first = task * part;
      Lanes lanes = *this;
      lanes.size[split] = n - first < part ? n - first : part;
      const Place& s = stride[split];
      lanes.rows({first * s.index, first * s.beside, first * s.whole}, run);
    });
  }
};

bool fits(const Launch& l, const char* op, const TensorView& index, int dim, int64_t size) {
  // What is repeated is looked at once.
  int64_t shape[kMaxRank];
  for (int i = 0; i < index.rank; i++) shape[i] = index.strides[i] == 0 ? 1 : index.shape[i];
  TensorView once = index;
  once.shape = shape;
  const int64_t* const indices = index.as<int64_t>();
  bool good = true;
  Lanes(once, once, once, -1).rows({}, [&](Place at, Place stride, int64_t n) {
    if (all_within(indices + at.index, stride.index, n, 0, size)) return;
    for (int64_t k = 0; k < n && good; k++) {
      const int64_t i = indices[at.index + k * stride.index];
      if (i >= 0 && i < size) continue;
      good = false;
      set_error(*l.error, ErrorCode::index, "%s: index %lld is out of range for dimension %d with size %lld",
                op, static_cast<long long>(i), dim, static_cast<long long>(size));
    }
  });
  return good;
}

/** Whether all indices are below `size`; `wraps`: they may be negative, and count from the end. Each stretch
 * of them is looked at before it is used, while it is cached. */
template <class T>
bool gather_elements(const Lanes& lanes, const Launch& l, int64_t size, bool wraps) {
  constexpr int64_t kStretch = 1024;
  const int64_t* const indices = l.in(1).as<int64_t>();
  const T* const from = l.in(0).as<T>();
  T* const to = l.out().as<T>();
  const int64_t step = lanes.step;
  std::atomic<bool> good{true};
  lanes.parallel_rows(
      l.in(1).numel,
      [&, from, to, step, size, wraps](Place at, Place stride, int64_t n) {
        for (int64_t done = 0; done < n; done += kStretch) {
          const int64_t m = n - done < kStretch ? n - done : kStretch;
          const int64_t* const index = indices + at.index + done * stride.index;
          const T* const x = from + at.whole + done * stride.whole;
          T* const y = to + at.beside + done * stride.beside;
          if (!all_within(index, stride.index, m, wraps ? -size : 0, size))
            return good.store(false, std::memory_order_relaxed);
          if (wraps)
            for (int64_t k = 0; k < m; k++) {
              const int64_t i = index[k * stride.index];
              y[k * stride.beside] = x[i < 0 ? i + size : i];
            }
          else if (stride.index == 1 && stride.beside == 1 && stride.whole == 0 && step == 1)
            pick(y, x, index, m);
          else
            for (int64_t k = 0; k < m; k++)
              y[k * stride.beside] = x[k * stride.whole + index[k * stride.index] * step];
        }
      },
      true);
  return good.load(std::memory_order_relaxed);
}

bool gathered(const Launch& l, int dim, int64_t size, bool wraps) {
  if (l.in(1).numel == 0) return true;
  const Lanes lanes(l.in(1), l.out(), l.in(0), dim);
  switch (element_size(l.out().dtype)) {
    case 1: return gather_elements<uint8_t>(lanes, l, size, wraps);
    case 2: return gather_elements<uint16_t>(lanes, l, size, wraps);
    case 4: return gather_elements<uint32_t>(lanes, l, size, wraps);
    default: return gather_elements<uint64_t>(lanes, l, size, wraps);
  }
}

template <class T>
T combined(Mode mode, T a, T b) {
  switch (mode) {
    case add: return static_cast<T>(a + b);
    case multiply: return static_cast<T>(a * b);
    case largest: return a > b || a != a ? a : b;  // NaN wins
    case smallest: return a < b || a != a ? a : b;
    default: return b;
  }
}

/** Elements that need no conversion, combined as C, which for integers is unsigned where they may overflow.
 */
template <class T, class C = T>
void scatter_elements(const Lanes& lanes, const Launch& l, Mode mode) {
  const int64_t* const indices = l.in(1).as<int64_t>();
  const T* const from = l.in(0).as<T>();
  T* const to = l.out().as<T>();
  const int64_t step = lanes.step;
  const auto all = [&](auto combine) {
    lanes.parallel_rows(l.in(1).numel, [=](Place at, Place stride, int64_t n) {
      const int64_t* const index = indices + at.index;
      const T* const x = from + at.beside;
      T* const y = to + at.whole;
      if (stride.index == 1 && stride.beside == 1 && stride.whole == 0 && step == 1)
        for (int64_t k = 0; k < n; k++) y[index[k]] = combine(y[index[k]], x[k]);
      else
        for (int64_t k = 0; k < n; k++) {
          T& element = y[k * stride.whole + index[k * stride.index] * step];
          element = combine(element, x[k * stride.beside]);
        }
    });
  };
  const auto as = [](Mode m, T a, T b) {
    return m == largest || m == smallest
               ? combined<T>(m, a, b)
               : static_cast<T>(combined<C>(m, static_cast<C>(a), static_cast<C>(b)));
  };
  switch (mode) {
    case replace: return all([](T, T b) { return b; });
    case add: return all([=](T a, T b) { return as(add, a, b); });
    default: return all([=](T a, T b) { return as(mode, a, b); });
  }
}

/** Elements of the other dtypes, one by one by way of a type that holds them all. */
template <class T>
void scatter_converted(const Lanes& lanes, const Launch& l, Mode mode) {
  const TensorView &source = l.in(0), &out = l.out();
  const int64_t* const indices = l.in(1).as<int64_t>();
  lanes.parallel_rows(l.in(1).numel, [&, mode](Place at, Place stride, int64_t n) {
    for (int64_t k = 0; k < n; k++) {
      const int64_t to = at.whole + k * stride.whole + indices[at.index + k * stride.index] * lanes.step;
      T a, b;
      load_strided(out.data, out.dtype, to, 1, 1, &a);
      load_strided(source.data, source.dtype, at.beside + k * stride.beside, 1, 1, &b);
      a = combined(mode, a, b);
      store_strided(&a, out.data, out.dtype, to, 1, 1);
    }
  });
}

}  // namespace

void kernel_gather(const Launch& l) {
  const TensorView &x = l.in(0), &index = l.in(1);
  const int dim = static_cast<int>(l.scalar[0].integer());
  const int64_t size = x.rank ? x.shape[dim] : 1;
  if (!gathered(l, dim, size, false)) fits(l, "gather", index, dim, size);  // says which does not
}

void kernel_take(const Launch& l) {
  const int64_t size = l.in(0).numel;
  if (gathered(l, 0, size, true)) return;
  const TensorView& index = l.in(1);
  const int64_t* const indices = index.as<int64_t>();
  Lanes(index, index, index, -1).rows({}, [&](Place at, Place stride, int64_t n) {
    for (int64_t k = 0; k < n && !*l.error; k++) {
      const int64_t i = indices[at.index + k * stride.index];
      if (i < -size || i >= size)
        set_error(*l.error, ErrorCode::index, "take: %lld is out of range for %lld elements",
                  static_cast<long long>(i), static_cast<long long>(size));
    }
  });
}

void kernel_scatter(const Launch& l) {
  const TensorView &source = l.in(0), &index = l.in(1), &out = l.out();
  if (index.numel == 0) return;
  const int dim = static_cast<int>(l.scalar[0].integer());
  const Mode mode = static_cast<Mode>(l.scalar[1].integer());
  if (!fits(l, "scatter", index, dim, out.rank ? out.shape[dim] : 1)) return;
  const Lanes lanes(index, source, out, dim);
  if (mode == replace) {
    switch (element_size(out.dtype)) {
      case 1: return scatter_elements<uint8_t>(lanes, l, mode);
      case 2: return scatter_elements<uint16_t>(lanes, l, mode);
      case 4: return scatter_elements<uint32_t>(lanes, l, mode);
      default: return scatter_elements<uint64_t>(lanes, l, mode);
    }
  }
  switch (out.dtype) {
    case DType::f32: return scatter_elements<float>(lanes, l, mode);
    case DType::f64: return scatter_elements<double>(lanes, l, mode);
    case DType::i32: return scatter_elements<int32_t, uint32_t>(lanes, l, mode);
    case DType::i64: return scatter_elements<int64_t, uint64_t>(lanes, l, mode);
    case DType::f16:
    case DType::bf16: return scatter_converted<float>(lanes, l, mode);
    default: return scatter_converted<int32_t>(lanes, l, mode);
  }
}

}  // namespace TENON_ISA
}  // namespace tenon
