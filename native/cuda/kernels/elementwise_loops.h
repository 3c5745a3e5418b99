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

/** Some values or places, handed to a function and back in registers. */
template <class T, int N>
struct Few {
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

// One function for all kernels that have it: what is large would make each of them so.
#if defined(__CUDACC__)
#define TENON_SHARED_CODE static __device__ __noinline__
#else
#define TENON_SHARED_CODE static __attribute__((noinline))
#endif

/** Whether a functor's code is long, beside which a call counts for little: that of special functions, and of
 * doubles. */
template <class F, class T, class = void>
constexpr bool kIsLong = false;
template <class F, class T>
constexpr bool kIsLong<F, T, std::enable_if_t<(F::cost > 1)>> = F::cost > 8 || sizeof(T) == 8;

template <class F, class T, int N>
TENON_DEVICE auto apply_inline(const F& f, const T (&x)[N]) {
  if constexpr (N == 1)
    return f(x[0]);
  else if constexpr (N == 2)
    return f(x[0], x[1]);
  else
    return f(x[0], x[1], x[2]);
}
template <class F, class T, int N>
TENON_SHARED_CODE auto apply_apart(F f, Few<T, N> x) {
  return apply_inline(f, x.at);
}
template <class F, class T, int N>
TENON_DEVICE auto apply(const F& f, const T (&x)[N]) {
  if constexpr (kIsLong<F, T> && std::is_same<T, float>::value && std::is_empty<F>::value) {
    // Such functors calculate in double anyway (TENON_LANES in kernels/unary_special.h).
    Few<double, N> few;
    for (int k = 0; k < N; k++) few.at[k] = x[k];
    return static_cast<float>(apply_apart(f, few));
  } else if constexpr (kIsLong<F, T>) {
    Few<T, N> few;
    for (int k = 0; k < N; k++) few.at[k] = x[k];
    return apply_apart(f, few);
  } else {
    return apply_inline(f, x);
  }
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

/** Elements that a thread takes together: their loads are all under way before the first is used. */
template <class T>
constexpr int kTogether = sizeof(T) == 8 ? kLeastTogether : 4;

template <class From, class T, int N>
TENON_DEVICE Few<T, N> load_few(const void* data, const Few<int64_t, N>& place) {
  Few<T, N> x;
  load_each_from<From>(data, place.at, x.at);
  return x;
}

// One function each for all kernels of a type: the dtypes that they tell apart would make each of them large.
template <class T, int N>
TENON_SHARED_CODE Few<T, N> load_any(const void* data, DType dtype, Few<int64_t, N> place) {
  switch (dtype) {
    case DType::f32: return load_few<float, T>(data, place);
    case DType::f64: return load_few<double, T>(data, place);
    case DType::f16: return load_few<Half, T>(data, place);
    case DType::bf16: return load_few<BFloat16, T>(data, place);
    case DType::i8: return load_few<int8_t, T>(data, place);
    case DType::u8: return load_few<uint8_t, T>(data, place);
    case DType::i16: return load_few<int16_t, T>(data, place);
    case DType::i32: return load_few<int32_t, T>(data, place);
    case DType::i64: return load_few<int64_t, T>(data, place);
    default: return load_few<Bool, T>(data, place);
  }
}
template <class T, int N>
TENON_SHARED_CODE void store_any(void* data, DType dtype, Few<int64_t, N> place, Few<T, N> x, int n) {
  switch (dtype) {
    case DType::f32: return store_each_to<float>(data, place.at, x.at, n);
    case DType::f64: return store_each_to<double>(data, place.at, x.at, n);
    case DType::f16: return store_each_to<Half>(data, place.at, x.at, n);
    case DType::bf16: return store_each_to<BFloat16>(data, place.at, x.at, n);
    case DType::i8: return store_each_to<int8_t>(data, place.at, x.at, n);
    case DType::u8: return store_each_to<uint8_t>(data, place.at, x.at, n);
    case DType::i16: return store_each_to<int16_t>(data, place.at, x.at, n);
    case DType::i32: return store_each_to<int32_t>(data, place.at, x.at, n);
    case DType::i64: return store_each_to<int64_t>(data, place.at, x.at, n);
    default: return store_each_to<Bool>(data, place.at, x.at, n);
  }
}

/** x[j] = the elements of an input at those places; the type that is calculated in needs no call. */
template <class T, int N>
TENON_DEVICE void load_input(const Input& in, const int64_t (&place)[N], T (&x)[N]) {
  if (!in.data) {
    for (int j = 0; j < N; j++) x[j] = number_of<T>(in);
  } else if (in.dtype == dtype_of<T>()) {
    load_each_from<T>(in.data, place, x);
  } else {
    Few<int64_t, N> at;
    for (int j = 0; j < N; j++) at.at[j] = place[j];
    const Few<T, N> loaded = load_any<T, N>(in.data, in.dtype, at);
    for (int j = 0; j < N; j++) x[j] = loaded.at[j];
  }
}
template <class T, int N>
TENON_DEVICE void store_output(void* out, DType dtype, const int64_t (&place)[N], const T (&x)[N], int n) {
  if (dtype == dtype_of<T>()) return store_each_to<T>(out, place, x, n);
  Few<int64_t, N> at;
  Few<T, N> values;
  for (int j = 0; j < N; j++) at.at[j] = place[j], values.at[j] = x[j];
  store_any<T, N>(out, dtype, at, values, n);
}

/**
 * visit(offsets of w elements in each operand, how many of them there are) for all elements, neighbours in
 * neighbouring threads. Where there are fewer, the first stands for those that are missing.
 */
template <int w, int kOperands, class Visit>
TENON_DEVICE void each_few(const StridedParameters& p, Visit visit) {
  const uint32_t n = static_cast<uint32_t>(p.n), step = gridDim.x * blockDim.x * w;
  for (uint32_t first = blockIdx.x * blockDim.x * w + threadIdx.x; first < n; first += step) {
    uint32_t place[w];
    int count = 0;
    for (int j = 0; j < w; j++) {
      const uint32_t own = first + static_cast<uint32_t>(j) * blockDim.x;
      count += own < n;
      place[j] = own < n ? own : first;
    }
    int64_t at[kOperands][w] = {};
    locate_each(p.dim, p.dims, place, at);
    visit(at, count);
  }
}

/** f in T over operands of any dtype and strides. */
template <class F, class T, class R, int kInputs>
TENON_DEVICE void strided_loop(const StridedParameters& p, const F& f) {
  constexpr int w = kTogether<T>;
  if (p.failure && p.failure->state != 0) return;
  each_few<w, 1 + kInputs>(p, [&](const int64_t (&at)[1 + kInputs][w], int count) {
    T x[kInputs][w];
    for (int k = 0; k < kInputs; k++) load_input(p.in[k], at[1 + k], x[k]);
    typename Stored<R>::Type result[w];
    for (int j = 0; j < w; j++) {
      T one[kInputs];
      for (int k = 0; k < kInputs; k++) one[k] = x[k][j];
      result[j] = static_cast<typename Stored<R>::Type>(apply(f, one));
    }
    if constexpr (std::is_same<R, bool>::value)
      store_each_to<uint8_t>(p.out, at[0], result, count);
    else
      store_output(p.out, p.out_type, at[0], result, count);
  });
}

}  // namespace cuda
}  // namespace tenon

