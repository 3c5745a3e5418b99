// How pooling kernels go through planes: where a result is, and what it looks at.
#pragma once
#include "cuda/kernels/block.h"
#include "cuda/kernels/pooling.h"
#include "cuda/kernels/quotient.h"

#if defined(__CUDACC__)
#define TENON_SHARED_CODE __device__ __noinline__
#else
#define TENON_SHARED_CODE __attribute__((noinline))
#endif

namespace tenon {
namespace cuda {

namespace {

struct AddLanes {
  template <class T>
  static TENON_DEVICE T join(T a, T b) {
    return a + b;
  }
};

/** Where a result is. */
template <class I>
struct PoolPlace {
  int64_t plane;
  I at[3], number;  // along the axes, and in the plane

  TENON_DEVICE PoolPlace(const PoolParameters<I>& p, int64_t result) {
    plane = quotient(result, p.plane);
    number = static_cast<I>(result - plane * p.plane.size);
    const I row = quotient(number, p.width);
    at[0] = quotient(row, p.height);
    at[1] = row - at[0] * static_cast<I>(p.height.size);
    at[2] = number - row * static_cast<I>(p.width.size);
  }
};

/** Positions first, first + step, ... along an axis. */
template <class I>
struct PoolTaps {
  I first, count, step;
};

/** Windows that want divisions: one copy for all kernels. */
template <class I>
TENON_SHARED_CODE PoolWindowOf<I> other_window(PoolAxisOf<I> a, I o) {
  return a.window(o);
}
template <class I>
TENON_DEVICE PoolWindowOf<I> window_of(const PoolAxisOf<I>& a, I o) {
  return a.is_plain() ? a.plain_window(o) : other_window(a, o);
}

/** What a window looks at. */
template <class I>
TENON_DEVICE PoolTaps<I> taps_of(const PoolAxisOf<I>& a, const PoolWindowOf<I>& w) {
  return {w.start + w.first * a.dilation, w.end - w.first, a.dilation};
}

/** The outputs whose windows may look at an element: all that reach from before it to behind it. */
template <class I>
TENON_DEVICE PoolTaps<I> outputs_of(const PoolAxisOf<I>& a, const Dim<1>& stride, I at) {
  I first, end;
  if (a.adaptive) {
    first = at * a.out / a.in;
    end = ((at + 1) * a.out - 1) / a.in + 1;
  } else {
    const I place = at + a.padding, low = place - (a.kernel - 1) * a.dilation;
    first = low <= 0 ? 0 : quotient(low + a.stride - 1, stride);
    end = quotient(place, stride) + 1;
    if (end > a.out) end = a.out;
  }
  return {first, first < end ? end - first : 0, 1};
}

/**
 * kTogether: how many loads of a thread are to be under way at once.
 * run(number in the plane, positions along the axes...) for those of taps that are a lane's, in the plane's
 * order. `high` and `wide` are the sizes of the plane's last two dimensions.
 */
template <int kTogether, class I, class Run>
TENON_DEVICE void each_tap(const PoolTaps<I> (&taps)[3], I high, I wide, const Seat& seat,
                           const TeamShape& shape, Run run) {
  const PoolTaps<I>&d = taps[0], &h = taps[1], &w = taps[2];
  if (shape.log_lanes == 0) {
#pragma unroll 1
    for (I i = 0, z = d.first; i < d.count; i++, z += d.step)
#pragma unroll 1
      for (I j = 0, y = h.first; j < h.count; j++, y += h.step) {
        const I row = (z * high + y) * wide;
#pragma unroll kTogether
        for (I k = 0, x = w.first; k < w.count; k++, x += w.step) run(row + x, z, y, x);
      }
    return;
  }
  if (h.count == 0 || w.count == 0) return;
  // Numbers of taps in digits, to which the number of lanes is added.
  const I lanes = I{1} << shape.log_lanes, lane = static_cast<I>(seat.lane);
  const I more_k = lanes % w.count, more_rows = lanes / w.count;
  const I more_j = more_rows % h.count, more_i = more_rows / h.count;
  const I rows = lane / w.count;
  I k = lane % w.count, j = rows % h.count, i = rows / h.count;
#pragma unroll 1
  while (i < d.count) {
    const I z = d.first + i * d.step, y = h.first + j * h.step, x = w.first + k * w.step;
    run((z * high + y) * wide + x, z, y, x);
    k += more_k;
    j += more_j;
    i += more_i;
    if (k >= w.count) k -= w.count, j++;
    if (j >= h.count) j -= h.count, i++;
  }
}

}  // namespace

}  // namespace cuda
}  // namespace tenon
