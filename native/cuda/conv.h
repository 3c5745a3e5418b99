// Host side of the dimensions of convolutions and folds.
#pragma once
#include "cuda/dims.h"
#include "cuda/kernels/conv_axis.h"

namespace tenon {
namespace cuda {

/** The sizes are at most as check_conv.h allows them. */
ConvAxis conv_axis(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t padding,
                   int64_t dilation);

/** Whether all positions along it, and what is calculated of them, are less than 2^31. */
bool is_narrow(const ConvAxis&);

}  // namespace cuda
}  // namespace tenon
