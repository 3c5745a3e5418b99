// The loops that functors of ops.def are made into: over dense arrays, and over operands of any dtype and
// strides.
#pragma once
#include "cuda/kernels/batch.h"
#include "cuda/kernels/elementwise.h"
#include "cuda/kernels/locate.h"
#include "cuda/kernels/scalar.h"

namespace tenon {
namespace cuda {

/** As many elements as 16 bytes of the widest operand, loaded at once. */
template <class T, int N>
struct alignas(sizeof(T) * N) Pack {
  T at[N];
};

/** What a predicate's result is stored as. */
template <class R>
struct Stored {
  using Type = R;
};
template <>
struct Stored<bool> {
  using Type = uint8_t;
};

template <class F, class = void>
struct Maker {
  static TENON_DEVICE F make(const double*) { return F(); }
};
template <class F>
struct Maker<F, std::enable_if_t<(F::scalars > 0)>> {
  static TENON_DEVICE F make(const double* scalars) { return F(scalars); }
};

template <class T>
TENON_DEVICE T number_of(const Input& in) {
  T x;
  memcpy(&x, &in.number, sizeof x);
  return x;
}

template <class F, class T, int N>
TENON_DEVICE auto apply(const F& f, const T (&x)[N]) {
  if constexpr (N == 1)
    return f(x[0]);
  else if constexpr (N == 2)
    return f(x[0], x[1]);
  else
    return f(x[0], x[1], x[2]);
}

/** f over dense arrays of T; results are R. */
template <class F, class T, class R, int kInputs>
TENON_DEVICE void dense_loop(const DenseParameters& p, const F& f) {
  constexpr int w = 16 / static_cast<int>(sizeof(T));
  using Out = typename Stored<R>::Type;
  if (p.failure && p.failure->state != 0) return;
  const int64_t first = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  Out* const out = static_cast<Out*>(p.out);
  T x[kInputs];
  int64_t done = 0;
  if (p.vectors) {
    for (int64_t i = first; i < p.n / w; i += step) {
      Pack<T, w> in[kInputs];
      Pack<Out, w> result;
      for (int k = 0; k < kInputs; k++)
        if (p.in[k].data)
          in[k] = static_cast<const Pack<T, w>*>(p.in[k].data)[i];
        else
          for (int j = 0; j < w; j++) in[k].at[j] = number_of<T>(p.in[k]);
      for (int j = 0; j < w; j++) {
        for (int k = 0; k < kInputs; k++) x[k] = in[k].at[j];
        result.at[j] = static_cast<Out>(apply(f, x));
      }
      reinterpret_cast<Pack<Out, w>*>(out)[i] = result;
    }
    done = p.n / w * w;
  }
  for (int64_t i = done + first; i < p.n; i += step) {
    for (int k = 0; k < kInputs; k++)
      x[k] = p.in[k].data ? static_cast<const T*>(p.in[k].data)[i] : number_of<T>(p.in[k]);
    out[i] = static_cast<Out>(apply(f, x));
  }
}

// One function each for all kernels of a type: the dtypes that they tell apart would make each of them large.
#if defined(__CUDACC__)
#define TENON_SHARED_CODE static __device__ __noinline__
#else
#define TENON_SHARED_CODE static __attribute__((noinline))
#endif
template <class T>
TENON_SHARED_CODE T load_any(const void* data, DType dtype, int64_t at) {
  return load_one<T>(data, dtype, at);
}
template <class T>
TENON_SHARED_CODE void store_any(void* data, DType dtype, int64_t at, T x) {
  store_one<T>(data, dtype, at, x);
}

/** f in T over operands of any dtype and strides. */
template <class F, class T, class R, int kInputs>
TENON_DEVICE void strided_loop(const StridedParameters& p, const F& f) {
  if (p.failure && p.failure->state != 0) return;
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < p.n; i += step) {
    int64_t at[1 + kInputs];
    locate(p.dim, p.dims, i, at);
    T x[kInputs];
    for (int k = 0; k < kInputs; k++)
      x[k] = p.in[k].data ? load_any<T>(p.in[k].data, p.in[k].dtype, at[1 + k]) : number_of<T>(p.in[k]);
    if constexpr (std::is_same<R, bool>::value)
      store_any<int32_t>(p.out, p.out_type, at[0], apply(f, x) ? 1 : 0);
    else
      store_any<T>(p.out, p.out_type, at[0], apply(f, x));
  }
}

}  // namespace cuda
}  // namespace tenon

#undef KERNEL  // ops.def has rows of that name

// Kernels of one functor for each compute type of a row: ROWS_<types>(M, ...) is M(suffix, type, ...) for
// each.
#define ROWS_FLOAT(M, ...) M(f32, float, __VA_ARGS__) M(f64, double, __VA_ARGS__)
#define ROWS_INTEGER(M, ...) M(i32, int32_t, __VA_ARGS__) M(i64, int64_t, __VA_ARGS__)
#define ROWS_NUMERIC(M, ...) ROWS_FLOAT(M, __VA_ARGS__) ROWS_INTEGER(M, __VA_ARGS__)

#define ELEMENTWISE_KERNELS(kernel, type, F, R, inputs)                              \
  CUDA_KERNEL(kernel##_dense, 256, DenseParameters)(const DenseParameters p) {       \
    dense_loop<F, type, R, inputs>(p, Maker<F>::make(p.scalars));                    \
  }                                                                                  \
  CUDA_KERNEL(kernel##_strided, 256, StridedParameters)(const StridedParameters p) { \
    strided_loop<F, type, R, inputs>(p, Maker<F>::make(p.scalars));                  \
  }
