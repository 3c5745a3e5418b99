// What the kernels that make convolutions as products of tiles have in common. Numbers of positions, taps and
// channels are below 2^31 here, and positions far below.
#pragma once
#include "cuda/kernels/conv.h"
#include "cuda/kernels/conv_reads.h"
#include "cuda/kernels/gemm_registers.h"

namespace tenon {
namespace cuda {

/** A position so far before the first that no tap leads back. */
constexpr int32_t kOutside = INT32_MIN / 2;

/** From what a place reads through the first tap of the first channel: how far along each dimension. */
struct alignas(16) Reach {
  int32_t at[3];
  int32_t offset;
};

/** A place: the positions that it reads through the first tap, and where in the source that is. */
struct Place {
  int32_t at[3];
  int64_t offset;
};

/** Whether what a place reads is inside of the source. */
TENON_DEVICE bool is_inside(const ConvParameters& p, const Place& place, const Reach& reach) {
  bool inside = true;
#pragma unroll
  for (int d = 0; d < 3; d++)
    inside &= static_cast<uint32_t>(place.at[d] + reach.at[d]) < static_cast<uint32_t>(p.size[d]);
  return inside;
}
/** What it reads, or zero. */
template <class T, class Storage>
TENON_DEVICE T read_through(const ConvParameters& p, const Storage& storage, const Place& place,
                            const Reach& reach) {
  return is_inside(p, place, reach) ? storage.load(p.source, place.offset + reach.offset) : T{0};
}

/** A number as a first digit without limit and three below `radix`. */
struct Digits {
  int32_t at[4];
};
TENON_DEVICE Digits digits_of(int64_t n, const int32_t (&radix)[3]) {
  Digits d;
#pragma unroll
  for (int i = 3; i > 0; i--) {
    const int64_t rest = n / radix[i - 1];
    d.at[i] = static_cast<int32_t>(n - rest * radix[i - 1]);
    n = rest;
  }
  d.at[0] = static_cast<int32_t>(n);
  return d;
}
TENON_DEVICE void add(Digits& to, const Digits& more, const int32_t (&radix)[3]) {
  int32_t carry = 0;
#pragma unroll
  for (int i = 3; i > 0; i--) {
    const int32_t sum = to.at[i] + more.at[i] + carry;
    carry = sum >= radix[i - 1];
    to.at[i] = carry ? sum - radix[i - 1] : sum;
  }
  to.at[0] += more.at[0] + carry;
}

/** Along one dimension, the places of a class, and what they read. */
struct ClassAxis {
  int32_t places;
  int32_t first, step,
      reach;                 // place t reads first + t step through tap 0, and i reach further through tap i
  int32_t taps, tap, every;  // tap i is tap + i every of the weight
  int32_t to, apart;         // place t is position to + t apart of the result
};
TENON_DEVICE ClassAxis class_axis(const ConvParameters& p, int d, int32_t number) {
  const ConvAxis& a = p.axis[d];
  const int32_t placed = static_cast<int32_t>(p.placed[d]), stride = static_cast<int32_t>(a.stride.size);
  if (!p.transposed) {
    const Reads<int32_t> r = reads_of_output<int32_t>(a, 0);
    return {placed, r.first, stride, r.step, r.taps, 0, 1, 0, 1};
  }
  const Reads<int32_t> r = reads_of_input(a, number);
  return {
      (placed - number + stride - 1) / stride, r.first, 1, r.step, r.taps, r.tap, r.every, number, stride};
}

/** The axes of a class, by three threads. */
TENON_DEVICE void make_axes(const ConvParameters& p, const int32_t (&number)[3], ClassAxis (&axis)[3]) {
  const int thread = static_cast<int>(threadIdx.x);
  if (thread < 3)
    axis[thread] = class_axis(p, thread, thread == 0 ? number[0] : thread == 1 ? number[1] : number[2]);
}

/** Columns of a tile as places of a class: counted as if all classes were as large as the largest. */
class ClassPlaces {
 public:
  TENON_DEVICE ClassPlaces(const ConvParameters& p, const ClassAxis (&axis)[3]) : p_(p), axis_(axis) {}

