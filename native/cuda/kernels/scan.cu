// Scans along a dimension: cumsum, cumprod, logcumsumexp, linearScan, cummax and cummin. Every thread scans a
// few neighbouring elements, what threads have is scanned in a fixed tree, and so on for tiles and parts of a
// row: the shape alone decides who joins what.
#include "cuda/kernels/batch.h"
#include "cuda/kernels/block.h"
#include "cuda/kernels/locate.h"
#include "cuda/kernels/scan.h"
#include "kernels/log_sum.h"

namespace tenon {
namespace cuda {

// Of each op: a State is what elements come to; `none` of none, `step` takes one more, `join` puts those of
// neighbouring pieces together, and `value` is the result.

/** float32 is accumulated in float64, and integers wrap. */
template <class T>
using WideState = std::conditional_t<std::is_floating_point<T>::value, double, uint64_t>;

template <class T>
struct SumScan {
  using Type = T;
  using State = WideState<T>;
  static constexpr int kInputs = 1;
  static constexpr bool kIndices = false;
  static TENON_DEVICE State none() { return 0; }
  static TENON_DEVICE void step(State& s, T x, T, int64_t) { s += static_cast<State>(x); }
  static TENON_DEVICE State join(State a, State b) { return a + b; }
  static TENON_DEVICE T value(State s) { return static_cast<T>(s); }
};

/** A product, and whether a factor was infinite or NaN: if not, one that overflows is 0 with a 0 before it.
 */
template <class Wide>
struct Factor {
  Wide value;
  uint32_t special;

