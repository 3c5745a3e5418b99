// Views as kernels without dimensions see them: single elements, and stretches of dense ones.
#pragma once
#include "cpu/isa/strided.h"
#include "cpu/isa/vec.h"

namespace tenon {
namespace TENON_ISA {

namespace {

template <class T>
T element(const TensorView& v, int64_t at) {
  T value;
  load_strided(v.data, v.dtype, at, 1, 1, &value);
  return value;
}

template <class T>
void set_element(const TensorView& v, int64_t at, T value) {
  store_strided(&value, v.data, v.dtype, at, 1, 1);
}

/** Whether elements are there as a kernel that computes in T wants them. */
template <class T>
TENON_INLINE bool is_dense(const TensorView& v) {
  return v.contiguous && v.dtype == dtype_of<T>();
}

/** A stretch of a view as dense elements of T: in place, or gathered into `buffer`. */
template <class T>
TENON_INLINE const T* dense(const TensorView& v, int64_t first, int64_t n, T* buffer) {
  if (is_dense<T>(v)) return v.as<T>() + first;
  gather(v, first, n, buffer);
  return buffer;
}

}  // namespace

}  // namespace TENON_ISA
}  // namespace tenon
