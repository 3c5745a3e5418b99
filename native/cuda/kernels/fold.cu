// im2col and col2im. Each thread makes elements of the result: what a block reads through a tap, or the sum
// of what all taps read of an element, in the order of the taps.
#include "cuda/kernels/batch.h"
#include "cuda/kernels/conv_reads.h"
#include "cuda/kernels/fold.h"

namespace tenon {
namespace cuda {

namespace {

TENON_DEVICE int64_t first_item() { return static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; }
TENON_DEVICE int64_t item_stride() { return static_cast<int64_t>(gridDim.x) * blockDim.x; }

/** Element n of the columns; elements of T are moved, whatever they mean. */
template <class T, class Index>
TENON_DEVICE T read_block(const FoldParameters& p, Index n) {
  Index o[2], k[2];
  o[1] = take_digit(n, p.out[1]);
  o[0] = take_digit(n, p.out[0]);
  k[1] = take_digit(n, p.taps[1]);
  k[0] = take_digit(n, p.taps[0]);  // n: the plane
  Index at = n;
  for (int d = 0; d < 2; d++) {
    const ConvAxis& a = p.axis[d];
    const Index in = static_cast<Index>(a.in);
    const Index position = o[d] * static_cast<Index>(a.stride.size) + k[d] * static_cast<Index>(a.dilation) -
                           static_cast<Index>(a.padding);
    if (position < 0 || position >= in) return T{0};
    at = at * in + position;
  }
  return static_cast<const T*>(p.from)[at];
}

template <class T, class Index>
TENON_DEVICE void take_blocks(const FoldParameters& p) {
  T* const to = static_cast<T*>(p.to);
  const int64_t stride = item_stride();
  for (int64_t first = first_item(); first < p.numel; first += kFoldTogether * stride) {
    T value[kFoldTogether];
#pragma unroll
    for (int i = 0; i < kFoldTogether; i++) {
      const int64_t n = first + i * stride;
      value[i] = n < p.numel ? read_block<T>(p, static_cast<Index>(n)) : T{0};
    }
#pragma unroll
    for (int i = 0; i < kFoldTogether; i++)
      if (first + i * stride < p.numel) to[first + i * stride] = value[i];
  }
}

template <class T>
struct Plain {
  static TENON_DEVICE T load(const FoldParameters& p, int64_t at) {
    return static_cast<const T*>(p.from)[at];
  }
  static TENON_DEVICE void store(const FoldParameters& p, int64_t at, T x) { static_cast<T*>(p.to)[at] = x; }
};
template <class H>
struct AsHalf {
  static TENON_DEVICE float load(const FoldParameters& p, int64_t at) {
    return widen(static_cast<const H*>(p.from)[at]);
  }
  static TENON_DEVICE void store(const FoldParameters& p, int64_t at, float x) {
    static_cast<H*>(p.to)[at] = convert<H>(x);
  }
};
/** Small integers: the dtype is known only now. */
struct AsAny {
  static TENON_DEVICE uint32_t load(const FoldParameters& p, int64_t at) {
    return load_one<uint32_t>(p.from, p.type, at);
  }
  static TENON_DEVICE void store(const FoldParameters& p, int64_t at, uint32_t x) {
    store_one(p.to, p.type, at, x);
  }
};

/** Element n of the image. */
template <class T, class Elements, class Index>
TENON_DEVICE T sum_of_blocks(const FoldParameters& p, Index n) {
  const Index b = take_digit(n, p.in[1]), a = take_digit(n, p.in[0]);  // n: the plane
  const Reads<Index> down = reads_of_input(p.axis[0], a), across = reads_of_input(p.axis[1], b);
  const Index rows = static_cast<Index>(p.out[0].size), columns = static_cast<Index>(p.out[1].size);
  const Index first = n * static_cast<Index>(p.taps[0].size);
  T sum = 0;
  for (Index i = 0; i < down.taps; i++) {
    const Index row = down.first + i * down.step;
    if (row < 0 || row >= rows) continue;
    const Index tap = (first + down.tap + i * down.every) * static_cast<Index>(p.taps[1].size) + across.tap;
    for (Index j = 0; j < across.taps; j++) {
      const Index column = across.first + j * across.step;
      if (column >= 0 && column < columns)
        sum += Elements::load(p, ((tap + j * across.every) * rows + row) * columns + column);
    }
  }
  return sum;
}

template <class T, class Elements, class Index>
TENON_DEVICE void add_blocks(const FoldParameters& p) {
  for (int64_t n = first_item(); n < p.numel; n += item_stride())
    Elements::store(p, n, sum_of_blocks<T, Elements>(p, static_cast<Index>(n)));
}

}  // namespace

#define TENON_IM2COL(bits, T)                                                   \
  KERNEL(im2col_##bits, kFoldThreads, FoldParameters)(const FoldParameters p) { \
    if (p.narrow)                                                               \
      take_blocks<T, int32_t>(p);                                               \
    else                                                                        \
      take_blocks<T, int64_t>(p);                                               \
  }
TENON_IM2COL(b8, uint8_t)
TENON_IM2COL(b16, uint16_t)
TENON_IM2COL(b32, uint32_t)
TENON_IM2COL(b64, uint64_t)
#undef TENON_IM2COL

#define TENON_COL2IM(name, T, Elements)                                         \
  KERNEL(col2im_##name, kFoldThreads, FoldParameters)(const FoldParameters p) { \
    if (p.narrow)                                                               \
      add_blocks<T, Elements, int32_t>(p);                                      \
    else                                                                        \
      add_blocks<T, Elements, int64_t>(p);                                      \
  }
TENON_COL2IM(f32, float, Plain<float>)
TENON_COL2IM(f64, double, Plain<double>)
TENON_COL2IM(f16, float, AsHalf<Half>)
TENON_COL2IM(bf16, float, AsHalf<BFloat16>)
TENON_COL2IM(any_i32, uint32_t, AsAny)
TENON_COL2IM(i64, uint64_t, Plain<uint64_t>)
#undef TENON_COL2IM

}  // namespace cuda
}  // namespace tenon
