// Which positions of one side of a convolution a position of the other meets, along one dimension.
#pragma once
#include "cuda/kernels/conv_axis.h"
#include "cuda/kernels/quotient.h"

namespace tenon {
namespace cuda {

// Places and positions are int32_t where all of them are small, which is decided on the host, else int64_t.

/** Takes the last digit off a number whose last digit is below by.size. */
template <class Index>
TENON_DEVICE Index take_digit(Index& n, const Divisor& by) {
  const Index rest = quotient(n, by), digit = n - rest * static_cast<Index>(by.size);
  n = rest;
  return digit;
}

TENON_DEVICE int32_t multiply_modulo(int32_t a, int32_t b, const Divisor& by) {
  int32_t product = a * b;  // both below 2^15
  return take_digit(product, by);
}
TENON_DEVICE int64_t multiply_modulo(int64_t a, int64_t b, const Divisor& by) {
  int64_t sum = 0;
  for (; b > 0; b >>= 1, a = 2 * a % by.size)
    if (b & 1) sum = (sum + a) % by.size;
  return sum;
}

/** Positions first, first + step, ... through taps `tap`, tap + every, ...: so many as `taps` says. */
template <class Index>
struct Reads {
  Index first, step, taps, tap, every;
};

/** What output position o reads of the input. */
template <class Index>
TENON_DEVICE Reads<Index> reads_of_output(const ConvAxis& a, Index o) {
  return {o * static_cast<Index>(a.stride.size) - static_cast<Index>(a.padding),
          static_cast<Index>(a.dilation), static_cast<Index>(a.kernel), 0, 1};
}

/** What input position p reads of the output. */
template <class Index>
TENON_DEVICE Reads<Index> reads_of_input(const ConvAxis& a, Index p) {
  const Index from = p + static_cast<Index>(a.padding), kernel = static_cast<Index>(a.kernel);
  if (a.stride.size == 1) return {from, static_cast<Index>(-a.dilation), kernel, 0, 1};
  Index whole = from, rest = take_digit(whole, a.stride);
  if (a.common != 1) {
    const Index common = static_cast<Index>(a.common);
    if (rest % common != 0) return {0, 0, 0, 0, 1};
    rest /= common;
  }
  const Index tap = multiply_modulo(rest, static_cast<Index>(a.inverse), a.every);
  if (tap >= kernel) return {0, 0, 0, 0, 1};
  const Index to = from - tap * static_cast<Index>(a.dilation);  // a multiple of the stride
  return {to < 0 ? -quotient(static_cast<Index>(-to), a.stride) : quotient(to, a.stride),
          static_cast<Index>(-a.apart), quotient(static_cast<Index>(kernel - 1 - tap), a.every) + 1, tap,
          static_cast<Index>(a.every.size)};
}

}  // namespace cuda
}  // namespace tenon
