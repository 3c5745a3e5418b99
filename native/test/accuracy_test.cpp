// How exact the elementary functions are: units in the last place against the C library in a wider type, over
// all magnitudes and where the argument's reduction or the result's cancellation is hard.

// Also runs on emulated CUDA.

#include <algorithm>
#include <string>

#include "test/reference.h"
#include "test/tensors.h"

using namespace test;

namespace {

/** What kernels/math.h promises. */
constexpr double kUlps = 2.6;

struct Function {
  Op op;
  const char* name;
  double low, high;  // where most arguments of interest are
};
const Function functions[] = {
    {Op::exp, "exp", -110, 90},
    {Op::expm1, "expm1", -20, 90},
    {Op::log, "log", 0, 10},
    {Op::log1p, "log1p", -1, 10},
    {Op::log2, "log2", 0, 10},
    {Op::log10, "log10", 0, 10},
    {Op::sin, "sin", -1000, 1000},
    {Op::cos, "cos", -1000, 1000},
    {Op::tan, "tan", -1000, 1000},
    {Op::tanh, "tanh", -12, 12},
    {Op::sigmoid, "sigmoid", -110, 20},
    {Op::erf, "erf", -6, 6},
    {Op::exp2, "exp2", -150, 130},
    {Op::asin, "asin", -1, 1},
    {Op::acos, "acos", -1, 1},
    {Op::atan, "atan", -10, 10},
    {Op::sinh, "sinh", -90, 90},
    {Op::cosh, "cosh", -90, 90},
    {Op::asinh, "asinh", -10, 10},
    {Op::acosh, "acosh", 1, 10},
    {Op::atanh, "atanh", -1, 1},
    {Op::erfc, "erfc", -6, 10},
    {Op::sqrt, "sqrt", 0, 100},
    {Op::rsqrt, "rsqrt", 0, 100},
    {Op::reciprocal, "reciprocal", -10, 10},
};

/** The largest error seen, and where. */
struct Worst {
  double ulps = 0;
  Number x = 0, y = 0;
  void take(double error, Number at_x, Number at_y = 0) {
    if (error > ulps) ulps = error, x = at_x, y = at_y;
  }
};

/** A number of any magnitude the dtype has, subnormal ones too. */
Number any_magnitude(DType t, Random& random) {
  const FloatFormat f = format_of(t);
  const int exponent = static_cast<int>(random.integer(f.least - f.digits, f.most));
  const double x = std::ldexp(random.uniform(1, 2), exponent);
  return random.coin() ? x : -x;
}

/** Arguments for a function of one operand. */
void fill_arguments(Array& x, const Function& f, Random& random) {
  const DType t = x.dtype();
  const double scale =
      t == DType::f64 && (f.op == Op::exp || f.op == Op::expm1 || f.op == Op::sigmoid) ? 7 : 1;
  const double hard[] = {
      0, 1, -1, 0x1.62e42fefa39efp-2 /* ln 2 / 2 */, 0.70710678118654752, 1.4142135623730951};
  x.fill_with([&](int64_t i) -> Number {
    switch (i % 8) {
      case 0:
      case 1: return any_magnitude(t, random);
      case 2: {  // beside a multiple of half pi, as near as the dtype can be
        const double n = static_cast<double>(random.integer(-700000, 700000) >> random.integer(0, 19));
        const Number near = rounded(t, static_cast<Number>(n) * 1.57079632679489661923132169163975144L);
        return near + static_cast<Number>(random.integer(-2, 2)) * spacing(t, near);
      }
      case 3: {  // beside numbers where a formula changes or cancels
        const Number near = hard[random.integer(0, 5)];
        return near + static_cast<Number>(random.integer(-3, 3)) * spacing(t, near == 0 ? 1 : near);
      }
      case 4: return random.uniform(-1, 1) * std::ldexp(1.0, -static_cast<int>(random.integer(0, 30)));
      default: return random.uniform(f.low, f.high) * scale;
    }
  });
}

Number true_value(DType t, const Reference& r, const Function& f, Number x, Number y = 0) {
  if (!r.wide) {
    const long double s = x;
    return f.op == Op::sqrt ? std::sqrt(s) : f.op == Op::rsqrt ? 1 / std::sqrt(s) : 1 / s;
  }
  // For float32 double is wide enough, and faster.
  if (t == DType::f32 && f.op != Op::pow) {
    const double a = static_cast<double>(x);
    switch (f.op) {
      case Op::exp: return std::exp(a);
      case Op::expm1: return std::expm1(a);
      case Op::log: return std::log(a);
      case Op::log1p: return std::log1p(a);
      case Op::log2: return std::log2(a);
      case Op::log10: return std::log10(a);
      case Op::sin: return std::sin(a);
      case Op::cos: return std::cos(a);
      case Op::tan: return std::tan(a);
      case Op::tanh: return std::tanh(a);
      case Op::erf: return std::erf(a);
      case Op::exp2: return std::exp2(a);
      case Op::asin: return std::asin(a);
      case Op::acos: return std::acos(a);
      case Op::atan: return std::atan(a);
      case Op::sinh: return std::sinh(a);
      case Op::cosh: return std::cosh(a);
      case Op::asinh: return std::asinh(a);
      case Op::acosh: return std::acosh(a);
      case Op::atanh: return std::atanh(a);
      case Op::erfc: return std::erfc(a);
      default: break;
    }
  }
  return r.wide(x, y);
}

std::string summary(const char* name, DType t, const std::vector<Worst>& worst) {
  std::string line = std::string(name) + " " + dtype_name(t) + ":";
  for (size_t i = 0; i < worst.size(); i++) {
    char text[100];
    std::snprintf(text, sizeof text, " %s %.2f (at %.9Lg)", isa_name(isas()[i]), worst[i].ulps, worst[i].x);
    line += text;
  }
  return line;
}

void check_function(const Function& f, DType t) {
  const Reference* const r = find_reference(f.name);
  CHECK(r != nullptr);
  if (!r) return;
  const int64_t n = 8192, rounds = full ? 50 : 2;
  // The C library's, which promises no more.
  const double most = f.op == Op::erfc && t == DType::f64 ? 4 : kUlps;
  std::vector<Worst> worst(isas().size());
  Random random(static_cast<uint64_t>(f.op) * 2 + (t == DType::f64));
  Array x(t, {n}), out(t, {n});
  std::vector<Number> want(static_cast<size_t>(n));
  for (int64_t round = 0; round < rounds; round++) {
    fill_arguments(x, f, random);
    for (int64_t i = 0; i < n; i++) want[static_cast<size_t>(i)] = true_value(t, *r, f, x.get(i));
    for (size_t k = 0; k < isas().size(); k++) {
      run(isas()[k], {f.op, t, {out.view()}, {x.view()}, {}});
      for (int64_t i = 0; i < n; i++) {
        const double error = ulps(t, out.get(i), want[static_cast<size_t>(i)]);
        worst[k].take(error, x.get(i));
        checks++;
        if (error > most)
          fail(__FILE__, __LINE__, "%s %s on %s: f(%.17Lg) is %.17Lg, expected %.17Lg: %.2f ulp", f.name,
               dtype_name(t), isa_name(isas()[k]), x.get(i), out.get(i), want[static_cast<size_t>(i)], error);
      }
    }
  }
  note("%s", summary(f.name, t, worst).c_str());
}

}  // namespace

