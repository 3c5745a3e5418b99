// Activations of neural networks: functors of UNARY rows of ops.def. Their derivatives are in
// binary_activations.h.
#pragma once
#include "kernels/math.h"

namespace tenon {
namespace TENON_ISA {
namespace unary {

/** x where it is positive, slope x elsewhere. */
template <class T>
struct leakyRelu : Cheap {
  static constexpr int scalars = 1;
  T slope;
  TENON_INLINE explicit leakyRelu(const double* scalars) : slope(static_cast<T>(scalars[0])) {}

  template <class V>
  TENON_INLINE V operator()(V x) const {
    return select(x > V{}, x, x * splat(slope));
  }
};

/** below (e^(rate x) - 1) up to 0, above x from there on: ELU, CELU and SELU by their factors. */
template <class T>
struct elu : Costly {
  static constexpr int scalars = 3;
  T below, above, rate;
  TENON_INLINE explicit elu(const double* scalars)
      : below(static_cast<T>(scalars[0])),
        above(static_cast<T>(scalars[1])),
        rate(static_cast<T>(scalars[2])) {}

  template <class V>
  TENON_INLINE V operator()(V x) const {
    return select(x <= V{}, math::expm1(x * splat(rate)) * splat(below), x * splat(above));
  }
};

/** x Phi(x), Phi the normal distribution's cumulative function. */
struct gelu : Costly {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    const V half = constant<V>(0.5);
    return x * half * (constant<V>(1) + math::erf(x * constant<V>(0.70710678118654752440)));
  }
};

/** The argument of the tanh that stands for erf in the approximation of `gelu`. */
template <class V>
TENON_INLINE V gelu_angle(V x) {
  return constant<V>(0.79788456080286535588) * (x + constant<V>(0.044715) * (x * x * x));
}

struct geluTanh : Costly {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    return constant<V>(0.5) * x * (constant<V>(1) + math::tanh(gelu_angle(x)));
  }
};

/** x sigmoid(x). */
struct silu : Costly {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    return x * math::sigmoid(x);
  }
};

/** tanh(softplus x): with e = e^x it is e (e + 2) over e (e + 2) + 2, and 1 before e overflows. */
template <class V>
TENON_INLINE V tanh_softplus(V x) {
  const V e = math::exp(min(constant<V>(20), x)), n = e * (e + constant<V>(2));
  return n / (n + constant<V>(2));
}

/** x tanh(softplus x). */
struct mish : Costly {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    return x * tanh_softplus(x);
  }
};

/** log(1 + e^(beta x)) / beta, and x where beta x is beyond the threshold. */
template <class T>
struct softplus : Costly {
  static constexpr int scalars = 2;
  T beta, threshold;
  TENON_INLINE explicit softplus(const double* scalars)
      : beta(static_cast<T>(scalars[0])), threshold(static_cast<T>(scalars[1])) {}

  template <class V>
  TENON_INLINE V operator()(V x) const {
    const V z = x * splat(beta), rest = math::log1p(math::exp(-magnitude(z)));
    return select(z > splat(threshold), x, (max(V{}, z) + rest) / splat(beta));
  }
};

/** log(sigmoid x). */
struct logSigmoid : Costly {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    return min(V{}, x) - math::log1p(math::exp(-magnitude(x)));
  }
};

/** (x + 3) / 6, kept within 0 and 1. */
struct hardsigmoid : Cheap {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    return min(constant<V>(6), max(V{}, x + constant<V>(3))) / constant<V>(6);
  }
};

/** x hardsigmoid(x). */
struct hardswish : Cheap {
  template <class V>
  TENON_INLINE V operator()(V x) const {
    return x * min(constant<V>(6), max(V{}, x + constant<V>(3))) / constant<V>(6);
  }
};

}  // namespace unary
}  // namespace TENON_ISA
}  // namespace tenon
