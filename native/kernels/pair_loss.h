// Losses of an element x of the input and one t of the target, and their slopes along x, by the names they
// have in ops.def. One with a parameter is constructed from it; one that is `partial` is defined for some x
// and t only.
#pragma once
#include "kernels/math.h"

namespace tenon {
namespace TENON_ISA {
namespace pair_loss {

struct Total {
  static constexpr bool partial = false;
  static constexpr int parameters = 0;
};

struct mseLoss : Total {
  template <class V>
  TENON_INLINE V value(V x, V t) const {
    const V d = x - t;
    return d * d;
  }
  template <class V>
  TENON_INLINE V slope(V x, V t) const {
    return (x - t) * constant<V>(2);
  }
};

struct l1Loss : Total {
  template <class V>
  TENON_INLINE V value(V x, V t) const {
    return magnitude(x - t);
  }
  /** 0 where they are equal, and for NaN. */
  template <class V>
  TENON_INLINE V slope(V x, V t) const {
    const V d = x - t, one = constant<V>(1);
    return select(d > V{}, one, V{}) - select(d < V{}, one, V{});
  }
};

/** Squared up to `beta`, straight beyond, and 1 steep there. */
struct smoothL1Loss {
  static constexpr bool partial = false;
  static constexpr int parameters = 1;
  double beta;
  template <class V>
  TENON_INLINE V value(V x, V t) const {
    const V a = magnitude(x - t), b = constant<V>(beta), half = constant<V>(0.5);
    return select(a < b, half * a * a / b, a - half * b);
  }
  template <class V>
  TENON_INLINE V slope(V x, V t) const {
    const V one = constant<V>(1);
    return max(-one, min(one, (x - t) / constant<V>(beta)));
  }
};

/** The same times `delta`. */
struct huberLoss {
  static constexpr bool partial = false;
  static constexpr int parameters = 1;
  double delta;
  template <class V>
  TENON_INLINE V value(V x, V t) const {
    const V a = magnitude(x - t), b = constant<V>(delta), half = constant<V>(0.5);
    return select(a <= b, half * a * a, b * (a - half * b));
  }
  template <class V>
  TENON_INLINE V slope(V x, V t) const {
    const V b = constant<V>(delta);
    return max(-b, min(b, x - t));
  }
};

/** Logarithms count as at least -100. */
struct binaryCrossEntropy {
  static constexpr bool partial = true;
  static constexpr int parameters = 0;
  static const char* complaint(bool input) {
    return input ? "binaryCrossEntropy: expected an input from 0 to 1"
                 : "binaryCrossEntropy: expected a target from 0 to 1";
  }
  /** An element of the input, or of the target. */
  template <class T>
  static TENON_INLINE bool fits(T x) {
    return x >= 0 && x <= 1;
  }
  template <class V>
  TENON_INLINE V value(V x, V t) const {
    const V least = constant<V>(-100);
    return (t - constant<V>(1)) * max(least, math::log1p(-x)) - t * max(least, math::log(x));
  }
  template <class V>
  TENON_INLINE V slope(V x, V t) const {
    return (x - t) / max(constant<V>(static_cast<double>(1e-12f)), (constant<V>(1) - x) * x);
  }
};

/** Of the probability 1 / (1 + e^-x), without loss where that is close to 0 or 1. */
struct binaryCrossEntropyWithLogits : Total {
  template <class V>
  TENON_INLINE V value(V x, V t) const {
    const V lost = math::log1p(math::exp(-magnitude(x)));
    return (constant<V>(1) - t) * x - (min(V{}, x) - lost);
  }
  template <class V>
  TENON_INLINE V slope(V x, V t) const {
    return math::sigmoid(x) - t;
  }
};

}  // namespace pair_loss
}  // namespace TENON_ISA
}  // namespace tenon
