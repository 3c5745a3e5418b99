// What the elementwise rows of ops.def are to compute, one element at a time. Rows without a reference are
// still run in every layout, dtype and instruction set (elementwise_test.cpp), only their values are not
// compared.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

namespace test {

/**
 * Operands x, y (y is 0 for one operand) and scalars to a result. Float functions are exact: the same
 * operations in the same type give the same bits; `fused` is what they give where a product and a sum are one
 * operation. Where there is `wide` instead, a result is to be within a few units in the last place of it.
 */
struct Reference {
  const char* name;
  float (*f32)(float, float, const double*) = nullptr;
  double (*f64)(double, double, const double*) = nullptr;
  float (*fused32)(float, float, const double*) = nullptr;
  double (*fused64)(double, double, const double*) = nullptr;
  long double (*wide)(long double, long double) = nullptr;
  int64_t (*integer)(int64_t, int64_t, const double*) = nullptr;  // modulo 2^64
};

namespace reference {

using U = uint64_t;
inline int64_t wrap(U x) { return static_cast<int64_t>(x); }

/** C's fmod made to have y's sign. */
template <class T>
T remainder(T x, T y) {
  const T r = std::fmod(x, y);
  return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}

/** The quotient without the remainder, rounded to a whole number: as Python and PyTorch do it. */
template <class T>
T floor_divide(T x, T y) {
  if (y == 0) return x / y;
  const T r = std::fmod(x, y);
  T q = (x - r) / y;
  if (r != 0 && (r < 0) != (y < 0)) q -= 1;
  if (q == 0) return std::copysign(T{0}, x / y);
  const T below = std::floor(q);
  return q - below > T{0.5} ? below + 1 : below;
}

inline int64_t floor_divide(int64_t x, int64_t y) {
  if (y == -1) return wrap(0 - static_cast<U>(x));
  const int64_t q = x / y;
  return x % y != 0 && (x < 0) != (y < 0) ? q - 1 : q;
}

template <class T>
T trunc_divide(T x, T y) {
  return std::trunc(x / y);
}

inline int64_t trunc_divide(int64_t x, int64_t y) { return y == -1 ? wrap(0 - static_cast<U>(x)) : x / y; }

inline int64_t remainder(int64_t x, int64_t y) {
  if (y == -1) return 0;
  const int64_t r = x % y;
  return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}

inline int64_t power(int64_t x, int64_t y) {
  if (y < 0) return x == 1 ? 1 : x == -1 ? (y % 2 ? -1 : 1) : 0;
  U result = 1;
  for (U base = static_cast<U>(x); y; y >>= 1, base *= base)
    if (y & 1) result *= base;
  return wrap(result);
}

template <class T>
T clamp(T x, const double* s) {
  if (s[0] == s[0] && x < static_cast<T>(s[0])) x = static_cast<T>(s[0]);
  if (s[1] == s[1] && x > static_cast<T>(s[1])) x = static_cast<T>(s[1]);
  return x;
}

// The bodies below see T, x, y and s. FLOAT: of both floating types; INTEGER: of int64_t, where U is its
// unsigned twin.
#define FLOAT(body)                                       \
  [](float x, float y, const double* s) -> float {        \
    using T = float;                                      \
    (void)x, (void)y, (void)s;                            \
    return static_cast<T>(body);                          \
  },                                                      \
      [](double x, double y, const double* s) -> double { \
        using T = double;                                 \
        (void)x, (void)y, (void)s;                        \
        return static_cast<T>(body);                      \
      }
#define NO_FUSED nullptr, nullptr
#define INTEGER(body)                                    \
  [](int64_t x, int64_t y, const double* s) -> int64_t { \
    using T = int64_t;                                   \
    (void)x, (void)y, (void)s;                           \
    return static_cast<T>(body);                         \
  }
#define BOTH(name, body) {name, FLOAT(body), NO_FUSED, nullptr, INTEGER(body)}
#define SPLIT(name, body, integer_body) {name, FLOAT(body), NO_FUSED, nullptr, INTEGER(integer_body)}
#define ONLY_FLOAT(name, body) {name, FLOAT(body), NO_FUSED, nullptr, nullptr}
#define ONLY_INTEGER(name, body) {name, nullptr, nullptr, NO_FUSED, nullptr, INTEGER(body)}
#define CLOSE(name, body)                            \
  {name,                                             \
   nullptr,                                          \
   nullptr,                                          \
   NO_FUSED,                                         \
   [](long double x, long double y) -> long double { \
     (void)y;                                        \
     return body;                                    \
   },                                                \
   nullptr}

inline const Reference all[] = {
    SPLIT("neg", -x, wrap(0 - U(x))),
    SPLIT("abs", std::fabs(x), x < 0 ? wrap(0 - U(x)) : x),
    BOTH("sign", x > 0   ? 1
                 : x < 0 ? -1
                         : 0),
    SPLIT("square", x* x, wrap(U(x) * U(x))),
    BOTH("relu", x < 0 ? T{0} : x),
    ONLY_FLOAT("floor", std::floor(x)),
    ONLY_FLOAT("ceil", std::ceil(x)),
    ONLY_FLOAT("round", std::nearbyint(x)),
    ONLY_FLOAT("trunc", std::trunc(x)),
    ONLY_FLOAT("reciprocal", T{1} / x),
    ONLY_FLOAT("sqrt", std::sqrt(x)),
    ONLY_FLOAT("rsqrt", T{1} / std::sqrt(x)),
    CLOSE("exp", std::exp(x)),
    CLOSE("expm1", std::expm1(x)),
    CLOSE("log", std::log(x)),
    CLOSE("log1p", std::log1p(x)),
    CLOSE("log2", std::log2(x)),
    CLOSE("log10", std::log10(x)),
    CLOSE("sin", std::sin(x)),
    CLOSE("cos", std::cos(x)),
    CLOSE("tan", std::tan(x)),
    CLOSE("tanh", std::tanh(x)),
    CLOSE("sigmoid", x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x))),
    CLOSE("erf", std::erf(x)),
    CLOSE("exp2", std::exp2(x)),
    CLOSE("asin", std::asin(x)),
    CLOSE("acos", std::acos(x)),
    CLOSE("atan", std::atan(x)),
    CLOSE("sinh", std::sinh(x)),
    CLOSE("cosh", std::cosh(x)),
    CLOSE("asinh", std::asinh(x)),
    CLOSE("acosh", std::acosh(x)),
    CLOSE("atanh", std::atanh(x)),
    CLOSE("erfc", std::erfc(x)),
    ONLY_FLOAT("frac", x - std::trunc(x)),
    ONLY_INTEGER("bitwiseNot", ~x),
    BOTH("clamp", reference::clamp(x, s)),
    BOTH("logicalNot", x == 0),
    ONLY_FLOAT("isnan", std::isnan(x)),
    ONLY_FLOAT("isinf", std::isinf(x)),
    ONLY_FLOAT("isfinite", std::isfinite(x)),
    SPLIT("add", x + y, wrap(U(x) + U(y))),
    {"addScaled", FLOAT(x + static_cast<T>(s[0]) * y), FLOAT(std::fma(static_cast<T>(s[0]), y, x)), nullptr,
     INTEGER(wrap(U(x) + U(T(s[0])) * U(y)))},
    SPLIT("sub", x - y, wrap(U(x) - U(y))),
    SPLIT("mul", x* y, wrap(U(x) * U(y))),
    ONLY_FLOAT("div", x / y),
    BOTH("floorDivide", reference::floor_divide(x, y)),
    BOTH("truncDivide", reference::trunc_divide(x, y)),
    BOTH("remainder", reference::remainder(x, y)),
    {"pow", nullptr, nullptr, NO_FUSED, [](long double x, long double y) { return std::pow(x, y); },
     INTEGER(power(x, y))},
    BOTH("maximum", x != x || x > y ? x : y),
    BOTH("minimum", x != x || x < y ? x : y),
    ONLY_INTEGER("bitwiseAnd", x& y),
    ONLY_INTEGER("bitwiseOr", x | y),
    ONLY_INTEGER("bitwiseXor", x ^ y),
    CLOSE("atan2", std::atan2(x, y)),
    CLOSE("hypot", std::hypot(x, y)),
    ONLY_FLOAT("copysign", std::copysign(x, y)),
    BOTH("fmax", y != y || x > y ? x : y),
    BOTH("fmin", y != y || x < y ? x : y),
    SPLIT("fmod", std::fmod(x, y), y == -1 ? 0 : x % y),
    BOTH("heaviside", x == 0  ? y
                      : x > 0 ? T{1}
                              : T{0}),
    ONLY_FLOAT("nextafter", std::nextafter(x, y)),
    ONLY_FLOAT("sigmoidBackward", x * (1 - y) * y),
    {"tanhBackward", FLOAT(x * (1 - y * y)), FLOAT(x * std::fma(-y, y, T{1})), nullptr, nullptr},
    BOTH("reluBackward", y <= 0 ? T{0} : x),
    SPLIT("signbit", std::signbit(x), x < 0),
    BOTH("eq", x == y),
    BOTH("ne", x != y),
    BOTH("lt", x < y),
    BOTH("le", x <= y),
    BOTH("gt", x > y),
    BOTH("ge", x >= y),
    BOTH("logicalAnd", x != 0 && y != 0),
    BOTH("logicalOr", x != 0 || y != 0),
    BOTH("logicalXor", (x != 0) != (y != 0)),
};

#undef FLOAT
#undef NO_FUSED
#undef INTEGER
#undef BOTH
#undef SPLIT
#undef ONLY_FLOAT
#undef ONLY_INTEGER
#undef CLOSE

}  // namespace reference

inline const Reference* find_reference(const char* name) {
  for (const Reference& r : reference::all)
    if (!std::strcmp(r.name, name)) return &r;
  return nullptr;
}

}  // namespace test
