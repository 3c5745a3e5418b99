#include "cpu/isa/convert.h"

#include "cpu/isa/transpose8.h"
#include "cpu/isa/vec.h"

namespace tenon {
namespace TENON_ISA {

namespace {

constexpr int64_t kGridElements = 1024;  // of a grid that is transposed and converted in one go

struct Bool {
  uint8_t byte;
};

TENON_INLINE uint32_t float_bits(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}
TENON_INLINE float bits_float(uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

// Selects instead of branches, so that loops over these become vector code.

TENON_INLINE float widen_half(Half h) {
  const uint32_t m = h.bits & 0x7fffu, sign = static_cast<uint32_t>(h.bits & 0x8000u) << 16;
  const uint32_t normal = (m << 13) + ((m >= 0x7c00 ? 224u : 112u) << 23);
  const uint32_t subnormal = float_bits(static_cast<float>(static_cast<int32_t>(m)) * 0x1p-24f);
  return bits_float((m < 0x400 ? subnormal : normal) | sign);
}

TENON_INLINE Half narrow_half(float x) {
  const uint32_t bits = float_bits(x), m = bits & 0x7fffffffu, sign = bits >> 16 & 0x8000u;
  const uint32_t normal = (m - 0x38000000u + 0xfffu + (m >> 13 & 1)) >> 13;
  const uint32_t subnormal = float_bits(bits_float(m) + 0.5f) - 0x3f000000u;  // the addition rounds at 2^-24
  const uint32_t finite = m < 0x38800000u ? subnormal : normal;
  const uint32_t special = m > 0x7f800000u ? 0x7e00u : 0x7c00u;
  return {static_cast<uint16_t>((m >= 0x477ff000u ? special : finite) | sign)};
}

TENON_INLINE float widen_bfloat(BFloat16 b) { return bits_float(static_cast<uint32_t>(b.bits) << 16); }

TENON_INLINE BFloat16 narrow_bfloat(float x) {
  const uint32_t bits = float_bits(x);
  const uint32_t rounded = (bits + 0x7fffu + (bits >> 16 & 1)) >> 16;
  return {static_cast<uint16_t>((bits & 0x7fffffffu) > 0x7f800000u ? bits >> 16 | 0x40u : rounded)};
}

template <class I, class F>
TENON_INLINE I cut(F x) {
  constexpr F limit = sizeof(I) == 4 ? static_cast<F>(0x1p31) : static_cast<F>(0x1p63);
  constexpr I lowest = sizeof(I) == 4 ? static_cast<I>(INT32_MIN) : static_cast<I>(INT64_MIN);
  const bool fits = x >= -limit && x < limit;
  return fits ? static_cast<I>(fits ? x : F{0}) : lowest;
}

template <class To, class From>
TENON_INLINE To convert(From x) {
  if constexpr (std::is_same_v<From, To>) {
    return x;
  } else if constexpr (std::is_same_v<From, Half>) {
    return convert<To>(widen_half(x));
  } else if constexpr (std::is_same_v<From, BFloat16>) {
    return convert<To>(widen_bfloat(x));
  } else if constexpr (std::is_same_v<From, Bool>) {
    return convert<To>(static_cast<int32_t>(x.byte != 0));
  } else if constexpr (std::is_same_v<To, Half>) {
    return narrow_half(static_cast<float>(x));
  } else if constexpr (std::is_same_v<To, BFloat16>) {
    return narrow_bfloat(static_cast<float>(x));
  } else if constexpr (std::is_same_v<To, Bool>) {
    return {static_cast<uint8_t>(x != From{0})};
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    return static_cast<To>(cut<std::conditional_t<sizeof(To) == 8, int64_t, int32_t>>(x));
  } else {
    return static_cast<To>(x);
  }
}

/** Dense halves to and from floats, where the processor has instructions for it. Returns how many are done.
 */
template <class To, class From>
TENON_INLINE int64_t convert_by_instruction(const From* from, To* to, int64_t n) {
  int64_t i = 0;
#if defined(__AVX512F__)
  if constexpr (std::is_same_v<From, Half> && std::is_same_v<To, float>)
    for (; i + 16 <= n; i += 16)
      _mm512_storeu_ps(to + i,
                       _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + i))));
  if constexpr (std::is_same_v<From, float> && std::is_same_v<To, Half>)
    for (; i + 16 <= n; i += 16)
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i),
                          _mm512_cvtps_ph(_mm512_loadu_ps(from + i), _MM_FROUND_TO_NEAREST_INT));
#elif defined(__F16C__)
  if constexpr (std::is_same_v<From, Half> && std::is_same_v<To, float>)
    for (; i + 8 <= n; i += 8)
      _mm256_storeu_ps(to + i, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i))));
  if constexpr (std::is_same_v<From, float> && std::is_same_v<To, Half>)
    for (; i + 8 <= n; i += 8)
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i),
                       _mm256_cvtps_ph(_mm256_loadu_ps(from + i), _MM_FROUND_TO_NEAREST_INT));
#else
  (void)from, (void)to, (void)n;
