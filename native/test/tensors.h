// Tensors for kernels to work on, and launches of kernels of a given instruction set.
#pragma once
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <vector>

#include "core/check.h"
#include "core/convert_scalar.h"
#include "core/parallel.h"
#include "cpu/kernel_table.h"
#include "test/test.h"
#if defined(TENON_EMULATION)
#include "test/device.h"
#endif

namespace test {

using namespace tenon;

/** Holds every element of every dtype exactly. */
using Number = long double;
using Sizes = std::vector<int64_t>;

constexpr DType kDTypes[] = {DType::f32, DType::f64, DType::f16, DType::bf16, DType::i8,
                             DType::u8,  DType::i16, DType::i32, DType::i64,  DType::boolean};

inline bool is_half(DType t) { return t == DType::f16 || t == DType::bf16; }

/** The compute type that kernels use for a dtype, as lib/dtype.ts has it. */
inline DType compute_of(DType t) {
  if (is_half(t)) return DType::f32;
  return is_floating(t) || t == DType::i64 ? t : DType::i32;
}

/** Bits of the significand, the hidden one included; smallest and largest exponent (of 2^e <= x). */
struct FloatFormat {
  int digits, least, most;
};
inline FloatFormat format_of(DType t) {
  switch (t) {
    case DType::f64: return {53, -1022, 1023};
    case DType::f16: return {11, -14, 15};
    case DType::bf16: return {8, -126, 127};
    default: return {24, -126, 127};
  }
}

/** The distance of neighbouring numbers of a floating dtype around x. */
inline Number spacing(DType t, Number x) {
  const FloatFormat f = format_of(t);
  int exponent = f.least;
  if (x != 0 && std::isfinite(x)) exponent = std::ilogb(x);
  if (exponent < f.least) exponent = f.least;
  if (exponent > f.most) exponent = f.most;
  return std::ldexp(Number{1}, exponent - f.digits + 1);
}

/** x rounded to a floating dtype, half to even. */
inline Number rounded(DType t, Number x) {
  if (t == DType::f32) return static_cast<float>(x);
  if (t == DType::f64) return static_cast<double>(x);
  if (!std::isfinite(x) || x == 0) return x;
  const Number step = spacing(t, x), y = std::nearbyint(x / step) * step;
  const Number most = std::ldexp(Number{1}, format_of(t).most + 1);
  if (y >= most) return std::numeric_limits<Number>::infinity();
  return y <= -most ? -std::numeric_limits<Number>::infinity() : std::copysign(y, x);
}

/** A whole number as an integer dtype holds it: it wraps. */
inline int64_t wrapped(DType t, int64_t x) {
  switch (t) {
    case DType::i8: return static_cast<int8_t>(x);
    case DType::u8: return static_cast<uint8_t>(x);
    case DType::i16: return static_cast<int16_t>(x);
    case DType::i32: return static_cast<int32_t>(x);
    case DType::boolean: return x != 0;
    default: return x;
  }
}

/** x cut to 32 or 64 bits; the lowest number if it does not fit. */
inline int64_t cut(Number x, int bits) {
  const Number limit = bits == 64 ? 0x1p63L : 0x1p31L;
  if (!(x >= -limit && x < limit)) return bits == 64 ? INT64_MIN : INT32_MIN;
  return static_cast<int64_t>(x);
}

/** What x, of dtype `from`, becomes in dtype `to`: as kernels are to convert it. */
inline Number converted(DType from, DType to, Number x) {
  if (to == DType::boolean) return x != 0;
  if (is_floating(to)) return rounded(to, is_half(to) ? rounded(DType::f32, x) : x);
  const bool wide = !is_floating(from) || to == DType::i64;
  return static_cast<Number>(wrapped(to, cut(x, wide ? 64 : 32)));
}

/** Equal as numbers, zeros by their sign too; NaN equals NaN. */
inline bool identical(Number a, Number b) {
  return a == b ? std::signbit(a) == std::signbit(b) : a != a && b != b;
}

inline Number load_number(const char* p, DType t) {
  if (t != DType::i64) return element_as_double(p, t, 0);
  int64_t x;
  std::memcpy(&x, p, sizeof x);
  return static_cast<Number>(x);
}

/** Stores a number that the dtype holds exactly. */
inline void store_number(char* p, DType t, Number x) {
  switch (t) {
    case DType::f32: {
      const float f = static_cast<float>(x);
      std::memcpy(p, &f, sizeof f);
      return;
    }
    case DType::f64: {
      const double f = static_cast<double>(x);
      std::memcpy(p, &f, sizeof f);
      return;
    }
    case DType::bf16: {
      const float f = static_cast<float>(x);
      std::memcpy(p, reinterpret_cast<const char*>(&f) + 2, 2);
      return;
    }
    case DType::f16: {
      uint16_t bits = std::signbit(x) ? 0x8000 : 0;
      const Number a = std::fabs(x);
      if (a != a) {
        bits |= 0x7e00;
      } else if (std::isinf(a)) {
        bits |= 0x7c00;
      } else if (a < 0x1p-14L) {
        bits |= static_cast<uint16_t>(a * 0x1p24L);
      } else {
        const int e = std::ilogb(a);
        bits |= static_cast<uint16_t>((e + 15) << 10 | (static_cast<int>(std::ldexp(a, 10 - e)) - 1024));
      }
      std::memcpy(p, &bits, 2);
      return;
    }
    default: {
      const int64_t i = static_cast<int64_t>(x);
      std::memcpy(p, &i, static_cast<size_t>(element_size(t)));  // little endian
    }
  }
}

/** Of an empty tensor's sizes, too, whatever the others are. */
inline int64_t product(const Sizes& sizes) {
  int64_t n = 1;
  for (int64_t size : sizes)
    if (size == 0) return 0;
  for (int64_t size : sizes) n *= size;
  return n;
}

/** How the elements of a tensor lie in memory. `shifted`: dense, but one element off any alignment. */
enum class Layout { dense, shifted, transposed, rotated, gaps, reversed };
constexpr Layout kLayouts[] = {Layout::dense,   Layout::shifted, Layout::transposed,
                               Layout::rotated, Layout::gaps,    Layout::reversed};
inline const char* layout_name(Layout layout) {
  static const char* const names[] = {"dense", "shifted", "transposed", "rotated", "gaps", "reversed"};
  return names[static_cast<int>(layout)];
}

inline Sizes strides_of(const Sizes& shape, Layout layout) {
  const size_t rank = shape.size();
  Sizes strides(rank);
  if (product(shape) == 0) {
    row_major(shape.data(), static_cast<int>(rank), strides.data());
    return strides;
  }
  int64_t step = 1;
  switch (layout) {
    case Layout::transposed:
      for (size_t i = 0; i < rank; i++) strides[i] = step, step *= shape[i];
      break;
    case Layout::rotated:  // the first dimension is the densest, the others are in order
      if (rank) strides[0] = step, step *= shape[0];
      for (size_t i = rank; i-- > 1;) strides[i] = step, step *= shape[i];
      break;
    case Layout::gaps:
      step = 2;
      for (size_t i = rank; i-- > 0;) strides[i] = step, step = step * shape[i] + 3;
      break;
    default:
      for (size_t i = rank; i-- > 0;) {
        strides[i] = layout == Layout::reversed ? -step : step;
        step *= shape[i];
      }
  }
  return strides;
}

/**
 * A tensor in memory of its own. What lies around its elements and between them must stay as it is: `intact`
 * looks at that; under AddressSanitizer the memory ends where the elements do.
 */
class Array {
 public:
  Array(DType dtype, Sizes shape, Layout layout = Layout::dense)
      : Array(dtype, shape, strides_of(shape, layout), layout == Layout::shifted) {}

