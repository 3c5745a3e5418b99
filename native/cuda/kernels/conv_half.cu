// Convolution and its gradients of halves, as products on tensor cores with sums in float32, in the manner of
// gemm_half.cu. conv_pack.cu has made the channels neighbours, filled up with zeros to whole chunks, so that
// asynchronous copies bring a chunk of channels at once; those that are outside of an image become zeros on
// the way. What is added up goes along taps, then channels. Needs compute capability 8.0.
#include "cuda/kernels/conv_tile.h"
#include "cuda/kernels/gemm_fragments.h"

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
#define TENON_TENSOR_CORES 0
#else
#define TENON_TENSOR_CORES 1
#endif

namespace tenon {
namespace cuda {

#if TENON_TENSOR_CORES

namespace {

constexpr int kThreads = 32 * kWarps;

/** Of convolution and the gradient of its input: rows of the weight, and places. */
template <class H, int kTileRows, int kTileColumns, int kTileDepth>
class PlaceHalves {
 public:
  using Element = H;
  static constexpr int kRows = kTileRows, kColumns = kTileColumns, kDepth = kTileDepth;
  using PanelA = PanelAlong<kRows, kDepth>;
  using PanelB = PanelAlong<kColumns, kDepth>;
  static constexpr int kChunks = kDepth / kChunk;  // of a row
  struct Tables {
    ClassAxis axis[3];
    int32_t radix[3];
    Digits step;
    Reach reach[2][kChunks];
    int32_t weight[2][kChunks];  // where in a row of the weight; negative: beyond the last
  };

  TENON_DEVICE PlaceHalves(const ConvParameters& p, Tables& tables)
      : p_(p),
        t_(tables),
        places_(p, tables.axis),
        down_((p.m + kRows - 1) / kRows),
        across_((p.batch * p.class_places.size + kColumns - 1) / kColumns) {}
  TENON_DEVICE int64_t items() const {
    return down_ * across_ * p_.parts * p_.groups * p_.classes[0] * p_.classes[1] * p_.classes[2];
  }
  TENON_DEVICE int64_t first_k() const { return first_k_; }
  TENON_DEVICE int64_t last_k() const { return last_k_; }
  TENON_DEVICE int64_t part() const { return item_.part; }

  TENON_DEVICE void begin(int64_t number) {
    const int thread = static_cast<int>(threadIdx.x);
    item_ = conv_item(p_, number, down_, across_);
    make_axes(p_, item_.number, t_.axis);
    __syncthreads();
    const int64_t k = p_.padded * t_.axis[0].taps * t_.axis[1].taps * t_.axis[2].taps;
    last_k_ = min(k, (item_.part + 1) * p_.part);
    first_k_ = min(item_.part * p_.part, last_k_);
    next_ = first_k_ + thread * kChunk;
    if (thread < kChunks && next_ < last_k_) {
      const int32_t radix[3] = {t_.axis[1].taps, t_.axis[2].taps, static_cast<int32_t>(p_.padded / kChunk)};
      digits_ = digits_of(next_ / kChunk, radix);
      if (thread == 0) {
        t_.step = digits_of(kChunks, radix);
        for (int d = 0; d < 3; d++) t_.radix[d] = radix[d];
      }
    }
    rows_ = static_cast<int>(min(p_.m - item_.row * kRows, int64_t{kRows}));
    places_.begin(item_.column * kColumns);
#pragma unroll
    for (int i = 0; i < kOwnColumns; i++)
      place_[i] = places_.place(outer(i), item_.group, p_.plane * p_.padded, p_.padded);
    __syncthreads();
  }

  /** Makes the table of the next panels. */
  TENON_DEVICE void prepare(int slot) {
    const int thread = static_cast<int>(threadIdx.x);
    if (thread >= kChunks) return;
    Reach reach = {{kOutside, 0, 0}, 0};
    int32_t weight = -1;
    if (next_ < last_k_) {
      const int32_t padded = static_cast<int32_t>(p_.padded), channel = digits_.at[3] * kChunk;
      int32_t position = 0, tap = 0;
#pragma unroll
      for (int d = 0; d < 3; d++) {
        const ClassAxis& a = t_.axis[d];
        reach.at[d] = digits_.at[d] * a.reach;
        position += reach.at[d] * static_cast<int32_t>(p_.pitch[d]);
        tap += (a.tap + digits_.at[d] * a.every) * static_cast<int32_t>(p_.tap_pitch[d]);
      }
      reach.offset = position * padded + channel;
      weight = tap * padded + channel;
      next_ += kDepth;
      add(digits_, t_.step, t_.radix);
    }
    t_.reach[slot][thread] = reach;
    t_.weight[slot][thread] = weight;
  }

