// Elements as unsigned keys in their order: NaN is the largest and equal to itself, -0 equals 0.
#pragma once
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "cpu/isa/strided.h"

namespace tenon {
namespace TENON_ISA {

namespace {

constexpr uint32_t key_of(float x) {
  if (x != x) return UINT32_MAX;
  const uint32_t bits = __builtin_bit_cast(uint32_t, x + 0.0f);
  return bits >> 31 ? ~bits : bits | uint32_t{1} << 31;
}
constexpr uint64_t key_of(double x) {
  if (x != x) return UINT64_MAX;
  const uint64_t bits = __builtin_bit_cast(uint64_t, x + 0.0);
  return bits >> 63 ? ~bits : bits | uint64_t{1} << 63;
}
constexpr uint32_t key_of(int32_t x) {
  return static_cast<uint32_t>(x) ^ uint32_t { 1 } << 31;
}
constexpr uint64_t key_of(int64_t x) {
  return static_cast<uint64_t>(x) ^ uint64_t { 1 } << 63;
}

template <class T>
using KeyOf = decltype(key_of(T{}));

/** put(i, key) for the n elements of a lane. */
template <class T, class Put>
void for_keys(const TensorView& x, int64_t at, int64_t stride, int64_t n, Put put) {
  constexpr int64_t tile = 512;
  T part[tile];
  for (int64_t i = 0; i < n; i += tile) {
    const int64_t m = n - i < tile ? n - i : tile;
    load_strided(x.data, x.dtype, at + i * stride, stride, m, part);
    for (int64_t k = 0; k < m; k++) put(i + k, key_of(part[k]));
  }
}

}  // namespace

}  // namespace TENON_ISA
}  // namespace tenon
