// Functors of the BINARY rows of ops.def that are beyond arithmetic.
#pragma once
#include "kernels/hyperbolic.h"
#include "kernels/special.h"

namespace tenon {
namespace TENON_ISA {
namespace binary {

/** The angle of the point (y, x): what PyTorch calls input is the second coordinate. */
struct atan2 : Costly {
  template <class V>
  TENON_INLINE V operator()(V x, V y) const {
    return math::atan2(x, y);
  }
};

struct hypot : Costly {
  template <class V>
  TENON_INLINE V operator()(V x, V y) const {
    return math::hypot(x, y);
  }
};

struct copysign : Cheap {
  template <class V>
  TENON_INLINE V operator()(V x, V y) const {
    return with_sign(magnitude(x), y);
  }
};

/** The other one, if one is NaN. */
struct fmax : Cheap {
  template <class V>
  TENON_INLINE V operator()(V x, V y) const {
    return select(y != y, x, max(x, y));
  }
};

struct fmin : Cheap {
  template <class V>
  TENON_INLINE V operator()(V x, V y) const {
    return select(y != y, x, min(x, y));
  }
};

/** As C's %: of x's sign; 0 where y is. */
template <class T>
TENON_INLINE T trunc_rest(T x, T y) {
  return y == 0 || y == -1 ? 0 : x % y;
}

struct fmod : Costly {
  template <class V>
  TENON_INLINE V operator()(V x, V y) const {
    using T = Element<V>;
    if constexpr (is_float_vector<V>)
      return truncated_rest(x, y);
    else
      return map_lanes(x, y, [](T a, T b) { return trunc_rest(a, b); });
  }
};

/** The step from 0 to 1, y where x is 0. */
struct heaviside : Cheap {
  template <class V>
  TENON_INLINE V operator()(V x, V y) const {
    return select(x == V{}, y, select(x > V{}, constant<V>(1), V{}));
  }
};

/** x ln y; 0 where x is, unless y is NaN. */
struct xlogy : Costly {
  template <class V>
  TENON_INLINE V operator()(V x, V y) const {
    return select(y != y, y, select(x == V{}, V{}, x * math::log(y)));
  }
};

/** x ln(1 + y), likewise. */
struct xlog1py : Costly {
  template <class V>
  TENON_INLINE V operator()(V x, V y) const {
    return select(y != y, y, select(x == V{}, V{}, x * math::log1p(y)));
  }
};

/** ln(e^x + e^y). */
struct logaddexp : Costly {
  template <class V>
  TENON_INLINE V operator()(V x, V y) const {
    const V m = max(x, y);
    return select((x == y) & (magnitude(x) == math::infinity<V>()), x,
                  m + math::log1p(math::exp(-magnitude(x - y))));
  }
};

/** log2(2^x + 2^y). */
struct logaddexp2 : Costly {
  template <class V>
  TENON_INLINE V operator()(V x, V y) const {
    const V m = max(x, y);
    return select((x == y) & (magnitude(x) == math::infinity<V>()), x,
                  m + math::log1p(math::exp2(-magnitude(x - y))) * constant<V>(0x1.71547652b82fep+0));
  }
};

/** The number beside x on the way to y: one more or less in the integers that the bits are. */
struct nextafter : Cheap {
  template <class V>
  TENON_INLINE V operator()(V x, V y) const {
    using U = Unsigned<V>;
    const U bits = bit_cast<U>(x), one = bit_cast<U>(V{}) + 1;
    const V larger = bit_cast<V>(bits + one), smaller = bit_cast<V>(bits - one);
    const Mask<V> away = (x < y) == (x > V{});
    const V next = select(x == V{}, with_sign(bit_cast<V>(one), y), select(away, larger, smaller));
    return select((x != x) | (y != y), x + y, select(x == y, y, next));
  }
};

/** Hurwitz's zeta function. */
struct zeta : Costly {
  template <class V>
  TENON_INLINE V operator()(V x, V y) const {
    using T = Element<V>;
    return map_lanes(x, y, [](T s, T q) { return static_cast<T>(special::zeta(double{s}, double{q})); });
  }
};

/** 0 where y is no number of bits. */
struct bitwiseLeftShift : Cheap {
  template <class V>
  TENON_INLINE V operator()(V x, V y) const {
    using U = Unsigned<V>;
    const V bits = constant<V>(8 * sizeof(Element<V>));
    const Mask<V> outside = (y < V{}) | (y >= bits);
    return select(outside, V{}, bit_cast<V>(bit_cast<U>(x) << bit_cast<U>(select(outside, V{}, y))));
  }
};

/** What is shifted in is the sign; nothing else is left where y is no number of bits. */
struct bitwiseRightShift : Cheap {
  template <class V>
  TENON_INLINE V operator()(V x, V y) const {
    const V most = constant<V>(8 * sizeof(Element<V>) - 1);
    return x >> select((y < V{}) | (y > most), most, y);
  }
};

/** Euclid's, of magnitudes. */
template <class T>
TENON_INLINE std::make_unsigned_t<T> greatest_divisor(T x, T y) {
  using U = std::make_unsigned_t<T>;
  U a = x < 0 ? 0 - static_cast<U>(x) : static_cast<U>(x),
    b = y < 0 ? 0 - static_cast<U>(y) : static_cast<U>(y);
  while (b != 0) {
    const U r = a % b;
    a = b;
    b = r;
  }
  return a;
}

struct gcd : Costly {
  template <class V>
  TENON_INLINE V operator()(V x, V y) const {
    using T = Element<V>;
    return map_lanes(x, y, [](T a, T b) { return static_cast<T>(greatest_divisor(a, b)); });
  }
};

/** Wraps; not negative otherwise. */
struct lcm : Costly {
  template <class V>
  TENON_INLINE V operator()(V x, V y) const {
    using T = Element<V>;
    using U = std::make_unsigned_t<T>;
    return map_lanes(x, y, [](T a, T b) {
      const U d = greatest_divisor(a, b);
      if (d == 0) return T{0};
      const T multiple =
          static_cast<T>((a < 0 ? 0 - static_cast<U>(a) : static_cast<U>(a)) / d * static_cast<U>(b));
      return multiple < 0 ? static_cast<T>(0 - static_cast<U>(multiple)) : multiple;
    });
  }
};

}  // namespace binary
}  // namespace TENON_ISA
}  // namespace tenon
