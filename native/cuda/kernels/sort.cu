// Sorting: short rows by a bitonic network in shared memory, long ones digit by digit (LSD radix sort). Both
// are stable, the first because places are part of what it compares.
#include "cuda/kernels/batch.h"
#include "cuda/kernels/block.h"
#include "cuda/kernels/locate.h"
#include "cuda/kernels/sort.h"
#include "kernels/key.h"

namespace tenon {
namespace cuda {

namespace {

TENON_DEVICE int64_t first_item() { return static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; }
TENON_DEVICE int64_t item_stride() { return static_cast<int64_t>(gridDim.x) * blockDim.x; }

TENON_DEVICE int64_t quotient(int64_t a, int64_t b) {
  if ((a | b) >> 32 == 0) return static_cast<uint32_t>(a) / static_cast<uint32_t>(b);
  return a / b;
}

template <class T>
TENON_DEVICE KeyOf<T> load_key(const Lanes& l, const KeyRule& rule, int64_t at) {
  using Key = KeyOf<T>;
  const Key key = key_of(load_one<T>(l.x, l.x_type, at));
  return static_cast<Key>(key - static_cast<Key>(rule.origin)) ^ static_cast<Key>(rule.flip);
}

/** Copies an element bit by bit. */
TENON_DEVICE void copy_element(const void* from, int64_t at, void* to, int64_t place, uint32_t bytes) {
  switch (bytes) {
    case 1: static_cast<uint8_t*>(to)[place] = static_cast<const uint8_t*>(from)[at]; break;
    case 2: static_cast<uint16_t*>(to)[place] = static_cast<const uint16_t*>(from)[at]; break;
    case 4: static_cast<uint32_t*>(to)[place] = static_cast<const uint32_t*>(from)[at]; break;
    default: static_cast<uint64_t*>(to)[place] = static_cast<const uint64_t*>(from)[at]; break;
  }
}

constexpr int kTileSide = 32, kTileRows = kOrderThreads / kTileSide;

/**
 * For rows across memory: load(row, i) of tiles with neighbouring threads in neighbouring rows, and
 * store(row, i, value) with neighbouring threads along a row; or the other way around.
 */
template <class Value, bool kLoadAcross, class Load, class Store>
TENON_DEVICE void turn_tiles(int64_t rows, int64_t n, Load load, Store store) {
  SHARED(tile, Value[kTileSide][kTileSide + 1]);
  const int x = threadIdx.x % kTileSide, y = threadIdx.x / kTileSide;
  const int64_t beside = (rows + kTileSide - 1) / kTileSide;
  const int64_t tiles = beside * ((n + kTileSide - 1) / kTileSide);
  for (int64_t t = blockIdx.x; t < tiles; t += gridDim.x) {
    const int64_t along = t / beside, row = (t - along * beside) * kTileSide, i = along * kTileSide;
    for (int j = y; j < kTileSide; j += kTileRows) {
      const int64_t r = row + (kLoadAcross ? x : j), k = i + (kLoadAcross ? j : x);
      if (r < rows && k < n) tile[j][x] = load(r, k);
    }
    __syncthreads();
    for (int j = y; j < kTileSide; j += kTileRows) {
      const int64_t r = row + (kLoadAcross ? j : x), k = i + (kLoadAcross ? x : j);
      if (r < rows && k < n) store(r, k, tile[x][j]);
    }
    __syncthreads();
  }
}

template <class T>
TENON_DEVICE void write_keys(const KeyParameters& p) {
  using Key = KeyOf<T>;
  const Lanes& l = p.lanes;
  Key* const keys = static_cast<Key*>(p.keys);
  const auto load = [&](int64_t row, int64_t i) {
    int64_t at[1];
    locate(l.dim, l.dims, row, at);
    return load_key<T>(l, p.rule, at[0] + i * l.stride);
  };
  const auto store = [&](int64_t row, int64_t i, Key key) {
    keys[row * l.n + i] = key;
    if (p.index) p.index[row * l.n + i] = static_cast<uint32_t>(i);
  };
  if (l.across) return turn_tiles<Key, true>(l.rows, l.n, load, store);
  const int64_t items = l.rows * l.n;
  for (int64_t e = first_item(); e < items; e += item_stride()) {
    const int64_t row = quotient(e, l.n), i = e - row * l.n;
    store(row, i, load(row, i));
  }
}

// ---- short rows ----

/** What a block sorts: keys, and places below 2^32, all different. */
template <class Key>
struct Cells;
template <>
struct Cells<uint32_t> {
  uint64_t cell[kShortRow];
  TENON_DEVICE void put(unsigned i, uint32_t key, uint32_t place) {
    cell[i] = static_cast<uint64_t>(key) << 32 | place;
  }
  TENON_DEVICE uint32_t key(unsigned i) const { return static_cast<uint32_t>(cell[i] >> 32); }
  TENON_DEVICE uint32_t place(unsigned i) const { return static_cast<uint32_t>(cell[i]); }
  TENON_DEVICE void arrange(unsigned i, unsigned j, bool up) {
    const uint64_t a = cell[i], b = cell[j];
    if ((a > b) != up) return;
    cell[i] = b;
    cell[j] = a;
  }
};
template <>
struct Cells<uint64_t> {
  uint64_t keys[kShortRow];
  uint32_t places[kShortRow];
  TENON_DEVICE void put(unsigned i, uint64_t key, uint32_t place) {
    keys[i] = key;
    places[i] = place;
  }
  TENON_DEVICE uint64_t key(unsigned i) const { return keys[i]; }
  TENON_DEVICE uint32_t place(unsigned i) const { return places[i]; }
  TENON_DEVICE void arrange(unsigned i, unsigned j, bool up) {
    const uint64_t a = keys[i], b = keys[j];
    const uint32_t p = places[i], q = places[j];
    if ((a > b || (a == b && p > q)) != up) return;
    put(i, b, q);
    put(j, a, p);
  }
};

/** Rows of 2^log_width cells each: a bitonic network (Batcher, 1968), rising in every row. */
template <class Key>
TENON_DEVICE void sort_cells(Cells<Key>& cells, unsigned count, uint32_t log_width) {
  const unsigned width = 1u << log_width;
#pragma unroll 1
  for (unsigned size = 2; size <= width; size *= 2)
#pragma unroll 1
    for (unsigned half = size / 2; half; half /= 2) {
      __syncthreads();
      for (unsigned t = threadIdx.x; t < count / 2; t += kOrderThreads) {
        const unsigned i = 2 * t - (t & (half - 1));
        cells.arrange(i, i + half, size == width || (i & size) == 0);
      }
    }
  __syncthreads();
}

/** What a block has of short rows. */
class ShortTile {
 public:
  TENON_DEVICE ShortTile(int64_t number, int64_t rows, uint32_t log_width, bool across)
      : first(number << (kLogShortRow - log_width)), log_(log_width), across_(across) {
    const int64_t most = kShortRow >> log_width;
    here = static_cast<unsigned>(rows - first < most ? rows - first : most);
  }

