// Convolutions without tiles: of groups of few channels (depthwise ones), of integers, and where positions
// are too far apart for the other kernels. A thread makes an element of the result; of a weight's gradient a
// block makes the elements of a few taps, its threads sharing out the places.
#include "cuda/kernels/block.h"
#include "cuda/kernels/conv.h"
#include "cuda/kernels/conv_reads.h"
#include "cuda/kernels/gemm_tile.h"

namespace tenon {
namespace cuda {

namespace {

template <class Index>
TENON_DEVICE bool is_inside(Index position, int64_t size) {
  return position >= 0 && position < static_cast<Index>(size);
}

template <class T, class Storage, class Index>
TENON_DEVICE T convolve_one(const ConvParameters& p, const Storage& storage, int64_t number) {
  int64_t rest = quotient(number, p.by_plane);
  Index place = static_cast<Index>(number - rest * p.placed_plane);
  const int64_t channel_number = rest;
  rest = quotient(channel_number, p.by_rows);
  const int64_t row = channel_number - rest * p.m;
  const int64_t image = quotient(rest, p.by_groups), group = rest - image * p.groups;
  Reads<Index> r[3];
#pragma unroll
  for (int d = 2; d >= 0; d--) {
    const Index o = take_digit(place, p.by_placed[d]);
    r[d] = p.transposed ? reads_of_input(p.axis[d], o) : reads_of_output(p.axis[d], o);
  }
  int64_t source = rest * p.channels * p.plane;
  int64_t weight = group * p.weight_group + row * p.weight_row;
  T sum = p.bias ? storage.load(p.bias, group * p.m + row) : T{0};
#pragma unroll 1
  for (int64_t c = 0; c < p.channels; c++, source += p.plane, weight += p.weight_channel) {
#pragma unroll 1
    for (Index i = 0; i < r[0].taps; i++) {
      const Index a = r[0].first + i * r[0].step;
      if (!is_inside(a, p.size[0])) continue;
      const int64_t w0 = weight + (r[0].tap + i * r[0].every) * p.tap_pitch[0];
#pragma unroll 1
      for (Index j = 0; j < r[1].taps; j++) {
        const Index b = r[1].first + j * r[1].step;
        if (!is_inside(b, p.size[1])) continue;
        const int64_t w = w0 + (r[1].tap + j * r[1].every) * p.tap_pitch[1] + r[2].tap;
        const int64_t from = source + a * p.pitch[0] + b * p.pitch[1];
        Index at = r[2].first;
#pragma unroll(sizeof(Index) == 4 ? 2 : 1)
        for (Index k = 0; k < r[2].taps; k++, at += r[2].step)
          if (is_inside(at, p.size[2]))
            sum += storage.load(p.factor, w + k * r[2].every) * storage.load(p.source, from + at);
      }
    }
  }
  return sum;
}

template <class T, class Storage, class Index>
TENON_DEVICE void convolve_each(const ConvParameters& p) {
  const Storage storage(p.type);
  const int64_t stride = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < p.numel; i += stride)
    storage.store(p.out, i, convolve_one<T, Storage, Index>(p, storage, i));
}

struct Add {
  template <class T>
  static TENON_DEVICE T join(T a, T b) {
    return a + b;
  }
};

/** From what a place reads through the first tap. An offset wraps where a position is far outside. */
template <class Index>
struct TapReach {
  Index at[3];
  uint64_t offset;
};
TENON_DEVICE uint64_t offset_of(int64_t position, int64_t pitch) {
  return static_cast<uint64_t>(position) * static_cast<uint64_t>(pitch);
}

template <class T, class Storage, class Index>
TENON_DEVICE void convolve_weights(const ConvParameters& p) {
  constexpr int kTogether = sizeof(Index) == 4 ? kTapsTogether : kWideTapsTogether;
  SHARED(reach, TapReach<Index>[kTogether]);
  const Storage storage(p.type);
  const int64_t chunks = (p.taps + kTogether - 1) / kTogether, pairs = p.groups * p.m * p.channels;
#pragma unroll 1
  for (int64_t item = blockIdx.x; item < chunks * pairs * p.parts; item += gridDim.x) {
    const int64_t pair = item / chunks % pairs, part = item / chunks / pairs;
    const int64_t channel = pair % p.channels, row = pair / p.channels, group = row / p.m;
    const int64_t first_tap = item % chunks * kTogether;
    __syncthreads();  // the item before may still be using its taps
    if (threadIdx.x < kTogether) {
      TapReach<Index>& to = reach[threadIdx.x];
      int64_t tap = first_tap + threadIdx.x;
      to.offset = 0;
      const bool there = tap < p.taps;
      for (int d = 2; d >= 0; d--) {
        const int64_t at = there ? tap % p.axis[d].kernel * p.axis[d].dilation : 0;
        if (there) tap /= p.axis[d].kernel;
        to.at[d] = static_cast<Index>(at);
        to.offset += offset_of(at, p.pitch[d]);
      }
      if (!there)
        to.at[0] = sizeof(Index) == 4 ? static_cast<Index>(INT32_MIN / 2) : static_cast<Index>(INT64_MIN / 2);
    }
    __syncthreads();
    T sum[kTogether];
#pragma unroll
    for (int t = 0; t < kTogether; t++) sum[t] = 0;
    const int64_t last = min(p.batch * p.placed_plane, (part + 1) * p.part);
#pragma unroll 1
    for (int64_t place = part * p.part + threadIdx.x; place < last; place += blockDim.x) {
      const int64_t image = quotient(place, p.by_plane);
      Index rest = static_cast<Index>(place - image * p.placed_plane);
      const T gradient = storage.load(p.factor, (image * p.groups * p.m + row) * p.placed_plane + rest);
      uint64_t source = offset_of((image * p.groups + group) * p.channels + channel, p.plane);
      Index at[3];
#pragma unroll
      for (int d = 2; d >= 0; d--) {
        const ConvAxis& a = p.axis[d];
        at[d] = take_digit(rest, p.by_placed[d]) * static_cast<Index>(a.stride.size) -
                static_cast<Index>(a.padding);
        source += offset_of(at[d], p.pitch[d]);
      }
#pragma unroll
      for (int t = 0; t < kTogether; t++) {
        bool inside = true;
#pragma unroll
        for (int d = 0; d < 3; d++)
          inside &= is_inside(static_cast<Index>(at[d] + reach[t].at[d]), p.size[d]);
        if (inside)
          sum[t] += gradient * storage.load(p.source, static_cast<int64_t>(source + reach[t].offset));
      }
    }
#pragma unroll 1
    for (int t = 0; t < kTogether; t++) {
      T mine = sum[0];
#pragma unroll
      for (int i = 1; i < kTogether; i++) mine = i == t ? sum[i] : mine;
      const T all = join_team<Add, kConvThreads>(mine, TeamShape{kLogConvThreads, 1});
      const int64_t tap = first_tap + t, at = pair * p.taps + tap;
      if (threadIdx.x != 0 || tap >= p.taps) continue;
      if (p.parts > 1)
        static_cast<T*>(p.partial)[part * p.numel + at] = all;
      else
        storage.store(p.out, at, all);
    }
  }
}

}  // namespace

#define TENON_DIRECT(name, T, Storage, Index)                                        \
  KERNEL(conv_##name, kConvThreads, ConvParameters)(const ConvParameters p) {        \
    convolve_each<T, Storage, Index>(p);                                             \
  }                                                                                  \
  KERNEL(conv_weight_##name, kConvThreads, ConvParameters)(const ConvParameters p) { \
    convolve_weights<T, Storage, Index>(p);                                          \
  }
#define TENON_STORED(T, S) Stored<T, S>

TENON_DIRECT(direct_f32, float, TENON_STORED(float, float), int32_t)
TENON_DIRECT(direct_f64, double, TENON_STORED(double, double), int32_t)
TENON_DIRECT(direct_f16, float, TENON_STORED(float, Half), int32_t)
TENON_DIRECT(direct_bf16, float, TENON_STORED(float, BFloat16), int32_t)
// Integers may be wide for all that it costs.
TENON_DIRECT(wide_any_f32, float, StoredAsAny<float>, int64_t)
TENON_DIRECT(wide_f64, double, TENON_STORED(double, double), int64_t)
TENON_DIRECT(wide_any_i32, uint32_t, StoredAsAny<uint32_t>, int64_t)
TENON_DIRECT(wide_i64, uint64_t, TENON_STORED(uint64_t, uint64_t), int64_t)

#undef TENON_STORED
#undef TENON_DIRECT

}  // namespace cuda
}  // namespace tenon
