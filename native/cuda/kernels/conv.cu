// Convolution and the gradient of its input as products of the weight and of a matrix that is never in
// memory: a column is a place, a row a channel and a tap, the element what the place reads of the channel
// through the tap. A thread loads of one column, so that neighbours read neighbouring elements; what the rows
// of the next panel are, a few threads work out for all.
#include "cuda/kernels/conv_tile.h"

namespace tenon {
namespace cuda {

namespace {

template <class T, class S, int kTileRows, int kTileColumns, int kTileDepth, int kTileThreads>
class PlaceSource {
  static constexpr int kGap = 16 / static_cast<int>(sizeof(T));

 public:
  using Value = T;
  using Storage = S;
  static constexpr int kRows = kTileRows, kColumns = kTileColumns, kDepth = kTileDepth,
                       kThreads = kTileThreads;
  static constexpr int kRow = kRows + kGap, kColumn = kColumns + kGap;
  // What is not needed at every step is in shared memory, so that registers are left for sums.
  struct Tables {
    ConvItem item;
    ClassAxis axis[3];
    int32_t radix[3];
    Digits step, digits[kDepth];  // of the tap and channel that the next table has
    Reach reach[2][kDepth];
    int32_t weight[2][kDepth];  // where in a row of the weight; negative: beyond the last
  };

  TENON_DEVICE PlaceSource(const ConvParameters& p, Tables& tables, const Storage& storage)
      : p_(p), t_(tables), storage_(storage), places_(p, tables.axis) {}
  TENON_DEVICE int64_t items() const {
    return down() * across() * p_.parts * p_.groups * p_.classes[0] * p_.classes[1] * p_.classes[2];
  }
  TENON_DEVICE int64_t first_k() const { return first_k_; }
  TENON_DEVICE int64_t last_k() const { return last_k_; }
  TENON_DEVICE int64_t part() const { return t_.item.part; }

  TENON_DEVICE void begin(int64_t number) {
    const int thread = static_cast<int>(threadIdx.x);
    const ConvItem item = conv_item(p_, number, down(), across());
    if (thread == 0) t_.item = item;
    make_axes(p_, item.number, t_.axis);
    __syncthreads();
    const int64_t k = p_.channels * t_.axis[0].taps * t_.axis[1].taps * t_.axis[2].taps;
    last_k_ = min(k, (item.part + 1) * p_.part);
    first_k_ = min(item.part * p_.part, last_k_);
    if (thread < kDepth && first_k_ + thread < last_k_) {
      const int32_t radix[3] = {t_.axis[0].taps, t_.axis[1].taps, t_.axis[2].taps};
      t_.digits[thread] = digits_of(first_k_ + thread, radix);
      if (thread == 0) {
        t_.step = digits_of(kDepth, radix);
        for (int d = 0; d < 3; d++) t_.radix[d] = radix[d];
      }
    }
    rows_ = static_cast<int>(min(p_.m - item.row * kRows, int64_t{kRows}));
    weights_ = item.group * p_.weight_group + item.row * kRows * p_.weight_row;
    ClassPlaces places(p_, t_.axis);
    places.begin(item.column * kColumns);
    place_ = places.place(thread % kColumns, item.group, p_.channels * p_.plane, 1);
    __syncthreads();
  }

  /** Makes the table of the panel at k: of panels after each other. */
  TENON_DEVICE void prepare(int slot, int64_t k) {
    const int thread = static_cast<int>(threadIdx.x);
    if (thread >= kDepth) return;
    Reach reach = {{kOutside, 0, 0}, 0};
    int32_t weight = -1;
    if (k + thread < last_k_) {
      Digits digits = t_.digits[thread];
      reach.offset = digits.at[0] * static_cast<int32_t>(p_.plane);
      weight = digits.at[0] * static_cast<int32_t>(p_.weight_channel);
#pragma unroll
      for (int d = 0; d < 3; d++) {
        const ClassAxis& a = t_.axis[d];
        const int32_t i = digits.at[1 + d];
        reach.at[d] = i * a.reach;
        reach.offset += reach.at[d] * static_cast<int32_t>(p_.pitch[d]);
        weight += (a.tap + i * a.every) * static_cast<int32_t>(p_.tap_pitch[d]);
      }
      add(digits, t_.step, t_.radix);
      t_.digits[thread] = digits;
    }
    t_.reach[slot][thread] = reach;
    t_.weight[slot][thread] = weight;
  }

  TENON_DEVICE void load(int slot) {
    const Lane lane = lane_of();
#pragma unroll
    for (int i = 0; i < kLoadsA; i++) {
      const int row = lane.row + i * lane.row_step;
      const int32_t weight = t_.weight[slot][lane.depth + i * lane.depth_step];
      a_[i] = weight >= 0 && row < rows_ ? storage_.load(p_.factor, weights_ + row * p_.weight_row + weight)
                                         : T{0};
    }
#pragma unroll
    for (int i = 0; i < kLoadsB; i++)
      b_[i] = read_through<T>(p_, storage_, place_, t_.reach[slot][thread_depth() + i * kDepthStep]);
  }

