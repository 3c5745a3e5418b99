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
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < p.n; i += step) {
    int64_t at[2];
    locate(p.dim, p.dims, i, at);
    static_cast<T*>(p.out)[at[0]] =
        p.in[0].data ? static_cast<const T*>(p.in[0].data)[at[1]] : number_of<T>(p.in[0]);
  }
}

template <class T>
TENON_DEVICE void where_raw(const StridedParameters& p) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < p.n; i += step) {
    int64_t at[4];
    locate(p.dim, p.dims, i, at);
    const bool yes =
        p.in[0].data ? static_cast<const uint8_t*>(p.in[0].data)[at[1]] != 0 : p.in[0].number != 0;
    const Input& x = yes ? p.in[1] : p.in[2];
    const int64_t place = yes ? at[2] : at[3];
    static_cast<T*>(p.out)[at[0]] = x.data ? static_cast<const T*>(x.data)[place] : number_of<T>(x);
  }
}

#define COPY_KERNEL(suffix, type)                                                 \
  KERNEL(move_copy_##suffix, 256, StridedParameters)(const StridedParameters p) { \
    strided_loop<Same, type, type, 1>(p, Same());                                 \
  }
#define RAW_KERNELS(suffix, type)                                                                     \
  KERNEL(move_raw_##suffix, 256, StridedParameters)(const StridedParameters p) { copy_raw<type>(p); } \
  KERNEL(move_where_##suffix, 256, StridedParameters)(const StridedParameters p) { where_raw<type>(p); }
#define KERNEL CUDA_KERNEL
COPY_KERNEL(f32, float)
COPY_KERNEL(f64, double)
COPY_KERNEL(i32, int32_t)
COPY_KERNEL(i64, int64_t)
RAW_KERNELS(b1, uint8_t)
RAW_KERNELS(b2, uint16_t)
RAW_KERNELS(b4, uint32_t)
RAW_KERNELS(b8, uint64_t)

KERNEL(move_arange, 256, ArangeParameters)(const ArangeParameters p) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < p.n; i += step) {
    if (p.floating)
      store_any<double>(p.out, p.dtype, i, p.start + static_cast<double>(i) * p.step);
    else
      store_any<int64_t>(p.out, p.dtype, i,
                         static_cast<int64_t>(p.whole_start + static_cast<uint64_t>(i) * p.whole_step));
  }
}

KERNEL(move_eye, 256, EyeParameters)(const EyeParameters p) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < p.n; i += step)
    store_any<int32_t>(p.out, p.dtype, i, i / p.columns == i % p.columns);
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
