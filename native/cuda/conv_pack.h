// Operands of convolutions on tensor cores.
#pragma once
#include "cuda/kernels/conv.h"
#include "cuda/queue.h"

namespace tenon {
namespace cuda {

/** Sizes that the packed operands need; to be called before any of the others. */
void set_padded(ConvParameters&);

/** Bytes of the packed operands of convolution and the gradient of its input, or of the weight's gradient. */
int64_t packed_bytes(const ConvParameters&, bool of_weight);

/** Packs the operands into `memory`; the parameters are then those of conv_half.cu. */
void pack(ConvParameters&, bool of_weight, void* memory, Queue&);

}  // namespace cuda
}  // namespace tenon
