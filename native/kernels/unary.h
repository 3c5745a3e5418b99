// The functors of the UNARY and PREDICATE rows of ops.def, by the names they have there. A functor with
// scalars is constructed from them; a predicate gives a mask.
#pragma once
#include <limits>

#include "kernels/math.h"
#include "kernels/unary_activations.h"
#include "kernels/unary_special.h"

namespace tenon {
namespace TENON_ISA {
namespace unary {

struct neg : Cheap {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    return wrapping(x, [](auto a) { return -a; });
  }
};

struct abs : Cheap {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    if constexpr (is_float_vector<V>)
      return magnitude(x);
    else
      return select(x < V{}, neg()(x), x);
  }
};

/** 0 for NaN. */
struct sign : Cheap {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    return select(x > V{}, constant<V>(1), V{}) - select(x < V{}, constant<V>(1), V{});
  }
};

struct square : Cheap {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    return wrapping(x, [](auto a) { return a * a; });
  }
};

/** Keeps NaN. */
struct relu : Cheap {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    return max(V{}, x);
  }
};

struct floor : Cheap {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    return TENON_ISA::floor(x);
  }
};

struct ceil : Cheap {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    return TENON_ISA::ceil(x);
  }
};

/** Half to even. */
struct round : Cheap {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    return round_even(x);
  }
};

struct trunc : Cheap {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    return TENON_ISA::trunc(x);
  }
};

struct reciprocal : Cheap {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    return constant<V>(1) / x;
  }
};

struct sqrt : Cheap {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    return TENON_ISA::sqrt(x);
  }
};

struct rsqrt : Cheap {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    return constant<V>(1) / TENON_ISA::sqrt(x);
  }
};

struct exp : Costly {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    return math::exp(x);
  }
};

struct expm1 : Costly {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    return math::expm1(x);
  }
};

struct log : Costly {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    return math::log(x);
  }
};

struct log1p : Costly {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    return math::log1p(x);
  }
};

struct log2 : Costly {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    return math::log2(x);
  }
};

struct log10 : Costly {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    return math::log10(x);
  }
};

struct sin : Costly {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    return math::sin(x);
  }
};

struct cos : Costly {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    return math::cos(x);
  }
};

struct tan : Costly {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    return math::tan(x);
  }
};

struct tanh : Costly {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    return math::tanh(x);
  }
};

struct sigmoid : Costly {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    return math::sigmoid(x);
  }
};

struct erf : Costly {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    return math::erf(x);
  }
};

struct bitwiseNot : Cheap {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    return ~x;
  }
};

/** Keeps NaN; a NaN bound is none. An integer type takes the bounds it can hold, the nearest ones otherwise.
 */
template <class T>
struct clamp : Cheap {
  static constexpr int scalars = 2;
  T low, high;
  TENON_INLINE explicit clamp(const double* scalars)
      : low(scalars[0] != scalars[0] ? least() : bound(scalars[0])),
        high(scalars[1] != scalars[1] ? greatest() : bound(scalars[1])) {}

  template <class V>
  TENON_INLINE V operator()(V x) const {
    return min(splat(high), max(splat(low), x));
  }

 private:
  using Limits = std::numeric_limits<T>;
  static TENON_INLINE T least() {
    return std::is_floating_point_v<T> ? -Limits::infinity() : Limits::lowest();
  }
  static TENON_INLINE T greatest() {
    return std::is_floating_point_v<T> ? Limits::infinity() : Limits::max();
  }
  static TENON_INLINE T bound(double x) {
    if constexpr (std::is_floating_point_v<T>) return static_cast<T>(x);
    if (x >= -static_cast<double>(Limits::lowest())) return Limits::max();
    return x <= static_cast<double>(Limits::lowest()) ? Limits::lowest() : static_cast<T>(x);
  }
};

struct logicalNot : Cheap {
  template <class V>
  TENON_INLINE Mask<V> operator()(V x) const {
    return x == V{};
  }
};

struct isnan : Cheap {
  template <class V>
  TENON_INLINE Mask<V> operator()(V x) const {
    return x != x;
  }
};

struct isinf : Cheap {
  template <class V>
  TENON_INLINE Mask<V> operator()(V x) const {
    return magnitude(x) == math::infinity<V>();
  }
};

struct isfinite : Cheap {
  template <class V>
  TENON_INLINE Mask<V> operator()(V x) const {
    return magnitude(x) < math::infinity<V>();
  }
};

}  // namespace unary
}  // namespace TENON_ISA
}  // namespace tenon