  TENON_DEVICE void multiply(Wide x) {
    value *= x;
    special |= x - x != 0;
  }
};
template <class Wide>
TENON_DEVICE Wide times(Wide x, const Factor<Wide>& f) {
  return x == 0 && !f.special && f.value - f.value != 0 ? x : x * f.value;
}
template <class Wide>
TENON_DEVICE Factor<Wide> times(const Factor<Wide>& f, const Factor<Wide>& g) {
  return {times(f.value, g), f.special | g.special};
}

template <class T>
struct ProductScan {
  using Type = T;
  using Wide = WideState<T>;
  using State = Factor<Wide>;
  static constexpr int kInputs = 1;
  static constexpr bool kIndices = false;
  static TENON_DEVICE State none() { return {1, 0}; }
  static TENON_DEVICE void step(State& s, T x, T, int64_t) { s.multiply(static_cast<Wide>(x)); }
  static TENON_DEVICE State join(State a, State b) { return times(a, b); }
  static TENON_DEVICE T value(State s) { return static_cast<T>(s.value); }
};

template <class T>
struct LogSumExpScan {
  using Type = T;
  using State = double;
  static constexpr int kInputs = 1;
  static constexpr bool kIndices = false;
  static TENON_DEVICE State none() { return -static_cast<double>(INFINITY); }
  static TENON_DEVICE void step(State& s, T x, T, int64_t) { s = log_sum_exp(static_cast<double>(x), s); }
  static TENON_DEVICE State join(State a, State b) { return log_sum_exp(b, a); }
  static TENON_DEVICE T value(State s) { return static_cast<T>(s); }
};

/** y = a y + b, as one function of the y before. */
template <class Wide>
struct Affine {
  Factor<Wide> a;
  Wide b;
};
template <class T>
struct LinearScan {
  using Type = T;
  using Wide = WideState<T>;
  using State = Affine<Wide>;
  static constexpr int kInputs = 2;
  static constexpr bool kIndices = false;
  static TENON_DEVICE State none() { return {{1, 0}, 0}; }
  static TENON_DEVICE void step(State& s, T a, T b, int64_t) {
    s.a.multiply(static_cast<Wide>(a));
    s.b = static_cast<Wide>(a) * s.b + static_cast<Wide>(b);
  }
  static TENON_DEVICE State join(State f, State g) { return {times(f.a, g.a), times(f.b, g.a) + g.b}; }
  static TENON_DEVICE T value(State s) { return static_cast<T>(s.b); }
};

/** The last of equal ones counts, and the last NaN; index -1: nothing yet. */
template <class T>
struct Extreme {
  T value;
  int64_t index;
};
template <class T, bool kLargest>
struct ExtremeScan {
  using Type = T;
  using State = Extreme<T>;
  static constexpr int kInputs = 1;
  static constexpr bool kIndices = true;
  static TENON_DEVICE State none() { return {T{0}, -1}; }
  static TENON_DEVICE State join(State a, State b) {
    if (b.index < 0) return a;
    const bool later = a.index < 0 || b.value != b.value ||
                       (a.value == a.value && (kLargest ? b.value >= a.value : b.value <= a.value));
    return later ? b : a;
  }
  static TENON_DEVICE void step(State& s, T x, T, int64_t i) { s = join(s, {x, i}); }
  static TENON_DEVICE T value(State s) { return s.value; }
};
template <class T>
using LargestScan = ExtremeScan<T, true>;
template <class T>
using SmallestScan = ExtremeScan<T, false>;

// What another lane of a part of the warp has.

template <class T>
TENON_DEVICE T from_below(T x, unsigned distance, unsigned width) {
  return __shfl_up_sync(kAllLanes, x, distance, static_cast<int>(width));
}
template <class T>
TENON_DEVICE T from_lane(T x, unsigned lane, unsigned width) {
  return __shfl_sync(kAllLanes, x, static_cast<int>(lane), static_cast<int>(width));
}
template <class T>
TENON_DEVICE Factor<T> from_below(Factor<T> s, unsigned distance, unsigned width) {
  return {from_below(s.value, distance, width), from_below(s.special, distance, width)};
}
template <class T>
TENON_DEVICE Factor<T> from_lane(Factor<T> s, unsigned lane, unsigned width) {
  return {from_lane(s.value, lane, width), from_lane(s.special, lane, width)};
}
template <class T>
TENON_DEVICE Affine<T> from_below(Affine<T> s, unsigned distance, unsigned width) {
  return {from_below(s.a, distance, width), from_below(s.b, distance, width)};
}
template <class T>
TENON_DEVICE Affine<T> from_lane(Affine<T> s, unsigned lane, unsigned width) {
  return {from_lane(s.a, lane, width), from_lane(s.b, lane, width)};
}
template <class T>
TENON_DEVICE Extreme<T> from_below(Extreme<T> s, unsigned distance, unsigned width) {
  return {from_below(s.value, distance, width), from_below(s.index, distance, width)};
}
template <class T>
TENON_DEVICE Extreme<T> from_lane(Extreme<T> s, unsigned lane, unsigned width) {
  return {from_lane(s.value, lane, width), from_lane(s.index, lane, width)};
}

/** Joins the states of the lanes up to each, within parts of a warp. */
template <class Op, class State>
TENON_DEVICE State scan_warp(State sum, unsigned lane, unsigned width) {
#pragma unroll 1
  for (unsigned step = 1; step < width; step *= 2) {
    const State below = from_below(sum, step, width);
    if (lane >= step) sum = Op::join(below, sum);
  }
  return sum;
}

/** What the lanes before this one have, joined, and what all of the team have. All threads take part. */
template <class Op, class State>
TENON_DEVICE State scan_team(State mine, uint32_t log_lanes, State& total) {
  SHARED(warp_total, State[kScanThreads / 32]);
  const unsigned lanes = 1u << log_lanes, within = lanes < 32 ? lanes : 32, t = threadIdx.x;
  const unsigned lane = t & (within - 1);
  const State sum = scan_warp<Op>(mine, lane, within);
  total = from_lane(sum, within - 1, within);
  State before = from_below(sum, 1, within);
  if (lane == 0) before = Op::none();
  if (lanes <= 32) return before;
  const unsigned warps = lanes / 32, warp = t / 32 & (warps - 1);
  __syncthreads();  // an earlier scan may still be reading
  if (lane == 0) warp_total[t / 32] = total;
  __syncthreads();
  const unsigned seat = t & (warps - 1);
  const State of_warps = scan_warp<Op>(warp_total[(t >> log_lanes) * warps + seat], seat, warps);
  total = from_lane(of_warps, warps - 1, warps);
  const State ahead = from_lane(of_warps, warp ? warp - 1 : 0, warps);
  return warp ? Op::join(ahead, before) : before;
}

/** Where an element of a tile lies in shared memory: so that threads meet no bank at once. */
TENON_DEVICE unsigned slot(unsigned i) { return i + i / 32; }

/** Shared memory for elements of so many bytes, one piece for all turns of a kernel. */
template <class Bits>
TENON_DEVICE Bits* turning_tile() {
  SHARED(tile, Bits[kScanTile + kScanTile / 32]);
  return &tile[0];
}

/** From every so many elements of a team's tile to as many neighbours, or back. All threads take part. */
template <bool kToNeighbours, class T>
TENON_DEVICE void turn(T (&x)[kBatch], uint32_t log_lanes) {
  using Bits = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
  Bits* const tile = turning_tile<Bits>();
  const unsigned lanes = 1u << log_lanes, lane = threadIdx.x & (lanes - 1);
  const unsigned base = (threadIdx.x >> log_lanes) * lanes * kBatch;
  __syncthreads();  // an earlier turn may still be reading
#pragma unroll
  for (unsigned i = 0; i < kBatch; i++)
    tile[slot(base + (kToNeighbours ? i * lanes + lane : lane * kBatch + i))] = same_bits<Bits>(x[i]);
  __syncthreads();
#pragma unroll
  for (unsigned i = 0; i < kBatch; i++)
    x[i] = same_bits<T>(tile[slot(base + (kToNeighbours ? lane * kBatch + i : i * lanes + lane))]);
}

/** The places of n elements, `step` apart; of those that are not there: the first one's. */
TENON_DEVICE void places(int64_t begin, int64_t step, int n, int64_t (&at)[kBatch]) {
#pragma unroll
  for (int i = 0; i < kBatch; i++) at[i] = i < n ? begin + i * step : begin;
}

/** Elements of both operands: i < n are there. */
template <class Op>
struct ScanBatch {
  using T = typename Op::Type;
  T a[kBatch], b[kBatch];