TEST("float32 functions are within 2.6 units in the last place") {
  for (const Function& f : functions) check_function(f, DType::f32);
}

TEST("float64 functions are within 2.6 units in the last place") {
  for (const Function& f : functions) check_function(f, DType::f64);
}

TEST("powers are within 2.6 units in the last place") {
  for (DType t : {DType::f32, DType::f64}) {
    const int64_t n = 8192, rounds = full ? 50 : 2;
    std::vector<Worst> worst(isas().size());
    Random random(7);
    Array x(t, {n}), y(t, {n}), out(t, {n});
    std::vector<Number> want(static_cast<size_t>(n));
    const double most = t == DType::f32 ? 128 : 1024;
    for (int64_t round = 0; round < rounds; round++) {
      for (int64_t i = 0; i < n; i++) {
        Number base = any_magnitude(t, random), exponent = random.uniform(-4, 4);
        if (i % 4 == 0) base = 1 + static_cast<Number>(random.integer(-1000, 1000)) * spacing(t, 1);
        if (i % 4 == 1) base = random.uniform(0, 10);
        if (i % 2) base = std::fabs(base);
        // Results of all magnitudes, the largest and the smallest too.
        if (i % 3 == 0 && base != 0 && std::fabs(base) != 1)
          exponent =
              random.uniform(-most * 1.2, most * 1.05) / static_cast<double>(std::log2(std::fabs(base)));
        if (i % 5 == 0) exponent = std::nearbyint(exponent);
        x.set(i, base);
        y.set(i, exponent);
      }
      for (int64_t i = 0; i < n; i++) want[static_cast<size_t>(i)] = std::pow(x.get(i), y.get(i));
      for (size_t k = 0; k < isas().size(); k++) {
        run(isas()[k], {Op::pow, t, {out.view()}, {x.view(), y.view()}, {}});
        for (int64_t i = 0; i < n; i++) {
          const double error = ulps(t, out.get(i), want[static_cast<size_t>(i)]);
          worst[k].take(error, x.get(i), y.get(i));
          checks++;
          if (error > kUlps)
            fail(__FILE__, __LINE__, "pow %s on %s: (%.17Lg, %.17Lg) is %.17Lg, expected %.17Lg: %.2f ulp",
                 dtype_name(t), isa_name(isas()[k]), x.get(i), y.get(i), out.get(i),
                 want[static_cast<size_t>(i)], error);
        }
      }
    }
    note("%s", summary("pow", t, worst).c_str());
  }
}

