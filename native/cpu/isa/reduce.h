// What a reduction does to a block of elements of its compute type: the loops, with the shape of the tensor
// left out.
#pragma once
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "cpu/isa/vec.h"

namespace tenon {
namespace TENON_ISA {

namespace {

/** Columns of a tile; so many accumulators stay in the first level cache. */
constexpr int64_t kReduceTile = 512;
/** Elements that are summed in T; beyond that partial results are joined pairwise, in Wide. */
constexpr int64_t kReduceBlock = 4096;
/** Vectors that are gathered side by side: so many loads are under way at a time. */
constexpr int kAbreast = 8;
/** The same of extremes, which take two registers each. */
constexpr int kExtremesAbreast = kVectorBytes == 64 ? 8 : 4;
/** Rows that are joined, eight by eight, into accumulators of type T before these go into Wide ones. */
constexpr int64_t kReduceRows = 128;

/** How the last elements of a row, fewer than a vector holds, come in: beside some again, beside zeros, or
 * alone. */
enum class Tail { again, zeros, alone };

// An op: `start` is its identity; `join` takes T, Wide or a vector of T, a before b.
template <class T>
struct SumOf {
  using Type = T;
  using Wide = std::conditional_t<std::is_same_v<T, float>, double, T>;
  static constexpr Tail tail = Tail::zeros;
  static T start() { return T{0}; }
  template <class X>
  static TENON_INLINE X join(X a, X b) {
    return a + b;
  }
};

template <class T>
struct ProductOf {
  using Type = T;
  using Wide = std::conditional_t<std::is_same_v<T, float>, double, T>;
  static constexpr Tail tail = Tail::alone;
  static T start() { return T{1}; }
  template <class X>
  static TENON_INLINE X join(X a, X b) {
    return a * b;
  }
};

/** The largest; NaN beats everything and the first NaN stays. */
template <class T>
struct MaxOf {
  using Type = T;
  using Wide = T;
  static constexpr Tail tail = Tail::again;
  static T start() {
    return std::is_floating_point_v<T> ? -std::numeric_limits<T>::infinity()
                                       : std::numeric_limits<T>::lowest();
  }
  static bool better(T b, T a) { return b > a || (b != b && a == a); }
  template <class X>
  static TENON_INLINE X join(X a, X b) {
    if constexpr (std::is_floating_point_v<T>) return ((b > a) | (b != b)) ? b : a;
    return b > a ? b : a;
  }
};

template <class T>
struct MinOf {
  using Type = T;
  using Wide = T;
  static constexpr Tail tail = Tail::again;
  static T start() {
    return std::is_floating_point_v<T> ? std::numeric_limits<T>::infinity() : std::numeric_limits<T>::max();
  }
  static bool better(T b, T a) { return b < a || (b != b && a == a); }
  template <class X>
  static TENON_INLINE X join(X a, X b) {
    if constexpr (std::is_floating_point_v<T>) return ((b < a) | (b != b)) ? b : a;
    return b < a ? b : a;
  }
};

/** Whether all (any) are true: anything but zero, NaN included. */
template <class T>
struct AllOf {
  using Type = T;
  using Wide = T;
  static constexpr Tail tail = Tail::again;
  static T start() { return T{1}; }
  template <class X>
  static TENON_INLINE X join(X a, X b) {
    return b != X{} ? a : X{};
  }
};

template <class T>
struct AnyOf {
  using Type = T;
  using Wide = T;
  static constexpr Tail tail = Tail::again;
  static T start() { return T{0}; }
  template <class X>
  static TENON_INLINE X join(X a, X b) {
    return b != X{} ? b : a;
  }
};

/** Whether an op is the extreme of floats, which are compared faster where no NaN may come. */
template <class Op>
constexpr bool kIsFloatExtreme = false;
template <>
constexpr bool kIsFloatExtreme<MaxOf<float>> = true;
template <>
constexpr bool kIsFloatExtreme<MaxOf<double>> = true;
template <>
constexpr bool kIsFloatExtreme<MinOf<float>> = true;
template <>
constexpr bool kIsFloatExtreme<MinOf<double>> = true;

template <class T, int kBytes>
struct Sized {
  typedef T Vector __attribute__((vector_size(kBytes)));
};

/** All lanes of a vector, whose halves are joined as long as a register holds more than one. */
template <class Op, class T = typename Op::Type, int kBytes = kVectorBytes>
TENON_INLINE T join_lanes(const typename Sized<T, kBytes>::Vector& v) {
  if constexpr (kBytes > 16) {
    typename Sized<T, kBytes / 2>::Vector low, high;
    std::memcpy(&low, &v, sizeof low);
    std::memcpy(&high, reinterpret_cast<const char*>(&v) + sizeof low, sizeof high);
    low = Op::join(low, high);
    return join_lanes<Op, T, kBytes / 2>(low);
  } else {
    constexpr int count = kBytes / static_cast<int>(sizeof(T));
    T lane[count];
    std::memcpy(lane, &v, sizeof v);
    for (int half = count / 2; half; half /= 2)
      for (int i = 0; i < half; i++) lane[i] = Op::join(lane[i], lane[i + half]);
    return lane[0];
  }
}

template <class T>
constexpr bool kIsLargest = false;
template <class T>
constexpr bool kIsLargest<MaxOf<T>> = true;

/**
 * The extreme of kExtremesAbreast vectors or more, in whole vectors of which there are `n` elements, if none
 * is NaN: their sum beside it tells, which takes less than to look at each. False: there may be one.
 */
template <class Op, class T = typename Op::Type>
TENON_INLINE bool extreme_of(const T* x, int64_t n, Vec<T>& result) {
  using V = Vec<T>;
  constexpr int64_t w = Lanes<T>::count;
  const auto better = [](V a, V b) { return kIsLargest<Op> ? max(a, b) : min(a, b); };
  constexpr int abreast = kExtremesAbreast;
  V best[abreast], sum[abreast];
  for (int k = 0; k < abreast; k++) best[k] = sum[k] = load(x + k * w);
  for (int64_t i = abreast * w; i + abreast * w <= n; i += abreast * w)
    for (int k = 0; k < abreast; k++) {
      const V v = load(x + i + k * w);
      best[k] = better(best[k], v);
      sum[k] += v;
    }
  for (int64_t i = n / (abreast * w) * (abreast * w); i < n; i += w) {
    const V v = load(x + i);
    best[0] = better(best[0], v);
    sum[0] += v;
  }
  V total = sum[0];
  result = best[0];
  for (int k = 1; k < abreast; k++) {
    total += sum[k];
    result = better(result, best[k]);
  }
  return !any(total != total);
}

/** 1 to kReduceBlock elements. */
template <class Op, class T = typename Op::Type>
TENON_INLINE T reduce_block(const T* x, int64_t n) {
  if constexpr (kIsFloatExtreme<Op>) {
    constexpr int64_t w = Lanes<T>::count;
    const int64_t whole = n / w * w;
    Vec<T> best;
    if (n >= kExtremesAbreast * w && extreme_of<Op>(x, whole, best)) {
      T result = join_lanes<Op>(best);
      for (int64_t i = whole; i < n; i++) result = Op::join(result, x[i]);
      return result;
    }
  }
  using V = typename Lanes<T>::Vector;
  constexpr int64_t w = Lanes<T>::count;
  T rest = Op::start();
  int64_t i = 0;
  if (n >= w) {
    V a[kAbreast];
    a[0] = load(x);
    i = w;
    if (n >= kAbreast * w) {
      for (int k = 1; k < kAbreast; k++) a[k] = load(x + k * w);
      for (i = kAbreast * w; i + kAbreast * w <= n; i += kAbreast * w)
        for (int k = 0; k < kAbreast; k++) a[k] = Op::join(a[k], load(x + i + k * w));
      for (int half = kAbreast / 2; half; half /= 2)
        for (int k = 0; k < half; k++) a[k] = Op::join(a[k], a[k + half]);
    }
    for (; i + w <= n; i += w) a[0] = Op::join(a[0], load(x + i));
    if (Op::tail != Tail::alone && i < n) {
      a[0] = Op::join(a[0], Op::tail == Tail::again ? load(x + n - w) : load_part(x + i, n - i));
      i = n;
    }
    rest = join_lanes<Op>(a[0]);
  }
  for (; i < n; i++) rest = Op::join(rest, x[i]);
  return rest;
}

/** Any number of elements, halves at a time, so that rounding errors grow with the logarithm of n. */
template <class Op, class T = typename Op::Type, class Wide = typename Op::Wide>
Wide reduce_run(const T* x, int64_t n) {
  if (n <= kReduceBlock) return static_cast<Wide>(reduce_block<Op>(x, n));
  const int64_t half = (n / 2 + kReduceBlock - 1) / kReduceBlock * kReduceBlock;
  const Wide first = reduce_run<Op>(x, half);
  return Op::join(first, reduce_run<Op>(x + half, n - half));
}

}  // namespace

}  // namespace TENON_ISA
}  // namespace tenon
