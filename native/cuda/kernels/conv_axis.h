// One spatial dimension of a convolution or a fold, for both sides.
#pragma once
#include <cstdint>

#include "cuda/kernels/dims.h"

namespace tenon {
namespace cuda {

/**
 * Through tap k, output position o meets input position o stride + k dilation - padding; positions outside of
 * the input count as zeros. Seen from an input position p, the taps that reach it are those whose k dilation
 * is p + padding modulo the stride: `every` apart, and the outputs that they lead to `apart`.
 */
struct ConvAxis {
  int64_t in, out, kernel, padding, dilation;
  Divisor stride;
  int64_t common;   // the greatest divisor of stride and dilation
  Divisor every;    // stride / common
  int64_t apart;    // dilation / common
  int64_t inverse;  // of `apart` modulo `every`
};

}  // namespace cuda
}  // namespace tenon
