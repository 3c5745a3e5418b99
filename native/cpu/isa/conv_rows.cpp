// Convolutions as sums of scaled rows, tap by tap, a plane at a time: what groups of one channel are best
// computed by, and what integers are.
#include "core/parallel.h"
#include "cpu/isa/conv.h"
#include "cpu/isa/vec.h"

namespace tenon {
namespace TENON_ISA {

namespace {

/** to[i] += factor * from[i * step] */
template <class T>
void add_gathered(T* to, const T* from, int64_t step, T factor, int64_t n) {
  constexpr int64_t w = Lanes<T>::count;
  if (step != 1) {
    for (int64_t i = 0; i < n; i++) to[i] += factor * from[i * step];
    return;
  }
  int64_t i = 0;
  for (; i + w <= n; i += w) store(to + i, load(to + i) + factor * load(from + i));
  if (i < n) store_part(to + i, load_part(to + i, n - i) + factor * load_part(from + i, n - i), n - i);
}

/** to[i * step] += factor * from[i] */
template <class T>
void add_scattered(T* to, int64_t step, const T* from, T factor, int64_t n) {
  if (step == 1) return add_gathered(to, from, 1, factor, n);
  for (int64_t i = 0; i < n; i++) to[i * step] += factor * from[i];
}

/** A row that reads another through taps: place i reads position i + shift + k step of it. */
struct TapShift {
  int64_t shift, step, taps;
};

/** to[i] += sum over the taps of w[k] from[i + shift + k step], for places [first, end) that are inside. */
template <class T>
void add_inside(T* to, int64_t first, int64_t end, const T* from, const T* w, const TapShift& t) {
  constexpr int64_t lanes = Lanes<T>::count;
  const T* const shifted = from + t.shift;
  int64_t i = first;
  for (; i + lanes <= end; i += lanes) {
    Vec<T> sum = load(to + i);
    for (int64_t k = 0; k < t.taps; k++) sum += w[k] * load(shifted + i + k * t.step);
    store(to + i, sum);
  }
  if (i >= end) return;
  Vec<T> sum = load_part(to + i, end - i);
  for (int64_t k = 0; k < t.taps; k++) sum += w[k] * load_part(shifted + i + k * t.step, end - i);
  store_part(to + i, sum, end - i);
}

/** The same for all of n places, what is outside of [0, size) being zero. */
template <class T>
void add_taps(T* to, int64_t n, const T* from, int64_t size, const T* w, const TapShift& t) {
  const int64_t reach = (t.taps - 1) * t.step, low = t.shift + (reach < 0 ? reach : 0),
                high = t.shift + (reach < 0 ? 0 : reach);
  int64_t first = low < 0 ? -low : 0, end = size > high ? size - high : 0;
  if (end > n) end = n;
  if (first > end) first = end;
  const auto at_border = [&](int64_t i) {
    for (int64_t k = 0; k < t.taps; k++) {
      const int64_t at = i + t.shift + k * t.step;
      if (at >= 0 && at < size) to[i] += w[k] * from[at];
    }
  };
  for (int64_t i = 0; i < first; i++) at_border(i);
  add_inside(to, first, end, from, w, t);
  for (int64_t i = end; i < n; i++) at_border(i);
}

template <class T>
T product_sum(const T* a, const T* b, int64_t step, int64_t n) {
  constexpr int64_t w = Lanes<T>::count;
  int64_t i = 0;
  T total{0};
  if (step == 1) {
    Vec<T> sum{};
    for (; i + w <= n; i += w) sum += load(a + i) * load(b + i);
    if (i < n) sum += load_part(a + i, n - i) * load_part(b + i, n - i);
    for (int64_t j = 0; j < w; j++) total += sum[j];
    return total;
  }
  for (; i < n; i++) total += a[i] * b[i * step];
  return total;
}

/** run(tap, x, y) for every pair of rows of input and output that meet: the first tap, where the rows begin.
 */
template <class Run>
void for_row_pairs(const Convolution& g, Run run) {
  const ConvAxis &a = g.axis[0], &b = g.axis[1], &c = g.axis[2];
  for (int64_t i = 0; i < a.kernel; i++) {
    int64_t a0, a1;
    a.inside(i, a0, a1);
    for (int64_t j = 0; j < b.kernel; j++) {
      int64_t b0, b1;
      b.inside(j, b0, b1);
      for (int64_t p = a0; p < a1; p++)
        for (int64_t q = b0; q < b1; q++)
          run((i * b.kernel + j) * c.kernel, (a.source(p, i) * b.in + b.source(q, j)) * c.in,
              (p * b.out + q) * c.out);
    }
  }
}

/** run(tap, x, y, n) for every row of every tap: where it begins in the planes of input and output. */
template <class Run>
void for_rows(const Convolution& g, Run run) {
  const ConvAxis &a = g.axis[0], &b = g.axis[1], &c = g.axis[2];
  int64_t tap = 0;
  for (int64_t i = 0; i < a.kernel; i++) {
    int64_t a0, a1;
    a.inside(i, a0, a1);
    for (int64_t j = 0; j < b.kernel; j++) {
      int64_t b0, b1;
      b.inside(j, b0, b1);
      for (int64_t k = 0; k < c.kernel; k++, tap++) {
        int64_t c0, c1;
        c.inside(k, c0, c1);
        if (c0 == c1) continue;
        for (int64_t p = a0; p < a1; p++)
          for (int64_t q = b0; q < b1; q++)
            run(tap, (a.source(p, i) * b.in + b.source(q, j)) * c.in + c.source(c0, k),
                (p * b.out + q) * c.out + c0, c1 - c0);
      }
    }
  }
}

template <class T>
void fill_plane(T* plane, int64_t n, T value) {
  for (int64_t i = 0; i < n; i++) plane[i] = value;
}

}  // namespace

template <class T>
void convolve_rows(const Convolution& g, const ConvOperands<T>& t) {
  const int64_t in = g.in_size(), out = g.out_size(), taps = g.taps(), step = g.axis[2].stride;
  const int64_t planes = g.groups * g.f;
  parallel_for(g.batch * planes, [&](int64_t task) {
    const int64_t plane = task % planes, n = task / planes, group = plane / g.f;
    T* const y = t.y + task * out;
    fill_plane(y, out, t.bias ? t.bias[plane] : T{0});
    for (int64_t c = 0; c < g.c; c++) {
      const T* const x = t.x + ((n * g.groups + group) * g.c + c) * in;
      const T* const w = t.w + (plane * g.c + c) * taps;
      const ConvAxis& a = g.axis[2];
      if (step == 1)
        for_row_pairs(g, [&](int64_t tap, int64_t from, int64_t to) {
          add_taps(y + to, a.out, x + from, a.in, w + tap, {-a.padding, a.dilation, a.kernel});
        });
      else
        for_rows(g, [&](int64_t tap, int64_t from, int64_t to, int64_t count) {
          add_gathered(y + to, x + from, step, w[tap], count);
        });
    }
  });
}

template <class T>
void convolve_input_rows(const Convolution& g, const ConvOperands<T>& t) {
  const int64_t in = g.in_size(), out = g.out_size(), taps = g.taps(), step = g.axis[2].stride;
  const int64_t planes = g.groups * g.c;
  parallel_for(g.batch * planes, [&](int64_t task) {
    const int64_t plane = task % planes, n = task / planes, group = plane / g.c, c = plane % g.c;
    T* const x = t.x + task * in;
    fill_plane(x, in, t.bias ? t.bias[plane] : T{0});
    for (int64_t f = group * g.f; f < (group + 1) * g.f; f++) {
      const T* const y = t.y + (n * g.groups * g.f + f) * out;
      const T* const w = t.w + (f * g.c + c) * taps;
      const ConvAxis& a = g.axis[2];
      if (step == 1)
        for_row_pairs(g, [&](int64_t tap, int64_t to, int64_t from) {
          add_taps(x + to, a.in, y + from, a.out, w + tap, {a.padding, -a.dilation, a.kernel});
        });
      else
        for_rows(g, [&](int64_t tap, int64_t to, int64_t from, int64_t count) {
          add_scattered(x + to, step, y + from, w[tap], count);
        });
    }
  });
}

template <class T>
void convolve_weight_rows(const Convolution& g, const ConvOperands<T>& t) {
  const int64_t in = g.in_size(), out = g.out_size(), taps = g.taps(), step = g.axis[2].stride;
  parallel_for(g.groups * g.f * g.c, [&](int64_t task) {
    const int64_t f = task / g.c, c = task % g.c, group = f / g.f;
    T* const w = t.w + task * taps;
    fill_plane(w, taps, T{0});
    for (int64_t n = 0; n < g.batch; n++) {
      const T* const x = t.x + ((n * g.groups + group) * g.c + c) * in;
      const T* const y = t.y + (n * g.groups * g.f + f) * out;
      for_rows(g, [&](int64_t tap, int64_t a, int64_t b, int64_t count) {
        w[tap] += product_sum(y + b, x + a, step, count);
      });
    }
  });
}

#define TENON_ROWS(T)                                                            \
  template void convolve_rows(const Convolution&, const ConvOperands<T>&);       \
  template void convolve_input_rows(const Convolution&, const ConvOperands<T>&); \
  template void convolve_weight_rows(const Convolution&, const ConvOperands<T>&);

TENON_ROWS(float)
TENON_ROWS(double)
TENON_ROWS(uint32_t)
TENON_ROWS(uint64_t)

#undef TENON_ROWS

}  // namespace TENON_ISA
}  // namespace tenon