  TENON_DEVICE void begin(int64_t first_column) {
    image_ = first_column / p_.class_places.size;
    first_ = static_cast<int32_t>(first_column - image_ * p_.class_places.size);
  }
  /** What the place of a column reads first; `size` elements of the source are at each position. */
  TENON_DEVICE Place place(int column, int64_t group, int64_t image_size, int64_t size) const {
    const Spot spot = spot_of(column);
    Place place;
    place.offset = 0;
#pragma unroll
    for (int d = 0; d < 3; d++) {
      place.at[d] = axis_[d].first + spot.place[d] * axis_[d].step;
      place.offset += place.at[d] * p_.pitch[d];
    }
    place.offset = (spot.image * p_.groups + group) * image_size + place.offset * size;
    if (!spot.there) place.at[0] = kOutside;
    return place;
  }
  /** Where in the result the place of a column is, in the first channel; negative: there is no such place. */
  TENON_DEVICE int64_t result(int column) const {
    const Spot spot = spot_of(column);
    if (!spot.there) return -1;
    int64_t at = spot.image * p_.groups * p_.m * p_.placed_plane;
#pragma unroll
    for (int d = 0; d < 3; d++) at += (axis_[d].to + spot.place[d] * axis_[d].apart) * p_.placed_pitch[d];
    return at;
  }

 private:
  struct Spot {
    int64_t image;
    int32_t place[3];
    bool there;
  };
  TENON_DEVICE Spot spot_of(int column) const {
    int32_t rest = first_ + column;
    const int32_t images = quotient(rest, p_.class_places);
    rest -= images * static_cast<int32_t>(p_.class_places.size);
    Spot s;
    s.image = image_ + images;
    s.there = s.image < p_.batch;
#pragma unroll
    for (int d = 2; d >= 0; d--) {
      s.place[d] = take_digit(rest, p_.class_placed[d]);
      s.there &= s.place[d] < axis_[d].places;
    }
    return s;
  }

