// Vectors of the widest registers of one instruction set, by GCC's and Clang's vector extensions. Arithmetic,
// comparison and shifts are operators; a comparison gives a mask (Mask<V>, lanes of 0 or -1), to be combined
// by & | ! and used by select. What operators can't say, or the compiler says badly, is a function here.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#if defined(__x86_64__) || defined(_M_X64)
#if defined(__GNUC__) && !defined(__clang__)  // GCC 12 takes its own undefined registers for mistakes
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#else
#include <immintrin.h>
#endif
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define TENON_INLINE inline __attribute__((always_inline))

namespace tenon {
namespace TENON_ISA {

namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

template <class T>
struct Lanes {
  typedef T Vector __attribute__((vector_size(kVectorBytes)));
  static constexpr int count = kVectorBytes / static_cast<int>(sizeof(T));
};

template <class T>
using Vec = typename Lanes<T>::Vector;

/** The type of a vector's lanes. */
template <class V>
using Element = std::remove_cv_t<std::remove_reference_t<decltype(std::declval<V&>()[0])>>;

template <class V>
using Mask = decltype(std::declval<V>() < std::declval<V>());

template <int kBytes>
struct Integers;
template <>
struct Integers<1> {
  using Signed = int8_t;
  using Unsigned = uint8_t;
};
template <>
struct Integers<2> {
  using Signed = int16_t;
  using Unsigned = uint16_t;
};
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

/** The integer vectors with as many lanes. */
template <class V>
using Signed = Vec<typename Integers<sizeof(Element<V>)>::Signed>;
template <class V>
using Unsigned = Vec<typename Integers<sizeof(Element<V>)>::Unsigned>;

template <class V>
constexpr bool is_float_vector = std::is_floating_point_v<Element<V>>;
template <class V>
constexpr bool is_float32_vector = std::is_same_v<Element<V>, float>;

template <class T>
TENON_INLINE Vec<T> splat(T x) {
  return x - Vec<T>{};
}

/** A constant in every lane of a V. */
template <class V>
TENON_INLINE V constant(double x) {
  return splat(static_cast<Element<V>>(x));
}

/** The same bits, as another vector of the same size. */
template <class To, class From>
TENON_INLINE To bit_cast(From v) {
  static_assert(sizeof(To) == sizeof(From), "same size");
  return reinterpret_cast<To>(v);
}

// Memory. Nothing needs to be aligned but where it says so.

template <class T>
TENON_INLINE Vec<T> load(const T* p) {
  Vec<T> v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

template <class T, class V>
TENON_INLINE void store(T* p, V v) {
  static_assert(std::is_same_v<Vec<T>, V>, "a vector of T");
  std::memcpy(p, &v, sizeof v);
}

#if defined(__AVX2__) && !defined(__AVX512F__)
/** The first n lanes of a 32-byte register set: a window on ones followed by zeros. */
template <class T>
TENON_INLINE __m256i first_lanes(int64_t n) {
  static constexpr int32_t window[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};
  return _mm256_loadu_si256(
      reinterpret_cast<const __m256i*>(window + 8 - n * static_cast<int64_t>(sizeof(T) / 4)));
}
#endif

/** The first n lanes, 0 <= n < count, from memory; the others are zero. */
template <class T>
TENON_INLINE Vec<T> load_part(const T* p, int64_t n) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4)
    return bit_cast<Vec<T>>(_mm512_maskz_loadu_epi32(static_cast<__mmask16>((1u << n) - 1), p));
  else if constexpr (sizeof(T) == 8)
    return bit_cast<Vec<T>>(_mm512_maskz_loadu_epi64(static_cast<__mmask8>((1u << n) - 1), p));
#elif defined(__AVX2__)
  if constexpr (sizeof(T) == 4)
    return bit_cast<Vec<T>>(_mm256_maskload_epi32(reinterpret_cast<const int*>(p), first_lanes<T>(n)));
  else if constexpr (sizeof(T) == 8)
    return bit_cast<Vec<T>>(_mm256_maskload_epi64(reinterpret_cast<const long long*>(p), first_lanes<T>(n)));
#endif
  T part[Lanes<T>::count] = {};
  for (int i = 0; i < Lanes<T>::count && i < n; i++) part[i] = p[i];
  return load(part);
}

/** The first n lanes, 0 <= n < count, to memory. */
template <class T, class V>
TENON_INLINE void store_part(T* p, V v, int64_t n) {
  static_assert(std::is_same_v<Vec<T>, V>, "a vector of T");
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4)
    return _mm512_mask_storeu_epi32(p, static_cast<__mmask16>((1u << n) - 1), bit_cast<__m512i>(v));
  else if constexpr (sizeof(T) == 8)
    return _mm512_mask_storeu_epi64(p, static_cast<__mmask8>((1u << n) - 1), bit_cast<__m512i>(v));
#endif
  T part[Lanes<T>::count];
  store(part, v);
  for (int i = 0; i < Lanes<T>::count && i < n; i++) p[i] = part[i];
}