  /** Starts to copy the panels of a table. */
  TENON_DEVICE void copy(H* a, H* b, int slot) const {
    const int chunk = static_cast<int>(threadIdx.x) % kChunks;
    const H* const source = static_cast<const H*>(p_.source);
    const H* const weights =
        static_cast<const H*>(p_.factor) + (item_.group * p_.m + item_.row * kRows) * p_.weight_row;
    const int32_t weight = t_.weight[slot][chunk];
#pragma unroll
    for (int i = 0; i < kOwnRows; i++) {
      const bool there = weight >= 0 && outer(i) < rows_;
      cp_async<16>(a + PanelA::at(outer(i), chunk * kChunk),
                   there ? weights + outer(i) * p_.weight_row + weight : weights, there);
    }
    const Reach reach = t_.reach[slot][chunk];
#pragma unroll
    for (int i = 0; i < kOwnColumns; i++) {
      const bool there = is_inside(p_, place_[i], reach);
      cp_async<16>(b + PanelB::at(outer(i), chunk * kChunk),
                   there ? source + place_[i].offset + reach.offset : source, there);
    }
  }

  TENON_DEVICE bool has_row(int row) const { return row < rows_; }
  TENON_DEVICE int64_t channel_of(int row) const { return item_.group * p_.m + item_.row * kRows + row; }
  TENON_DEVICE int64_t row_at(int row) const { return channel_of(row) * p_.placed_plane; }
  TENON_DEVICE int64_t column_at(int column) const { return places_.result(column); }

 private:
  static constexpr int kOuterStep = kThreads / kChunks;
  static constexpr int kOwnRows = kRows / kOuterStep, kOwnColumns = kColumns / kOuterStep;
  /** The row or column of the thread's i-th chunk. */
  static TENON_DEVICE int outer(int i) { return static_cast<int>(threadIdx.x) / kChunks + i * kOuterStep; }

  const ConvParameters& p_;
  Tables& t_;
  ClassPlaces places_;
  const int64_t down_, across_;
  ConvItem item_ = {};
  int64_t first_k_ = 0, last_k_ = 0, next_ = 0;
  Digits digits_ = {};
  int rows_ = 0;
  Place place_[kOwnColumns];
};

/** Of the gradient of the weight: channels of the result's gradient, and taps and channels of the input. */
template <class H, int kTileRows, int kTileColumns, int kTileDepth>
class WeightHalves {
  /** A place, and where in the gradient of the result it is; negative: beyond the last. */
  struct alignas(16) Meeting {
    Place place;
    int64_t factor;
  };

 public:
  using Element = H;
  static constexpr int kRows = kTileRows, kColumns = kTileColumns, kDepth = kTileDepth;
  using PanelA = PanelAcross<kRows, kDepth>;
  using PanelB = PanelAcross<kColumns, kDepth>;
  struct Tables {
    Meeting meeting[2][kDepth];
    int32_t radix[3];
    Digits step;
  };

  TENON_DEVICE WeightHalves(const ConvParameters& p, Tables& tables)
      : p_(p),
        t_(tables),
        down_((p.m + kRows - 1) / kRows),
        across_((p.padded * p.taps + kColumns - 1) / kColumns) {}
  TENON_DEVICE int64_t items() const { return down_ * across_ * p_.parts * p_.groups; }
  TENON_DEVICE int64_t first_k() const { return first_k_; }
  TENON_DEVICE int64_t last_k() const { return last_k_; }
  TENON_DEVICE int64_t part() const { return item_.part; }

  TENON_DEVICE void begin(int64_t number) {
    const int thread = static_cast<int>(threadIdx.x);
    item_ = conv_item(p_, number, down_, across_);
    last_k_ = min(p_.batch * p_.placed_plane, (item_.part + 1) * p_.part);
    first_k_ = min(item_.part * p_.part, last_k_);
    next_ = first_k_ + thread;
    if (thread < kDepth && next_ < last_k_) {
      int32_t radix[3];
      for (int d = 0; d < 3; d++) radix[d] = static_cast<int32_t>(p_.placed[d]);
      digits_ = digits_of(next_, radix);
      if (thread == 0) {
        t_.step = digits_of(kDepth, radix);
        for (int d = 0; d < 3; d++) t_.radix[d] = radix[d];
      }
    }
    const int64_t column = item_.column * kColumns + outer_of<kColumns>();
    reach_ = {{kOutside, 0, 0}, 0};
    if (column < p_.padded * p_.taps) {
      const int32_t padded = static_cast<int32_t>(p_.padded);
      const int32_t radix[3] = {static_cast<int32_t>(p_.axis[1].kernel),
                                static_cast<int32_t>(p_.axis[2].kernel), padded};
      const Digits digits = digits_of(column, radix);
      int32_t position = 0;
#pragma unroll
      for (int d = 0; d < 3; d++) {
        reach_.at[d] = digits.at[d] * static_cast<int32_t>(p_.axis[d].dilation);
        position += reach_.at[d] * static_cast<int32_t>(p_.pitch[d]);
      }
      reach_.offset = position * padded + digits.at[3];
    }
    row_ = item_.row * kRows + outer_of<kRows>();
    __syncthreads();
  }

