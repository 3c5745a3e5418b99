// averagePool and averagePoolBackward: sums over windows, in the order of their elements, and what they are
// divided by.
#include "cpu/isa/kernels.h"
#include "cpu/isa/pooling.h"
#include "kernels/average.h"

namespace tenon {
namespace TENON_ISA {

namespace {

/** run(where a row of the input starts in the plane) for the rows that the windows look at. */
template <class Run>
TENON_INLINE void rows(const PoolGeometry& g, const PoolRow& row, Run run) {
  const PoolAxis &d = g.axis[0], &h = g.axis[1], &w = g.axis[2];
  for (int64_t i = row.depth.first; i < row.depth.end; i++) {
    const int64_t depth = (row.depth.start + i * d.dilation) * h.in;
    for (int64_t j = row.height.first; j < row.height.end; j++)
      run((depth + row.height.start + j * h.dilation) * w.in);
  }
}

/** Outputs [first, end) of a row, one by one. */
template <class T>
void average(const PoolGeometry& g, const PoolRow& row, const PoolDivisor& divisor, const T* plane, T* out,
             int64_t first, int64_t end) {
  for (int64_t o = first; o < end; o++) {
    const PoolWindow window = g.axis[2].window(o);
    typename Summed<T>::Type sum = 0;
    rows(g, row, [&](int64_t at) {
      for (int64_t k = window.first; k < window.end; k++)
        sum += static_cast<typename Summed<T>::Type>(plane[at + window.start + k * g.axis[2].dilation]);
    });
    out[o] = divided<T>(sum, divisor.of(row.depth, row.height, window));
  }
}

/** Those whose windows lie within the row, several at once. */
template <int kStride, class T>
void average_inner(const PoolGeometry& g, const PoolRow& row, const PoolDivisor& divisor, const T* plane,
                   T* out, int64_t first, int64_t end) {
  constexpr int n = Lanes<T>::count;
  if (first >= end) return;
  const PoolAxis& w = g.axis[2];
  const Vec<T> by = splat(static_cast<T>(divisor.of(row.depth, row.height, w.window(first))));
  for (int64_t o = first; o < end; o += n) {
    const int64_t m = end - o < n ? end - o : n, start = o * kStride - w.padding;
    Vec<T> sum{};
    rows(g, row, [&](int64_t at) {
      for (int64_t k = 0; k < w.kernel; k++) {
        const T* const p = plane + at + start + k * w.dilation;
        sum += m == n ? load_taps<kStride>(p) : load_taps_part<kStride>(p, m);
      }
    });
    if (m == n)
      store(out + o, sum / by);
    else
      store_part(out + o, sum / by, m);
  }
}

template <class T>
void average_pool(const Launch& l) {
  const PoolGeometry g = pool_geometry(l, l.in(), l.out());
  const PoolDivisor divisor = pool_divisor(l);
  const T* const x = l.in().as<T>();
  T* const to = l.out().as<T>();
  if (l.out().numel == 0) return;
  const int64_t plane = g.in(), width = g.axis[2].out;
  int64_t first = 0, end = 0;
  if (std::is_floating_point_v<T> && g.axis[2].stride <= 2) g.axis[2].inner(first, end);
  for_pool_rows(g, [&](const PoolRow& row) {
    const T* const from = x + row.plane * plane;
    T* const out = to + row.row * width;
    average(g, row, divisor, from, out, 0, first);
    if constexpr (std::is_floating_point_v<T>) {
      if (g.axis[2].stride == 1)
        average_inner<1>(g, row, divisor, from, out, first, end);
      else
        average_inner<2>(g, row, divisor, from, out, first, end);
    }
    average(g, row, divisor, from, out, end, width);
  });
}

/** Gradients of a row's elements, from those of its outputs: a stretch of outputs after the other. */
template <class T>
void average_backward(const PoolGeometry& g, const PoolRow& row, const PoolDivisor& divisor, const T* grad,
                      T* plane) {
  constexpr int64_t stretch = 128;
  const PoolAxis& w = g.axis[2];
  T share[stretch];
  int64_t inner, inner_end;
  w.inner(inner, inner_end);
  const T full = inner < inner_end ? static_cast<T>(divisor.of(row.depth, row.height, w.window(inner))) : 1;
  for (int64_t first = 0; first < w.out; first += stretch) {
    const int64_t m = w.out - first < stretch ? w.out - first : stretch;
    for (int64_t i = 0; i < m; i++) {
      const int64_t o = first + i;
      const bool whole = o >= inner && o < inner_end;
      share[i] = grad[o] / (whole ? full : static_cast<T>(divisor.of(row.depth, row.height, w.window(o))));
    }
    if (w.adaptive || w.kernel > w.in) {
      for (int64_t i = 0; i < m; i++) {
        const PoolWindow window = w.window(first + i);
        rows(g, row, [&](int64_t at) {
          for (int64_t k = window.first; k < window.end; k++)
            plane[at + window.start + k * w.dilation] += share[i];
        });
      }
      continue;
    }
    rows(g, row, [&](int64_t at) {
      for (int64_t k = 0; k < w.kernel; k++) {
        // The outputs whose windows have this tap on the input.
        const int64_t shift = k * w.dilation - w.padding;
        int64_t from = shift >= 0 ? 0 : (-shift + w.stride - 1) / w.stride;
        int64_t to = w.in <= shift ? 0 : (w.in - 1 - shift) / w.stride + 1;
        if (from < first) from = first;
        if (to > first + m) to = first + m;
        const int64_t start = at + shift;
        if (w.stride == 1)
          for (int64_t o = from; o < to; o++) plane[start + o] += share[o - first];
        else
          for (int64_t o = from; o < to; o++) plane[start + o * w.stride] += share[o - first];
      }
    });
  }
}

template <class T>
void average_pool_backward(const Launch& l) {
  const PoolGeometry g = pool_geometry(l, l.out(), l.in());
  const PoolDivisor divisor = pool_divisor(l);
  const T* const grad = l.in().as<T>();
  T* const to = l.out().as<T>();
  const int64_t in = g.in(), n = g.out(), width = g.axis[2].out;
  const int64_t high = g.axis[1].out, deep = g.axis[0].out;
  for_pool_planes(g, [&](int64_t plane) {
    T* const whole = to + plane * in;
    for (int64_t i = 0; i < in; i++) whole[i] = 0;
    if (n == 0) return;
    for (int64_t d = 0; d < deep; d++)
      for (int64_t h = 0; h < high; h++) {
        const int64_t row = (plane * deep + d) * high + h;
        const PoolRow at{row, plane, g.axis[0].window(d), g.axis[1].window(h)};
        average_backward(g, at, divisor, grad + row * width, whole);
      }
  });
}

}  // namespace

void kernel_averagePool(const Launch& l) {
  switch (l.compute) {
    case DType::f32: return average_pool<float>(l);
    case DType::f64: return average_pool<double>(l);
    case DType::i32: return average_pool<int32_t>(l);
    default: return average_pool<int64_t>(l);
  }
}

void kernel_averagePoolBackward(const Launch& l) {
  if (l.compute == DType::f64)
    average_pool_backward<double>(l);
  else
    average_pool_backward<float>(l);
}

}  // namespace TENON_ISA
}  // namespace tenon
