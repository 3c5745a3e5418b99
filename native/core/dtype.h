// The ten element types, in the order that lib/dtype.ts numbers them.
#pragma once
#include <cstdint>
#include <cstring>

namespace tenon {

enum class DType : uint8_t { f32, f64, f16, bf16, i8, u8, i16, i32, i64, boolean };
constexpr int kDTypeCount = 10;

/** Bytes an element occupies. */
constexpr int64_t element_size(DType t) {
  constexpr int8_t size[kDTypeCount] = {4, 8, 2, 2, 1, 1, 2, 4, 8, 1};
  return size[static_cast<int>(t)];
}

constexpr bool is_floating(DType t) { return t <= DType::bf16; }

inline const char* dtype_name(DType t) {
  static const char* const name[kDTypeCount] = {"float32", "float64", "float16", "bfloat16", "int8",
                                                "uint8",   "int16",   "int32",   "int64",    "bool"};
  return name[static_cast<int>(t)];
}

/** IEEE binary16 as stored; arithmetic happens in float. */
struct Half {
  uint16_t bits;
};
/** The upper half of a binary32. */
struct BFloat16 {
  uint16_t bits;
};

}  // namespace tenon
