// What functors (kernels/*.h) are written in, for CUDA: a value type V is a number, as one thread has it. The
// names are those of cpu/isa/vec.h, for vectors of one lane.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

#if defined(__CUDACC__)
#define TENON_INLINE __host__ __device__ __forceinline__
#else
#define TENON_INLINE inline __attribute__((always_inline))
#endif

namespace tenon {
namespace TENON_ISA {

template <class T>
using Vec = T;
template <class T>
struct Lanes {
  static constexpr int count = 1;
};
template <class V>
using Element = V;
template <class V>
using Mask = bool;

template <int kBytes>
struct Integers;
template <>
struct Integers<4> {
  using Signed = int32_t;
  using Unsigned = uint32_t;
};
template <>
struct Integers<8> {
  using Signed = int64_t;
  using Unsigned = uint64_t;
};
template <class V>
using Signed = typename Integers<sizeof(V)>::Signed;
template <class V>
using Unsigned = typename Integers<sizeof(V)>::Unsigned;

template <class V>
constexpr bool is_float_vector = std::is_floating_point<V>::value;
template <class V>
constexpr bool is_float32_vector = std::is_same<V, float>::value;

template <class T>
TENON_INLINE T splat(T x) {
  return x;
}
template <class V>
TENON_INLINE V constant(double x) {
  return static_cast<V>(x);
}
template <class To, class From>
TENON_INLINE To bit_cast(From from) {
  static_assert(sizeof(To) == sizeof(From), "same size");
  To to;
  memcpy(&to, &from, sizeof to);
  return to;
}

template <class V>
TENON_INLINE V select(bool mask, V yes, V no) {
  return mask ? yes : no;
}
TENON_INLINE bool any(bool mask) { return mask; }

template <class V, class F>
TENON_INLINE V map_lanes(V x, F f) {
  return f(x);
}
template <class V, class F>
TENON_INLINE V map_lanes(V x, V y, F f) {
  return f(x, y);
}

/** Unordered or equal: b. */
template <class V>
TENON_INLINE V min(V a, V b) {
  return a < b ? a : b;
}
template <class V>
TENON_INLINE V max(V a, V b) {
  return a > b ? a : b;
}

template <class V>
TENON_INLINE V sqrt(V x) {
  return std::sqrt(x);
}
template <class V>
TENON_INLINE Unsigned<V> sign_bit() {
  return Unsigned<V>{1} << (sizeof(V) * 8 - 1);
}
template <class V>
TENON_INLINE V magnitude(V x) {
  return bit_cast<V>(bit_cast<Unsigned<V>>(x) & ~sign_bit<V>());
}
template <class V>
TENON_INLINE V with_sign(V x, V y) {
  return bit_cast<V>(bit_cast<Unsigned<V>>(x) | (bit_cast<Unsigned<V>>(y) & sign_bit<V>()));
}
template <class V>
TENON_INLINE V round_even(V x) {
  return std::rint(x);
}
template <class V>
TENON_INLINE V floor(V x) {
  return std::floor(x);
}
template <class V>
TENON_INLINE V ceil(V x) {
  return std::ceil(x);
}
template <class V>
TENON_INLINE V trunc(V x) {
  return std::trunc(x);
}

/** One number stands for both halves: what is calculated of them is the same twice, and done once. */
TENON_INLINE void widen(float x, double& low, double& high) { low = high = x; }
TENON_INLINE float narrow(double low, double) { return static_cast<float>(low); }

}  // namespace TENON_ISA
}  // namespace tenon
