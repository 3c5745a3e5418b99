// A thread's loads and stores of several elements at once: the dtype is looked at once for all of them, and
// all loads are under way together.
#pragma once
#include "cuda/kernels/convert.h"
#include "cuda/kernels/team.h"

namespace tenon {
namespace cuda {

template <class T>
TENON_DEVICE T load_one(const void* data, DType dtype, int64_t at) {
  switch (dtype) {
    case DType::f32: return convert<T>(static_cast<const float*>(data)[at]);
    case DType::f64: return convert<T>(static_cast<const double*>(data)[at]);
    case DType::f16: return convert<T>(static_cast<const Half*>(data)[at]);
    case DType::bf16: return convert<T>(static_cast<const BFloat16*>(data)[at]);
    case DType::i8: return convert<T>(static_cast<const int8_t*>(data)[at]);
    case DType::u8: return convert<T>(static_cast<const uint8_t*>(data)[at]);
    case DType::i16: return convert<T>(static_cast<const int16_t*>(data)[at]);
    case DType::i32: return convert<T>(static_cast<const int32_t*>(data)[at]);
    case DType::i64: return convert<T>(static_cast<const int64_t*>(data)[at]);
    default: return convert<T>(static_cast<const Bool*>(data)[at]);
  }
}

template <class T>
TENON_DEVICE void store_one(void* data, DType dtype, int64_t at, T x) {
  switch (dtype) {
    case DType::f32: static_cast<float*>(data)[at] = convert<float>(x); break;
    case DType::f64: static_cast<double*>(data)[at] = convert<double>(x); break;
    case DType::f16: static_cast<Half*>(data)[at] = convert<Half>(x); break;
    case DType::bf16: static_cast<BFloat16*>(data)[at] = convert<BFloat16>(x); break;
    case DType::i8: static_cast<int8_t*>(data)[at] = convert<int8_t>(x); break;
    case DType::u8: static_cast<uint8_t*>(data)[at] = convert<uint8_t>(x); break;
    case DType::i16: static_cast<int16_t*>(data)[at] = convert<int16_t>(x); break;
    case DType::i32: static_cast<int32_t*>(data)[at] = convert<int32_t>(x); break;
    case DType::i64: static_cast<int64_t*>(data)[at] = convert<int64_t>(x); break;
    default: static_cast<Bool*>(data)[at] = convert<Bool>(x); break;
  }
}

/** The dtype that T is an element of. */
template <class T>
TENON_DEVICE constexpr DType dtype_of() {
  return std::is_same<T, float>::value     ? DType::f32
         : std::is_same<T, double>::value  ? DType::f64
         : std::is_same<T, int32_t>::value ? DType::i32
         : std::is_same<T, int64_t>::value ? DType::i64
                                           : DType::boolean;
}

template <class From, class T, int N>
TENON_DEVICE void load_each_from(const void* data, const int64_t (&at)[N], T (&x)[N]) {
  for (int i = 0; i < N; i++) x[i] = convert<T>(static_cast<const From*>(data)[at[i]]);
}
template <class To, class T, int N>
TENON_DEVICE void store_each_to(void* data, const int64_t (&at)[N], const T (&x)[N], int n) {
  for (int i = 0; i < N; i++)
    if (i < n) static_cast<To*>(data)[at[i]] = convert<To>(x[i]);
}

// Only the dtypes that are usual where T is calculated in have code of their own for batches; with all of
// them a kernel would be three times as large. Others are loaded one by one.

/** x[i] = data[at[i]] */
template <class T, int N>
TENON_DEVICE void load_each(const void* data, DType dtype, const int64_t (&at)[N], T (&x)[N]) {
  if (dtype == dtype_of<T>()) return load_each_from<T>(data, at, x);
  if constexpr (std::is_same<T, float>::value) {
    if (dtype == DType::f16) return load_each_from<Half>(data, at, x);
    if (dtype == DType::bf16) return load_each_from<BFloat16>(data, at, x);
  }
  if constexpr (std::is_same<T, int64_t>::value)
    if (dtype == DType::boolean) return load_each_from<Bool>(data, at, x);
  int64_t place[N];
  T value[N];
  for (int i = 0; i < N; i++) place[i] = at[i];
#pragma unroll 1
  for (int i = 0; i < N; i++) value[i] = load_one<T>(data, dtype, place[i]);
  for (int i = 0; i < N; i++) x[i] = value[i];
}

/** data[at[i]] = x[i] for i < n */
template <class T, int N>
TENON_DEVICE void store_each(void* data, DType dtype, const int64_t (&at)[N], const T (&x)[N], int n) {
  if (dtype == dtype_of<T>()) return store_each_to<T>(data, at, x, n);
  if constexpr (std::is_same<T, float>::value) {
    if (dtype == DType::f16) return store_each_to<Half>(data, at, x, n);
    if (dtype == DType::bf16) return store_each_to<BFloat16>(data, at, x, n);
  }
  int64_t place[N];
  T value[N];
  for (int i = 0; i < N; i++) place[i] = at[i], value[i] = x[i];
#pragma unroll 1
  for (int i = 0; i < n; i++) store_one(data, dtype, place[i], value[i]);
}

}  // namespace cuda
}  // namespace tenon
