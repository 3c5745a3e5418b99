// Philox 4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011) and the
// draws made of its words. Arithmetic is + - * / sqrt in a fixed order and must be compiled without
// contraction to fused multiply-adds: so a draw has the same bits on every instruction set, device and number
// of threads.
//
// Which words an element gets: a launch owns the counters [offset, offset + numel), see philox_counters.
// Counters go by groups of 16; word j of the 16 counters of a group are 16 neighbouring draws. So the
// elements of group g are
//   32-bit draws, 64 a group: element 64 g + 16 j + i   takes word  j               of counter offset + 16 g
//   + i 64-bit draws, 32 a group: element 32 g + 16 j + i   takes words 2 j and 2 j + 1 of counter offset +
//   16 g + i
// and a normal takes its angle from its neighbour's word: elements j = 0 and 1 (2 and 3) of one counter are a
// pair.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

#if defined(__CUDACC__)
#define TENON_RANDOM static __device__ __host__ __forceinline__
#else
#define TENON_RANDOM static inline __attribute__((always_inline))
#endif

namespace tenon {

constexpr int kPhiloxGroup = 16;

/** Counters that an op on `numel` elements may use: the offset of the generator advances by as many. */
constexpr int64_t philox_counters(int64_t numel) { return numel; }

constexpr uint32_t kPhiloxM0 = 0xD2511F53, kPhiloxM1 = 0xCD9E8D57;  // multipliers
constexpr uint32_t kPhiloxW0 = 0x9E3779B9, kPhiloxW1 = 0xBB67AE85;  // Weyl increments of the key

/** Ten rounds on counter c under key k; c becomes the four random words. */
TENON_RANDOM void philox4x32(uint32_t c[4], uint32_t k0, uint32_t k1) {
  for (int round = 0; round < 10; round++) {
    const uint64_t p0 = uint64_t{kPhiloxM0} * c[0], p1 = uint64_t{kPhiloxM1} * c[2];
    c[0] = static_cast<uint32_t>(p1 >> 32) ^ c[1] ^ k0;
    c[1] = static_cast<uint32_t>(p1);
    c[2] = static_cast<uint32_t>(p0 >> 32) ^ c[3] ^ k1;
    c[3] = static_cast<uint32_t>(p0);
    k0 += kPhiloxW0;
    k1 += kPhiloxW1;
  }
}

template <class To, class From>
TENON_RANDOM To random_bits(From from) {
  static_assert(sizeof(To) == sizeof(From), "same size");
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}

/** A whole number below 2^53, exactly. */
TENON_RANDOM double random_to_double(uint64_t x) {
  const double high = random_bits<double>(x >> 32 | 0x4530000000000000u) - 0x1p84;
  return high + (random_bits<double>((x & 0xffffffffu) | 0x4330000000000000u) - 0x1p52);
}

/** `digits` random bits as a number in [0, 1). */
TENON_RANDOM float unit_float(uint32_t word, int digits) {
  return static_cast<float>(static_cast<int32_t>(word >> (32 - digits))) *
         random_bits<float>((127 - digits) << 23);
}
TENON_RANDOM double unit_double(uint64_t words) { return random_to_double(words >> 11) * 0x1p-53; }

/**
 * ln u for u in (0, 1]: u = 2^k (1 + f) with 1 + f in [sqrt 1/2, sqrt 2); with s = f / (2 + f) and z = s s,
 * ln(1 + f) = 2 atanh s = 2 s + s z L(z). Coefficients: minimax fits of L, relative error of the result below
 * 2^-31 and 2^-58.
 */
TENON_RANDOM float random_log(float u) {
  const int32_t shifted = random_bits<int32_t>(u) + (0x3f800000 - 0x3f3504f3);
  const float k = static_cast<float>((shifted >> 23) - 127);
  const float f = random_bits<float>((shifted & 0x7fffff) + 0x3f3504f3) - 1.0f;
  const float s = f / (2.0f + f), z = s * s, half = 0.5f * f * f;
  const float r = z * (0.6666666566f + z * (0.4000033274f + z * (0.2853742272f + z * 0.2358052781f)));
  return k * 0.693359375f + (f - (half - (s * (half + r) + k * -2.12194440e-4f)));
}
TENON_RANDOM double random_log(double u) {
  const uint64_t shifted = random_bits<uint64_t>(u) + (0x3ff0000000000000 - 0x3fe6a09e667f3bcd);
  const double k = random_bits<double>(shifted >> 52 | 0x4330000000000000) - (0x1p52 + 1023);
  const double f = random_bits<double>((shifted & 0xfffffffffffff) + 0x3fe6a09e667f3bcd) - 1.0;
  const double s = f / (2.0 + f), z = s * s, half = 0.5 * f * f;
  const double r =
      z *
      (0.666666666666673068 +
       z * (0.39999999999433386 +
            z * (0.285714287390320531 +
                 z * (0.222221988605325114 +
                      z * (0.181835516134419514 + z * (0.153143307520489365 + z * 0.147935178550654665))))));
  return k * 0.693147180369123816490 + (f - (half - (s * (half + r) + k * 1.90821492927058770002e-10)));
}

/** sin t and cos t for |t| <= pi / 4, minimax fits of (sin t - t) / t^3 and (cos t - 1 + t^2 / 2) / t^4 in
 * t^2. */
TENON_RANDOM float random_sin(float t) {
  const float z = t * t;
  return t + t * z * (-0.16666655f + z * (8.332180627e-3f + z * -1.951756059e-4f));
}
TENON_RANDOM float random_cos(float t) {
  const float z = t * t;
  return (1.0f - 0.5f * z) + z * z * (4.16666471e-2f + z * (-1.38873776e-3f + z * 2.443944686e-5f));
}
TENON_RANDOM double random_sin(double t) {
  const double z = t * t;
  return t + t * z *
                 (-0.166666666666666328 +
                  z * (8.33333333332255829e-3 +
                       z * (-1.9841269829903126e-4 +
                            z * (2.7557313720416584e-6 +
                                 z * (-2.50507620761662498e-8 + z * 1.58970036859828259e-10)))));
}
TENON_RANDOM double random_cos(double t) {
  const double z = t * t;
  return (1.0 - 0.5 * z) +
         z * z *
             (4.16666666666666133e-2 +
              z * (-1.3888888888876141e-3 +
                   z * (2.48015872905814236e-5 +
                        z * (-2.7557314635974915e-7 +
                             z * (2.08757582930489039e-9 + z * -1.13613156566582982e-11)))));
}

/** The square root, as every instruction set rounds it. */
#if defined(__CUDA_ARCH__)
TENON_RANDOM float random_sqrt(float x) { return __fsqrt_rn(x); }
TENON_RANDOM double random_sqrt(double x) { return __dsqrt_rn(x); }
#else
TENON_RANDOM float random_sqrt(float x) { return __builtin_sqrtf(x); }
TENON_RANDOM double random_sqrt(double x) { return __builtin_sqrt(x); }
#endif

/** Quarter turns `quarter` and the rest t of an angle to its cosine and sine. */
template <class T, class U>
TENON_RANDOM void turn(U quarter, T t, T& cosine, T& sine) {
  const T c = random_cos(t), s = random_sin(t);
  const U swap = U{0} - (quarter & 1), sign = U{1} << (sizeof(U) * 8 - 1);
  const U a = random_bits<U>(c), b = random_bits<U>(s), exchange = (a ^ b) & swap;
  cosine = random_bits<T>((a ^ exchange) ^ (((quarter + 1) & 2) ? sign : U{0}));
  sine = random_bits<T>((b ^ exchange) ^ ((quarter & 2) ? sign : U{0}));
}

/**
 * Two independent standard normals (Box and Muller 1958): the first word gives the radius sqrt(-2 ln u), the
 * second the angle in parts of a turn, split exactly into the nearest quarter and a rest of at most an
 * eighth.
 */
TENON_RANDOM void box_muller(uint32_t radius, uint32_t angle, float& x, float& y) {
  const float u = static_cast<float>(static_cast<int32_t>(radius >> 1)) * 0x1p-31f + 0x1p-32f;
  const float r = random_sqrt(-2.0f * random_log(u));
  const uint32_t biased = angle + (1u << 29);
  const float t = static_cast<float>(static_cast<int32_t>(biased & 0x3fffffff) - (1 << 29)) * 1.46291808e-9f;
  float c, s;
  turn<float, uint32_t>(biased >> 30, t, c, s);
  x = r * c;
  y = r * s;
}
TENON_RANDOM void box_muller(uint64_t radius, uint64_t angle, double& x, double& y) {
  const double u = random_to_double(radius >> 11) * 0x1p-53 + 0x1p-54;
  const double r = random_sqrt(-2.0 * random_log(u));
  const uint64_t biased = angle + (uint64_t{1} << 61);
  const double t = (random_to_double((biased & 0x3fffffffffffffff) >> 9) - 0x1p52) * 1.743934249004315950e-16;
  double c, s;
  turn<double, uint64_t>(biased >> 62, t, c, s);
  x = r * c;
  y = r * s;
}

/** A whole number in [0, range) from 64 random bits: the upper half of their product, from 32-bit pieces. */
TENON_RANDOM uint64_t below(uint64_t words, uint64_t range) {
  const uint64_t a = words >> 32, b = words & 0xffffffffu, c = range >> 32, d = range & 0xffffffffu;
  const uint64_t middle = a * d + (b * d >> 32);
  const uint64_t low = b * c + (middle & 0xffffffffu);
  return a * c + (middle >> 32) + (low >> 32);
}

}  // namespace tenon
