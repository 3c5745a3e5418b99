// Derivatives of the activations in unary_activations.h: functors of BINARY rows of ops.def, of the gradient
// and the input.
#pragma once
#include "kernels/unary_activations.h"

namespace tenon {
namespace TENON_ISA {
namespace binary {

template <class T>
struct leakyReluBackward : Cheap {
  static constexpr int scalars = 1;
  T slope;
  TENON_INLINE explicit leakyReluBackward(const double* scalars) : slope(static_cast<T>(scalars[0])) {}

  template <class V>
  TENON_INLINE V operator()(V grad, V x) const {
    return select(x > V{}, grad, grad * splat(slope));
  }
};

template <class T>
struct eluBackward : Costly {
  static constexpr int scalars = 3;
  T below, above, rate;
  TENON_INLINE explicit eluBackward(const double* scalars)
      : below(static_cast<T>(scalars[0] * scalars[2])),
        above(static_cast<T>(scalars[1])),
        rate(static_cast<T>(scalars[2])) {}

  template <class V>
  TENON_INLINE V operator()(V grad, V x) const {
    return grad * select(x <= V{}, splat(below) * math::exp(x * splat(rate)), splat(above));
  }
};

struct geluBackward : Costly {
  template <class V>
  TENON_INLINE V operator()(V grad, V x) const {
    const V half = constant<V>(0.5);
    const V below = half * (constant<V>(1) + math::erf(x * constant<V>(0.70710678118654752440)));
    const V density = constant<V>(0.39894228040143267794) * math::exp(-half * (x * x));
    return grad * (below + x * density);
  }
};

struct geluTanhBackward : Costly {
  template <class V>
  TENON_INLINE V operator()(V grad, V x) const {
    const V one = constant<V>(1), half = constant<V>(0.5), t = math::tanh(unary::gelu_angle(x));
    const V slope = constant<V>(0.79788456080286535588) * (one + constant<V>(3 * 0.044715) * (x * x));
    return grad * (half * (one + t) + half * x * ((one - t * t) * slope));
  }
};

struct siluBackward : Costly {
  template <class V>
  TENON_INLINE V operator()(V grad, V x) const {
    const V one = constant<V>(1), s = math::sigmoid(x);
    return grad * (s * (one + x * (one - s)));
  }
};

struct mishBackward : Costly {
  template <class V>
  TENON_INLINE V operator()(V grad, V x) const {
    const V one = constant<V>(1), t = unary::tanh_softplus(x);
    return grad * (t + x * (math::sigmoid(x) * (one - t * t)));
  }
};

template <class T>
struct softplusBackward : Costly {
  static constexpr int scalars = 2;
  T beta, threshold;
  TENON_INLINE explicit softplusBackward(const double* scalars)
      : beta(static_cast<T>(scalars[0])), threshold(static_cast<T>(scalars[1])) {}

  template <class V>
  TENON_INLINE V operator()(V grad, V x) const {
    const V z = x * splat(beta);
    return select(z > splat(threshold), grad, grad * math::sigmoid(z));
  }
};

struct logSigmoidBackward : Costly {
  template <class V>
  TENON_INLINE V operator()(V grad, V x) const {
    return grad * math::sigmoid(-x);
  }
};

struct hardsigmoidBackward : Cheap {
  template <class V>
  TENON_INLINE V operator()(V grad, V x) const {
    const V three = constant<V>(3), sixth = constant<V>(static_cast<double>(1.0f / 6));  // as PyTorch has it
    return select((x > -three) & (x < three), grad * sixth, V{});
  }
};

struct hardswishBackward : Cheap {
  template <class V>
  TENON_INLINE V operator()(V grad, V x) const {
    const V three = constant<V>(3);
    const V inside = grad * (x / three + constant<V>(0.5));
    return select(x <= -three, V{}, select(x < three, inside, grad));
  }
};

/** 0 unless the input is between the bounds. */
template <class T>
struct hardtanhBackward : Cheap {
  static constexpr int scalars = 2;
  T low, high;
  TENON_INLINE explicit hardtanhBackward(const double* scalars)
      : low(static_cast<T>(scalars[0])), high(static_cast<T>(scalars[1])) {}

  template <class V>
  TENON_INLINE V operator()(V grad, V x) const {
    return select((x > splat(low)) & (x < splat(high)), grad, V{});
  }
};

}  // namespace binary
}  // namespace TENON_ISA
}  // namespace tenon
