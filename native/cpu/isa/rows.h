// Loops over dense rows that the normalisations share.
#pragma once
#include "cpu/isa/reduce.h"

namespace tenon {
namespace TENON_ISA {

namespace {

/** f(i, load) for every vector of [0, n); load(p) gives the vector at p, with zeros behind the last element.
 */
template <class T, class F>
TENON_INLINE void each_vector(int64_t n, F f) {
  constexpr int64_t w = Lanes<T>::count;
  int64_t i = 0;
  for (; i + w <= n; i += w) f(i, [](const T* p) { return load(p); });
  if (i < n) f(i, [rest = n - i](const T* p) { return load_part(p, rest); });
}

/** o[i] = f(i, load) for vectors of elements: `load` as above. */
template <class T, class F>
TENON_INLINE void fill_vectors(T* o, int64_t n, F f) {
  constexpr int64_t w = Lanes<T>::count;
  int64_t i = 0;
  for (; i + w <= n; i += w) store(o + i, f(i, [](const T* p) { return load(p); }));
  if (i < n) store_part(o + i, f(i, [rest = n - i](const T* p) { return load_part(p, rest); }), n - i);
}

/** The sums of two things: of at most kReduceBlock elements in T, of more in double. */
struct Pair {
  double first = 0, second = 0;
};

/** Sums of x - center and of its square. */
template <class T>
void add_moments(const T* x, int64_t n, T center, Pair& sums) {
  constexpr int64_t w = Lanes<T>::count;
  const Vec<T> c = splat(center);
  for (int64_t at = 0; at < n; at += kReduceBlock, x += kReduceBlock) {
    const int64_t m = n - at < kReduceBlock ? n - at : kReduceBlock;
    Vec<T> first[2] = {}, second[2] = {};
    int64_t i = 0;
    for (; i + 2 * w <= m; i += 2 * w)
      for (int k = 0; k < 2; k++) {
        const Vec<T> d = load(x + i + k * w) - c;
        first[k] += d;
        second[k] += d * d;
      }
    T a = join_lanes<SumOf<T>>(first[0] + first[1]), b = join_lanes<SumOf<T>>(second[0] + second[1]);
    for (; i < m; i++) {
      const T d = x[i] - center;
      a += d;
      b += d * d;
    }
    sums.first += static_cast<double>(a);
    sums.second += static_cast<double>(b);
  }
}

/** Sums of g and of g (x - center) scale. */
template <class T>
void add_products(const T* g, const T* x, int64_t n, T center, T scale, Pair& sums) {
  const Vec<T> c = splat(center), s = splat(scale);
  for (int64_t at = 0; at < n; at += kReduceBlock, g += kReduceBlock, x += kReduceBlock) {
    const int64_t m = n - at < kReduceBlock ? n - at : kReduceBlock;
    Vec<T> first = {}, second = {};
    each_vector<T>(m, [&](int64_t i, auto part) {
      const Vec<T> v = part(g + i);
      first += v;
      second += v * ((part(x + i) - c) * s);
    });
    sums.first += static_cast<double>(join_lanes<SumOf<T>>(first));
    sums.second += static_cast<double>(join_lanes<SumOf<T>>(second));
  }
}

}  // namespace

}  // namespace TENON_ISA
}  // namespace tenon
