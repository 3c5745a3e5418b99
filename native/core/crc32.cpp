#include "core/crc32.h"

#include <array>
#include <cstring>

#include "core/cpu_features.h"

#if defined(__x86_64__)
#define TENON_CRC_FOLDS 1
#include <immintrin.h>
#elif defined(__aarch64__) && (defined(__linux__) || defined(__APPLE__))
#define TENON_CRC_INSTRUCTIONS 1
#ifdef __linux__
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif
#endif

namespace tenon {

namespace {

/** The polynomial over GF(2) without x^32, x^31 in the lowest bit: so are all here. */
constexpr uint32_t kPolynomial = 0xedb88320;
constexpr uint32_t kOne = 0x80000000;

constexpr uint32_t times_x(uint32_t p) { return p & 1 ? p >> 1 ^ kPolynomial : p >> 1; }

constexpr uint32_t multiply(uint32_t a, uint32_t b) {
  uint32_t product = 0;
  for (uint32_t bit = kOne; bit; bit >>= 1) {
    if (a & bit) product ^= b;
    b = times_x(b);
  }
  return product;
}

/** x^n mod the polynomial. */
constexpr uint32_t power(uint64_t n) {
  uint32_t result = kOne, square = kOne >> 1;
  for (; n; n >>= 1, square = multiply(square, square))
    if (n & 1) result = multiply(result, square);
  return result;
}

constexpr int kStride = 8;
using Tables = std::array<std::array<uint32_t, 256>, kStride>;

/** By how far from the end of the stride a byte is: what it adds. */
constexpr Tables make_tables() {
  Tables tables{};
  for (uint32_t n = 0; n < 256; n++) {
    uint32_t c = n;
    for (int k = 0; k < 8; k++) c = times_x(c);
    tables[0][n] = c;
  }
  for (size_t k = 1; k < kStride; k++)
    for (size_t n = 0; n < 256; n++) tables[k][n] = tables[k - 1][n] >> 8 ^ tables[0][tables[k - 1][n] & 255];
  return tables;
}

constexpr Tables kTables = make_tables();

/** Of the state, which is the checksum inverted. */
uint32_t by_tables(uint32_t state, const unsigned char* bytes, size_t size) {
  const Tables& t = kTables;
  for (; size >= kStride; bytes += kStride, size -= kStride)
    state = t[7][bytes[0] ^ (state & 255)] ^ t[6][bytes[1] ^ (state >> 8 & 255)] ^
            t[5][bytes[2] ^ (state >> 16 & 255)] ^ t[4][bytes[3] ^ state >> 24] ^ t[3][bytes[4]] ^
            t[2][bytes[5]] ^ t[1][bytes[6]] ^ t[0][bytes[7]];
  for (; size > 0; bytes++, size--) state = state >> 8 ^ t[0][(state ^ *bytes) & 255];
  return state;
}

#if TENON_CRC_FOLDS

// V. Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction" (Intel, 2009):
// what comes n bits before the end counts as its product with x^n mod the polynomial, which has fewer bits.

#define TENON_FOLD_TARGET __attribute__((target("pclmul,sse4.1")))

/** The paper's constants, reflected, for a distance in bits: x^(distance + 32) for the half that is further
 * from the end, x^(distance - 32) for the other. A product of reflected numbers is a bit short. */
template <int distance>
struct Folding {
  static constexpr long long far = static_cast<long long>(uint64_t{power(distance + 32)} << 1);
  static constexpr long long near = static_cast<long long>(uint64_t{power(distance - 32)} << 1);
};

template <int distance>
TENON_FOLD_TARGET inline __m128i folding() {
  return _mm_set_epi64x(Folding<distance>::near, Folding<distance>::far);
}

TENON_FOLD_TARGET inline __m128i load(const unsigned char* bytes) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
}

TENON_FOLD_TARGET inline __m128i fold(__m128i value, __m128i by, __m128i onto) {
  const __m128i far = _mm_clmulepi64_si128(value, by, 0x00), near = _mm_clmulepi64_si128(value, by, 0x11);
  return _mm_xor_si128(_mm_xor_si128(far, near), onto);
}

/** What is left of the bytes before some place: four numbers in a row that stand for all of them. */
struct Folded {
  __m128i a, b, c, d;
};

/** Of 64 bytes and more the first ones. */
TENON_FOLD_TARGET Folded start(uint32_t state, const unsigned char* bytes) {
  const __m128i first = _mm_xor_si128(load(bytes), _mm_cvtsi32_si128(static_cast<int>(state)));
  return {first, load(bytes + 16), load(bytes + 32), load(bytes + 48)};
}

#define TENON_WIDE_TARGET __attribute__((target("avx512f,vpclmulqdq,pclmul,sse4.1")))

template <int distance>
TENON_WIDE_TARGET inline __m512i folding_wide() {
  using F = Folding<distance>;
  return _mm512_set_epi64(F::near, F::far, F::near, F::far, F::near, F::far, F::near, F::far);
}

TENON_WIDE_TARGET inline __m512i fold_wide(__m512i value, __m512i by, __m512i onto) {
  const __m512i far = _mm512_clmulepi64_epi128(value, by, 0x00);
  const __m512i near = _mm512_clmulepi64_epi128(value, by, 0x11);
  return _mm512_ternarylogic_epi64(far, near, onto, 0x96);  // all three added: XOR
}

/** Folds whole strides of 256 bytes, at least one; `done` is how many bytes that were. */
TENON_WIDE_TARGET Folded start_wide(uint32_t state, const unsigned char* bytes, size_t size, size_t& done) {
  constexpr size_t width = 64, lanes = 4;
  const auto at = [&](size_t i) TENON_WIDE_TARGET { return _mm512_loadu_si512(bytes + done + i * width); };
  const __m512i by_lanes = folding_wide<lanes * 512>();
  const __m512i by_one = folding_wide<512>();
  done = 0;
  __m512i a = at(0), b = at(1), c = at(2), d = at(3);
  a = _mm512_xor_si512(a, _mm512_zextsi128_si512(_mm_cvtsi32_si128(static_cast<int>(state))));
  for (done = lanes * width; size - done >= lanes * width; done += lanes * width) {
    a = fold_wide(a, by_lanes, at(0));
    b = fold_wide(b, by_lanes, at(1));
    c = fold_wide(c, by_lanes, at(2));
    d = fold_wide(d, by_lanes, at(3));
  }
  const __m512i all = fold_wide(fold_wide(fold_wide(a, by_one, b), by_one, c), by_one, d);
  unsigned char last[width];
  _mm512_storeu_si512(last, all);
  return {load(last), load(last + 16), load(last + 32), load(last + 48)};
}

/** The 16 last ones of bytes from `done` on, a multiple of 16, with what all before adds to them. */
TENON_FOLD_TARGET __m128i finish(Folded f, const unsigned char* bytes, size_t size, size_t done) {
  constexpr size_t width = 16, lanes = 4;
  const __m128i by_lanes = folding<lanes * 128>();
  const __m128i by_one = folding<128>();
  for (; size - done >= lanes * width; done += lanes * width) {
    f.a = fold(f.a, by_lanes, load(bytes + done));
    f.b = fold(f.b, by_lanes, load(bytes + done + width));
    f.c = fold(f.c, by_lanes, load(bytes + done + 2 * width));
    f.d = fold(f.d, by_lanes, load(bytes + done + 3 * width));
  }
  __m128i all = fold(fold(fold(f.a, by_one, f.b), by_one, f.c), by_one, f.d);
  for (; done < size; done += width) all = fold(all, by_one, load(bytes + done));
  return all;
}

/** Of 64 bytes and more. */
uint32_t by_instructions(uint32_t state, const unsigned char* bytes, size_t size) {
  const size_t folds = size & ~size_t{15};
  size_t done = 64;
  const bool wide = folds >= 256 && has_wide_pclmul();
  const Folded first = wide ? start_wide(state, bytes, folds, done) : start(state, bytes);
  const __m128i all = finish(first, bytes, folds, done);
  unsigned char last[16];
  std::memcpy(last, &all, sizeof last);
  return by_tables(by_tables(0, last, sizeof last), bytes + folds, size - folds);
}

bool has_instructions() { return has_pclmul(); }

constexpr size_t kLeast = 64;

#elif TENON_CRC_INSTRUCTIONS

#ifdef __clang__
#define TENON_CRC_TARGET __attribute__((target("crc")))
#else
#define TENON_CRC_TARGET __attribute__((target("+crc")))
#endif

TENON_CRC_TARGET uint32_t by_instructions(uint32_t state, const unsigned char* bytes, size_t size) {
  for (; size >= 8; bytes += 8, size -= 8) {
    uint64_t eight;
    std::memcpy(&eight, bytes, sizeof eight);
    __asm__("crc32x %w0, %w0, %x1" : "+r"(state) : "r"(eight));
  }
  return by_tables(state, bytes, size);
}

bool has_instructions() {
#ifdef __linux__
  static const bool can = getauxval(AT_HWCAP) & HWCAP_CRC32;
  return can;
#else
  return true;
#endif
}

constexpr size_t kLeast = 8;

#endif

}  // namespace

uint32_t crc32_by_tables(uint32_t crc, const void* bytes, size_t size) {
  return ~by_tables(~crc, static_cast<const unsigned char*>(bytes), size);
}

uint32_t crc32(uint32_t crc, const void* bytes, size_t size) {
#if TENON_CRC_FOLDS || TENON_CRC_INSTRUCTIONS
  if (size >= kLeast && has_instructions())
    return ~by_instructions(~crc, static_cast<const unsigned char*>(bytes), size);
#endif
  return crc32_by_tables(crc, bytes, size);
}

// Bytes of 2^61 and more, which there are not, would overflow the number of bits.
uint32_t crc32_shift(uint64_t size) { return power(size * 8); }

uint32_t crc32_combine(uint32_t first, uint32_t second, uint32_t shift) {
  return multiply(shift, first) ^ second;
}

}  // namespace tenon
