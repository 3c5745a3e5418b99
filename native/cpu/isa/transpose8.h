// Eight by eight elements of four bytes, transposed in registers.
#pragma once
#include <cstdint>
#include <cstring>

#include "cpu/isa/vec.h"

namespace tenon {
namespace TENON_ISA {

namespace {

typedef float Float8 __attribute__((vector_size(32)));

/** By reference: an instruction set without such registers has no way to return them. */
TENON_INLINE void load8(Float8& v, const float* p) { std::memcpy(&v, p, sizeof v); }
TENON_INLINE void store8(float* p, const Float8& v) { std::memcpy(p, &v, sizeof v); }

#if defined(__clang__)
#define TENON_SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
typedef int32_t Int8 __attribute__((vector_size(32)));
#define TENON_SHUFFLE(a, b, ...) __builtin_shuffle(a, b, Int8{__VA_ARGS__})
#endif

/** d[i * pitch + j] = s[j][k + i] for i and j below 8. */
TENON_INLINE void transpose8(const float* const* s, int64_t k, float* d, int64_t pitch) {
  Float8 r[8], u[8];
  for (int i = 0; i < 8; i++) load8(r[i], s[i] + k);
  for (int i = 0; i < 4; i++) {
    u[2 * i] = TENON_SHUFFLE(r[2 * i], r[2 * i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    u[2 * i + 1] = TENON_SHUFFLE(r[2 * i], r[2 * i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
  for (int i = 0; i < 2; i++) {
    r[4 * i] = TENON_SHUFFLE(u[4 * i], u[4 * i + 2], 0, 1, 8, 9, 4, 5, 12, 13);
    r[4 * i + 1] = TENON_SHUFFLE(u[4 * i], u[4 * i + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    r[4 * i + 2] = TENON_SHUFFLE(u[4 * i + 1], u[4 * i + 3], 0, 1, 8, 9, 4, 5, 12, 13);
    r[4 * i + 3] = TENON_SHUFFLE(u[4 * i + 1], u[4 * i + 3], 2, 3, 10, 11, 6, 7, 14, 15);
  }
  for (int i = 0; i < 4; i++) {
    store8(d + i * pitch, TENON_SHUFFLE(r[i], r[i + 4], 0, 1, 2, 3, 8, 9, 10, 11));
    store8(d + (i + 4) * pitch, TENON_SHUFFLE(r[i], r[i + 4], 4, 5, 6, 7, 12, 13, 14, 15));
  }
}

}  // namespace

}  // namespace TENON_ISA
}  // namespace tenon
