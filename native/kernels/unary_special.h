// Functors of the UNARY and PREDICATE rows of ops.def that are beyond the elementary functions.
#pragma once
#include "kernels/error_function.h"
#include "kernels/gamma.h"

namespace tenon {
namespace TENON_ISA {
namespace unary {

/** Lanes one by one, each worth many operations: as much as makes the smallest task, one tile, worth it. */
struct VeryCostly {
  static constexpr int cost = 16;
};

/** A function's vectors through the vector function of that name, or lanes through one in double precision.
 */
#define TENON_VECTOR(name, function)       \
  struct name : Costly {                   \
    template <class V>                     \
    TENON_INLINE V operator()(V x) const { \
      return math::function(x);            \
    }                                      \
  };
#define TENON_LANES(name, function)                                                                       \
  struct name : VeryCostly {                                                                              \
    template <class V>                                                                                    \
    TENON_INLINE V operator()(V x) const {                                                                \
      return map_lanes(x, [](auto lane) { return static_cast<decltype(lane)>(function(double{lane})); }); \
    }                                                                                                     \
  };

TENON_VECTOR(exp2, exp2)
TENON_VECTOR(asin, asin)
TENON_VECTOR(acos, acos)
TENON_VECTOR(atan, atan)
TENON_VECTOR(sinh, sinh)
TENON_VECTOR(cosh, cosh)
TENON_VECTOR(asinh, asinh)
TENON_VECTOR(acosh, acosh)
TENON_VECTOR(atanh, atanh)
TENON_VECTOR(erfc, erfc)
TENON_VECTOR(erfinv, erfinv)
TENON_VECTOR(lgamma, lgamma)
TENON_VECTOR(digamma, digamma)
TENON_LANES(erfcx, special::erfcx)
TENON_LANES(ndtri, special::ndtri)
TENON_LANES(logNdtr, special::log_ndtr)
TENON_LANES(i0, special::i0)
TENON_LANES(i0e, special::i0e)
TENON_LANES(i1, special::i1)
TENON_LANES(i1e, special::i1e)

#undef TENON_VECTOR
#undef TENON_LANES

/** The n-th derivative of digamma. */
template <class T>
struct polygamma : VeryCostly {
  static constexpr int scalars = 1;
  double n;
  TENON_INLINE explicit polygamma(const double* scalars) : n(scalars[0]) {}

  template <class V>
  TENON_INLINE V operator()(V x) const {
    const double order = n;
    return map_lanes(x, [order](T lane) { return static_cast<T>(special::polygamma(order, double{lane})); });
  }
};

struct frac : Cheap {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    return x - TENON_ISA::trunc(x);
  }
};

/** sin(pi x) / (pi x). */
struct sinc : Costly {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    const V a = x * constant<V>(special::kPi);
    return select(x == V{}, constant<V>(1), math::sin(a) / a);
  }
};

/** -x ln x. */
struct entr : Costly {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    return select(x > V{}, -x * math::log(x),
                  select(x == V{}, V{}, select(x < V{}, -math::infinity<V>(), x)));
  }
};

/** ln(x / (1 - x)), of x made no less than eps and no more than 1 - eps; a negative eps, or NaN, is none. */
template <class T>
struct logit : Costly {
  static constexpr int scalars = 1;
  bool clamped;
  T low, high;
  TENON_INLINE explicit logit(const double* scalars)
      : clamped(scalars[0] >= 0), low(static_cast<T>(scalars[0])), high(T{1} - low) {}

  template <class V>
  TENON_INLINE V operator()(V x) const {
    const V p = clamped ? min(splat(high), max(splat(low), x)) : x;
    return math::log(p / (constant<V>(1) - p));
  }
};

/** Scalars in the place of NaN, infinity and minus infinity. */
template <class T>
struct nanToNum : Cheap {
  static constexpr int scalars = 3;
  T nan, above, below;
  TENON_INLINE explicit nanToNum(const double* scalars)
      : nan(static_cast<T>(scalars[0])),
        above(static_cast<T>(scalars[1])),
        below(static_cast<T>(scalars[2])) {}

  template <class V>
  TENON_INLINE V operator()(V x) const {
    const V infinity = math::infinity<V>();
    return select(x != x, splat(nan),
                  select(x == infinity, splat(above), select(x == -infinity, splat(below), x)));
  }
};

/** x = mantissa 2^exponent with 1/2 <= |mantissa| < 1: zeros, infinities and NaN are their own. */
struct frexpMantissa : Costly {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    return map_lanes(x, [](auto lane) {
      int exponent;
      return std::frexp(lane, &exponent);
    });
  }
};
struct frexpExponent : Costly {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    return map_lanes(x, [](auto lane) {
      int exponent = 0;
      if (lane - lane == 0) std::frexp(lane, &exponent);
      return static_cast<decltype(lane)>(exponent);
    });
  }
};

/** Of a zero's and a NaN's sign, too. */
struct signbit : Cheap {
  template <class V>
  TENON_INLINE Mask<V> operator()(V x) const {
    if constexpr (is_float_vector<V>)
      return with_sign(constant<V>(1), x) < V{};
    else
      return x < V{};
  }
};

}  // namespace unary
}  // namespace TENON_ISA
}  // namespace tenon