#undef KERNEL  // ops.def has rows of that name

// Kernels of one functor for each compute type of a row: ROWS_<types>(M, ...) is M(suffix, type, ...) for
// each.
#define ROWS_FLOAT(M, ...) M(f32, float, __VA_ARGS__) M(f64, double, __VA_ARGS__)
#define ROWS_INTEGER(M, ...) M(i32, int32_t, __VA_ARGS__) M(i64, int64_t, __VA_ARGS__)
#define ROWS_NUMERIC(M, ...) ROWS_FLOAT(M, __VA_ARGS__) ROWS_INTEGER(M, __VA_ARGS__)

// Only floats have a kernel for dense arrays: for the others, which are rare on a GPU, the one for any
// strides does, and the file of kernels is a third smaller.
#define ELEMENTWISE_DENSE_float(kernel, F, R, inputs)                          \
  CUDA_KERNEL(kernel##_dense, 256, DenseParameters)(const DenseParameters p) { \
    dense_loop<F, float, R, inputs>(p, Maker<F>::make(p.scalars));             \
  }
#define ELEMENTWISE_DENSE_double(kernel, F, R, inputs)
#define ELEMENTWISE_DENSE_int32_t(kernel, F, R, inputs)
#define ELEMENTWISE_DENSE_int64_t(kernel, F, R, inputs)

#define ELEMENTWISE_KERNELS(kernel, type, F, R, inputs)                                  \
  ELEMENTWISE_DENSE_##type(kernel, F, R, inputs)                                         \
      CUDA_KERNEL(kernel##_strided, 256, StridedParameters)(const StridedParameters p) { \
    strided_loop<F, type, R, inputs>(p, Maker<F>::make(p.scalars));                      \
  }
