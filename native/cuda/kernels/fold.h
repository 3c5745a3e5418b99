// Parameters of im2col and col2im.
#pragma once
#include <cstdint>

#include "core/dtype.h"
#include "cuda/kernels/conv_axis.h"

namespace tenon {
namespace cuda {

constexpr unsigned kFoldThreads = 256;
/** Elements of a thread whose loads are under way together. */
constexpr int kFoldTogether = 4;

/** Both sides dense: an image's planes; columns [planes, tap, tap, block, block]. */
struct FoldParameters {
  const void* from;
  void* to;
  int64_t numel;     // of `to`
  ConvAxis axis[2];  // of the image; outputs are blocks
  Divisor out[2];    // blocks along them
  Divisor in[2], taps[2];
  DType type;
  bool narrow;  // places and positions are less than 2^31
};

}  // namespace cuda
}  // namespace tenon