  Array(DType dtype, Sizes shape, Sizes strides, bool shifted = false)
      : dtype_(dtype), shape_(std::move(shape)), strides_(std::move(strides)), size_(element_size(dtype)) {
    const int64_t n = product(shape_);
    int64_t low = 0, high = 0;
    for (size_t i = 0; i < shape_.size() && n > 0; i++) {
      const int64_t reach = (shape_[i] - 1) * strides_[i];
      (reach < 0 ? low : high) += reach;
    }
    const int64_t elements = n > 0 ? high - low + 1 : 0, margin = kMargin + (shifted ? size_ : 0);
    bytes_ = elements * size_ + margin + kMargin;
    memory_ = static_cast<char*>(std::malloc(static_cast<size_t>(bytes_ ? bytes_ : 1)));
    std::memset(memory_, kUntouched, static_cast<size_t>(bytes_));
    data_ = memory_ + margin - low * size_;
    places_.reserve(static_cast<size_t>(n));
    Sizes index(shape_.size(), 0);
    for (int64_t i = 0, at = 0; i < n; i++) {
      places_.push_back(at);
      for (size_t d = shape_.size(); d-- > 0;) {
        at += strides_[d];
        if (++index[d] < shape_[d]) break;
        at -= shape_[d] * strides_[d];
        index[d] = 0;
      }
    }
  }
  ~Array() { std::free(memory_); }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;

