// What the pooling kernels share: rows of outputs as tasks, and taps of neighbouring windows as vectors.
#pragma once
#include <utility>

#include "core/parallel.h"
#include "core/pooling.h"
#include "cpu/isa/vec.h"

namespace tenon {
namespace TENON_ISA {

namespace {

/** A row of outputs: its plane, and the windows along the outer two dimensions. */
struct PoolRow {
  int64_t row, plane;
  PoolWindow depth, height;
};

/** run(PoolRow) for every row of outputs. */
template <class Run>
void for_pool_rows(const PoolGeometry& g, Run run) {
  const int64_t rows = g.planes * g.axis[0].out * g.axis[1].out;
  if (rows == 0 || g.axis[2].out == 0) return;
  // By the elements that are read.
  const int64_t each = (g.in() / (g.axis[0].out * g.axis[1].out) + g.axis[2].out), whole = 16384;
  const int64_t together = each < whole ? whole / each : 1;
  parallel_for((rows + together - 1) / together, [&](int64_t task) {
    const int64_t first = task * together, end = first + together < rows ? first + together : rows;
    for (int64_t row = first; row < end; row++) {
      const int64_t rest = row / g.axis[1].out;
      run(PoolRow{row, rest / g.axis[0].out, g.axis[0].window(rest % g.axis[0].out),
                  g.axis[1].window(row % g.axis[1].out)});
    }
  });
}

/** run(plane) for every plane, several of them in a task. */
template <class Run>
void for_pool_planes(const PoolGeometry& g, Run run) {
  const int64_t each = g.in() + g.out(), whole = 16384;
  const int64_t together = each < whole ? whole / (each ? each : 1) : 1;
  parallel_for((g.planes + together - 1) / together, [&](int64_t task) {
    const int64_t first = task * together, end = first + together < g.planes ? first + together : g.planes;
    for (int64_t plane = first; plane < end; plane++) run(plane);
  });
}

#if defined(__clang__)
#define TENON_EVEN(V, a, b, i, n) \
  __builtin_shufflevector(        \
      a, b, (static_cast<int>(i) < (n + 1) / 2 ? 2 * static_cast<int>(i) : 2 * static_cast<int>(i) + 1)...)
#else
#define TENON_EVEN(V, a, b, i, n) \
  __builtin_shuffle(a, b, Signed<V>{static_cast<Element<Signed<V>>>(i < (n + 1) / 2 ? 2 * i : 2 * i + 1)...})
#endif

/** p[0], p[2], ...: of a = p[0 .. n) and b = p[n - 1 .. 2n - 1). */
template <class V, size_t... i>
TENON_INLINE V even_lanes(V a, V b, std::index_sequence<i...>) {
  constexpr size_t n = sizeof...(i);
  return TENON_EVEN(V, a, b, i, n);
}

#undef TENON_EVEN

/** p[0], p[kStride], ... in the lanes; reads no further than the last of them. kStride is 1 or 2. */
template <int kStride, class T>
TENON_INLINE Vec<T> load_taps(const T* p) {
  constexpr int n = Lanes<T>::count;
  if constexpr (kStride == 1)
    return load(p);
  else
    return even_lanes(load(p), load(p + n - 1), std::make_index_sequence<n>());
}

/** The same for the first m lanes, 0 < m < count. */
template <int kStride, class T>
TENON_INLINE Vec<T> load_taps_part(const T* p, int64_t m) {
  constexpr int n = Lanes<T>::count;
  if constexpr (kStride == 1) return load_part(p, m);
  const int64_t length = 2 * m - 1;
  if (length <= n) {
    const Vec<T> a = length < n ? load_part(p, length) : load(p);
    return even_lanes(a, a, std::make_index_sequence<n>());
  }
  return even_lanes(load(p), load_part(p + n - 1, length - (n - 1)), std::make_index_sequence<n>());
}

/** 0, step, 2 step, ... */
template <class V>
TENON_INLINE V counting(int step) {
  V v{};
  for (int i = 0; i < Lanes<Element<V>>::count; i++) v[i] = static_cast<Element<V>>(i * step);
  return v;
}

}  // namespace

}  // namespace TENON_ISA
}  // namespace tenon