#endif
  return i;
}

template <class From, class To>
void convert_strided(const From* __restrict from, int64_t from_stride, To* __restrict to, int64_t to_stride,
                     int64_t n) {
  if (from_stride == 1 && to_stride == 1) {
    for (int64_t i = convert_by_instruction(from, to, n); i < n; i++) to[i] = convert<To>(from[i]);
  } else if (from_stride == 0) {
    const To x = convert<To>(*from);
    for (int64_t i = 0; i < n; i++) to[i * to_stride] = x;
  } else {
    for (int64_t i = 0; i < n; i++) to[i * to_stride] = convert<To>(from[i * from_stride]);
  }
}

/** A null pointer of the type that elements of a dtype have. */
template <class F>
void with_element(DType t, F f) {
  switch (t) {
    case DType::f32: return f(static_cast<float*>(nullptr));
    case DType::f64: return f(static_cast<double*>(nullptr));
    case DType::f16: return f(static_cast<Half*>(nullptr));
    case DType::bf16: return f(static_cast<BFloat16*>(nullptr));
    case DType::i8: return f(static_cast<int8_t*>(nullptr));
    case DType::u8: return f(static_cast<uint8_t*>(nullptr));
    case DType::i16: return f(static_cast<int16_t*>(nullptr));
    case DType::i32: return f(static_cast<int32_t*>(nullptr));
    case DType::i64: return f(static_cast<int64_t*>(nullptr));
    case DType::boolean: return f(static_cast<Bool*>(nullptr));
  }
}

template <class F>
void with_compute(DType t, F f) {
  switch (t) {
    case DType::f32: return f(static_cast<float*>(nullptr));
    case DType::f64: return f(static_cast<double*>(nullptr));
    case DType::i32: return f(static_cast<int32_t*>(nullptr));
    default: return f(static_cast<int64_t*>(nullptr));
  }
}

template <class T>
void move(const void* from_data, int64_t from_stride, void* to_data, int64_t to_stride, int64_t n) {
  const T* __restrict from = static_cast<const T*>(from_data);
  T* __restrict to = static_cast<T*>(to_data);
  if (to_stride == 1 && from_stride == 0) {
    const T x = *from;
    for (int64_t i = 0; i < n; i++) to[i] = x;
  } else if (to_stride == 1 && from_stride == -1) {
    for (int64_t i = 0; i < n; i++) to[i] = from[-i];
  } else if (to_stride == 1 && from_stride == 2) {
    for (int64_t i = 0; i < n; i++) to[i] = from[2 * i];
  } else if (to_stride == 1) {
    for (int64_t i = 0; i < n; i++) to[i] = from[i * from_stride];
  } else {
    for (int64_t i = 0; i < n; i++) to[i * to_stride] = from[i * from_stride];
  }
}

/** Columns that are denser than rows are walked along the rows. */
bool transposed(const Grid& g) {
  const int64_t row = g.row_stride < 0 ? -g.row_stride : g.row_stride;
  const int64_t column = g.column_stride < 0 ? -g.column_stride : g.column_stride;
  return g.rows > 1 && row != 0 && row < column;
}

bool dense(const Grid& g) {
  return (g.columns == 1 || g.column_stride == 1) && (g.rows == 1 || g.row_stride == g.columns);
}

}  // namespace

void copy_bytes(void* to, const void* from, int64_t bytes) {
  constexpr int64_t w = kVectorBytes;
  uint8_t* o = static_cast<uint8_t*>(to);
  const uint8_t* x = static_cast<const uint8_t*>(from);
  if (bytes < 2 * w) {
    std::memcpy(o, x, static_cast<size_t>(bytes));
    return;
  }
  // The first and the last vector overlap others, which start where the target is aligned.
  const Vec<uint8_t> last = load(x + bytes - w);
  uint8_t* const end = o + bytes;
  store(o, load(x));
  const int64_t head = w - static_cast<int64_t>(reinterpret_cast<uintptr_t>(o) & (w - 1));
  o += head, x += head, bytes -= head;
  for (; bytes >= 4 * w; bytes -= 4 * w, o += 4 * w, x += 4 * w) {
    const Vec<uint8_t> a = load(x), b = load(x + w), c = load(x + 2 * w), d = load(x + 3 * w);
    store(o, a), store(o + w, b), store(o + 2 * w, c), store(o + 3 * w, d);
  }
  for (; bytes >= w; bytes -= w, o += w, x += w) store(o, load(x));
  store(end - w, last);
}

void move_strided(int64_t size, const void* from, int64_t from_stride, void* to, int64_t to_stride,
                  int64_t n) {
  if (n <= 0) return;
  if (from_stride == 1 && to_stride == 1) {
    copy_bytes(to, from, n * size);
    return;
  }
  switch (size) {
    case 1: return move<uint8_t>(from, from_stride, to, to_stride, n);
    case 2: return move<uint16_t>(from, from_stride, to, to_stride, n);
    case 4: return move<uint32_t>(from, from_stride, to, to_stride, n);
    default: return move<uint64_t>(from, from_stride, to, to_stride, n);
  }
}

