// averagePool and averagePoolBackward: sums over windows and what they are divided by, and for each element
// of the input its shares of the outputs' gradients.
#include "cuda/kernels/pooling_taps.h"
#include "kernels/average.h"

namespace tenon {
namespace cuda {

namespace {

template <class T, class I>
TENON_DEVICE void pool(const PoolParameters<I>& p) {
  using Sum = typename Summed<T>::Type;
  const Seat seat = seat_of(p.shape);
  const PoolDivisor divisor = {p.padded, p.fixed};
  const PoolAxisOf<I>&d = p.axis[0], &h = p.axis[1], &w = p.axis[2];
  const int64_t teams = blockDim.x >> p.shape.log_lanes;
  for (int64_t tile = blockIdx.x; tile * teams < p.results; tile += gridDim.x) {
    const int64_t result = tile * teams + seat.team;
    const bool there = result < p.results;
    Sum sum = 0;
    double by = 1;
    if (there) {
      const PoolPlace<I> place(p, result);
      const PoolWindowOf<I> depth = window_of(d, place.at[0]), height = window_of(h, place.at[1]),
                            width = window_of(w, place.at[2]);
      by = divisor.of(depth, height, width);
      const T* const plane = static_cast<const T*>(p.from) + place.plane * p.in;
      const PoolTaps<I> taps[3] = {taps_of(d, depth), taps_of(h, height), taps_of(w, width)};
      each_tap<4>(taps, h.in, w.in, seat, p.shape,
                  [&](I at, I, I, I) { sum += static_cast<Sum>(plane[at]); });
    }
    sum = join_team<AddLanes, kTeamThreads>(sum, p.shape);
    if (there && seat.lane == 0) static_cast<T*>(p.to)[result] = divided<T>(sum, by);
  }
}

/** Whether a window lies within the input. */
template <class I>
TENON_DEVICE bool is_inner(const PoolParameters<I>& p, int axis, I at) {
  return at >= p.inner[axis] && at < p.inner_end[axis];
}

template <class T, class I>
TENON_DEVICE void pool_backward(const PoolParameters<I>& p) {
  const Seat seat = seat_of(p.shape);
  const PoolDivisor divisor = {p.padded, p.fixed};
  const PoolAxisOf<I>&d = p.axis[0], &h = p.axis[1], &w = p.axis[2];
  const int64_t teams = blockDim.x >> p.shape.log_lanes;
  const auto divisor_of = [&](I z, I y, I x) {
    return static_cast<T>(divisor.of(window_of(d, z), window_of(h, y), window_of(w, x)));
  };
  const T whole = static_cast<T>(p.whole);
  for (int64_t tile = blockIdx.x; tile * teams < p.results; tile += gridDim.x) {
    const int64_t result = tile * teams + seat.team;
    T sum = 0;
    if (result < p.results) {
      const PoolPlace<I> place(p, result);
      const T* const grad = static_cast<const T*>(p.from) + place.plane * p.out;
      PoolTaps<I> taps[3];
#pragma unroll
      for (int i = 0; i < 3; i++) taps[i] = outputs_of(p.axis[i], p.stride[i], place.at[i]);
      const auto looks = [&](int i, I o) {  // dilated windows miss some of the elements they reach over
        const PoolAxisOf<I>& a = p.axis[i];
        return a.dilation == 1 || (place.at[i] + a.padding - o * a.stride) % a.dilation == 0;
      };
      each_tap<1>(taps, h.out, w.out, seat, p.shape, [&](I at, I z, I y, I x) {
        if (!looks(0, z) || !looks(1, y) || !looks(2, x)) return;
        const bool inner = is_inner(p, 0, z) && is_inner(p, 1, y) && is_inner(p, 2, x);
        sum += grad[at] / (inner ? whole : divisor_of(z, y, x));
      });
    }
    sum = join_team<AddLanes, kTeamThreads>(sum, p.shape);
    if (result < p.results && seat.lane == 0) static_cast<T*>(p.to)[result] = sum;
  }
}

}  // namespace

// As of maxPool.
#define TENON_POOL(name, f, T, I) \
  KERNEL(pool_##name, kTeamThreads, PoolParameters<I>)(const PoolParameters<I> p) { f<T>(p); }

TENON_POOL(average_f32, pool, float, int32_t)
TENON_POOL(average_wide_f32, pool, float, int64_t)
TENON_POOL(average_wide_f64, pool, double, int64_t)
TENON_POOL(average_wide_i32, pool, int32_t, int64_t)
TENON_POOL(average_wide_i64, pool, int64_t, int64_t)
TENON_POOL(average_backward_f32, pool_backward, float, int32_t)
TENON_POOL(average_backward_wide_f32, pool_backward, float, int64_t)
TENON_POOL(average_backward_wide_f64, pool_backward, double, int64_t)

#undef TENON_POOL

}  // namespace cuda
}  // namespace tenon