  const ConvParameters& p_;
  const ClassAxis (&axis_)[3];
  int64_t image_ = 0;
  int32_t first_ = 0;
};

/** A block's work: a tile, of which product, and of which part of what is added up. */
struct ConvItem {
  int64_t row, column, part, group;
  int32_t number[3];  // of the class
};
TENON_DEVICE ConvItem conv_item(const ConvParameters& p, int64_t item, int64_t down, int64_t across) {
  const int64_t tiles = down * across;
  int64_t rest = item / tiles;
  ConvItem i;
  locate_tile(item - rest * tiles, down, across, i.row, i.column);
  i.part = rest % p.parts;
  rest /= p.parts;
  i.group = rest % p.groups;
  rest /= p.groups;
#pragma unroll
  for (int d = 2; d >= 0; d--) {
    i.number[d] = static_cast<int32_t>(rest % p.classes[d]);
    rest /= p.classes[d];
  }
  return i;
}

/**
 * Sums of kTogether columns, at offsets `at` (negative: there is no such column) from an element of the
 * output, on their way to it or to `partial`. `dense`: the columns are neighbours.
 */
template <class T, class S, int kTogether>
TENON_DEVICE void write_columns(const Stored<T, S>& storage, void* to, int64_t first, const int64_t* at,
                                bool dense, const T (&x)[kTogether]) {
  S* const neighbours = static_cast<S*>(to) + first + at[0];
  if (dense && is_aligned(neighbours, sizeof(Pack<S, kTogether>))) {
    Pack<S, kTogether> pack;
#pragma unroll
    for (int i = 0; i < kTogether; i++) pack.x[i] = convert<S>(x[i]);
    *reinterpret_cast<Pack<S, kTogether>*>(neighbours) = pack;
    return;
  }
#pragma unroll
  for (int i = 0; i < kTogether; i++)
    if (at[i] >= 0) storage.store(to, first + at[i], x[i]);
}

/**
 * Makes a product's tiles, in the manner of gemm.cu. Source is where the panels come from: it says what an
 * item is, keeps a table in shared memory of what the next panels' elements are, brings them to registers and
 * from there to shared memory, and knows where sums belong.
 */
template <class Source, int kOwnRows, int kOwnColumns>
TENON_DEVICE void convolve_tiles(const ConvParameters& p) {
  using T = typename Source::Value;
  using Down = Share<T, Source::kRows, kOwnRows>;
  using Across = Share<T, Source::kColumns, kOwnColumns>;
  static_assert(Down::kThreads * Across::kThreads == Source::kThreads, "a part of the tile for each thread");
  struct Panels {
    alignas(16) T a[2][Source::kDepth][Source::kRow];
    alignas(16) T b[2][Source::kDepth][Source::kColumn];
  };
  SHARED(panels, Panels);
  SHARED(tables, typename Source::Tables);
  const int down = static_cast<int>(threadIdx.x) / Across::kThreads,
            across = static_cast<int>(threadIdx.x) % Across::kThreads;
  const typename Source::Storage storage(p.type);

  Source source(p, tables, storage);
#pragma unroll 1
  for (int64_t number = blockIdx.x; number < source.items(); number += gridDim.x) {
    source.begin(number);
    T sum[kOwnRows][kOwnColumns];
#pragma unroll
    for (int i = 0; i < kOwnRows; i++)
#pragma unroll
      for (int j = 0; j < kOwnColumns; j++) sum[i][j] = 0;

    // The table of a panel is made while the one before it is loaded, two of them in turn.
    source.prepare(0, source.first_k());
    __syncthreads();
    source.load(0);
    source.prepare(1, source.first_k() + Source::kDepth);
    source.store(panels.a[0], panels.b[0]);
    __syncthreads();
    int current = 0;
#pragma unroll 1
    for (int64_t k = source.first_k(); k < source.last_k(); k += Source::kDepth, current ^= 1) {
      const bool more = k + Source::kDepth < source.last_k();
      if (more) source.load(current ^ 1);
      source.prepare(current, k + 2 * Source::kDepth);
      multiply_panels<Down, Across>(panels.a[current], panels.b[current], down, across, sum);
      if (more) source.store(panels.a[current ^ 1], panels.b[current ^ 1]);
      __syncthreads();
    }

    source.finish();
#pragma unroll
    for (int g = 0; g < Across::kGroups; g++) {
      int64_t at[Across::kGroup];
#pragma unroll
      for (int j = 0; j < Across::kGroup; j++) at[j] = source.column_at(Across::group(across, g) + j);
      bool dense = at[0] >= 0;
#pragma unroll
      for (int j = 1; j < Across::kGroup; j++) dense &= at[j] == at[0] + j;
#pragma unroll
      for (int i = 0; i < kOwnRows; i++) {
        const int row = Down::group(down, i / Down::kGroup) + i % Down::kGroup;
        if (!source.has_row(row)) continue;
        const int64_t first = source.row_at(row);
        const T bias = p.bias && p.parts == 1 ? storage.load(p.bias, source.channel_of(row)) : T{0};
        T x[Across::kGroup];
#pragma unroll
        for (int j = 0; j < Across::kGroup; j++) x[j] = sum[i][g * Across::kGroup + j] + bias;
        if (p.parts > 1)
          write_columns(Stored<T, T>(p.type), p.partial, source.part() * p.numel + first, at, dense, x);
        else
          write_columns(storage, p.out, first, at, dense, x);
      }
    }
    __syncthreads();  // the next item's tables go where this one's were
  }
}

}  // namespace cuda
}  // namespace tenon
