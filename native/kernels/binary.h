// The functors of the BINARY rows of ops.def, by the names they have there.
#pragma once
#include "core/launch.h"
#include "kernels/math.h"

namespace tenon {
namespace TENON_ISA {
namespace binary {

struct add : Cheap {
  template <class V>
  TENON_INLINE V operator()(V x, V y) const {
    return wrapping(x, y, [](auto a, auto b) { return a + b; });
  }
};

/** x + alpha y. */
template <class T>
struct addScaled : Cheap {
  static constexpr int scalars = 1;
  T alpha;
  TENON_INLINE explicit addScaled(const double* scalars) : alpha(from(scalars[0])) {}

  template <class V>
  TENON_INLINE V operator()(V x, V y) const {
    const V scaled = wrapping(splat(alpha), y, [](auto a, auto b) { return a * b; });
    return add()(x, scaled);
  }

 private:
  static TENON_INLINE T from(double x) {
    if constexpr (std::is_floating_point_v<T>) return static_cast<T>(x);
    return static_cast<T>(to_integer(x));
  }
};

struct sub : Cheap {
  template <class V>
  TENON_INLINE V operator()(V x, V y) const {
    return wrapping(x, y, [](auto a, auto b) { return a - b; });
  }
};

struct mul : Cheap {
  template <class V>
  TENON_INLINE V operator()(V x, V y) const {
    return wrapping(x, y, [](auto a, auto b) { return a * b; });
  }
};

struct div : Cheap {
  template <class V>
  TENON_INLINE V operator()(V x, V y) const {
    return x / y;
  }
};

/** Towards minus infinity; 0 where y is 0, and the lowest number by -1 is itself, as it wraps. */
template <class T>
TENON_INLINE T floor_quotient(T x, T y) {
  if (y == 0) return 0;
  if (y == -1) return static_cast<T>(0 - static_cast<std::make_unsigned_t<T>>(x));
  const T q = x / y;
  return q * y != x && (x < 0) != (y < 0) ? q - 1 : q;
}

/** Towards zero; else as floor_quotient. */
template <class T>
TENON_INLINE T trunc_quotient(T x, T y) {
  if (y == 0) return 0;
  return y == -1 ? static_cast<T>(0 - static_cast<std::make_unsigned_t<T>>(x)) : x / y;
}

/** What floor_quotient leaves: of y's sign. */
template <class T>
TENON_INLINE T floor_rest(T x, T y) {
  if (y == 0 || y == -1) return 0;
  const T r = x % y;
  return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}

/** As C's fmod: of x's sign, NaN when y is 0 or x infinite. */
template <class V>
TENON_INLINE V truncated_rest(V x, V y) {
#if defined(TENON_FUSED)
  // A quotient of few digits is right or one off, and then what it leaves is exact.
  const V quotient = magnitude(x / y), size = magnitude(y);
  const Mask<V> unsafe = ((quotient >= constant<V>(0x1p22)) & (y != V{})) | (size == math::infinity<V>());
  if (!any(unsafe)) {
    const V a = magnitude(x), r = minus_product(a, trunc(quotient), size);
    return bit_cast<V>(bit_cast<Unsigned<V>>(select(r < V{}, r + size, r)) ^
                       (bit_cast<Unsigned<V>>(x) & sign_bit<V>()));
  }
#endif
  return map_lanes(x, y, [](auto a, auto b) { return std::fmod(a, b); });
}

/** Where floor_rest and truncated_rest differ. */
template <class V>
TENON_INLINE Mask<V> rest_points_away(V rest, V y) {
  return (rest != V{}) & ((rest < V{}) != (y < V{}));
}

/** As Python's %: of y's sign, NaN when y is 0 or x infinite. */
struct remainder : Costly {
  template <class V>
  TENON_INLINE V operator()(V x, V y) const {
    using T = Element<V>;
    if constexpr (is_float_vector<V>) {
      const V r = truncated_rest(x, y);
      return select(rest_points_away(r, y), r + y, r);
    } else {
      return map_lanes(x, y, [](T a, T b) { return floor_rest(a, b); });
    }
  }
};

/** As Python's //: x / y without the remainder, made whole; x / y when y is 0. */
struct floorDivide : Costly {
  template <class V>
  TENON_INLINE V operator()(V x, V y) const {
    using T = Element<V>;
    if constexpr (is_float_vector<V>) {
      const V one = constant<V>(1), quotient = x / y, r = truncated_rest(x, y), cut = (x - r) / y;
      const V d = select(rest_points_away(r, y), cut - one, cut), below = floor(d);
      const V whole = select(d - below > constant<V>(0.5), below + one, below);
      return select(y == V{}, quotient, select(d == V{}, with_sign(V{}, quotient), whole));
    } else {
      return map_lanes(x, y, [](T a, T b) { return floor_quotient(a, b); });
    }
  }
};

/** x / y made whole towards zero. */
struct truncDivide : Costly {
  template <class V>
  TENON_INLINE V operator()(V x, V y) const {
    using T = Element<V>;
    if constexpr (is_float_vector<V>)
      return trunc(x / y);
    else
      return map_lanes(x, y, [](T a, T b) { return trunc_quotient(a, b); });
  }
};

/** Of integers by squaring; a negative exponent gives what is whole of the result: 1, -1 or 0. */
struct pow : Costly {
  template <class V>
  TENON_INLINE V operator()(V x, V y) const {
    if constexpr (is_float_vector<V>) {
      return math::pow(x, y);
    } else {
      using U = Unsigned<V>;
      const V one = constant<V>(1);
      U result = bit_cast<U>(one), base = bit_cast<U>(x), rest = bit_cast<U>(select(y < V{}, V{}, y));
      while (any(rest != U{})) {
        result = select((rest & 1) != U{}, result * base, result);
        base = base * base;
        rest = rest >> 1;
      }
      const V inverse = select(x == one, one, select(x == -one, select((y & 1) != V{}, -one, one), V{}));
      return select(y < V{}, inverse, bit_cast<V>(result));
    }
  }
};

/** NaN if either is. */
struct maximum : Cheap {
  template <class V>
  TENON_INLINE V operator()(V x, V y) const {
    return select(x != x, x, max(x, y));
  }
};

/** NaN if either is. */
struct minimum : Cheap {
  template <class V>
  TENON_INLINE V operator()(V x, V y) const {
    return select(x != x, x, min(x, y));
  }
};

struct bitwiseAnd : Cheap {
  template <class V>
  TENON_INLINE V operator()(V x, V y) const {
    return x & y;
  }
};

struct bitwiseOr : Cheap {
  template <class V>
  TENON_INLINE V operator()(V x, V y) const {
    return x | y;
  }
};

struct bitwiseXor : Cheap {
  template <class V>
  TENON_INLINE V operator()(V x, V y) const {
    return x ^ y;
  }
};

struct sigmoidBackward : Cheap {
  template <class V>
  TENON_INLINE V operator()(V grad, V output) const {
    return grad * (constant<V>(1) - output) * output;
  }
};

struct tanhBackward : Cheap {
  template <class V>
  TENON_INLINE V operator()(V grad, V output) const {
    return grad * (constant<V>(1) - output * output);
  }
};

/** 0 where the output is; the gradient beside NaN. */
struct reluBackward : Cheap {
  template <class V>
  TENON_INLINE V operator()(V grad, V output) const {
    return select(output <= V{}, V{}, grad);
  }
};

}  // namespace binary
}  // namespace TENON_ISA
}  // namespace tenon

#include "kernels/binary_activations.h"
#include "kernels/binary_special.h"  // which needs what is here