void load_strided(const void* data, DType dtype, int64_t at, int64_t stride, int64_t n, DType type, void* x) {
  if (n <= 0) return;
  const int64_t size = element_size(dtype);
  if (type == dtype) return move_strided(size, static_cast<const char*>(data) + at * size, stride, x, 1, n);
  with_element(dtype, [&](auto* from) {
    with_compute(type, [&](auto* to) {
      convert_strided(static_cast<decltype(from)>(const_cast<void*>(data)) + at, stride,
                      static_cast<decltype(to)>(x), 1, n);
    });
  });
}

void store_strided(const void* x, DType type, void* data, DType dtype, int64_t at, int64_t stride,
                   int64_t n) {
  if (n <= 0) return;
  const int64_t size = element_size(dtype);
  if (type == dtype) return move_strided(size, x, 1, static_cast<char*>(data) + at * size, stride, n);
  with_element(dtype, [&](auto* to) {
    with_compute(type, [&](auto* from) {
      convert_strided(static_cast<decltype(from)>(const_cast<void*>(x)), 1,
                      static_cast<decltype(to)>(data) + at, stride, n);
    });
  });
}

namespace {

/** Elements of four bytes, dense along the rows of one view and the columns of the other, eight by eight. */
void move_transposed(const char* source, int64_t column_stride, char* target, int64_t row_stride,
                     int64_t rows, int64_t columns) {
  const float* const from = reinterpret_cast<const float*>(source);
  float* const to = reinterpret_cast<float*>(target);
  int64_t j = 0;
  for (; j + 8 <= columns; j += 8) {
    const float* column[8];
    for (int q = 0; q < 8; q++) column[q] = from + (j + q) * column_stride;
    int64_t i = 0;
    for (; i + 8 <= rows; i += 8) transpose8(column, i, to + i * row_stride + j, row_stride);
    for (; i < rows; i++)
      for (int q = 0; q < 8; q++) std::memcpy(to + i * row_stride + j + q, column[q] + i, sizeof(float));
  }
  for (; j < columns; j++) move_strided(4, from + j * column_stride, 1, to + j, row_stride, rows);
}

}  // namespace

void move_grid(int64_t size, const void* from, const Grid& grid, void* to, const Grid& to_grid) {
  const char* const source = static_cast<const char*>(from) + grid.at * size;
  char* const target = static_cast<char*>(to) + to_grid.at * size;
  if (dense(grid) && dense(to_grid)) {
    copy_bytes(target, source, grid.rows * grid.columns * size);
  } else if (size == 4 && grid.row_stride == 1 && to_grid.column_stride == 1 && transposed(grid)) {
    move_transposed(source, grid.column_stride, target, to_grid.row_stride, grid.rows, grid.columns);
  } else if (transposed(grid)) {
    for (int64_t j = 0; j < grid.columns; j++)
      move_strided(size, source + j * grid.column_stride * size, grid.row_stride,
                   target + j * to_grid.column_stride * size, to_grid.row_stride, grid.rows);
  } else {
    for (int64_t i = 0; i < grid.rows; i++)
      move_strided(size, source + i * grid.row_stride * size, grid.column_stride,
                   target + i * to_grid.row_stride * size, to_grid.column_stride, grid.columns);
  }
}

void load_grid(const void* data, DType dtype, const Grid& grid, DType type, void* x) {
  const int64_t n = grid.rows * grid.columns, width = element_size(type);
  if (type == dtype) {
    move_grid(width, data, grid, x, {0, grid.columns, 1, grid.rows, grid.columns});
  } else if (dense(grid)) {
    load_strided(data, dtype, grid.at, 1, n, type, x);
  } else if (transposed(grid) && n <= kGridElements) {
    alignas(64) char raw[kGridElements * 8];
    move_grid(element_size(dtype), data, grid, raw, {0, grid.columns, 1, grid.rows, grid.columns});
    load_strided(raw, dtype, 0, 1, n, type, x);
  } else {
    for (int64_t i = 0; i < grid.rows; i++)
      load_strided(data, dtype, grid.at + i * grid.row_stride, grid.column_stride, grid.columns, type,
                   static_cast<char*>(x) + i * grid.columns * width);
  }
}

void store_grid(const void* x, DType type, void* data, DType dtype, const Grid& grid) {
  if (type == dtype) {
    Grid dense_grid = {0, grid.columns, 1, grid.rows, grid.columns};
    move_grid(element_size(type), x, dense_grid, data, grid);
  } else if (dense(grid)) {
    store_strided(x, type, data, dtype, grid.at, 1, grid.rows * grid.columns);
  } else {
    const int64_t width = element_size(type);
    for (int64_t i = 0; i < grid.rows; i++)
      store_strided(static_cast<const char*>(x) + i * grid.columns * width, type, data, dtype,
                    grid.at + i * grid.row_stride, grid.column_stride, grid.columns);
  }
}

}  // namespace TENON_ISA
}  // namespace tenon