/** Past the caches, to memory aligned to the vector; stream_fence() before anyone else may read it. */
template <class T, class V>
TENON_INLINE void stream(T* p, V v) {
#if defined(__AVX512F__)
  _mm512_stream_si512(reinterpret_cast<__m512i*>(p), bit_cast<__m512i>(v));
#elif defined(__AVX2__)
  _mm256_stream_si256(reinterpret_cast<__m256i*>(p), bit_cast<__m256i>(v));
#elif defined(__SSE2__)
  _mm_stream_si128(reinterpret_cast<__m128i*>(p), bit_cast<__m128i>(v));
#else
  store(p, v);
#endif
}

TENON_INLINE void stream_fence() {
#if defined(__SSE2__)
  _mm_sfence();
#endif
}

// Lanes.

template <class V>
TENON_INLINE V select(Mask<V> mask, V yes, V no) {
  return mask ? yes : no;
}

/** Whether any lane of a mask is set. */
template <class M>
TENON_INLINE bool any(M mask) {
#if defined(__AVX512F__)
  return _mm512_test_epi32_mask(bit_cast<__m512i>(mask), bit_cast<__m512i>(mask)) != 0;
#elif defined(__AVX2__)
  return !_mm256_testz_si256(bit_cast<__m256i>(mask), bit_cast<__m256i>(mask));
#elif defined(__SSE2__)
  return _mm_movemask_epi8(bit_cast<__m128i>(mask)) != 0;
#else
  const Vec<uint64_t> words = bit_cast<Vec<uint64_t>>(mask);
  return (words[0] | words[1]) != 0;
#endif
}

/** f applied to each lane: for what has no vector form. */
template <class V, class F>
TENON_INLINE V map_lanes(V x, F f) {
  using T = Element<V>;
  T lane[Lanes<T>::count];
  store(lane, x);
  for (int i = 0; i < Lanes<T>::count; i++) lane[i] = f(lane[i]);
  return load(lane);
}
template <class V, class F>
TENON_INLINE V map_lanes(V x, V y, F f) {
  using T = Element<V>;
  T a[Lanes<T>::count], b[Lanes<T>::count];
  store(a, x);
  store(b, y);
  for (int i = 0; i < Lanes<T>::count; i++) a[i] = f(a[i], b[i]);
  return load(a);
}

// The smaller and the larger. When they are unordered (a NaN) or equal (two zeros) the result is b: on every
// instruction set, as the x86 instructions have it. GCC makes them of a comparison and a blend otherwise.
#if defined(__SSE2__)
#if defined(__AVX512F__)
#define TENON_X86(name, type) _mm512_##name##_##type
using Float32Register = __m512;
using Float64Register = __m512d;
#elif defined(__AVX2__)
#define TENON_X86(name, type) _mm256_##name##_##type
using Float32Register = __m256;
using Float64Register = __m256d;
#else
#define TENON_X86(name, type) _mm_##name##_##type
using Float32Register = __m128;
using Float64Register = __m128d;
#endif
#endif

template <class V>
TENON_INLINE V min(V a, V b) {
#if defined(__SSE2__)
  if constexpr (std::is_same_v<Element<V>, float>)
    return bit_cast<V>(TENON_X86(min, ps)(bit_cast<Float32Register>(a), bit_cast<Float32Register>(b)));
  else if constexpr (std::is_same_v<Element<V>, double>)
    return bit_cast<V>(TENON_X86(min, pd)(bit_cast<Float64Register>(a), bit_cast<Float64Register>(b)));
#endif
  return a < b ? a : b;
}

