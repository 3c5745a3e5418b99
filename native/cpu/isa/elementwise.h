// How elementwise kernels run: one driver for all functors, which cuts operands to pieces that an inner loop
// can take (dense or one number, of its type), and the inner loops that a functor is made into.
#pragma once
#include "core/launch.h"
#include "cpu/isa/vec.h"

namespace tenon {
namespace TENON_ISA {

/**
 * out[i] = f(in[0][i], in[1][i], ...) for i < n. An operand whose step is 0 is a vector of one number
 * (kVectorBytes of it); the step of others is 1. Results may replace operands.
 */
using Loop = void (*)(void* out, const void* const* in, const int64_t* step, int64_t n,
                      const Scalar* scalars);

/** An op: its loop for each compute type, in the order of compute_index. */
struct Elementwise {
  Loop loop[4];
  int cost;
};

constexpr int compute_index(DType compute) {
  return compute == DType::f32 ? 0 : compute == DType::f64 ? 1 : compute == DType::i32 ? 2 : 3;
}

void run_unary(const Launch& l, const Elementwise& op);
void run_binary(const Launch& l, const Elementwise& op);
/** Results are bools. */
void run_predicate(const Launch& l, const Elementwise& op);
void run_compare(const Launch& l, const Elementwise& op);
/** Any loop of one operand, on elements of the given types (out first). */
void run_one(const Launch& l, Loop loop, const DType* types);
/** Any loop of three operands, on elements of the given types (out first). */
void run_ternary(const Launch& l, Loop loop, const DType* types);

/** `size` bytes past the caches; stream_fence() before anyone else may read them. */
void stream_copy(void* to, const void* from, int64_t size);

// The compute types of a row of ops.def.
struct FLOAT {
  template <class T>
  static constexpr bool has = std::is_floating_point_v<T>;
};
struct INTEGER {
  template <class T>
  static constexpr bool has = std::is_integral_v<T>;
};
struct NUMERIC {
  template <class T>
  static constexpr bool has = true;
};

template <class F>
TENON_INLINE F make_functor(const Scalar* scalars) {
  if constexpr (std::is_constructible_v<F, const double*>) {
    const double values[] = {scalars[0].get(), F::scalars > 1 ? scalars[1].get() : 0,
                             F::scalars > 2 ? scalars[2].get() : 0};
    return F(values);
  } else {
    return F();
  }
}

/** Lanes of a mask as bytes 0 or 1. */
template <class M>
TENON_INLINE void store_mask(uint8_t* out, M mask) {
  constexpr int count = Lanes<Element<M>>::count;
#if defined(__AVX512F__)
  __mmask16 bits;
  if constexpr (count == 16)
    bits = _mm512_movepi32_mask(bit_cast<__m512i>(mask));
  else
    bits = _mm512_movepi64_mask(bit_cast<__m512i>(mask));
  const __m128i bytes = _mm_maskz_set1_epi8(bits, 1);
  std::memcpy(out, &bytes, count);
#elif defined(__AVX2__)
  uint32_t bits;
  if constexpr (count == 8)
    bits = static_cast<uint32_t>(_mm256_movemask_ps(bit_cast<__m256>(mask)));
  else
    bits = static_cast<uint32_t>(_mm256_movemask_pd(bit_cast<__m256d>(mask)));
  const uint64_t bytes = _pdep_u64(bits, 0x0101010101010101u);
  std::memcpy(out, &bytes, count);
#else
  for (int i = 0; i < count; i++) out[i] = mask[i] != 0;
#endif
}

/**
 * The loop of functor F in type T, if the row has that type. Cheap ones load four vectors before they store:
 * a load whose address has the low 12 bits of a store just before waits for it.
 */
template <class Types, class F, class T>
constexpr Loop unary_loop() {
  if constexpr (Types::template has<T>) {
    return [](void* out, const void* const* in, const int64_t* step, int64_t n, const Scalar* scalars) {
      constexpr int64_t w = Lanes<T>::count;
      const F f = make_functor<F>(scalars);
      const T* x = static_cast<const T*>(in[0]);
      T* o = static_cast<T*>(out);
      const int64_t dx = step[0] * w;
      if constexpr (F::cost == 1)
        for (; n >= 4 * w; n -= 4 * w, x += 4 * dx, o += 4 * w) {
          const auto a = f(load(x)), b = f(load(x + dx)), c = f(load(x + 2 * dx)), d = f(load(x + 3 * dx));
          store(o, a);
          store(o + w, b);
          store(o + 2 * w, c);
          store(o + 3 * w, d);
        }
      for (; n >= w; n -= w, x += dx, o += w) store(o, f(load(x)));
      if (n) store_part(o, f(load_part(x, n)), n);
    };
  } else {
    return nullptr;
  }
}

template <class Types, class F, class T>
constexpr Loop binary_loop() {
  if constexpr (Types::template has<T>) {
    return [](void* out, const void* const* in, const int64_t* step, int64_t n, const Scalar* scalars) {
      constexpr int64_t w = Lanes<T>::count;
      const F f = make_functor<F>(scalars);
      const T *x = static_cast<const T*>(in[0]), *y = static_cast<const T*>(in[1]);
      T* o = static_cast<T*>(out);
      const int64_t dx = step[0] * w, dy = step[1] * w;
      if constexpr (F::cost == 1)
        for (; n >= 4 * w; n -= 4 * w, x += 4 * dx, y += 4 * dy, o += 4 * w) {
          const auto a = f(load(x), load(y)), b = f(load(x + dx), load(y + dy)),
                     c = f(load(x + 2 * dx), load(y + 2 * dy)), d = f(load(x + 3 * dx), load(y + 3 * dy));
          store(o, a);
          store(o + w, b);
          store(o + 2 * w, c);
          store(o + 3 * w, d);
        }
      for (; n >= w; n -= w, x += dx, y += dy, o += w) store(o, f(load(x), load(y)));
      if (n) store_part(o, f(load_part(x, n), load_part(y, n)), n);
    };
  } else {
    return nullptr;
  }
}

/** Masks, the last of them by way of a buffer. */
template <class Types, class F, class T>
constexpr Loop predicate_loop() {
  if constexpr (Types::template has<T>) {
    return [](void* out, const void* const* in, const int64_t* step, int64_t n, const Scalar*) {
      constexpr int64_t w = Lanes<T>::count;
      const F f;
      const T* x = static_cast<const T*>(in[0]);
      uint8_t* o = static_cast<uint8_t*>(out);
      const int64_t dx = step[0] * w;
      for (; n >= w; n -= w, x += dx, o += w) store_mask(o, f(load(x)));
      if (n) {
        uint8_t bytes[w];
        store_mask(bytes, f(load_part(x, n)));
        for (int64_t i = 0; i < w && i < n; i++) o[i] = bytes[i];
      }
    };
  } else {
    return nullptr;
  }
}

template <class Types, class F, class T>
constexpr Loop compare_loop() {
  if constexpr (Types::template has<T>) {
    return [](void* out, const void* const* in, const int64_t* step, int64_t n, const Scalar*) {
      constexpr int64_t w = Lanes<T>::count;
      const F f;
      const T *x = static_cast<const T*>(in[0]), *y = static_cast<const T*>(in[1]);
      uint8_t* o = static_cast<uint8_t*>(out);
      const int64_t dx = step[0] * w, dy = step[1] * w;
      for (; n >= w; n -= w, x += dx, y += dy, o += w) store_mask(o, f(load(x), load(y)));
      if (n) {
        uint8_t bytes[w];
        store_mask(bytes, f(load_part(x, n), load_part(y, n)));
        for (int64_t i = 0; i < w && i < n; i++) o[i] = bytes[i];
      }
    };
  } else {
    return nullptr;
  }
}

}  // namespace TENON_ISA
}  // namespace tenon
