// The random words that a launch owns, many at a time: core/random.h says which element gets which.
#pragma once
#include "core/launch.h"
#include "core/random.h"
#include "cpu/isa/vec.h"

namespace tenon {
namespace TENON_ISA {

namespace {

constexpr int kLanes = kPhiloxGroup;
constexpr int kGroup32 = 4 * kLanes, kGroup64 = 2 * kLanes;  // draws of a group: of 32 bits, of 64 bits

// Philox on 64-bit lanes: only the lower half of each counts, so the low word of a product needs no masking.
#if defined(__AVX512F__)
typedef uint64_t Words __attribute__((vector_size(64)));
inline Words product(Words a, uint32_t b) {
  return reinterpret_cast<Words>(
      _mm512_maskz_mul_epu32(0xff, reinterpret_cast<__m512i>(a), _mm512_set1_epi64(static_cast<int64_t>(b))));
}
#elif defined(__AVX2__)
typedef uint64_t Words __attribute__((vector_size(32)));
inline Words product(Words a, uint32_t b) {
  return reinterpret_cast<Words>(
      _mm256_mul_epu32(reinterpret_cast<__m256i>(a), _mm256_set1_epi64x(static_cast<int64_t>(b))));
}
#elif defined(__SSE2__)
typedef uint64_t Words __attribute__((vector_size(16)));
inline Words product(Words a, uint32_t b) {
  return reinterpret_cast<Words>(
      _mm_mul_epu32(reinterpret_cast<__m128i>(a), _mm_set1_epi64x(static_cast<int64_t>(b))));
}
#else
typedef uint64_t Words __attribute__((vector_size(16)));
inline Words product(Words a, uint32_t b) { return (a & 0xffffffffu) * b; }
#endif
constexpr int kWords = sizeof(Words) / sizeof(uint64_t);
typedef uint32_t LowWords __attribute__((vector_size(sizeof(Words) / 2)));

/** The random numbers that a launch owns. */
class Source {
 public:
  explicit Source(const Launch& l)
      : k0_(static_cast<uint32_t>(l.scalar[0].integer())),
        k1_(static_cast<uint32_t>(l.scalar[1].integer())),
        offset_(static_cast<uint64_t>(l.scalar[2].integer())) {}

  /** words[j][i]: word j of counter i of a group. */
  void words(int64_t group, uint32_t (*words)[kLanes]) const {
    for (int first = 0; first < kLanes; first += kWords) {
      Words a, b, c = {}, d = {};
      for (int i = 0; i < kWords; i++) a[i] = offset_ + static_cast<uint64_t>(group) * kLanes + first + i;
      b = a >> 32;
      uint32_t k0 = k0_, k1 = k1_;
      for (int round = 0; round < 10; round++) {
        const Words p = product(a, kPhiloxM0), q = product(c, kPhiloxM1);
        a = (q >> 32) ^ b ^ k0;
        b = q;
        c = (p >> 32) ^ d ^ k1;
        d = p;
        k0 += kPhiloxW0;
        k1 += kPhiloxW1;
      }
      const Words result[4] = {a, b, c, d};
      for (int j = 0; j < 4; j++) {
        const LowWords low = __builtin_convertvector(result[j], LowWords);
        std::memcpy(&words[j][first], &low, sizeof low);
      }
    }
  }

  /** pairs[j][i]: words 2j (lower half) and 2j + 1 of counter i of a group. */
  void pairs(int64_t group, uint64_t (*pairs)[kLanes]) const {
    uint32_t w[4][kLanes];
    words(group, w);
    for (int j = 0; j < 2; j++)
      for (int i = 0; i < kLanes; i++)
        pairs[j][i] = w[2 * j][i] | static_cast<uint64_t>(w[2 * j + 1][i]) << 32;
  }

 private:
  uint32_t k0_, k1_;
  uint64_t offset_;
};

}  // namespace

}  // namespace TENON_ISA
}  // namespace tenon