  TENON_DEVICE void prepare(int slot) {
    const int thread = static_cast<int>(threadIdx.x);
    if (thread >= kDepth) return;
    Meeting m = {{{kOutside, 0, 0}, 0}, -1};
    if (next_ < last_k_) {
      const int64_t image = digits_.at[0] * p_.groups + item_.group;
      int64_t position = image * p_.plane, placed = image * p_.placed_plane;
#pragma unroll
      for (int d = 0; d < 3; d++) {
        const int32_t o = digits_.at[1 + d];
        m.place.at[d] =
            o * static_cast<int32_t>(p_.axis[d].stride.size) - static_cast<int32_t>(p_.axis[d].padding);
        position += m.place.at[d] * p_.pitch[d];
        placed += o * p_.placed_pitch[d];
      }
      m.place.offset = position * p_.padded;
      m.factor = placed * p_.padded_rows;
      next_ += kDepth;
      add(digits_, t_.step, t_.radix);
    }
    t_.meeting[slot][thread] = m;
  }

  TENON_DEVICE void copy(H* a, H* b, int slot) const {
    const H* const source = static_cast<const H*>(p_.source);
    const H* const gradient = static_cast<const H*>(p_.factor);
#pragma unroll
    for (int i = 0; i < kDepth / depths<kRows>(); i++) {
      const int depth = depth_of<kRows>(i);
      const int64_t at = t_.meeting[slot][depth].factor;
      const bool there = at >= 0 && row_ < p_.padded_rows;
      cp_async<16>(a + PanelA::at(outer_of<kRows>(), depth), there ? gradient + at + row_ : gradient, there);
    }
#pragma unroll
    for (int i = 0; i < kDepth / depths<kColumns>(); i++) {
      const int depth = depth_of<kColumns>(i);
      const Place place = t_.meeting[slot][depth].place;
      const bool there = is_inside(p_, place, reach_);
      cp_async<16>(b + PanelB::at(outer_of<kColumns>(), depth),
                   there ? source + place.offset + reach_.offset : source, there);
    }
  }

  TENON_DEVICE bool has_row(int row) const { return item_.row * kRows + row < p_.m; }
  TENON_DEVICE int64_t channel_of(int row) const { return item_.group * p_.m + item_.row * kRows + row; }
  TENON_DEVICE int64_t row_at(int row) const { return channel_of(row) * p_.channels * p_.taps; }
  TENON_DEVICE int64_t column_at(int column) const {
    const int64_t number = item_.column * kColumns + column, tap = number / p_.padded,
                  channel = number - tap * p_.padded;
    return tap < p_.taps && channel < p_.channels ? channel * p_.taps + tap : -1;
  }

 private:
  // Threads copy neighbouring chunks of `outer` rows or columns of one k, several k together.
  template <int kOuter>
  static TENON_DEVICE constexpr int depths() {
    return kThreads / (kOuter / kChunk);
  }
  template <int kOuter>
  static TENON_DEVICE int outer_of() {
    return static_cast<int>(threadIdx.x) % (kOuter / kChunk) * kChunk;
  }
  template <int kOuter>
  static TENON_DEVICE int depth_of(int i) {
    return static_cast<int>(threadIdx.x) / (kOuter / kChunk) + i * depths<kOuter>();
  }