  TENON_DEVICE unsigned cells() const { return here << log_; }

  /** run(cell, row, i) for the cells, neighbouring threads as the rows lie in memory. */
  template <class Run>
  TENON_DEVICE void each(Run run) const {
    const unsigned log_rows = kLogShortRow - log_;
    const unsigned count = across_ ? kShortRow : cells();
    for (unsigned t = threadIdx.x; t < count; t += kOrderThreads) {
      const unsigned row = across_ ? t & ((1u << log_rows) - 1) : t >> log_;
      const unsigned i = across_ ? t >> log_rows : t & ((1u << log_) - 1);
      if (row < here) run((row << log_) + i, first + row, i);
    }
  }

  int64_t first;
  unsigned here;

 private:
  uint32_t log_;
  bool across_;
};

TENON_DEVICE int64_t tiles_of(int64_t rows, uint32_t log_width) {
  const int64_t most = kShortRow >> log_width;
  return (rows + most - 1) / most;
}

template <class T>
TENON_DEVICE void sort_short(const ShortParameters& p) {
  using Key = KeyOf<T>;
  SHARED(cells, Cells<Key>);
  const Lanes& l = p.lanes;
  const int64_t tiles = tiles_of(l.rows, p.log_width);
  for (int64_t t = blockIdx.x; t < tiles; t += gridDim.x) {
    const ShortTile tile(t, l.rows, p.log_width, l.across != 0);
    tile.each([&](unsigned cell, int64_t row, unsigned i) {
      if (i >= l.n) return cells.put(cell, static_cast<Key>(~Key{0}), UINT32_MAX);
      int64_t at[1];
      locate(l.dim, l.dims, row, at);
      cells.put(cell, load_key<T>(l, p.rule, at[0] + i * l.stride), i);
    });
    sort_cells(cells, tile.cells(), p.log_width);
    tile.each([&](unsigned cell, int64_t row, unsigned i) {
      if (i >= l.n) return;
      int64_t at[2];
      locate(l.dim, l.dims, row, at);
      const int64_t from = cells.place(cell), to = at[1] + i * l.step;
      p.places[to] = from;
      copy_element(l.x, at[0] + from * l.stride, p.values, to, p.bytes);
    });
    __syncthreads();
  }
}

template <class Key>
TENON_DEVICE void sort_short_pairs(const ShortPairs& p) {
  SHARED(cells, Cells<Key>);
  const Key* const keys = static_cast<const Key*>(p.from.keys);
  Key* const to = static_cast<Key*>(p.to.keys);
  const int64_t tiles = tiles_of(p.rows, p.log_width);
  for (int64_t t = blockIdx.x; t < tiles; t += gridDim.x) {
    const ShortTile tile(t, p.rows, p.log_width, false);
    tile.each([&](unsigned cell, int64_t row, unsigned i) {
      const bool here = i < p.n;
      cells.put(cell, here ? keys[row * p.from.pitch + i] : static_cast<Key>(~Key{0}), here ? i : UINT32_MAX);
    });
    sort_cells(cells, tile.cells(), p.log_width);
    tile.each([&](unsigned cell, int64_t row, unsigned i) {
      if (i >= p.n) return;
      const uint32_t from = cells.place(cell);
      to[row * p.to.pitch + i] = cells.key(cell);
      p.to.index[row * p.to.pitch + i] = p.from.index ? p.from.index[row * p.from.pitch + from] : from;
    });
    __syncthreads();
  }
}

// ---- long rows ----

constexpr unsigned kWarps = kOrderThreads / 32;
static_assert(kOrderThreads == kRadix, "a thread for each digit");

/** The sum of `value` over the threads before this one. A barrier has to come before `totals` is used again.
 */
TENON_DEVICE uint32_t sum_before(uint32_t value, uint32_t (&totals)[kWarps]) {
  const unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  uint32_t sum = value;
  for (unsigned step = 1; step < 32; step *= 2) {
    const uint32_t other = __shfl_up_sync(kAllLanes, sum, step);
    if (lane >= step) sum += other;
  }
  if (lane == 31) totals[warp] = sum;
  __syncthreads();
  for (unsigned w = 0; w < warp; w++) sum += totals[w];
  return sum - value;
}

template <class Key>
TENON_DEVICE unsigned digit_of(const RadixParameters& p, Key key) {
  return static_cast<unsigned>(key >> p.shift) & (kRadix - 1);
}

/** The elements of a block, [first, end) of a row. */
struct RadixPart {
  int64_t row, first, end;
  uint32_t part;
  TENON_DEVICE explicit RadixPart(const RadixParameters& p)
      : row(blockIdx.x / p.parts), part(blockIdx.x % p.parts) {
    first = part * p.part;
    end = p.n - first < p.part ? p.n : first + p.part;
  }
};

template <class Key>
TENON_DEVICE void count_digits(const RadixParameters& p) {
  SHARED(count, uint32_t[kWarps][kRadix]);
  const unsigned t = threadIdx.x;
  const RadixPart part(p);
  const Key* const keys = static_cast<const Key*>(p.from.keys) + part.row * p.from.pitch;
  for (unsigned w = 0; w < kWarps; w++) count[w][t] = 0;
  __syncthreads();
#pragma unroll 4
  for (int64_t i = part.first + t; i < part.end; i += kOrderThreads)
    atomicAdd(&count[t / 32][digit_of(p, keys[i])], 1u);
  __syncthreads();
  uint32_t sum = 0;
  for (unsigned w = 0; w < kWarps; w++) sum += count[w][t];
  p.counts[static_cast<int64_t>(blockIdx.x) * kRadix + t] = sum;
}

/**
 * Moves elements to where those of smaller digits, of parts before, and before in this part leave off. They
 * go through shared memory in the order of their digits, so that neighbours are written together.
 */
template <class Key, int kItems>
TENON_DEVICE void move_digits(const RadixParameters& p) {
  constexpr int tile = static_cast<int>(kOrderThreads) * kItems;
  SHARED(cell_key, Key[tile]);
  SHARED(cell_index, uint32_t[tile]);
  SHARED(count, uint32_t[kWarps][kRadix]);  // of a warp, then of the warps before
  SHARED(start, uint32_t[kRadix]);          // of each digit among the cells
  SHARED(next, uint32_t[kRadix]);           // of each digit in the row
  SHARED(totals, uint32_t[kWarps]);
  const unsigned t = threadIdx.x, warp = t / 32, lane = t % 32;
  const RadixPart part(p);
  const int64_t from = part.row * p.from.pitch, to = part.row * p.to.pitch;
  const Key* const keys = static_cast<const Key*>(p.from.keys) + from;
  Key* const to_keys = static_cast<Key*>(p.to.keys) + to;

  uint32_t before = 0, total = 0;
  const uint32_t* const counts = p.counts + part.row * p.parts * kRadix + t;
#pragma unroll 4
  for (uint32_t q = 0; q < p.parts; q++) {
    const uint32_t n = counts[static_cast<int64_t>(q) * kRadix];
    total += n;
    before += q < part.part ? n : 0;
  }
  next[t] = sum_before(total, totals) + before;

#pragma unroll 1
  for (int64_t round = part.first; round < part.end; round += tile) {
    const int64_t mine = round + warp * 32 * kItems + lane;
    Key key[kItems];
    uint32_t rank[kItems];
#pragma unroll
    for (int i = 0; i < kItems; i++) key[i] = mine + 32 * i < part.end ? keys[mine + 32 * i] : Key{0};
    for (unsigned digit = lane; digit < kRadix; digit += 32) count[warp][digit] = 0;
    __syncwarp();
#pragma unroll
    for (int i = 0; i < kItems; i++) {
      const bool here = mine + 32 * i < part.end;
      const unsigned digit = digit_of(p, key[i]);
      const unsigned same = __match_any_sync(kAllLanes, here ? digit : kRadix);
      const unsigned earlier = static_cast<unsigned>(__popc(same & ((1u << lane) - 1)));
      const uint32_t base = count[warp][digit];
      __syncwarp();
      if (here && earlier == 0) count[warp][digit] = base + static_cast<unsigned>(__popc(same));
      __syncwarp();
      rank[i] = base + earlier;
    }
    __syncthreads();
    uint32_t running = 0;
    for (unsigned w = 0; w < kWarps; w++) {
      const uint32_t n = count[w][t];
      count[w][t] = running;
      running += n;
    }
    start[t] = sum_before(running, totals);
    __syncthreads();
#pragma unroll
    for (int i = 0; i < kItems; i++) {
      const int64_t at = mine + 32 * i;
      if (at >= part.end) continue;
      const unsigned digit = digit_of(p, key[i]), cell = start[digit] + count[warp][digit] + rank[i];
      cell_key[cell] = key[i];
      cell_index[cell] = p.from.index ? p.from.index[from + at] : static_cast<uint32_t>(at);
    }
    __syncthreads();
    const unsigned cells = static_cast<unsigned>(part.end - round < tile ? part.end - round : tile);
    for (unsigned cell = t; cell < cells; cell += kOrderThreads) {
      const unsigned digit = digit_of(p, cell_key[cell]);
      const uint32_t place = next[digit] + (cell - start[digit]);
      to_keys[place] = cell_key[cell];
      p.to.index[to + place] = cell_index[cell];
    }
    __syncthreads();
    next[t] += running;
  }
}

TENON_DEVICE void take(const TakeParameters& p) {
  if (p.failure && p.failure->state) return;
  const Lanes& l = p.lanes;
  const auto load = [&](int64_t row, int64_t i) { return p.index[row * p.pitch + i]; };
  const auto store = [&](int64_t row, int64_t i, uint32_t from) {
    int64_t at[2];
    locate(l.dim, l.dims, row, at);
    const int64_t to = at[1] + i * l.step;
    p.places[to] = from;
    if (p.values) copy_element(l.x, at[0] + from * l.stride, p.values, to, p.bytes);
  };
  if (l.across) return turn_tiles<uint32_t, false>(l.rows, p.m, load, store);
  const int64_t items = l.rows * p.m;
  for (int64_t e = first_item(); e < items; e += item_stride()) {
    const int64_t row = quotient(e, p.m), i = e - row * p.m;
    store(row, i, load(row, i));
  }
}

// ---- rows of a matrix ----

/** Whether row a comes before b, or, if `or_equal`, doesn't come after it. */
template <class Key>
TENON_DEVICE bool comes_before(const MergeParameters& p, int64_t a, int64_t b, bool or_equal) {
  const Key *const x = static_cast<const Key*>(p.keys) + a * p.columns, *const y =
                                                                            static_cast<const Key*>(p.keys) +
                                                                            b * p.columns;
  for (int64_t i = 0; i < p.columns; i++)
    if (x[i] != y[i]) return x[i] < y[i];
  return or_equal;
}

/** Each row goes behind those before it in its own run and in the other one. */
template <class Key>
TENON_DEVICE void merge_rows(const MergeParameters& p) {
  const auto at = [&](int64_t e) { return p.from ? p.from[e] : e; };
  for (int64_t e = first_item(); e < p.n; e += item_stride()) {
    const int64_t row = at(e), start = e - e % (2 * p.width);
    const int64_t middle = p.n - start < p.width ? p.n : start + p.width;
    const int64_t end = p.n - middle < p.width ? p.n : middle + p.width;
    const bool first = e < middle;
    int64_t low = first ? middle : start;
    const int64_t other = low;
    for (int64_t high = first ? end : middle; low < high;) {
      const int64_t half = low + (high - low) / 2;
      if (comes_before<Key>(p, at(half), row, !first))
        low = half + 1;
      else
        high = half;
    }
    p.to[(first ? e : start + e - middle) + low - other] = row;
  }
}

}  // namespace

#define TENON_ORDER(type, T)                                                                          \
  KERNEL(sort_keys_##type, kOrderThreads, KeyParameters)(const KeyParameters p) { write_keys<T>(p); } \
  KERNEL(sort_short_##type, kOrderThreads, ShortParameters)(const ShortParameters p) { sort_short<T>(p); }
TENON_ORDER(f32, float)
TENON_ORDER(f64, double)
TENON_ORDER(i32, int32_t)
TENON_ORDER(i64, int64_t)

#define TENON_ORDER_KEYS(name, Key, items)                                                               \
  KERNEL(sort_pairs_##name, kOrderThreads, ShortPairs)(const ShortPairs p) { sort_short_pairs<Key>(p); } \
  KERNEL(sort_count_##name, kOrderThreads, RadixParameters)(const RadixParameters p) {                   \
    count_digits<Key>(p);                                                                                \
  }                                                                                                      \
  KERNEL(sort_move_##name, kOrderThreads, RadixParameters)(const RadixParameters p) {                    \
    move_digits<Key, items>(p);                                                                          \
  }                                                                                                      \
  KERNEL(sort_merge_##name, kOrderThreads, MergeParameters)(const MergeParameters p) { merge_rows<Key>(p); }
TENON_ORDER_KEYS(k32, uint32_t, kNarrowItems)
TENON_ORDER_KEYS(k64, uint64_t, kWideItems)

KERNEL(sort_take, kOrderThreads, TakeParameters)(const TakeParameters p) { take(p); }

#undef TENON_ORDER
#undef TENON_ORDER_KEYS

}  // namespace cuda
}  // namespace tenon
