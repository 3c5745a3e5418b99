// maxPool and maxPoolBackward. The last NaN of a window is its largest element, else the first of equal ones.
// The derivative gathers, for each element of the input, the gradients of the outputs that were there.
#include "cuda/kernels/pooling_taps.h"

namespace tenon {
namespace cuda {

namespace {

/** The largest element so far and its place in the plane; -1: none is larger than the least there is. */
template <class T, class I>
struct Peak {
  T value;
  I place;
};
template <class T, class I>
TENON_DEVICE Peak<T, I> exchange(Peak<T, I> peak, unsigned bits) {
  return {cuda::exchange(peak.value, bits), cuda::exchange(peak.place, bits)};
}
template <class T, class I>
struct JoinPeaks {
  static TENON_DEVICE Peak<T, I> join(const Peak<T, I>& a, const Peak<T, I>& b) {
    if (a.place < 0 || b.place < 0) return a.place < 0 ? b : a;
    const bool a_nan = a.value != a.value, b_nan = b.value != b.value;
    if (a_nan || b_nan) return a_nan && (!b_nan || a.place > b.place) ? a : b;
    if (a.value != b.value) return a.value > b.value ? a : b;
    return a.place < b.place ? a : b;
  }
};

template <class T>
TENON_DEVICE T lowest() {
  if constexpr (std::is_floating_point<T>::value)
    return -static_cast<T>(INFINITY);
  else
    return static_cast<T>(sizeof(T) == 8 ? INT64_MIN : INT32_MIN);
}

template <class T, class I>
TENON_DEVICE void pool(const PoolParameters<I>& p) {
  const Seat seat = seat_of(p.shape);
  const PoolAxisOf<I>&d = p.axis[0], &h = p.axis[1], &w = p.axis[2];
  const int64_t teams = blockDim.x >> p.shape.log_lanes;
  for (int64_t tile = blockIdx.x; tile * teams < p.results; tile += gridDim.x) {
    const int64_t result = tile * teams + seat.team;
    const bool there = result < p.results;
    Peak<T, I> peak = {lowest<T>(), -1};
    I outset = 0;  // the place of an empty window, or of one of nothing but the least
    if (there) {
      const PoolPlace<I> place(p, result);
      const PoolWindowOf<I> depth = window_of(d, place.at[0]), height = window_of(h, place.at[1]),
                            width = window_of(w, place.at[2]);
      outset = (d.clipped(depth) * h.in + h.clipped(height)) * w.in + w.clipped(width);
      const T* const plane = static_cast<const T*>(p.from) + place.plane * p.in;
      const PoolTaps<I> taps[3] = {taps_of(d, depth), taps_of(h, height), taps_of(w, width)};
      each_tap<4>(taps, h.in, w.in, seat, p.shape, [&](I at, I, I, I) {
        const T x = plane[at];
        if (x > peak.value || x != x) peak = {x, at};
      });
    }
    peak = join_team<JoinPeaks<T, I>, kTeamThreads>(peak, p.shape);
    if (!there || seat.lane != 0) continue;
    static_cast<T*>(p.to)[result] = peak.value;
    if (!p.places) continue;
    const I at = peak.place < 0 ? outset : peak.place;
    if (p.wide)
      static_cast<int64_t*>(p.places)[result] = at;
    else
      static_cast<int32_t*>(p.places)[result] = static_cast<int32_t>(at);
  }
}

template <class T, class I>
TENON_DEVICE void pool_backward(const PoolParameters<I>& p) {
  if (p.failure->state) return;
  const Seat seat = seat_of(p.shape);
  const int64_t teams = blockDim.x >> p.shape.log_lanes;
  for (int64_t tile = blockIdx.x; tile * teams < p.results; tile += gridDim.x) {
    const int64_t result = tile * teams + seat.team;
    T sum = 0;
    if (result < p.results) {
      const PoolPlace<I> place(p, result);
      const int64_t plane = place.plane * p.out;
      const T* const grad = static_cast<const T*>(p.from) + plane;
      const int64_t* const wide = static_cast<const int64_t*>(p.places) + (p.wide ? plane : 0);
      const int32_t* const narrow = static_cast<const int32_t*>(p.places) + (p.wide ? 0 : plane);
      PoolTaps<I> taps[3];
#pragma unroll
      for (int i = 0; i < 3; i++) taps[i] = outputs_of(p.axis[i], p.stride[i], place.at[i]);
      each_tap<2>(taps, p.axis[1].out, p.axis[2].out, seat, p.shape, [&](I at, I, I, I) {
        const I from = p.wide ? static_cast<I>(wide[at]) : static_cast<I>(narrow[at]);
        if (from == place.number) sum += grad[at];
      });
    }
    sum = join_team<AddLanes, kTeamThreads>(sum, p.shape);
    if (result < p.results && seat.lane == 0) static_cast<T*>(p.to)[result] = sum;
  }
}

TENON_DEVICE int64_t place_at(const PlaceCheck& p, int64_t i) {
  return p.wide ? static_cast<const int64_t*>(p.places)[i] : static_cast<const int32_t*>(p.places)[i];
}

}  // namespace

KERNEL(pool_place_check, kTeamThreads, PlaceCheck)(const PlaceCheck p) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < p.count; i += step) {
    const int64_t place = place_at(p, i);
    if (place >= 0 && place < p.in) continue;
    atomicMax(p.found, static_cast<unsigned long long>(p.count - i));
    return;
  }
}

KERNEL(pool_place_failure, 32, PlaceCheck)(const PlaceCheck p) {
  if (threadIdx.x != 0 || *p.found == 0) return;
  const int64_t first = p.count - static_cast<int64_t>(*p.found);
  leave_failure(p.failure, p.op, kPlaceOutOfRange, place_at(p, first), p.in);
}

// Wide ones serve any plane; those that count in 32 bits are for float32, of which most planes are.
#define TENON_POOL(name, f, T, I) \
  KERNEL(pool_##name, kTeamThreads, PoolParameters<I>)(const PoolParameters<I> p) { f<T>(p); }

TENON_POOL(max_f32, pool, float, int32_t)
TENON_POOL(max_wide_f32, pool, float, int64_t)
TENON_POOL(max_wide_f64, pool, double, int64_t)
TENON_POOL(max_wide_i32, pool, int32_t, int64_t)
TENON_POOL(max_wide_i64, pool, int64_t, int64_t)
TENON_POOL(max_backward_f32, pool_backward, float, int32_t)
TENON_POOL(max_backward_wide_f32, pool_backward, float, int64_t)
TENON_POOL(max_backward_wide_f64, pool_backward, double, int64_t)

#undef TENON_POOL

}  // namespace cuda
}  // namespace tenon