  TENON_DEVICE void store(T (&a)[kDepth][kRow], T (&b)[kDepth][kColumn]) const {
    const Lane lane = lane_of();
#pragma unroll
    for (int i = 0; i < kLoadsA; i++)
      a[lane.depth + i * lane.depth_step][lane.row + i * lane.row_step] = a_[i];
#pragma unroll
    for (int i = 0; i < kLoadsB; i++)
      b[thread_depth() + i * kDepthStep][static_cast<int>(threadIdx.x) % kColumns] = b_[i];
  }

  /** To be called when all is added up, before the functions below. */
  TENON_DEVICE void finish() { places_.begin(t_.item.column * kColumns); }
  TENON_DEVICE bool has_row(int row) const { return row < rows_; }
  TENON_DEVICE int64_t channel_of(int row) const { return t_.item.group * p_.m + t_.item.row * kRows + row; }
  TENON_DEVICE int64_t row_at(int row) const { return channel_of(row) * p_.placed_plane; }
  TENON_DEVICE int64_t column_at(int column) const { return places_.result(column); }

 private:
  static constexpr int kLoadsA = kRows * kDepth / kThreads, kLoadsB = kColumns * kDepth / kThreads;
  static constexpr int kDepthStep = kThreads / kColumns;
  static_assert(kLoadsA * kThreads == kRows * kDepth && kThreads % kColumns == 0 && kThreads % kRows == 0 &&
                    kThreads % kDepth == 0 && kDepth <= 32,
                "threads share panels evenly, and one warp makes the tables");

  // Tiles.
  TENON_DEVICE int64_t down() const { return (p_.m + kRows - 1) / kRows; }
  TENON_DEVICE int64_t across() const { return (p_.batch * p_.class_places.size + kColumns - 1) / kColumns; }

  /** Of a thread's elements of A: the first, and from one to the next. */
  struct Lane {
    int row, row_step, depth, depth_step;
  };
  /** Neighbouring threads go along k, unless rows are denser. */
  TENON_DEVICE Lane lane_of() const {
    const int thread = static_cast<int>(threadIdx.x);
    if (p_.weight_row == 1) return {thread % kRows, 0, thread / kRows, kThreads / kRows};
    return {thread / kDepth, kThreads / kDepth, thread % kDepth, 0};
  }
  static TENON_DEVICE int thread_depth() { return static_cast<int>(threadIdx.x) / kColumns; }

  const ConvParameters& p_;
  Tables& t_;
  const Storage& storage_;
  ClassPlaces places_;
  int64_t first_k_ = 0, last_k_ = 0;
  int64_t weights_ = 0;  // where those of the tile's first row are
  int rows_ = 0;
  Place place_ = {};
  T a_[kLoadsA], b_[kLoadsB];
};

}  // namespace

#define TENON_CONV(name, tile, T, S, own_rows, own_columns)                                         \
  KERNEL(conv_##name, tile.threads, ConvParameters)(const ConvParameters p) {                       \
    using Source = PlaceSource<T, Stored<T, S>, tile.rows, tile.columns, tile.depth, tile.threads>; \
    convolve_tiles<Source, own_rows, own_columns>(p);                                               \
  }
TENON_CONV(large_f32, kLargeTile, float, float, 8, 8)
TENON_CONV(medium_f32, kMediumTile, float, float, 4, 4)
TENON_CONV(small_f32, kSmallTile, float, float, 4, 2)
TENON_CONV(medium_f64, kMediumShallowTile, double, double, 4, 4)
TENON_CONV(small_f64, kSmallShallowTile, double, double, 4, 2)
TENON_CONV(medium_f16, kMediumTile, float, Half, 4, 4)
TENON_CONV(medium_bf16, kMediumTile, float, BFloat16, 4, 4)
#undef TENON_CONV

/** The sums of the parts, in their order. */
template <class T>
TENON_DEVICE void join_conv_parts(const ConvParameters& p) {
  const int64_t stride = static_cast<int64_t>(gridDim.x) * blockDim.x, channels = p.groups * p.m;
  const T* const partial = static_cast<const T*>(p.partial);
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < p.numel; i += stride) {
    T sum = partial[i];
    for (int64_t part = 1; part < p.parts; part++) sum += partial[part * p.numel + i];
    if (p.bias) sum += load_one<T>(p.bias, p.type, quotient(i, p.by_plane) % channels);
    store_one(p.out, p.type, i, sum);
  }
}

#define TENON_JOIN(type, T) \
  KERNEL(conv_join_##type, kConvThreads, ConvParameters)(const ConvParameters p) { join_conv_parts<T>(p); }
TENON_JOIN(f32, float)
TENON_JOIN(f64, double)
TENON_JOIN(i32, uint32_t)
TENON_JOIN(i64, uint64_t)
#undef TENON_JOIN

}  // namespace cuda
}  // namespace tenon