template <class V>
TENON_INLINE V max(V a, V b) {
#if defined(__SSE2__)
  if constexpr (std::is_same_v<Element<V>, float>)
    return bit_cast<V>(TENON_X86(max, ps)(bit_cast<Float32Register>(a), bit_cast<Float32Register>(b)));
  else if constexpr (std::is_same_v<Element<V>, double>)
    return bit_cast<V>(TENON_X86(max, pd)(bit_cast<Float64Register>(a), bit_cast<Float64Register>(b)));
#endif
  return a > b ? a : b;
}

/** Correctly rounded. */
template <class V>
TENON_INLINE V sqrt(V x) {
#if defined(__SSE2__)
  if constexpr (std::is_same_v<Element<V>, float>)
    return bit_cast<V>(TENON_X86(sqrt, ps)(bit_cast<Float32Register>(x)));
  else
    return bit_cast<V>(TENON_X86(sqrt, pd)(bit_cast<Float64Register>(x)));
#elif defined(__aarch64__)
  if constexpr (std::is_same_v<Element<V>, float>)
    return bit_cast<V>(vsqrtq_f32(bit_cast<float32x4_t>(x)));
  else
    return bit_cast<V>(vsqrtq_f64(bit_cast<float64x2_t>(x)));
#else
  return map_lanes(x, [](auto lane) { return std::sqrt(lane); });
#endif
}

#if defined(__FMA__) || defined(__aarch64__)
#define TENON_FUSED
/** c - a b, rounded once: for who depends on that, not for speed, as compilers fuse by themselves or don't.
 */
template <class V>
TENON_INLINE V minus_product(V c, V a, V b) {
#if defined(__FMA__)
  if constexpr (is_float32_vector<V>)
    return bit_cast<V>(TENON_X86(fnmadd, ps)(bit_cast<Float32Register>(a), bit_cast<Float32Register>(b),
                                             bit_cast<Float32Register>(c)));
  else
    return bit_cast<V>(TENON_X86(fnmadd, pd)(bit_cast<Float64Register>(a), bit_cast<Float64Register>(b),
                                             bit_cast<Float64Register>(c)));
#else
  if constexpr (is_float32_vector<V>)
    return bit_cast<V>(
        vfmsq_f32(bit_cast<float32x4_t>(c), bit_cast<float32x4_t>(a), bit_cast<float32x4_t>(b)));
  else
    return bit_cast<V>(
        vfmsq_f64(bit_cast<float64x2_t>(c), bit_cast<float64x2_t>(a), bit_cast<float64x2_t>(b)));
#endif
}
#endif

/** The bit that holds the sign of a floating lane. */
template <class V>
TENON_INLINE Unsigned<V> sign_bit() {
  using U = Element<Unsigned<V>>;
  return splat(static_cast<U>(U{1} << (sizeof(U) * 8 - 1)));
}

/** |x|, of floating lanes. */
template <class V>
TENON_INLINE V magnitude(V x) {
  return bit_cast<V>(bit_cast<Unsigned<V>>(x) & ~sign_bit<V>());
}

/** x, not negative, with the sign of y. */
template <class V>
TENON_INLINE V with_sign(V x, V y) {
  return bit_cast<V>(bit_cast<Unsigned<V>>(x) | (bit_cast<Unsigned<V>>(y) & sign_bit<V>()));
}

