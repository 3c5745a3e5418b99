// The windows that pooling looks through: where each is in the input.
#pragma once
#include "core/launch.h"

namespace tenon {

#if defined(__CUDACC__)
#define TENON_POOLING __host__ __device__
#else
#define TENON_POOLING
#endif

/**
 * The taps of a window that fall on the input: positions start + k * dilation for first <= k < end. I: of
 * what is counted; 32 bits are enough where `is_narrow_pool` says so.
 */
template <class I>
struct PoolWindowOf {
  I start, first, end;
  /** How far the window reaches within the padded input. */
  I reach;
};

/** One dimension that is pooled. */
template <class I>
struct PoolAxisOf {
  I in = 1, out = 1;
  I kernel = 1, stride = 1, padding = 0, dilation = 1;
  bool adaptive = false;  // the input divided into as many windows, as equal as can be

  TENON_POOLING bool is_plain() const { return !adaptive && dilation == 1; }
  /** Of neighbouring elements. */
  TENON_POOLING PoolWindowOf<I> plain_window(I o) const {
    const I start = o * stride - padding, left = in - start, rest = left + padding;
    const I end = left >= kernel ? kernel : left <= 0 ? 0 : left, first = start < 0 ? -start : 0;
    return {start, first < end ? first : end, end, kernel < rest ? kernel : rest};
  }

  TENON_POOLING PoolWindowOf<I> window(I o) const {
    if (is_plain()) return plain_window(o);
    if (adaptive) {
      const I start = o * in / out, end = ((o + 1) * in + out - 1) / out;
      return {start, 0, end - start, end - start};
    }
    const I start = o * stride - padding;
    I first = 0, end = kernel;
    if (start < 0) first = (-start + dilation - 1) / dilation;
    const I left = in - start;
    if (left < (kernel - 1) * dilation + 1) end = left <= 0 ? 0 : (left - 1) / dilation + 1;
    if (first > end) first = end;
    const I rest = in + padding - start;
    return {start, first, end, kernel < rest ? kernel : rest};
  }

  /** The outputs [first, end) whose windows lie within the input. */
  TENON_POOLING void inner(I& first, I& end) const {
    if (adaptive) {
      first = end = 0;
      return;
    }
    first = (padding + stride - 1) / stride;
    const I room = in + padding - ((kernel - 1) * dilation + 1);
    end = room < 0 ? 0 : room / stride + 1;
    if (end > out) end = out;
    if (first > end) first = end;
  }

  /** Where a window begins on the input; one that misses it, at its edge. */
  TENON_POOLING I clipped(const PoolWindowOf<I>& w) const {
    const I at = w.start + w.first * dilation;
    return at < 0 ? 0 : at < in ? at : in - 1;
  }
};

using PoolWindow = PoolWindowOf<int64_t>;
using PoolAxis = PoolAxisOf<int64_t>;

/** Planes of up to three dimensions: outermost first, those that lack are of size 1. */
struct PoolGeometry {
  int64_t planes = 1;
  int dims = 0;
  PoolAxis axis[3];

  int64_t in() const { return axis[0].in * axis[1].in * axis[2].in; }
  int64_t out() const { return axis[0].out * axis[1].out * axis[2].out; }
};

/** Scalars of each dimension: kernel, stride, padding, dilation. */
constexpr int kPoolScalars = 4;

/** The sizes alone: scalar 0 is the number of dimensions. Operands are checked by check_pooling. */
inline PoolGeometry pool_sizes(const Launch& l, const TensorView& in, const TensorView& out) {
  PoolGeometry g;
  g.dims = static_cast<int>(l.scalar[0].integer());
  const int skip = in.rank - g.dims;
  for (int i = 0; i < skip; i++) g.planes *= in.shape[i];
  for (int i = 0; i < g.dims; i++) {
    g.axis[3 - g.dims + i].in = in.shape[skip + i];
    g.axis[3 - g.dims + i].out = out.shape[skip + i];
  }
  return g;
}

/** Sizes and windows: scalar 1 says whether they are adaptive, those of each dimension follow unless they
 * are. */
PoolGeometry pool_geometry(const Launch& l, const TensorView& in, const TensorView& out);

/** Whether all that is counted within a plane, padding included, fits 32 bits. */
bool is_narrow_pool(const PoolGeometry&);

/** Scalars that pool_geometry reads: the first ones. */
inline uint32_t pool_scalars(const Launch& l) {
  if (l.scalars < 2) return 2;
  return l.scalar[1].get() != 0 ? 2 : 2 + kPoolScalars * static_cast<uint32_t>(l.scalar[0].integer());
}

}  // namespace tenon