  TENON_DEVICE void load(const ScanParameters& p, const int64_t (&row)[3], int64_t first, int64_t step,
                         int n) {
#pragma unroll
    for (int i = 0; i < kBatch; i++) a[i] = b[i] = T{0};
    if (n <= 0) return;
    int64_t at[kBatch];
    places(row[0] + first * p.stride[0], step * p.stride[0], n, at);
    load_each(p.a, p.a_type, at, a);
    if constexpr (Op::kInputs == 2) {
      places(row[1] + first * p.stride[1], step * p.stride[1], n, at);
      load_each(p.b, p.b_type, at, b);
    }
  }

  TENON_DEVICE void store(const ScanParameters& p, const int64_t (&row)[3], int64_t first, int64_t step,
                          int n, const int64_t (&index)[kBatch]) const {
    if (n <= 0) return;
    int64_t at[kBatch];
    places(row[2] + first * p.stride[2], step * p.stride[2], n, at);
    store_each(p.out, p.out_type, at, a, n);
    if constexpr (Op::kIndices) {
#pragma unroll
      for (int i = 0; i < kBatch; i++)
        if (i < n) p.index[at[i]] = index[i];
    }
  }

  /** Takes n elements, the first of which is at `position`. */
  TENON_DEVICE void gather(typename Op::State& s, int64_t position, int n) const {
#pragma unroll
    for (int i = 0; i < kBatch; i++)
      if (i < n) Op::step(s, a[i], b[i], position + i);
  }
  /** The same; elements become results. */
  TENON_DEVICE void scan(typename Op::State& s, int64_t position, int n, int64_t (&index)[kBatch]) {
#pragma unroll
    for (int i = 0; i < kBatch; i++) {
      if (i < n) Op::step(s, a[i], b[i], position + i);
      a[i] = Op::value(s);
      if constexpr (Op::kIndices) index[i] = s.index;
    }
  }
};

/** How many of the elements first, first + step, ... are before the end, up to a batch. */
TENON_DEVICE int count_of(int64_t first, int64_t step, int64_t end) {
  int n = 0;
#pragma unroll
  for (int i = 0; i < kBatch; i++) n += first + i * step < end;
  return n;
}

/** Teams have parts of rows, tile by tile. */
template <class Op>
TENON_DEVICE void scan_rows(const ScanParameters& p) {
  using State = typename Op::State;
  State* const partial = static_cast<State*>(p.partial);
  const unsigned lanes = 1u << p.log_lanes, lane = threadIdx.x & (lanes - 1);
  const int64_t teams = kScanThreads >> p.log_lanes, units = p.rows * p.parts;
  const int tile = static_cast<int>(lanes) * kBatch;
  for (int64_t group = blockIdx.x; group * teams < units; group += gridDim.x) {
    const int64_t unit = group * teams + (threadIdx.x >> p.log_lanes);
    const bool there = unit < units;
    const int64_t row = p.parts == 1 ? unit : unit / p.parts, start = (unit - row * p.parts) * p.part;
    const int64_t end = !there ? start : p.n - start < p.part ? p.n : start + p.part;
    int64_t at[3] = {0, 0, 0};
    if (there) locate(p.dim, p.dims, row, at);
    State carry = Op::none();
    if (there && p.parts > 1 && !p.totals) carry = partial[unit];
    // As many tiles for all teams of a block.
#pragma unroll 1
    for (int64_t first = start; first - start < p.part; first += tile) {
      ScanBatch<Op> batch;
      const int n = count_of(first + lane, lanes, end);
      batch.load(p, at, first + lane, lanes, n);
      turn<true>(batch.a, p.log_lanes);
      if constexpr (Op::kInputs == 2) turn<true>(batch.b, p.log_lanes);
      const int64_t mine = first + static_cast<int64_t>(lane) * kBatch;
      const int own = count_of(mine, 1, end);
      State sum = Op::none(), total;
      batch.gather(sum, mine, own);
      State before = scan_team<Op>(sum, p.log_lanes, total);
      if (!p.totals) {
        before = Op::join(carry, before);
        int64_t index[kBatch] = {};
        batch.scan(before, mine, own, index);
        turn<false>(batch.a, p.log_lanes);
        if constexpr (Op::kIndices) turn<false>(index, p.log_lanes);
        batch.store(p, at, first + lane, lanes, n, index);
      }
      carry = Op::join(carry, total);
    }
    if (p.totals && there && lane == 0) partial[unit] = carry;
  }
}

/** A thread has a part of a row, and its neighbours have those of neighbouring rows. */
template <class Op>
TENON_DEVICE void scan_columns(const ScanParameters& p) {
  using State = typename Op::State;
  State* const partial = static_cast<State*>(p.partial);
  const int64_t units = p.rows * p.parts, step = static_cast<int64_t>(gridDim.x) * kScanThreads;
  for (int64_t unit = static_cast<int64_t>(blockIdx.x) * kScanThreads + threadIdx.x; unit < units;
       unit += step) {
    const int64_t part = p.parts == 1 ? 0 : unit / p.rows, row = unit - part * p.rows, start = part * p.part;
    const int64_t end = p.n - start < p.part ? p.n : start + p.part;
    int64_t at[3];
    locate(p.dim, p.dims, row, at);
    State sum = Op::none();
    if (p.parts > 1 && !p.totals) sum = partial[row * p.parts + part];
#pragma unroll 1
    for (int64_t first = start; first < end; first += kBatch) {
      ScanBatch<Op> batch;
      const int n = count_of(first, 1, end);
      batch.load(p, at, first, 1, n);
      if (p.totals) {
        batch.gather(sum, first, n);
      } else {
        int64_t index[kBatch] = {};
        batch.scan(sum, first, n, index);
        batch.store(p, at, first, 1, n, index);
      }
    }
    if (p.totals) partial[row * p.parts + part] = sum;
  }
}

/** A warp goes through the parts of a row. */
template <class Op>
TENON_DEVICE void scan_parts(const ScanJoinParameters& p) {
  using State = typename Op::State;
  constexpr int own = 4;
  const unsigned lane = threadIdx.x % 32;
  const int64_t warps = static_cast<int64_t>(gridDim.x) * (kScanThreads / 32);
  for (int64_t row = static_cast<int64_t>(blockIdx.x) * (kScanThreads / 32) + threadIdx.x / 32; row < p.rows;
       row += warps) {
    State* const partial = static_cast<State*>(p.partial) + row * p.parts;
    State carry = Op::none();
#pragma unroll 1
    for (int64_t first = 0; first < p.parts; first += 32 * own) {
      const int64_t mine = first + lane * own;
      State x[own], sum = Op::none();
#pragma unroll
      for (int i = 0; i < own; i++) x[i] = mine + i < p.parts ? partial[mine + i] : Op::none();
#pragma unroll
      for (int i = 0; i < own; i++) sum = Op::join(sum, x[i]);
      sum = scan_warp<Op>(sum, lane, 32);
      State before = from_below(sum, 1, 32);
      before = lane == 0 ? carry : Op::join(carry, before);
#pragma unroll
      for (int i = 0; i < own; i++) {
        if (mine + i < p.parts) partial[mine + i] = before;
        before = Op::join(before, x[i]);
      }
      carry = Op::join(carry, from_lane(sum, 31, 32));
    }
  }
}

#define TENON_SCAN(name, type, ...)                                  \
  KERNEL(scan_##name##_rows_##type, kScanThreads, ScanParameters)    \
  (const ScanParameters p) { scan_rows<__VA_ARGS__>(p); }            \
  KERNEL(scan_##name##_columns_##type, kScanThreads, ScanParameters) \
  (const ScanParameters p) { scan_columns<__VA_ARGS__>(p); }
/** Partial results of float32 are those of float64, but for extremes. */
#define TENON_JOIN(name, type, ...)                                   \
  KERNEL(scan_##name##_join_##type, kScanThreads, ScanJoinParameters) \
  (const ScanJoinParameters p) { scan_parts<__VA_ARGS__>(p); }
#define TENON_SCANS(name, Op)        \
  TENON_SCAN(name, f32, Op<float>)   \
  TENON_SCAN(name, f64, Op<double>)  \
  TENON_SCAN(name, i64, Op<int64_t>) \
  TENON_JOIN(name, f64, Op<double>)  \
  TENON_JOIN(name, i64, Op<int64_t>)

TENON_SCANS(sum, SumScan)
TENON_SCANS(product, ProductScan)
TENON_SCANS(linear, LinearScan)
TENON_SCANS(largest, LargestScan)
TENON_JOIN(largest, f32, LargestScan<float>)
TENON_SCANS(smallest, SmallestScan)
TENON_JOIN(smallest, f32, SmallestScan<float>)
TENON_SCAN(logsumexp, f32, LogSumExpScan<float>)
TENON_SCAN(logsumexp, f64, LogSumExpScan<double>)
TENON_JOIN(logsumexp, f64, LogSumExpScan<double>)

#undef TENON_SCANS
#undef TENON_JOIN
#undef TENON_SCAN

}  // namespace cuda
}  // namespace tenon