  const ConvParameters& p_;
  Tables& t_;
  const int64_t down_, across_;
  ConvItem item_ = {};
  int64_t first_k_ = 0, last_k_ = 0, next_ = 0, row_ = 0;
  Digits digits_ = {};
  Reach reach_ = {};
};

template <class Source>
TENON_DEVICE void convolve_halves(const ConvParameters& p) {
  using H = typename Source::Element;
  using PanelA = typename Source::PanelA;
  using PanelB = typename Source::PanelB;
  constexpr int kStage = PanelA::kSize + PanelB::kSize, kDepth = Source::kDepth;
  constexpr int kDown = Source::kRows / (kWarps / kWarpsAcross),
                kAcross = Source::kColumns / kWarpsAcross;  // of a warp
  constexpr int kTilesDown = kDown / 16, kTilesAcross = kAcross / 8;
  DYNAMIC_SHARED(stages, H);
  SHARED(tables, typename Source::Tables);
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const int down = warp / kWarpsAcross * kDown, across = warp % kWarpsAcross * kAcross;
  const Stored<float, H> storage(p.type);

  Source source(p, tables);
#pragma unroll 1
  for (int64_t number = blockIdx.x; number < source.items(); number += gridDim.x) {
    source.begin(number);
    float sum[kTilesDown][kTilesAcross][4];
#pragma unroll
    for (int i = 0; i < kTilesDown; i++)
#pragma unroll
      for (int j = 0; j < kTilesAcross; j++)
#pragma unroll
        for (int e = 0; e < 4; e++) sum[i][j][e] = 0;

    // Of panels that are copied, two tables in turn say what they are; the next one is made meanwhile.
    int64_t coming = source.first_k();
    int to = 0, current = 0, slot = 0;
    const auto copy_next = [&] {
      if (coming < source.last_k())
        source.copy(stages + to * kStage, stages + to * kStage + PanelA::kSize, slot);
      coming += kDepth;
      to = to + 1 < kHalfStages ? to + 1 : 0;
      slot ^= 1;
      cp_async_commit();
    };
    static_assert(kHalfStages == 3, "two panels are under way before the first is multiplied");
    source.prepare(0);
    source.prepare(1);
    __syncthreads();
    copy_next();
    copy_next();
    __syncthreads();
    source.prepare(0);
#pragma unroll 1
    for (int64_t k = source.first_k(); k < source.last_k(); k += kDepth) {
      cp_async_wait<kHalfStages - 2>();
      __syncthreads();  // the panels and the table are there, and nobody reads those that are replaced now
      copy_next();
      source.prepare(slot);
      const H* const panel_a = stages + current * kStage;
      multiply_half_panels<H, kDepth>(PanelA(), PanelB(), panel_a, panel_a + PanelA::kSize, down, across,
                                      sum);
      current = current + 1 < kHalfStages ? current + 1 : 0;
    }

#pragma unroll
    for (int j = 0; j < kTilesAcross; j++) {
      int64_t at[2];
      for (int e = 0; e < 2; e++) at[e] = source.column_at(across + j * 8 + lane % 4 * 2 + e);
      const bool dense = at[0] >= 0 && at[1] == at[0] + 1;
#pragma unroll
      for (int i = 0; i < kTilesDown; i++)
#pragma unroll
        for (int half = 0; half < 2; half++) {
          const int row = down + i * 16 + half * 8 + lane / 4;
          if (!source.has_row(row)) continue;
          float x[2] = {sum[i][j][2 * half], sum[i][j][2 * half + 1]};
          const int64_t first = source.row_at(row);
          if (p.parts > 1) {
            write_columns(Stored<float, float>(p.type), p.partial, source.part() * p.numel + first, at, dense,
                          x);
            continue;
          }
          if (p.bias) {
            const float bias = storage.load(p.bias, source.channel_of(row));
            x[0] += bias, x[1] += bias;
          }
          write_columns(storage, p.out, first, at, dense, x);
        }
    }
    cp_async_wait<0>();
    __syncthreads();  // the next item's panels and tables go where these were
  }
}

}  // namespace

#define TENON_CONV(name, Source, tile, H)                                     \
  KERNEL(conv_##name, tile.threads, ConvParameters)(const ConvParameters p) { \
    static_assert(tile.threads == kThreads, "");                              \
    convolve_halves<Source<H, tile.rows, tile.columns, tile.depth>>(p);       \
  }
#else
#define TENON_CONV(name, Source, tile, H) \
  KERNEL(conv_##name, tile.threads, ConvParameters)(const ConvParameters) {}
#endif

TENON_CONV(tensor_large_f16, PlaceHalves, kLargeHalfTile, Half)
TENON_CONV(tensor_small_f16, PlaceHalves, kSmallHalfTile, Half)
TENON_CONV(tensor_large_bf16, PlaceHalves, kLargeHalfTile, BFloat16)
TENON_CONV(tensor_small_bf16, PlaceHalves, kSmallHalfTile, BFloat16)
TENON_CONV(weight_tensor_large_f16, WeightHalves, kLargeHalfTile, Half)
TENON_CONV(weight_tensor_small_f16, WeightHalves, kSmallHalfTile, Half)
TENON_CONV(weight_tensor_large_bf16, WeightHalves, kLargeHalfTile, BFloat16)
TENON_CONV(weight_tensor_small_bf16, WeightHalves, kSmallHalfTile, BFloat16)

#undef TENON_CONV

}  // namespace cuda
}  // namespace tenon
