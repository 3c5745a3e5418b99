// Elements of any dtype, at any stride, to and from dense arrays of a compute type. Integers wrap, floats are
// cut to integers (out of range and NaN: the lowest one, cut to the width), what is not zero is true, halves
// round to nearest even.
#pragma once
#include "core/dtype.h"

namespace tenon {
namespace TENON_ISA {

/** The dtype whose elements a T holds. */
template <class T>
constexpr DType dtype_of();
template <>
constexpr DType dtype_of<float>() {
  return DType::f32;
}
template <>
constexpr DType dtype_of<double>() {
  return DType::f64;
}
template <>
constexpr DType dtype_of<uint8_t>() {
  return DType::u8;
}
template <>
constexpr DType dtype_of<int32_t>() {
  return DType::i32;
}
template <>
constexpr DType dtype_of<uint32_t>() {
  return DType::i32;
}
template <>
constexpr DType dtype_of<int64_t>() {
  return DType::i64;
}
template <>
constexpr DType dtype_of<uint64_t>() {
  return DType::i64;
}

/** The compute type (f32, f64, i32, i64) that holds every value of a dtype. */
constexpr DType compute_type(DType t) {
  return t == DType::f16 || t == DType::bf16 ? DType::f32
         : is_floating(t) || t == DType::i64 ? t
                                             : DType::i32;
}

/** A dtype of elements of so many bytes, for work that only moves them. */
constexpr DType raw_type(DType t) {
  const int64_t size = element_size(t);
  return size == 1 ? DType::u8 : size == 2 ? DType::i16 : size == 4 ? DType::i32 : DType::i64;
}

// Offsets `at` and strides count elements. `type` is a compute type, or `dtype` itself: then bits are moved.

/** x[i] = data[at + i * stride] for i < n. */
void load_strided(const void* data, DType dtype, int64_t at, int64_t stride, int64_t n, DType type, void* x);
/** data[at + i * stride] = x[i] for i < n. */
void store_strided(const void* x, DType type, void* data, DType dtype, int64_t at, int64_t stride, int64_t n);

template <class T>
void load_strided(const void* data, DType dtype, int64_t at, int64_t stride, int64_t n, T* x) {
  load_strided(data, dtype, at, stride, n, dtype_of<T>(), x);
}
template <class T>
void store_strided(const T* x, void* data, DType dtype, int64_t at, int64_t stride, int64_t n) {
  store_strided(x, dtype_of<T>(), data, dtype, at, stride, n);
}

/**
 * memcpy by vectors. The C library's takes `rep movsb` for some KB, which on some processors is several times
 * slower where the target lies just behind the source in its page
 * (https://sourceware.org/bugzilla/show_bug.cgi?id=30994).
 */
void copy_bytes(void* to, const void* from, int64_t bytes);

/** to[i * to_stride] = from[i * from_stride] for n elements of `size` bytes (1, 2, 4, 8). */
void move_strided(int64_t size, const void* from, int64_t from_stride, void* to, int64_t to_stride,
                  int64_t n);

/** Rows by columns of a view; x is dense. */
struct Grid {
  int64_t at, row_stride, column_stride, rows, columns;
};
void load_grid(const void* data, DType dtype, const Grid& grid, DType type, void* x);
void store_grid(const void* x, DType type, void* data, DType dtype, const Grid& grid);
/** Between two views of elements of `size` bytes; rows and columns are those of `from`. */
void move_grid(int64_t size, const void* from, const Grid& grid, void* to, const Grid& to_grid);

}  // namespace TENON_ISA
}  // namespace tenon
