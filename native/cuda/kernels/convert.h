// Elements of any dtype to and from the types that kernels calculate in. As on the CPU (cpu/isa/convert.cpp):
// integers wrap, floats are cut to integers (out of range and NaN: the lowest one, cut to the width), what is
// not zero is true, halves round to nearest even.
#pragma once
#include <cstring>
#include <type_traits>

#include "core/dtype.h"
#include "cuda/kernels/kernel.h"

namespace tenon {
namespace cuda {

/** A bool as stored: any byte but 0 is true. */
struct Bool {
  uint8_t byte;
};

template <class To, class From>
TENON_DEVICE To same_bits(From from) {
  static_assert(sizeof(To) == sizeof(From), "same size");
  To to;
  memcpy(&to, &from, sizeof to);
  return to;
}

TENON_DEVICE float widen(Half h) {
  const uint32_t m = h.bits & 0x7fffu, sign = static_cast<uint32_t>(h.bits & 0x8000u) << 16;
  const uint32_t normal = (m << 13) + ((m >= 0x7c00 ? 224u : 112u) << 23);
  const uint32_t subnormal = same_bits<uint32_t>(static_cast<float>(m) * 0x1p-24f);
  return same_bits<float>((m < 0x400 ? subnormal : normal) | sign);
}
TENON_DEVICE float widen(BFloat16 b) { return same_bits<float>(static_cast<uint32_t>(b.bits) << 16); }

TENON_DEVICE Half narrow_half(float x) {
  const uint32_t bits = same_bits<uint32_t>(x), m = bits & 0x7fffffffu, sign = bits >> 16 & 0x8000u;
  const uint32_t normal = (m - 0x38000000u + 0xfffu + (m >> 13 & 1)) >> 13;
  // The addition rounds at 2^-24.
  const uint32_t subnormal = same_bits<uint32_t>(same_bits<float>(m) + 0.5f) - 0x3f000000u;
  const uint32_t finite = m < 0x38800000u ? subnormal : normal;
  const uint32_t special = m > 0x7f800000u ? 0x7e00u : 0x7c00u;
  return {static_cast<uint16_t>((m >= 0x477ff000u ? special : finite) | sign)};
}
TENON_DEVICE BFloat16 narrow_bfloat(float x) {
  const uint32_t bits = same_bits<uint32_t>(x);
  const uint32_t rounded = (bits + 0x7fffu + (bits >> 16 & 1)) >> 16;
  return {static_cast<uint16_t>((bits & 0x7fffffffu) > 0x7f800000u ? bits >> 16 | 0x40u : rounded)};
}

template <class Integer, class Float>
TENON_DEVICE Integer cut(Float x) {
  constexpr Float limit = sizeof(Integer) == 4 ? static_cast<Float>(0x1p31) : static_cast<Float>(0x1p63);
  constexpr Integer lowest =
      sizeof(Integer) == 4 ? static_cast<Integer>(INT32_MIN) : static_cast<Integer>(INT64_MIN);
  return x >= -limit && x < limit ? static_cast<Integer>(x) : lowest;
}

template <class To, class From>
TENON_DEVICE To convert(From x) {
  if constexpr (std::is_same<From, To>::value)
    return x;
  else if constexpr (std::is_same<From, Half>::value || std::is_same<From, BFloat16>::value)
    return convert<To>(widen(x));
  else if constexpr (std::is_same<From, Bool>::value)
    return convert<To>(static_cast<int32_t>(x.byte != 0));
  else if constexpr (std::is_same<To, Half>::value)
    return narrow_half(static_cast<float>(x));
  else if constexpr (std::is_same<To, BFloat16>::value)
    return narrow_bfloat(static_cast<float>(x));
  else if constexpr (std::is_same<To, Bool>::value)
    return {static_cast<uint8_t>(x != From{0})};
  else if constexpr (std::is_floating_point<From>::value && std::is_integral<To>::value)
    return static_cast<To>(cut<std::conditional_t<sizeof(To) == 8, int64_t, int32_t>>(x));
  else
    return static_cast<To>(x);
}

}  // namespace cuda
}  // namespace tenon
