// dropout: elements set to zero at random, the others scaled; and the same again with a mask that is known.
// The same draws as on the CPU, see core/random.h.
#include "cuda/kernels/block.h"
#include "cuda/kernels/dropout.h"
#include "cuda/kernels/elementwise_loops.h"
#include "cuda/kernels/philox.h"

namespace tenon {
namespace cuda {

static_assert(kDropThreads == kElementThreads && kDropThreads % 32 == 0, "whole warps");

/** What elements are scaled in. */
template <class S>
using ScaledIn = std::conditional_t<std::is_same<S, double>::value, double, float>;

/** Times zero, not zero: what is infinite becomes NaN, as on the CPU. */
template <class T>
TENON_DEVICE T keep_or_drop(T x, bool kept, T scale) {
  return x * (kept ? scale : T{0});
}

/** Neighbours that a thread loads and stores at once; the last of an array may have fewer. */
template <class S>
using Neighbours = Pack<S, kDropped>;

template <class S>
TENON_DEVICE Neighbours<S> load_neighbours(const void* data, int64_t n, int64_t i) {
  Neighbours<S> x = {};
  if (i + kDropped <= n)
    x = static_cast<const Neighbours<S>*>(data)[i / kDropped];
  else
    for (int k = 0; k < kDropped; k++)
      if (i + k < n) x.at[k] = static_cast<const S*>(data)[i + k];
  return x;
}
template <class S>
TENON_DEVICE void store_neighbours(void* data, int64_t n, int64_t i, const Neighbours<S>& x) {
  if (i + kDropped <= n)
    static_cast<Neighbours<S>*>(data)[i / kDropped] = x;
  else
    for (int k = 0; k < kDropped; k++)
      if (i + k < n) static_cast<S*>(data)[i + k] = x.at[k];
}
template <class S>
TENON_DEVICE Neighbours<S> scaled(const Neighbours<S>& x, const Neighbours<uint8_t>& mask, double scale) {
  using T = ScaledIn<S>;
  Neighbours<S> y;
  for (int k = 0; k < kDropped; k++)
    y.at[k] = convert<S>(keep_or_drop(convert<T>(x.at[k]), mask.at[k] != 0, static_cast<T>(scale)));
  return y;
}

/**
 * The 16 lanes of a group have drawn, each for elements that are 16 apart; each takes four neighbours. What
 * it needs of the others' draws is whether they keep their elements: four votes of the warp.
 */
TENON_DEVICE Neighbours<uint8_t> drawn_mask(const uint32_t (&words)[4], uint64_t kept) {
  const unsigned lane = threadIdx.x % 32, half = lane & 16, own = lane % 16;
  uint32_t votes = 0;
  for (unsigned j = 0; j < 4; j++) {
    const uint32_t all = __ballot_sync(kAllLanes, words[j] < kept);
    if (own / 4 == j) votes = all;  // elements 16 j to 16 j + 15 of the group
  }
  Neighbours<uint8_t> mask;
  for (unsigned k = 0; k < 4; k++) mask.at[k] = votes >> (half + own % 4 * 4 + k) & 1;
  return mask;
}

template <class S>
TENON_DEVICE void drop_dense(const DropoutParameters& p) {
  static_assert(kPhiloxGroup == 16 && kDropped == 4, "two groups of counters to a warp");
  const Words random(p.source);
  const int64_t lane = threadIdx.x % 32;
  // Warps stay together, as their lanes draw for each other.
  for (int64_t c = first_item(); (c - lane) * kDropped < p.n; c += item_stride()) {
    const Neighbours<S> x = load_neighbours<S>(p.x, p.n, c * kDropped);
    uint32_t words[4];
    random.get(c, words);
    const Neighbours<uint8_t> mask = drawn_mask(words, p.kept);
    store_neighbours<uint8_t>(p.mask, p.n, c * kDropped, mask);
    store_neighbours<S>(p.out, p.n, c * kDropped, scaled<S>(x, mask, p.scale));
  }
}

template <class S>
TENON_DEVICE void scale_dense(const MaskedScaleParameters& p) {
  for (int64_t i = first_item() * kDropped; i < p.n; i += item_stride() * kDropped) {
    const Neighbours<S> x = load_neighbours<S>(p.x, p.n, i);
    const Neighbours<uint8_t> mask = load_neighbours<uint8_t>(p.mask, p.n, i);
    store_neighbours<S>(p.out, p.n, i, scaled<S>(x, mask, p.scale));
  }
}

/** Each thread takes the elements that its counter is for. */
template <class T>
TENON_DEVICE void drop_strided(const StridedDropoutParameters& strided) {
  const DropoutParameters& p = strided.all;
  constexpr int64_t group = kDropped * kPhiloxGroup;
  const Words random(p.source);
  const T scale = static_cast<T>(p.scale);
  const int64_t counters = (p.n + group - 1) / group * kPhiloxGroup;
  for (int64_t c = first_item(); c < counters; c += item_stride()) {
    const int64_t first = c / kPhiloxGroup * group + c % kPhiloxGroup;
    if (first >= p.n) continue;
    int64_t x_at[kDropped], out_at[kDropped];
    int count = 0;
    for (int j = 0; j < kDropped; j++) {
      const int64_t place = first + j * kPhiloxGroup;
      int64_t at[2];
      count += place < p.n;
      locate(strided.dim, strided.dims, place < p.n ? place : first, at);
      x_at[j] = at[0];
      out_at[j] = at[1];
    }
    T x[kDropped];
    load_each(p.x, strided.type, x_at, x);
    uint32_t words[4];
    random.get(c, words);
    for (int j = 0; j < kDropped; j++) {
      const bool kept = words[j] < p.kept;
      x[j] = keep_or_drop(x[j], kept, scale);
      if (j < count) p.mask[first + j * kPhiloxGroup] = kept;
    }
    store_each(p.out, strided.type, out_at, x, count);
  }
}

/** Of an element and its mask's. */
template <class T>
struct MaskedScale {
  static constexpr int scalars = 1;
  T scale;
  TENON_INLINE explicit MaskedScale(const double* s) : scale(static_cast<T>(s[0])) {}
  TENON_DEVICE T operator()(T x, T mask) const { return keep_or_drop(x, mask != 0, scale); }
};

#define DENSE_KERNELS(suffix, S)                                                                    \
  CUDA_KERNEL(dropout_dense_##suffix, kDropThreads, DropoutParameters)(const DropoutParameters p) { \
    drop_dense<S>(p);                                                                               \
  }                                                                                                 \
  CUDA_KERNEL(maskedScale_dense_##suffix, kDropThreads,                                             \
              MaskedScaleParameters)(const MaskedScaleParameters p) {                               \
    scale_dense<S>(p);                                                                              \
  }
DENSE_KERNELS(f32, float)
DENSE_KERNELS(f64, double)
DENSE_KERNELS(f16, Half)
DENSE_KERNELS(bf16, BFloat16)

#define STRIDED_KERNELS(suffix, T, ...)                                                                      \
  CUDA_KERNEL(dropout_strided_##suffix, kDropThreads,                                                        \
              StridedDropoutParameters)(const StridedDropoutParameters p) {                                  \
    drop_strided<T>(p);                                                                                      \
  }                                                                                                          \
  CUDA_KERNEL(maskedScale_strided_##suffix, kElementThreads, StridedParameters)(const StridedParameters p) { \
    strided_loop<MaskedScale<T>, T, T, 2>(p, MaskedScale<T>(p.scalars));                                     \
  }
ROWS_FLOAT(STRIDED_KERNELS, )

}  // namespace cuda
}  // namespace tenon
