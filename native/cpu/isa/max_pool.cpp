// maxPool and maxPoolBackward. The last NaN of a window is its largest element, else the first of equal ones.
#include <limits>

#include "cpu/isa/kernels.h"
#include "cpu/isa/pooling.h"

namespace tenon {
namespace TENON_ISA {

namespace {

template <class T>
constexpr T lowest() {
  if constexpr (std::is_floating_point_v<T>)
    return -std::numeric_limits<T>::infinity();
  else
    return std::numeric_limits<T>::min();
}

/** A row of outputs from the plane that they look at; I is the type of the places, void if nobody asks for
 * them. */
template <class T, class I>
class MaxRow {
 public:
  MaxRow(const PoolGeometry& g, const PoolRow& row, const T* plane, T* values, I* places)
      : g_(g), row_(row), plane_(plane), values_(values), places_(places) {
    const PoolAxis &d = g.axis[0], &h = g.axis[1];
    // Where an empty window, or one of nothing but -infinity, is.
    outset_ = (d.clipped(row.depth) * h.in + h.clipped(row.height)) * g.axis[2].in;
  }

  void run() const {
    const PoolAxis& w = g_.axis[2];
    int64_t first = 0, end = 0;
    const bool narrow = g_.in() <= std::numeric_limits<Element<Signed<Vec<T>>>>::max();
    if (w.stride <= 2 && narrow) w.inner(first, end);
    border(0, first);
    if (w.stride == 1)
      inner<1>(first, end);
    else
      inner<2>(first, end);
    border(end, w.out);
  }

 private:
  /** One by one. */
  void border(int64_t first, int64_t end) const {
    for (int64_t o = first; o < end; o++) {
      const PoolWindow window = g_.axis[2].window(o);
      T best = lowest<T>();
      int64_t place = outset_ + g_.axis[2].clipped(window);
      rows([&](int64_t at) {
        for (int64_t k = window.first; k < window.end; k++) {
          const int64_t i = at + window.start + k * g_.axis[2].dilation;
          const T x = plane_[i];
          if (!(x > best || x != x)) continue;
          best = x;
          place = i;
        }
      });
      values_[o] = best;
      if constexpr (!std::is_void_v<I>) places_[o] = static_cast<I>(place);
    }
  }

  /** Those whose windows lie within the row, several at once. */
  template <int kStride>
  void inner(int64_t first, int64_t end) const {
    using V = Vec<T>;
    using P = Signed<V>;
    constexpr int n = Lanes<T>::count;
    const PoolAxis& w = g_.axis[2];
    const P steps = counting<P>(kStride);
    for (int64_t o = first; o < end; o += n) {
      const int64_t m = end - o < n ? end - o : n, start = o * kStride - w.padding;
      V best = splat(lowest<T>());
      P place = splat(static_cast<Element<P>>(outset_ + start)) + steps;
      rows([&](int64_t at) {
        for (int64_t k = 0; k < w.kernel; k++) {
          const int64_t i = at + start + k * w.dilation;
          const V x = m == n ? load_taps<kStride>(plane_ + i) : load_taps_part<kStride>(plane_ + i, m);
          Mask<V> better = x > best;
          if constexpr (std::is_floating_point_v<T>) better |= x != x;
          best = select(better, x, best);
          if constexpr (!std::is_void_v<I>)
            place = select(better, splat(static_cast<Element<P>>(i)) + steps, place);
        }
      });
      if (m == n)
        store(values_ + o, best);
      else
        store_part(values_ + o, best, m);
      if constexpr (!std::is_void_v<I>) {
        if constexpr (sizeof(I) == sizeof(T)) {
          if (m == n)
            store(places_ + o, place);
          else
            store_part(places_ + o, place, m);
        } else {
          Element<P> lane[n];
          store(lane, place);
          for (int64_t i = 0; i < m; i++) places_[o + i] = static_cast<I>(lane[i]);
        }
      }
    }
  }

  /** run(where a row of the input starts in the plane) for the rows that the windows look at. */
  template <class Run>
  TENON_INLINE void rows(Run run) const {
    const PoolAxis &d = g_.axis[0], &h = g_.axis[1], &w = g_.axis[2];
    for (int64_t i = row_.depth.first; i < row_.depth.end; i++) {
      const int64_t depth = (row_.depth.start + i * d.dilation) * h.in;
      for (int64_t j = row_.height.first; j < row_.height.end; j++)
        run((depth + row_.height.start + j * h.dilation) * w.in);
    }
  }

  const PoolGeometry& g_;
  const PoolRow& row_;
  const T* plane_;
  T* values_;
  I* places_;
  int64_t outset_;
};

template <class T, class I>
void max_pool(const Launch& l) {
  const PoolGeometry g = pool_geometry(l, l.in(), l.out());
  const T* const x = l.in().as<T>();
  T* const values = l.out(0).as<T>();
  const int64_t plane = g.in(), width = g.axis[2].out;
  for_pool_rows(g, [&](const PoolRow& row) {
    I* places = nullptr;
    if constexpr (!std::is_void_v<I>) places = l.out(1).as<I>() + row.row * width;
    MaxRow<T, I>(g, row, x + row.plane * plane, values + row.row * width, places).run();
  });
}

template <class T>
void max_pool(const Launch& l) {
  if (l.out().numel == 0) return;
  if (l.outputs == 1)
    max_pool<T, void>(l);
  else if (l.out(1).dtype == DType::i32)
    max_pool<T, int32_t>(l);
  else
    max_pool<T, int64_t>(l);
}

template <class T, class I>
void max_pool_backward(const Launch& l) {
  const TensorView &grad = l.in(0), &places = l.in(1), &out = l.out();
  const PoolGeometry g = pool_sizes(l, out, grad);
  const T* const from = grad.as<T>();
  const I* const at = places.as<I>();
  T* const to = out.as<T>();
  const int64_t in = g.in(), n = g.out();
  for (int64_t i = 0; i < grad.numel; i++) {
    const int64_t place = static_cast<int64_t>(at[i]);
    if (place >= 0 && place < in) continue;
    set_error(*l.error, ErrorCode::index, "maxPoolBackward: index %lld is out of range for %lld elements",
              static_cast<long long>(place), static_cast<long long>(in));
    return;
  }
  for_pool_planes(g, [&](int64_t plane) {
    T* const whole = to + plane * in;
    for (int64_t i = 0; i < in; i++) whole[i] = 0;
    for (int64_t i = plane * n; i < (plane + 1) * n; i++) whole[at[i]] += from[i];
  });
}

template <class T>
void max_pool_backward(const Launch& l) {
  if (l.in(1).dtype == DType::i32)
    max_pool_backward<T, int32_t>(l);
  else
    max_pool_backward<T, int64_t>(l);
}

}  // namespace

void kernel_maxPool(const Launch& l) {
  switch (l.compute) {
    case DType::f32: return max_pool<float>(l);
    case DType::f64: return max_pool<double>(l);
    case DType::i32: return max_pool<int32_t>(l);
    default: return max_pool<int64_t>(l);
  }
}

void kernel_maxPoolBackward(const Launch& l) {
  if (l.compute == DType::f64)
    max_pool_backward<double>(l);
  else
    max_pool_backward<float>(l);
}

}  // namespace TENON_ISA
}  // namespace tenon
