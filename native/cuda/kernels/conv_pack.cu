// Operands of conv_half.cu: channels become neighbours, filled up with zeros, by way of tiles in shared
// memory.
#include "cuda/kernels/conv.h"
#include "cuda/kernels/kernel.h"

namespace tenon {
namespace cuda {

KERNEL(conv_pack_b16, kConvThreads, ConvPackParameters)(const ConvPackParameters p) {
  // A tile has 2^log_channels channels, and as many positions as make it kPackTile elements.
  SHARED(tile, uint16_t[kPackTile + 2 * kPackChannels]);  // the gaps keep channels apart in banks
  const int log_positions = kLogPackTile - p.log_channels;
  const int channels = 1 << p.log_channels, positions = 1 << log_positions, row = positions + 2;
  const int64_t down = (p.padded + channels - 1) / channels,
                across = (p.positions + positions - 1) / positions;
  const uint16_t* const from = static_cast<const uint16_t*>(p.from);
  uint16_t* const to = static_cast<uint16_t*>(p.to);
#pragma unroll 1
  for (int64_t item = blockIdx.x; item < down * across * p.outer * p.inner; item += gridDim.x) {
    const int64_t first_position = item % across * positions, rest = item / across;
    const int64_t first_channel = rest % down * channels, image = rest / down;
    const int64_t outer = image / p.inner, inner = image - outer * p.inner;
    const int64_t at =
        outer * p.outer_stride + inner * p.inner_stride + first_channel * p.channel_stride + first_position;
    const int there = static_cast<int>(min(p.channels - first_channel, int64_t{channels})),
              room = static_cast<int>(min(p.padded - first_channel, int64_t{channels})),
              wide = static_cast<int>(min(p.positions - first_position, int64_t{positions}));
    __syncthreads();  // the tile before is read
#pragma unroll 4
    for (int i = static_cast<int>(threadIdx.x); i < kPackTile; i += kConvThreads) {
      const int channel = i >> log_positions, position = i & (positions - 1);
      if (position < wide && channel < room)
        tile[channel * row + position] =
            channel < there ? from[at + channel * p.channel_stride + position] : 0;
    }
    __syncthreads();
    uint16_t* const first = to + (image * p.positions + first_position) * p.padded + first_channel;
#pragma unroll 4
    for (int i = static_cast<int>(threadIdx.x); i < kPackTile; i += kConvThreads) {
      const int channel = i & (channels - 1), position = i >> p.log_channels;
      if (position < wide && channel < room)
        first[position * p.padded + channel] = tile[channel * row + position];
    }
  }
}

}  // namespace cuda
}  // namespace tenon