// Whole numbers as floats: half to even, down, up, towards zero. Signed zeros, infinities and NaN stay.
#if defined(__AVX512F__) || defined(__AVX2__)
template <int kMode, class V>
TENON_INLINE V round_as(V x) {
#if defined(__AVX512F__)
  if constexpr (is_float32_vector<V>)
    return bit_cast<V>(_mm512_roundscale_ps(bit_cast<__m512>(x), kMode | _MM_FROUND_NO_EXC));
  else
    return bit_cast<V>(_mm512_roundscale_pd(bit_cast<__m512d>(x), kMode | _MM_FROUND_NO_EXC));
#else
  if constexpr (is_float32_vector<V>)
    return bit_cast<V>(_mm256_round_ps(bit_cast<__m256>(x), kMode | _MM_FROUND_NO_EXC));
  else
    return bit_cast<V>(_mm256_round_pd(bit_cast<__m256d>(x), kMode | _MM_FROUND_NO_EXC));
#endif
}
template <class V>
TENON_INLINE V round_even(V x) {
  return round_as<_MM_FROUND_TO_NEAREST_INT>(x);
}
template <class V>
TENON_INLINE V floor(V x) {
  return round_as<_MM_FROUND_TO_NEG_INF>(x);
}
template <class V>
TENON_INLINE V ceil(V x) {
  return round_as<_MM_FROUND_TO_POS_INF>(x);
}
template <class V>
TENON_INLINE V trunc(V x) {
  return round_as<_MM_FROUND_TO_ZERO>(x);
}
#else
template <class V>
TENON_INLINE V round_even(V x) {
  const V big = constant<V>(is_float32_vector<V> ? 0x1p23 : 0x1p52), a = magnitude(x);
  return with_sign(select(a < big, (a + big) - big, a), x);
}
template <class V>
TENON_INLINE V floor(V x) {
  const V r = round_even(x);
  return select(r > x, r - constant<V>(1), r);
}
template <class V>
TENON_INLINE V ceil(V x) {
  const V r = round_even(x);
  return with_sign(magnitude(select(r < x, r + constant<V>(1), r)), x);
}
template <class V>
TENON_INLINE V trunc(V x) {
  const V a = magnitude(x), r = round_even(a);
  return with_sign(select(r > a, r - constant<V>(1), r), x);
}
#endif

// Between float lanes and twice as many bits: a vector of floats is two of doubles.
TENON_INLINE void widen(Vec<float> x, Vec<double>& low, Vec<double>& high) {
#if defined(__AVX512F__)
  low = bit_cast<Vec<double>>(_mm512_cvtps_pd(_mm512_castps512_ps256(bit_cast<__m512>(x))));
  high = bit_cast<Vec<double>>(_mm512_cvtps_pd(_mm512_extractf32x8_ps(bit_cast<__m512>(x), 1)));
#elif defined(__AVX2__)
  low = bit_cast<Vec<double>>(_mm256_cvtps_pd(_mm256_castps256_ps128(bit_cast<__m256>(x))));
  high = bit_cast<Vec<double>>(_mm256_cvtps_pd(_mm256_extractf128_ps(bit_cast<__m256>(x), 1)));
#elif defined(__SSE2__)
  const __m128 v = bit_cast<__m128>(x);
  low = bit_cast<Vec<double>>(_mm_cvtps_pd(v));
  high = bit_cast<Vec<double>>(_mm_cvtps_pd(_mm_movehl_ps(v, v)));
#else
  for (int i = 0; i < Lanes<double>::count; i++) low[i] = x[i], high[i] = x[i + Lanes<double>::count];
#endif
}

TENON_INLINE Vec<float> narrow(Vec<double> low, Vec<double> high) {
#if defined(__AVX512F__)
  const __m512 first = _mm512_castps256_ps512(_mm512_cvtpd_ps(bit_cast<__m512d>(low)));
  return bit_cast<Vec<float>>(_mm512_insertf32x8(first, _mm512_cvtpd_ps(bit_cast<__m512d>(high)), 1));
#elif defined(__AVX2__)
  const __m256 first = _mm256_castps128_ps256(_mm256_cvtpd_ps(bit_cast<__m256d>(low)));
  return bit_cast<Vec<float>>(_mm256_insertf128_ps(first, _mm256_cvtpd_ps(bit_cast<__m256d>(high)), 1));
#elif defined(__SSE2__)
  return bit_cast<Vec<float>>(
      _mm_movelh_ps(_mm_cvtpd_ps(bit_cast<__m128d>(low)), _mm_cvtpd_ps(bit_cast<__m128d>(high))));
#else
  Vec<float> r;
  for (int i = 0; i < Lanes<double>::count; i++) {
    r[i] = static_cast<float>(low[i]);
    r[i + Lanes<double>::count] = static_cast<float>(high[i]);
  }
  return r;
#endif
}

}  // namespace

}  // namespace TENON_ISA
}  // namespace tenon
