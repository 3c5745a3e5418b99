// Parameters of the kernels of convolution and its gradients, and the sizes of their tiles.
#pragma once
#include <cstdint>

#include "core/dtype.h"
#include "cuda/kernels/conv_axis.h"
#include "cuda/kernels/gemm.h"

namespace tenon {
namespace cuda {

/**
 * Of each group, one of two products. A place is a position of the result (of `placed`), which reads
 * positions of the source through taps.
 *   result[row, place] = bias[row] + sum over channel, tap of factor[row, channel, tap] source[channel, ...]
 * is convolution, or with `transposed` the gradient of its input. Places whose positions are equal modulo the
 * stride, a class, are then reached by the same taps, and each class is a product of its own.
 *   result[row, (channel, tap)] = sum over the places of factor[row, place] source[channel, ...]
 * is the gradient of the weight. Three spatial dimensions always, the first ones maybe of size 1.
 */
struct ConvParameters {
  const void* source;  // [batch, groups, channels, size...]
  const void* factor;  // the weight, or the gradient of the result [batch, groups, m, placed...]
  const void* bias;    // [groups, m], or null
  void* out;      // [batch, groups, m, placed...], or the weight's gradient [groups, m, channels, taps...]
  void* partial;  // [parts, numel] of the type of the sums, if there are parts
  int64_t numel;  // of out
  int64_t batch, groups, channels, m;
  ConvAxis axis[3];
  bool transposed;
  int64_t size[3], placed[3];                        // of the source, of the places
  int64_t pitch[3], placed_pitch[3];                 // in a plane of theirs
  int64_t plane, placed_plane;                       // their elements
  int64_t taps;                                      // of all dimensions
  int64_t weight_row, weight_channel, weight_group;  // distances in the weight
  int64_t tap_pitch[3];
  int64_t classes[3];                                  // along each dimension; 1 unless transposed
  Divisor class_places, class_placed[3];               // places of the largest class: all, along each
  Divisor by_plane, by_rows, by_groups, by_placed[3];  // by placed_plane, m, groups, placed
  int64_t padded, padded_rows;                         // channels, m filled up to chunks, where packed
  int64_t parts, part;                                 // of what is added up: how many, each how long
  DType type;
};

/**
 * Makes [outer, inner, positions, padded] of channels that are `channel_stride` apart, their positions
 * neighbours: what there is beyond the channels is zero. Elements have two bytes.
 */
struct ConvPackParameters {
  const void* from;
  void* to;
  int64_t outer, inner, outer_stride, inner_stride;
  int64_t channels, padded, channel_stride, positions;
  int log_channels;  // of a tile
};

/** Elements of a tile, and the most channels that it has. */
constexpr int kLogPackTile = 12, kLogPackChannels = 6;
constexpr int kPackTile = 1 << kLogPackTile, kPackChannels = 1 << kLogPackChannels;

/** Threads of kernels that make an element each, and of the one that joins the parts. */
constexpr unsigned kConvThreads = 256;
constexpr uint32_t kLogConvThreads = 8;
/** Taps of which a block adds up the gradients together; where positions are far apart. */
constexpr int kTapsTogether = 9, kWideTapsTogether = 4;

}  // namespace cuda
}  // namespace tenon
