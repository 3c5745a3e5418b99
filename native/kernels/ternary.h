// The functors of three operands, by the names they have in ops.def.
#pragma once
#include <type_traits>

#include "core/launch.h"
#include "kernels/value.h"

namespace tenon {
namespace TENON_ISA {
namespace ternary {

/** A scalar as an element. */
template <class T>
TENON_INLINE T element_of(double x) {
  if constexpr (std::is_floating_point_v<T>)
    return static_cast<T>(x);
  else
    return static_cast<T>(to_integer(x));
}

/** x + value a b. */
template <class T>
struct addcmul {
  static constexpr int scalars = 1;
  T value;
  TENON_INLINE explicit addcmul(const double* scalars) : value(element_of<T>(scalars[0])) {}
  template <class V>
  TENON_INLINE V operator()(V x, V a, V b) const {
    const V product = wrapping(splat(value), a, [](auto p, auto q) { return p * q; });
    return wrapping(x, wrapping(product, b, [](auto p, auto q) { return p * q; }),
                    [](auto p, auto q) { return p + q; });
  }
};

/** x + value a / b. */
template <class T>
struct addcdiv {
  static constexpr int scalars = 1;
  T value;
  TENON_INLINE explicit addcdiv(const double* scalars) : value(element_of<T>(scalars[0])) {}
  template <class V>
  TENON_INLINE V operator()(V x, V a, V b) const {
    return x + splat(value) * a / b;
  }
};

/** From the nearer end, so that weights of 0 and 1 give the ends themselves. */
struct lerp {
  static constexpr int scalars = 0;
  template <class V>
  TENON_INLINE V operator()(V x, V y, V weight) const {
    const V d = y - x;
    return select(magnitude(weight) < constant<V>(0.5), x + weight * d, y - d * (constant<V>(1) - weight));
  }
};

}  // namespace ternary
}  // namespace TENON_ISA
}  // namespace tenon