SLOW_TEST("every 1009th float32 there is, of every function") {
  const int64_t n = 1 << 16;
  Array x(DType::f32, {n}), out(DType::f32, {n});
  std::vector<Number> want(static_cast<size_t>(n));
  for (const Function& f : functions) {
    const Reference* const r = find_reference(f.name);
    std::vector<Worst> worst(isas().size());
    for (uint64_t first = static_cast<uint64_t>(f.op); first < uint64_t{1} << 32;
         first += 1009 * static_cast<uint64_t>(n)) {
      for (int64_t i = 0; i < n; i++) {
        const uint32_t bits = static_cast<uint32_t>(first + 1009 * static_cast<uint64_t>(i));
        std::memcpy(x.at(i), &bits, 4);
        want[static_cast<size_t>(i)] = true_value(DType::f32, *r, f, x.get(i));
      }
      for (size_t k = 0; k < isas().size(); k++) {
        run(isas()[k], {f.op, DType::f32, {out.view()}, {x.view()}, {}});
        for (int64_t i = 0; i < n; i++) {
          const double error = ulps(DType::f32, out.get(i), want[static_cast<size_t>(i)]);
          worst[k].take(error, x.get(i));
          checks++;
          if (error > kUlps)
            fail(__FILE__, __LINE__, "%s on %s: f(%.17Lg) is %.17Lg, expected %.17Lg: %.2f ulp", f.name,
                 isa_name(isas()[k]), x.get(i), out.get(i), want[static_cast<size_t>(i)], error);
        }
      }
    }
    note("%s", summary(f.name, DType::f32, worst).c_str());
  }
}

TEST("instruction sets agree where no error is allowed") {
  const int64_t n = 4096;
  Random random(11);
  for (DType t : {DType::f32, DType::f64})
    for (Op op : {Op::floor, Op::ceil, Op::round, Op::trunc, Op::sqrt, Op::rsqrt, Op::reciprocal}) {
      Array x(t, {n}), out(t, {n});
      x.fill_with([&](int64_t i) -> Number {
        return i % 2 ? any_magnitude(t, random) : random.integer(-100, 100) / 4.0L;
      });
      std::vector<char> first;
      for (Isa isa : isas()) {
        About about("%s %s on %s", op_name(static_cast<int>(op)), dtype_name(t), isa_name(isa));
        run(isa, {op, t, {out.view()}, {x.view()}, {}});
        if (first.empty()) first = out.bits();
        CHECK(out.bits() == first);
      }
    }
}
