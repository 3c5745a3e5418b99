#include "cuda/conv_pack.h"

#include "cuda/gemm.h"
#include "cuda/teams.h"

namespace tenon {
namespace cuda {

namespace {

constexpr int64_t kChunk = 8;  // halves that are copied at once
constexpr int64_t kAlignment = 256;

int64_t round_up(int64_t n, int64_t to) { return divide_up(n, to) * to; }

/** [batch, groups, channels, positions...]: each image of a group by itself. */
ConvPackParameters pack_images(const ConvParameters& p, const void* from, int64_t channels, int64_t padded,
                               int64_t positions) {
  ConvPackParameters k = {};
  k.from = from;
  k.outer = p.batch * p.groups;
  k.inner = 1;
  k.outer_stride = channels * positions;
  k.channels = channels;
  k.padded = padded;
  k.channel_stride = k.positions = positions;
  return k;
}

ConvPackParameters pack_source(const ConvParameters& p) {
  return pack_images(p, p.source, p.channels, p.padded, p.plane);
}
ConvPackParameters pack_factor(const ConvParameters& p, bool of_weight) {
  if (of_weight) return pack_images(p, p.factor, p.m, p.padded_rows, p.placed_plane);
  ConvPackParameters k = {};
  k.from = p.factor;
  k.outer = p.groups;
  k.inner = p.m;
  k.outer_stride = p.weight_group;
  k.inner_stride = p.weight_row;
  k.channels = p.channels;
  k.padded = p.padded;
  k.channel_stride = p.weight_channel;
  k.positions = p.taps;
  return k;
}

int64_t bytes_of(const ConvPackParameters& k) {
  return round_up(k.outer * k.inner * k.positions * k.padded * 2, kAlignment);
}

void run_pack(ConvPackParameters& k, void* to, Queue& q) {
  if (k.outer * k.inner * k.positions * k.padded == 0) return;
  k.to = to;
  k.log_channels = clamp(static_cast<int>(log2_up(k.padded)), 3, kLogPackChannels);
  const int64_t channels = int64_t{1} << k.log_channels, positions = kPackTile / channels;
  const int64_t tiles = divide_up(k.padded, channels) * divide_up(k.positions, positions) * k.outer * k.inner;
  q.launch("conv_pack_b16", {blocks_of_items(tiles, q)}, kConvThreads, k);
}

}  // namespace

void set_padded(ConvParameters& p) {
  p.padded = round_up(p.channels, kChunk);
  p.padded_rows = round_up(p.m, kChunk);
}

int64_t packed_bytes(const ConvParameters& p, bool of_weight) {
  return bytes_of(pack_source(p)) + bytes_of(pack_factor(p, of_weight));
}

void pack(ConvParameters& p, bool of_weight, void* memory, Queue& q) {
  ConvPackParameters source = pack_source(p), factor = pack_factor(p, of_weight);
  char* const second = static_cast<char*>(memory) + bytes_of(source);
  run_pack(source, memory, q);
  run_pack(factor, second, q);
  p.source = memory;
  p.factor = second;
  p.weight_row = p.taps * p.padded;
}

}  // namespace cuda
}  // namespace tenon
