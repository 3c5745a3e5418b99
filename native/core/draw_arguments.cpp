#include "core/draw_arguments.h"

#include <cmath>
#include <limits>

#include "core/random.h"

namespace tenon {

namespace {

/** The largest value of dtype t below `to`; `from` when there is none from there on. */
float last_float(DType t, float from, float to) {
  const uint32_t unit = t == DType::f16 ? 1u << 13 : t == DType::bf16 ? 1u << 16 : 1u;
  uint32_t bits = random_bits<uint32_t>(to);
  float last;
  if (t == DType::f16 && to <= 0x1p-14f && to >= -0x1p-14f) {  // among its subnormals
    last = (std::ceil(to * 0x1p24f) - 1) * 0x1p-24f;
  } else if (to > 0) {
    bits = (bits - 1) & ~(unit - 1);
    last = random_bits<float>(bits);
  } else if (to < 0) {
    bits = (bits | (unit - 1)) + 1;
    last = random_bits<float>(bits);
  } else {
    last = random_bits<float>(0x80000000u | unit);
  }
  return last >= from ? last : from;
}
double last_double(double from, double to) {
  const double last = std::nextafter(to, from);
  return last >= from ? last : from;
}

/** The largest number of a floating dtype. */
double largest_of(DType t) {
  switch (t) {
    case DType::f64: return std::numeric_limits<double>::max();
    case DType::f16: return 65504;
    case DType::bf16: return 0x1.fep127;
    default: return std::numeric_limits<float>::max();
  }
}

}  // namespace

bool read_arguments(const Launch& l, UniformArguments& a) {
  const DType t = l.out().dtype;
  const double from = l.scalar[3].get(), to = l.scalar[4].get(), largest = largest_of(t);
  if (!(from <= to)) {
    set_error(*l.error, ErrorCode::argument, "uniform: expected from <= to, got %g and %g", from, to);
    return false;
  }
  if (!(from >= -largest && to <= largest && to - from <= largest)) {
    set_error(*l.error, ErrorCode::argument,
              "uniform: expected a range within the dtype's, up to %g, got %g to %g", largest, from, to);
    return false;
  }
  if (t == DType::f64) {
    a = {from, to - from, last_double(from, to), 0};
    return true;
  }
  const float low = static_cast<float>(from), width = static_cast<float>(to) - low;
  a.low = low;
  a.width = width;
  a.last = last_float(t, low, static_cast<float>(to));
  a.digits = t == DType::f16 ? 11 : t == DType::bf16 ? 8 : 24;
  return true;
}

bool read_arguments(const Launch& l, NormalArguments& a) {
  a = {l.scalar[3].get(), l.scalar[4].get()};
  if (a.deviation >= 0) return true;
  set_error(*l.error, ErrorCode::argument, "normal: expected std >= 0, got %g", a.deviation);
  return false;
}

bool read_arguments(const Launch& l, RandintArguments& a) {
  const double from = l.scalar[3].get(), to = l.scalar[4].get();
  if (!(from < to && from >= -0x1p62 && to <= 0x1p62)) {
    set_error(*l.error, ErrorCode::argument, "randint: expected low < high, got %.17g and %.17g", from, to);
    return false;
  }
  a.low = static_cast<int64_t>(from);
  a.range = static_cast<uint64_t>(static_cast<int64_t>(to)) - static_cast<uint64_t>(a.low);
  return true;
}

}  // namespace tenon
