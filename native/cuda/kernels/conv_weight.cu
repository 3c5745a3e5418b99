// The gradient of a convolution's weight as a product that is added up over the places: a row is a channel of
// the result's gradient, a column a channel of the input and a tap. Neighbouring threads load of neighbouring
// places; which those of the next panel are, a few threads work out for all.
#include "cuda/kernels/conv_tile.h"

namespace tenon {
namespace cuda {

namespace {

template <class T, class S, int kTileRows, int kTileColumns, int kTileDepth, int kTileThreads>
class WeightSource {
  static constexpr int kGap = 16 / static_cast<int>(sizeof(T));

  /** A place, and where in the gradient of the result it is; negative: beyond the last. */
  struct alignas(16) Meeting {
    Place place;
    int64_t factor;
  };

 public:
  using Value = T;
  using Storage = S;
  static constexpr int kRows = kTileRows, kColumns = kTileColumns, kDepth = kTileDepth,
                       kThreads = kTileThreads;
  static constexpr int kRow = kRows + kGap, kColumn = kColumns + kGap;
  // What is not needed at every step is in shared memory, so that registers are left for sums.
  struct Tables {
    ConvItem item;
    Reach column[kColumns];
    Meeting meeting[2][kDepth];
    int32_t radix[3];
    Digits step, digits[kDepth];  // of the place that the next table has
  };

  TENON_DEVICE WeightSource(const ConvParameters& p, Tables& tables, const Storage& storage)
      : p_(p), t_(tables), storage_(storage) {}
  TENON_DEVICE int64_t items() const { return down() * across() * p_.parts * p_.groups; }
  TENON_DEVICE int64_t first_k() const { return first_k_; }
  TENON_DEVICE int64_t last_k() const { return last_k_; }
  TENON_DEVICE int64_t part() const { return t_.item.part; }

  TENON_DEVICE void begin(int64_t number) {
    const int thread = static_cast<int>(threadIdx.x);
    const ConvItem item = conv_item(p_, number, down(), across());
    if (thread == 0) t_.item = item;
    last_k_ = min(p_.batch * p_.placed_plane, (item.part + 1) * p_.part);
    first_k_ = min(item.part * p_.part, last_k_);
    if (thread < kDepth && first_k_ + thread < last_k_) {
      int32_t radix[3];
      for (int d = 0; d < 3; d++) radix[d] = static_cast<int32_t>(p_.placed[d]);
      t_.digits[thread] = digits_of(first_k_ + thread, radix);
      if (thread == 0) {
        t_.step = digits_of(kDepth, radix);
        for (int d = 0; d < 3; d++) t_.radix[d] = radix[d];
      }
    }
    rows_ = static_cast<int>(min(p_.m - item.row * kRows, int64_t{kRows}));
    first_row_ = item.row * kRows * p_.placed_plane;
    const int64_t first = item.column * kColumns;
    columns_ = static_cast<int>(min(p_.channels * p_.taps - first, int64_t{kColumns}));
    for (int c = thread; c < kColumns; c += kThreads) t_.column[c] = column_reach(first + c, c < columns_);
    __syncthreads();
  }

  /** Makes the table of the panel at k: of panels after each other. */
  TENON_DEVICE void prepare(int slot, int64_t k) {
    const int thread = static_cast<int>(threadIdx.x);
    if (thread >= kDepth) return;
    Meeting m = {{{kOutside, 0, 0}, 0}, -1};
    if (k + thread < last_k_) {
      Digits digits = t_.digits[thread];
      const int64_t image = digits.at[0] * p_.groups + t_.item.group;
      m.place.offset = image * p_.channels * p_.plane;
      m.factor = image * p_.m * p_.placed_plane;
#pragma unroll
      for (int d = 0; d < 3; d++) {
        const int32_t o = digits.at[1 + d];
        m.place.at[d] =
            o * static_cast<int32_t>(p_.axis[d].stride.size) - static_cast<int32_t>(p_.axis[d].padding);
        m.place.offset += m.place.at[d] * p_.pitch[d];
        m.factor += o * p_.placed_pitch[d];
      }
      add(digits, t_.step, t_.radix);
      t_.digits[thread] = digits;
    }
    t_.meeting[slot][thread] = m;
  }

