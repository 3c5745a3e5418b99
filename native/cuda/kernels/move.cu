// Kernels that move elements or make them of their place: copies and conversions, where, arange, eye, tril,
// triu.
#include "cuda/kernels/elementwise_loops.h"
#include "cuda/kernels/move.h"

namespace tenon {
namespace cuda {

struct Same {
  template <class V>
  TENON_DEVICE V operator()(V x) const {
    return x;
  }
};

/** Elements of T's size, whatever they are. */
template <class T>
TENON_DEVICE void copy_raw(const StridedParameters& p) {
  constexpr int w = kTogether<T>;
  each_few<w, 2>(p, [&](const int64_t (&at)[2][w], int count) {
    T x[w];
    for (int j = 0; j < w; j++)
      x[j] = p.in[0].data ? static_cast<const T*>(p.in[0].data)[at[1][j]] : number_of<T>(p.in[0]);
    store_each_to<T>(p.out, at[0], x, count);
  });
}

template <class T>
TENON_DEVICE void where_raw(const StridedParameters& p) {
  constexpr int w = kTogether<T>;
  each_few<w, 4>(p, [&](const int64_t (&at)[4][w], int count) {
    bool yes[w];
    T x[w];
    for (int j = 0; j < w; j++)
      yes[j] = p.in[0].data ? static_cast<const uint8_t*>(p.in[0].data)[at[1][j]] != 0 : p.in[0].number != 0;
    for (int j = 0; j < w; j++) {
      const Input& in = yes[j] ? p.in[1] : p.in[2];
      x[j] = in.data ? static_cast<const T*>(in.data)[yes[j] ? at[2][j] : at[3][j]] : number_of<T>(in);
    }
    store_each_to<T>(p.out, at[0], x, count);
  });
}

/** By way of shared memory, so that neighbouring threads read neighbours and write neighbours. */
template <class T>
TENON_DEVICE void transpose(const TransposeParameters& p) {
  SHARED(tile, T[kTile][kTile + 1]);  // one more: columns, too, are in different banks
  const int lane = static_cast<int>(threadIdx.x) % kTile, first = static_cast<int>(threadIdx.x) / kTile;
  constexpr int step = static_cast<int>(kElementThreads) / kTile;
  const uint32_t down = tiles_along(p.rows), across = tiles_along(p.columns);
  for (uint32_t t = blockIdx.x; t < p.tiles; t += gridDim.x) {
    const int64_t column = static_cast<int64_t>(t % across) * kTile;
    const int64_t row = static_cast<int64_t>(t / across % down) * kTile;
    int64_t base[2];
    locate(p.dim, p.dims, t / across / down, base);
    const T* const x = static_cast<const T*>(p.x) + base[1] + row + column * p.x_stride;
    T* const out = static_cast<T*>(p.out) + base[0] + row * p.out_stride + column;
    for (int j = first; j < kTile; j += step)
      if (row + lane < p.rows && column + j < p.columns) tile[j][lane] = x[lane + j * p.x_stride];
    __syncthreads();
    for (int i = first; i < kTile; i += step)
      if (row + i < p.rows && column + lane < p.columns) out[i * p.out_stride + lane] = tile[lane][i];
    __syncthreads();
  }
}

#define RAW_KERNELS(suffix, type)                                                                        \
  KERNEL(move_raw_##suffix, 256, StridedParameters)(const StridedParameters p) { copy_raw<type>(p); }    \
  KERNEL(move_where_##suffix, 256, StridedParameters)(const StridedParameters p) { where_raw<type>(p); } \
  KERNEL(move_transpose_##suffix, 256, TransposeParameters)(const TransposeParameters p) {               \
    transpose<type>(p);                                                                                  \
  }
#define KERNEL CUDA_KERNEL
ELEMENTWISE_KERNELS(move_copy_f32, float, Same, float, 1)
ELEMENTWISE_KERNELS(move_copy_f64, double, Same, double, 1)
ELEMENTWISE_KERNELS(move_copy_i32, int32_t, Same, int32_t, 1)
ELEMENTWISE_KERNELS(move_copy_i64, int64_t, Same, int64_t, 1)
RAW_KERNELS(b1, uint8_t)
RAW_KERNELS(b2, uint16_t)
RAW_KERNELS(b4, uint32_t)
RAW_KERNELS(b8, uint64_t)

KERNEL(move_arange, 256, ArangeParameters)(const ArangeParameters p) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < p.n; i += step) {
    if (p.floating)
      store_one<double>(p.out, p.dtype, i, p.start + static_cast<double>(i) * p.step);
    else
      store_one<int64_t>(p.out, p.dtype, i,
                         static_cast<int64_t>(p.whole_start + static_cast<uint64_t>(i) * p.whole_step));
  }
}

KERNEL(move_eye, 256, EyeParameters)(const EyeParameters p) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < p.n; i += step)
    store_one<int32_t>(p.out, p.dtype, i, i / p.columns == i % p.columns);
}

template <class T>
TENON_DEVICE void triangle(const TriangleParameters& p) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < p.n; i += step) {
    const int64_t column = i % p.columns, row = i / p.columns % p.rows;
    const bool kept = p.upper ? column - row >= p.diagonal : column - row <= p.diagonal;
    int64_t at[1];
    locate(p.dim, p.dims, i, at);
    static_cast<T*>(p.out)[i] = kept ? static_cast<const T*>(p.x)[at[0]] : T{0};
  }
}
KERNEL(move_triangle_b1, 256, TriangleParameters)(const TriangleParameters p) { triangle<uint8_t>(p); }
KERNEL(move_triangle_b2, 256, TriangleParameters)(const TriangleParameters p) { triangle<uint16_t>(p); }
KERNEL(move_triangle_b4, 256, TriangleParameters)(const TriangleParameters p) { triangle<uint32_t>(p); }
KERNEL(move_triangle_b8, 256, TriangleParameters)(const TriangleParameters p) { triangle<uint64_t>(p); }

}  // namespace cuda
}  // namespace tenon