  TensorView view() const {
    TensorView v;
    v.data = data_;
    // Only a number has no shape.
    static const int64_t none = 0;
    v.shape = shape_.empty() ? &none : shape_.data();
    v.strides = strides_.empty() ? &none : strides_.data();
    v.numel = numel();
    v.dtype = dtype_;
    v.rank = static_cast<uint8_t>(shape_.size());
    v.contiguous = is_contiguous(shape_.data(), strides_.data(), static_cast<int>(shape_.size()));
    return v;
  }

  DType dtype() const { return dtype_; }
  const Sizes& shape() const { return shape_; }
  int64_t numel() const { return static_cast<int64_t>(places_.size()); }

  /** Elements by their number in row-major order. */
  char* at(int64_t i) const { return data_ + places_[static_cast<size_t>(i)] * size_; }
  Number get(int64_t i) const { return load_number(at(i), dtype_); }
  /** The nearest element; whole numbers wrap. */
  void set(int64_t i, Number x) { store_number(at(i), dtype_, converted(DType::i64, dtype_, x)); }
  void fill(Number x) {
    for (int64_t i = 0; i < numel(); i++) set(i, x);
  }
  /** f(i), for every element. */
  template <class F>
  void fill_with(F f) {
    for (int64_t i = 0; i < numel(); i++) set(i, f(i));
  }

  bool same_bits(int64_t i, const Array& other, int64_t j) const {
    const char *const p = at(i), *const q = other.at(j);
    switch (size_) {
      case 1: return *p == *q;
      case 2: return !std::memcmp(p, q, 2);
      case 4: return !std::memcmp(p, q, 4);
      default: return !std::memcmp(p, q, 8);
    }
  }
  /** Element i becomes element j of another array of the same dtype. */
  void copy(int64_t i, const Array& from, int64_t j) {
    char* const p = at(i);
    const char* const q = from.at(j);
    switch (size_) {
      case 1: *p = *q; return;
      case 2: std::memcpy(p, q, 2); return;
      case 4: std::memcpy(p, q, 4); return;
      default: std::memcpy(p, q, 8);
    }
  }
  /** Takes the elements of another array, from its first again when they run out. */
  void repeat(const Array& from) {
    for (int64_t i = 0, j = 0; i < numel(); i++) {
      copy(i, from, j);
      if (++j == from.numel()) j = 0;
    }
  }
  /** How many elements differ in value from those of another array; `first` is one of them. */
  int64_t differences(const Array& other, int64_t& first) const {
    int64_t count = 0;
    for (int64_t i = 0; i < numel(); i++)
      if (!same_bits(i, other, i) && !identical(get(i), other.get(i)) && count++ == 0) first = i;
    return count;
  }
  int64_t differences(const Array& other) const {
    int64_t first;
    return differences(other, first);
  }

  /** The elements' bytes in row-major order. */
  std::vector<char> bits() const {
    std::vector<char> all(static_cast<size_t>(numel() * size_));
    for (int64_t i = 0; i < numel(); i++)
      std::memcpy(&all[static_cast<size_t>(i * size_)], at(i), static_cast<size_t>(size_));
    return all;
  }

  /** Whether all that is no element is untouched. */
  bool intact() const {
    if (bytes_ == numel() * size_) return true;
    std::vector<bool> element(static_cast<size_t>(bytes_ / size_ + 1));  // by the element's place in memory
    const int64_t first = (data_ - memory_) % size_;
    for (int64_t i = 0; i < numel(); i++)
      element[static_cast<size_t>((at(i) - memory_ - first) / size_)] = true;
    for (int64_t i = 0; i < bytes_; i++)
      if ((i < first || !element[static_cast<size_t>((i - first) / size_)]) && memory_[i] != kUntouched)
        return false;
    return true;
  }
  /** Whether no element has been written to since the array was made. */
  bool untouched() const {
    for (int64_t i = 0; i < bytes_; i++)
      if (memory_[i] != kUntouched) return false;
    return true;
  }

