// Elements as unsigned keys in their order: NaN is the largest and equal to itself, -0 equals 0. For the CPU
// and for CUDA.
#pragma once
#include <cstdint>
#include <cstring>

#if defined(__CUDACC__)
#define TENON_KEY static __host__ __device__ __forceinline__
#else
#define TENON_KEY static inline __attribute__((always_inline))
#endif

namespace tenon {
namespace TENON_ISA {

TENON_KEY uint32_t key_of(float x) {
  if (x != x) return UINT32_MAX;
  x += 0.0f;
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits >> 31 ? ~bits : bits | uint32_t{1} << 31;
}
TENON_KEY uint64_t key_of(double x) {
  if (x != x) return UINT64_MAX;
  x += 0.0;
  uint64_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits >> 63 ? ~bits : bits | uint64_t{1} << 63;
}
TENON_KEY uint32_t key_of(int32_t x) {
  return static_cast<uint32_t>(x) ^ uint32_t { 1 } << 31;
}
TENON_KEY uint64_t key_of(int64_t x) {
  return static_cast<uint64_t>(x) ^ uint64_t { 1 } << 63;
}

template <class T>
using KeyOf = decltype(key_of(T{}));

}  // namespace TENON_ISA
}  // namespace tenon
