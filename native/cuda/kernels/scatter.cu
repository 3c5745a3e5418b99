// gather and scatter: one element for each index along a dimension. What several indices bring to one place
// comes there in their order, whichever thread is early.
#include "cuda/kernels/batch.h"
#include "cuda/kernels/locate.h"
#include "cuda/kernels/scatter.h"

namespace tenon {
namespace cuda {

namespace {

/** Elements that a thread has under way together. */
constexpr int kTogether = 4;

TENON_DEVICE int64_t first_item() { return static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; }
TENON_DEVICE int64_t item_stride() { return static_cast<int64_t>(gridDim.x) * blockDim.x; }

/** n / by, which is cheap where numbers are small. */
TENON_DEVICE int64_t quotient(int64_t n, int64_t by, bool narrow) {
  return narrow ? static_cast<int64_t>(static_cast<uint32_t>(n) / static_cast<uint32_t>(by)) : n / by;
}

template <class T>
TENON_DEVICE void gather_elements(const AlongParameters& p) {
  if (p.failure->state) return;
  const T* const from = static_cast<const T*>(p.whole);
  T* const to = static_cast<T*>(p.beside);
  const int64_t stride = item_stride();
  for (int64_t n = first_item(); n < p.numel; n += kTogether * stride) {
    int64_t at[kTogether][3];
    T x[kTogether];
#pragma unroll
    for (int k = 0; k < kTogether; k++) {
      const int64_t i = n + k * stride;
      locate(p.dim, p.dims, i < p.numel ? i : n, at[k]);
    }
#pragma unroll
    for (int k = 0; k < kTogether; k++) at[k][1] = p.index[at[k][1]];
#pragma unroll
    for (int k = 0; k < kTogether; k++) x[k] = from[at[k][2] + at[k][1] * p.step];
#pragma unroll
    for (int k = 0; k < kTogether; k++)
      if (n + k * stride < p.numel) to[at[k][0]] = x[k];
  }
}

// Integers wrap; NaN wins.

template <class T>
TENON_DEVICE T combined(ScatterMode mode, T a, T b) {
  using Number = std::conditional_t<std::is_floating_point<T>::value, T,
                                    std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>>;
  switch (mode) {
    case kAdd: return static_cast<T>(static_cast<Number>(a) + static_cast<Number>(b));
    case kMultiply: return static_cast<T>(static_cast<Number>(a) * static_cast<Number>(b));
    case kLargest: return a > b || a != a ? a : b;
    case kSmallest: return a < b || a != a ? a : b;
    default: return b;
  }
}

/** What nothing changes when it is combined with it. */
template <class T>
TENON_DEVICE T neutral(ScatterMode mode) {
  if (mode == kAdd) return T{0};
  if (mode == kMultiply) return T{1};
  if constexpr (std::is_floating_point<T>::value)
    return static_cast<T>(mode == kLargest ? -INFINITY : INFINITY);
  else if constexpr (sizeof(T) == 8)
    return mode == kLargest ? INT64_MIN : INT64_MAX;
  else
    return mode == kLargest ? INT32_MIN : INT32_MAX;
}

/** A value as an element holds it. */
template <class T>
TENON_DEVICE T rounded_to(DType dtype, T x) {
  if constexpr (std::is_same<T, float>::value) {
    if (dtype == DType::f16) return widen(narrow_half(x));
    if (dtype == DType::bf16) return widen(narrow_bfloat(x));
  }
  return x;
}

/** put(place in whole, place beside) for all that a thread has along the dimension, in the order of indices.
 */
template <class T, class Load, class Put>
TENON_DEVICE void along_lanes(const AlongParameters& p, Load load, Put put) {
  if (p.failure->state) return;
  for (int64_t lane = first_item(); lane < p.numel; lane += item_stride()) {
    int64_t at[3];
    locate(p.dim, p.dims, lane, at);
#pragma unroll 1
    for (int64_t i = 0; i < p.n; i += kTogether) {
      int64_t index[kTogether];
      T x[kTogether];
#pragma unroll
      for (int k = 0; k < kTogether; k++) {
        const int64_t j = i + k < p.n ? i + k : i;
        index[k] = p.index[at[1] + j * p.index_stride];
        x[k] = load(at[0] + j * p.beside_stride);
      }
#pragma unroll
      for (int k = 0; k < kTogether; k++)
        if (i + k < p.n) put(at[2] + index[k] * p.step, x[k]);
    }
  }
}

template <class T>
TENON_DEVICE void replace_lanes(const AlongParameters& p) {
  const T* const from = static_cast<const T*>(p.beside);
  T* const to = static_cast<T*>(p.whole);
  along_lanes<T>(p, [=](int64_t at) { return from[at]; }, [=](int64_t at, T x) { to[at] = x; });
}

template <class T>
TENON_DEVICE void combine_lanes(const AlongParameters& p) {
  along_lanes<T>(
      p, [&](int64_t at) { return load_one<T>(p.beside, p.dtype, at); },
      [&](int64_t at, T x) {
        store_one(p.whole, p.dtype, at, combined(p.mode, load_one<T>(p.whole, p.dtype, at), x));
      });
}

/** After every element has claimed its place: that of the last is there. */
template <class T>
TENON_DEVICE void write_claimed(const AlongParameters& p) {
  if (p.failure->state) return;
  const T* const from = static_cast<const T*>(p.beside);
  T* const to = static_cast<T*>(p.whole);
  for (int64_t n = first_item(); n < p.numel; n += item_stride()) {
    int64_t at[4];
    locate(p.dim, p.dims, n, at);
    const int64_t index = p.index[at[1]];
    if (p.owners[at[3] + index * p.places] == static_cast<uint32_t>(n) + 1)
      to[at[2] + index * p.step] = from[at[0]];
  }
}

/** Where the elements of a key are: one of its columns. */
struct Column {
  int64_t unit;  // the first with the key
  int64_t key;
  int64_t source, out;
};
TENON_DEVICE Column column_of(const RunParameters& p, int64_t unit, int64_t column) {
  int64_t at[2], key_at[1];
  locate(p.column, p.column_dims, column, at);
  const int64_t key = p.keys[unit];
  locate(p.key, p.key_dims, key, key_at);
  return {unit, key, at[0], key_at[0] + at[1]};
}
TENON_DEVICE int64_t source_of(const RunParameters& p, int64_t unit, int64_t column) {
  int64_t at[1];
  locate(p.unit, p.unit_dims, p.order[unit], at);
  return at[0] + column;
}

/** The last of a run is there. */
template <class T>
TENON_DEVICE void replace_runs(const RunParameters& p) {
  if (p.failure->state) return;
  const T* const from = static_cast<const T*>(p.source);
  T* const to = static_cast<T*>(p.out);
  const int64_t numel = p.units * p.columns;
  const bool narrow = numel <= INT32_MAX;
  for (int64_t n = first_item(); n < numel; n += item_stride()) {
    const int64_t unit = quotient(n, p.columns, narrow);
    if (unit + 1 < p.units && p.keys[unit + 1] == p.keys[unit]) continue;
    const Column c = column_of(p, unit, n - unit * p.columns);
    to[c.out] = from[source_of(p, unit, c.source)];
  }
}

/**
 * take(x) for the elements unit, unit + step, ... of a run. Several are loaded together, as each has to be
 * found first.
 */
template <class T, class Take>
TENON_DEVICE void along_run(const RunParameters& p, const Column& c, int64_t unit, int64_t step, Take take) {
  bool more = true;
#pragma unroll 1
  for (; more; unit += kTogether * step) {
    T x[kTogether];
    bool here[kTogether];
#pragma unroll
    for (int k = 0; k < kTogether; k++) {
      const int64_t i = unit + k * step;
      here[k] = i < p.units && p.keys[i] == c.key;
      x[k] = here[k] ? load_one<T>(p.source, p.source_type, source_of(p, i, c.source)) : T{0};
    }
#pragma unroll
    for (int k = 0; k < kTogether; k++)
      if (here[k]) take(x[k]);
    more = here[kTogether - 1];
  }
}

/** A value is rounded to the dtype after each step, as if elements came one by one. */
template <class T>
TENON_DEVICE void combine_runs(const RunParameters& p) {
  if (p.failure->state) return;
  const int64_t numel = p.units * p.columns;
  const bool narrow = numel <= INT32_MAX;
  for (int64_t n = first_item(); n < numel; n += item_stride()) {
    const int64_t unit = quotient(n, p.columns, narrow), key = p.keys[unit];
    if (unit > 0 && p.keys[unit - 1] == key) continue;
    if (unit + kLongRun < p.units && p.keys[unit + kLongRun] == key) continue;
    const Column c = column_of(p, unit, n - unit * p.columns);
    T value = load_one<T>(p.out, p.out_type, c.out);
    along_run<T>(p, c, unit, 1, [&](T x) { value = rounded_to(p.out_type, combined(p.mode, value, x)); });
    store_one(p.out, p.out_type, c.out, value);
  }
}

/** A long run's elements, shared out among a block: neighbouring threads have neighbouring columns. */
template <class T>
TENON_DEVICE void combine_long_run(const RunParameters& p, int64_t unit) {
  SHARED(part, T[kAlongThreads]);
  const unsigned t = threadIdx.x;
  unsigned beside = 1;
  while (beside < 32 && static_cast<int64_t>(beside) < p.columns) beside *= 2;
  const unsigned lane = t / beside;
  for (int64_t first = 0; first < p.columns; first += beside) {
    const int64_t column = first + t % beside;
    T value = neutral<T>(p.mode);
    Column c = {};
    if (column < p.columns) {
      c = column_of(p, unit, column);
      along_run<T>(p, c, unit + lane, kAlongThreads / beside,
                   [&](T x) { value = combined(p.mode, value, x); });
    }
    __syncthreads();  // what was joined before may still be read
    part[t] = value;
    __syncthreads();
#pragma unroll 1
    for (unsigned half = kAlongThreads / 2; half >= beside; half /= 2) {
      if (t < half) part[t] = combined(p.mode, part[t], part[t + half]);
      __syncthreads();
    }
    if (lane == 0 && column < p.columns)
      store_one(p.out, p.out_type, c.out, combined(p.mode, load_one<T>(p.out, p.out_type, c.out), part[t]));
  }
}

template <class T>
TENON_DEVICE void combine_long_runs(const RunParameters& p) {
  SHARED(runs, int64_t[kRunWindow / kLongRun + 1]);
  SHARED(count, unsigned[1]);
  if (p.failure->state) return;
  if (threadIdx.x == 0) count[0] = 0;
  __syncthreads();
  const int64_t first = static_cast<int64_t>(blockIdx.x) * kRunWindow;
  for (int i = static_cast<int>(threadIdx.x); i < kRunWindow; i += kAlongThreads) {
    const int64_t unit = first + i;
    if (unit + kLongRun >= p.units || p.keys[unit + kLongRun] != p.keys[unit]) continue;
    if (unit > 0 && p.keys[unit - 1] == p.keys[unit]) continue;
    runs[atomicAdd(&count[0], 1u)] = unit;
  }
  __syncthreads();
  for (unsigned i = 0; i < count[0]; i++) combine_long_run<T>(p, runs[i]);
}

}  // namespace

KERNEL(scatter_claim, kAlongThreads, AlongParameters)(const AlongParameters p) {
  if (p.failure->state) return;
  for (int64_t n = first_item(); n < p.numel; n += item_stride()) {
    int64_t at[4];
    locate(p.dim, p.dims, n, at);
    atomicMax(&p.owners[at[3] + p.index[at[1]] * p.places], static_cast<uint32_t>(n) + 1);
  }
}

KERNEL(scatter_keys, kAlongThreads, AlongParameters)(const AlongParameters p) {
  if (p.failure->state) return;
  for (int64_t n = first_item(); n < p.numel; n += item_stride()) {
    int64_t at[4];
    locate(p.dim, p.dims, n, at);
    p.keys[n] = at[3] + p.index[at[1]] * p.places;
  }
}

#define TENON_MOVES(bits, T)                                                                                \
  KERNEL(gather_##bits, kAlongThreads, AlongParameters)(const AlongParameters p) { gather_elements<T>(p); } \
  KERNEL(scatter_lanes_##bits, kAlongThreads, AlongParameters)                                              \
  (const AlongParameters p) { replace_lanes<T>(p); }                                                        \
  KERNEL(scatter_claimed_##bits, kAlongThreads, AlongParameters)                                            \
  (const AlongParameters p) { write_claimed<T>(p); }                                                        \
  KERNEL(scatter_runs_##bits, kAlongThreads, RunParameters)(const RunParameters p) { replace_runs<T>(p); }
TENON_MOVES(b8, uint8_t)
TENON_MOVES(b16, uint16_t)
TENON_MOVES(b32, uint32_t)
TENON_MOVES(b64, uint64_t)

#define TENON_COMBINES(type, T)                                                                            \
  KERNEL(scatter_lanes_##type, kAlongThreads, AlongParameters)                                             \
  (const AlongParameters p) { combine_lanes<T>(p); }                                                       \
  KERNEL(scatter_runs_##type, kAlongThreads, RunParameters)(const RunParameters p) { combine_runs<T>(p); } \
  KERNEL(scatter_long_##type, kAlongThreads, RunParameters)                                                \
  (const RunParameters p) { combine_long_runs<T>(p); }
TENON_COMBINES(f32, float)
TENON_COMBINES(f64, double)
TENON_COMBINES(i32, int32_t)
TENON_COMBINES(i64, int64_t)

#undef TENON_MOVES
#undef TENON_COMBINES

}  // namespace cuda
}  // namespace tenon