  TENON_DEVICE void load(int slot) {
    const Meeting m = t_.meeting[slot][depth()];
    const int64_t first = m.factor + first_row_;
#pragma unroll
    for (int i = 0; i < kLoadsA; i++)
      a_[i] = m.factor >= 0 && outer(i) < rows_ ? storage_.load(p_.factor, first + outer(i) * p_.placed_plane)
                                                : T{0};
#pragma unroll
    for (int i = 0; i < kLoadsB; i++) b_[i] = read_through<T>(p_, storage_, m.place, t_.column[outer(i)]);
  }

  TENON_DEVICE void store(T (&a)[kDepth][kRow], T (&b)[kDepth][kColumn]) const {
#pragma unroll
    for (int i = 0; i < kLoadsA; i++) a[depth()][outer(i)] = a_[i];
#pragma unroll
    for (int i = 0; i < kLoadsB; i++) b[depth()][outer(i)] = b_[i];
  }

  TENON_DEVICE void finish() {}
  TENON_DEVICE bool has_row(int row) const { return row < rows_; }
  TENON_DEVICE int64_t channel_of(int row) const { return t_.item.group * p_.m + t_.item.row * kRows + row; }
  TENON_DEVICE int64_t row_at(int row) const { return channel_of(row) * p_.channels * p_.taps; }
  TENON_DEVICE int64_t column_at(int column) const {
    return column < columns_ ? t_.item.column * kColumns + column : -1;
  }

 private:
  static constexpr int kOuterStep = kThreads / kDepth;
  static constexpr int kLoadsA = kRows / kOuterStep, kLoadsB = kColumns / kOuterStep;
  static_assert(kLoadsA * kOuterStep == kRows && kLoadsB * kOuterStep == kColumns && kDepth <= 32,
                "threads share panels evenly, and one warp makes the tables");

  // Tiles.
  TENON_DEVICE int64_t down() const { return (p_.m + kRows - 1) / kRows; }
  TENON_DEVICE int64_t across() const { return (p_.channels * p_.taps + kColumns - 1) / kColumns; }

  TENON_DEVICE Reach column_reach(int64_t column, bool there) const {
    Reach r = {{kOutside, 0, 0}, 0};
    if (!there) return r;
    int32_t radix[3];
    for (int d = 0; d < 3; d++) radix[d] = static_cast<int32_t>(p_.axis[d].kernel);
    const Digits digits = digits_of(column, radix);
    r.offset = digits.at[0] * static_cast<int32_t>(p_.plane);
#pragma unroll
    for (int d = 0; d < 3; d++) {
      r.at[d] = digits.at[1 + d] * static_cast<int32_t>(p_.axis[d].dilation);
      r.offset += r.at[d] * static_cast<int32_t>(p_.pitch[d]);
    }
    return r;
  }

  static TENON_DEVICE int depth() { return static_cast<int>(threadIdx.x) % kDepth; }
  /** The row or column of the thread's i-th element. */
  static TENON_DEVICE int outer(int i) { return static_cast<int>(threadIdx.x) / kDepth + i * kOuterStep; }

  const ConvParameters& p_;
  Tables& t_;
  const Storage& storage_;
  int64_t first_k_ = 0, last_k_ = 0;
  int64_t first_row_ = 0;  // where in an image of the gradient the tile's first row is
  int rows_ = 0, columns_ = 0;
  T a_[kLoadsA], b_[kLoadsB];
};

}  // namespace

#define TENON_CONV_WEIGHT(name, tile, T, S, own_rows, own_columns)                                   \
  KERNEL(conv_weight_##name, tile.threads, ConvParameters)(const ConvParameters p) {                 \
    using Source = WeightSource<T, Stored<T, S>, tile.rows, tile.columns, tile.depth, tile.threads>; \
    convolve_tiles<Source, own_rows, own_columns>(p);                                                \
  }
TENON_CONV_WEIGHT(large_f32, kLargeTile, float, float, 8, 8)
TENON_CONV_WEIGHT(medium_f32, kMediumTile, float, float, 4, 4)
TENON_CONV_WEIGHT(small_f32, kSmallTile, float, float, 4, 2)
TENON_CONV_WEIGHT(medium_f64, kMediumShallowTile, double, double, 4, 4)
TENON_CONV_WEIGHT(small_f64, kSmallShallowTile, double, double, 4, 2)
TENON_CONV_WEIGHT(medium_f16, kMediumTile, float, Half, 4, 4)
TENON_CONV_WEIGHT(medium_bf16, kMediumTile, float, BFloat16, 4, 4)
#undef TENON_CONV_WEIGHT

}  // namespace cuda
}  // namespace tenon