 private:
  static constexpr char kUntouched = static_cast<char>(0xA5);
#if defined(__SANITIZE_ADDRESS__)
  static constexpr int64_t kMargin = 0;
#else
  static constexpr int64_t kMargin = 128;
#endif
  DType dtype_;
  Sizes shape_, strides_;
  int64_t size_, bytes_ = 0;
  char* memory_ = nullptr;
  char* data_ = nullptr;
  std::vector<int64_t> places_;  // in elements
};

/** A 0-d float64 operand: a number. */
class NumberOperand {
 public:
  explicit NumberOperand(double value) : value_(value) {}
  /** As a tensor of the CPU with no dimensions is, beside tensors of a device. */
  explicit NumberOperand(int64_t value) : whole_(value), dtype_(DType::i64) {}
  TensorView view() const {
    TensorView v;
    v.data = dtype_ == DType::f64 ? static_cast<void*>(const_cast<double*>(&value_))
                                  : static_cast<void*>(const_cast<int64_t*>(&whole_));
    v.numel = 1;
    v.dtype = dtype_;
    return v;
  }

 private:
  double value_ = 0;
  int64_t whole_ = 0;
  DType dtype_ = DType::f64;
};

/** Whether launches are to run on the emulated device. */
inline bool on_cuda() {
#if defined(TENON_EMULATION)
  static const bool is = std::getenv("TENON_TEST_CUDA") != nullptr;
  return is;
#else
  return false;
#endif
}

/** What launches are run on: every instruction set, or the emulated device. */
inline const std::vector<Isa>& isas() {
  static const std::vector<Isa> all = [] {
    std::vector<Isa> supported;
    if (on_cuda()) {
      supported.push_back(isa());
      return supported;
    }
    for (Isa i : {Isa::sse2, Isa::avx2, Isa::avx512, Isa::neon})
      if (isa_supported(i)) supported.push_back(i);
    return supported;
  }();
  return all;
}

struct Call {
  Op op;
  DType compute;
  std::vector<TensorView> outputs, inputs;
  std::vector<double> scalars;
};

/** A Call as a Launch, which lives as long as this. */
class Prepared {
 public:
  explicit Prepared(const Call& call) : views_(call.outputs) {
    views_.insert(views_.end(), call.inputs.begin(), call.inputs.end());
    for (double value : call.scalars) {
      scalars_.emplace_back();
      scalars_.back().value = value;
    }
    launch.op = static_cast<uint16_t>(call.op);
    launch.compute = call.compute;
    launch.outputs = static_cast<uint16_t>(call.outputs.size());
    launch.inputs = static_cast<uint32_t>(call.inputs.size());
    launch.scalars = static_cast<uint32_t>(call.scalars.size());
    launch.views = views_.data();
    launch.scalar = scalars_.data();
  }
  Launch launch;

 private:
  std::vector<TensorView> views_;
  std::vector<Scalar> scalars_;
};

/** Checks and runs a launch as the addon does; the error's code is none if it went well. */
inline LaunchError try_run(Isa isa, const Call& call) {
  static Scratch scratch;
  LaunchError error;
  Prepared prepared(call);
  prepared.launch.scratch = &scratch;
  prepared.launch.error = &error;
  if (!check(prepared.launch, error)) return error;
#if defined(TENON_EMULATION)
  if (on_cuda()) {
    run_on_device(prepared.launch, error);
    return error;
  }
#endif
  cpu_kernels(isa)[prepared.launch.op](prepared.launch);
  return error;
}

/** Runs a launch that is to go well. */
inline void run(Isa isa, const Call& call) {
  const LaunchError error = try_run(isa, call);
  checks++;
  if (error) fail(__FILE__, __LINE__, "%s", error.message);
}

/** Sets the number of threads while it lives. */
class Threads {
 public:
  explicit Threads(int n) : before_(num_threads()) { set_num_threads(n); }
  ~Threads() { set_num_threads(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

/** How many units in the last place of dtype t a result is off the true value. */
inline double ulps(DType t, Number got, Number want) {
  if (got != got || want != want) return got != got && want != want ? 0 : HUGE_VAL;
  if (got == want) return 0;
  const Number nearest = rounded(t, want);
  if (std::isinf(got) || std::isinf(nearest)) {
    if (got == nearest) return 0;
    // One step beyond the largest number counts as infinity.
    const Number largest = std::ldexp(2 - std::ldexp(Number{1}, 1 - format_of(t).digits), format_of(t).most);
    const Number a = std::isinf(got) ? std::copysign(largest + spacing(t, largest), got) : got;
    const Number b = std::isinf(nearest) ? std::copysign(largest + spacing(t, largest), nearest) : want;
    return static_cast<double>(std::fabs(a - b) / spacing(t, largest));
  }
  return static_cast<double>(std::fabs(got - want) / spacing(t, want));
}

}  // namespace test
