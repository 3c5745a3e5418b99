// Single elements of any dtype, for readers; kernels convert in vectors (cpu/isa/convert.h).
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

#include "core/dtype.h"

namespace tenon {

inline float bits_to_float(uint32_t bits) {
  float f;
  std::memcpy(&f, &bits, sizeof f);
  return f;
}

inline double half_to_double(Half h) {
  const int exponent = h.bits >> 10 & 31, fraction = h.bits & 1023;
  const double magnitude = exponent == 31 ? (fraction ? std::nan("") : static_cast<double>(INFINITY))
                           : exponent     ? std::ldexp(1024 + fraction, exponent - 25)
                                          : std::ldexp(fraction, -24);
  return h.bits >> 15 ? -magnitude : magnitude;
}

/** The element at `index` (in elements) as a double; int64 rounds beyond 2^53. */
inline double element_as_double(const void* data, DType t, int64_t index) {
  switch (t) {
    case DType::f32: return static_cast<const float*>(data)[index];
    case DType::f64: return static_cast<const double*>(data)[index];
    case DType::f16: return half_to_double(static_cast<const Half*>(data)[index]);
    case DType::bf16: return bits_to_float(uint32_t{static_cast<const BFloat16*>(data)[index].bits} << 16);
    case DType::i8: return static_cast<const int8_t*>(data)[index];
    case DType::u8: return static_cast<const uint8_t*>(data)[index];
    case DType::i16: return static_cast<const int16_t*>(data)[index];
    case DType::i32: return static_cast<const int32_t*>(data)[index];
    case DType::i64: return static_cast<double>(static_cast<const int64_t*>(data)[index]);
    case DType::boolean: return static_cast<const uint8_t*>(data)[index] != 0;
  }
  return 0;
}

}  // namespace tenon
