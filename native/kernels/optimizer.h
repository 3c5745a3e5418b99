// The steps of optimizers: how a parameter, and the state that comes with it, changes by its gradient. A rule
// is plain data, which `read` makes of the scalars of the op that ops.def has of that name; step(p, g, state,
// states) then changes p and so many values of state. If `first`, the state is filled, not read.
// https://pytorch.org/docs/stable/optim.html#algorithms
#pragma once
#include <cmath>

#include "kernels/value.h"

namespace tenon {
namespace TENON_ISA {
namespace optimizer {

/** What most rules begin with: the penalty on weights, and which way to go. */
template <class V>
struct Gradient {
  static constexpr bool first = false;

  TENON_INLINE void read(double weight_decay, double maximizes) {
    decay = constant<V>(weight_decay);
    has_decay = weight_decay != 0;
    maximize = maximizes != 0;
  }

  TENON_INLINE V gradient(V p, V g) const {
    if (maximize) g = -g;
    if (has_decay) g += decay * p;
    return g;
  }

  V decay;
  bool has_decay, maximize;
};

/** A running average: `keep` of it stays. */
template <class V>
struct Average {
  TENON_INLINE void read(double kept) {
    keep = constant<V>(kept);
    fresh = constant<V>(1 - kept);
    young = 1 - kept >= 0.5;
  }

  /** From the nearer end, as torch.lerp does. */
  TENON_INLINE void add(V& average, V x) const {
    average = young ? x - keep * (x - average) : average + fresh * (x - average);
  }
  TENON_INLINE void add_square(V& average, V x) const { average = keep * average + fresh * x * x; }

  V keep, fresh;
  bool young;
};

/** The larger one; NaN in the second stays. */
template <class V>
TENON_INLINE V larger(V x, V kept) {
  return select((kept == kept) & !(x <= kept), x, kept);
}

/** State: with momentum, its buffer. */
template <class V>
struct Sgd : Gradient<V> {
  TENON_INLINE void read(const double* s) {
    Gradient<V>::read(s[3], s[5]);
    lr = constant<V>(s[0]);
    momentum = constant<V>(s[1]);
    keep = constant<V>(1 - s[2]);
    nesterov = s[4] != 0;
    first = s[6] != 0;
  }

  TENON_INLINE void step(V& p, V g, V* state, int states) const {
    g = this->gradient(p, g);
    if (states > 0) {
      V& buffer = state[0];
      buffer = first ? g : momentum * buffer + keep * g;
      g = nesterov ? g + momentum * buffer : buffer;
    }
    p -= lr * g;
  }

  V lr, momentum, keep;
  bool nesterov;
  bool first;  // in place of the base's
};

/** State: the averages of gradients and of their squares; with amsgrad, the largest of the latter. */
template <class V>
struct Adam : Gradient<V> {
  TENON_INLINE void read(const double* s) {
    const double lr = s[0], beta1 = s[1], beta2 = s[2], weight_decay = s[4], steps = s[8];
    const bool decoupled = s[5] != 0;
    Gradient<V>::read(decoupled ? 0 : weight_decay, s[7]);
    keep = constant<V>(decoupled ? 1 - lr * weight_decay : 1);
    rate = constant<V>(lr / (1 - std::pow(beta1, steps)));
    root = constant<V>(std::sqrt(1 - std::pow(beta2, steps)));
    eps = constant<V>(s[3]);
    first_moment.read(beta1);
    second_moment.read(beta2);
  }

  TENON_INLINE void step(V& p, V g, V* state, int states) const {
    g = this->gradient(p, g);
    first_moment.add(state[0], g);
    second_moment.add_square(state[1], g);
    V bound = state[1];
    if (states > 2) state[2] = bound = larger(bound, state[2]);
    p = keep * p - rate * state[0] / (sqrt(bound) / root + eps);
  }

  V keep;  // of the parameter, when the penalty is decoupled
  V rate;  // the learning rate over the first average's bias
  V root;  // of the second average's bias
  V eps;
  Average<V> first_moment, second_moment;
};

template <class V>
struct NAdam : Gradient<V> {
  TENON_INLINE void read(const double* s) {
    Gradient<V>::read(s[0], s[1]);
    keep = constant<V>(s[2]);
    first_moment.read(s[3]);
    second_moment.read(s[4]);
    eps = constant<V>(s[5]);
    bias = constant<V>(s[6]);
    fresh_rate = constant<V>(s[7]);
    rate = constant<V>(s[8]);
  }

  TENON_INLINE void step(V& p, V g, V* state, int) const {
    g = this->gradient(p, g);
    first_moment.add(state[0], g);
    second_moment.add_square(state[1], g);
    const V divisor = sqrt(state[1] / bias) + eps;
    p = keep * p - fresh_rate * g / divisor - rate * state[0] / divisor;
  }

  V keep, eps, bias, fresh_rate, rate;
  Average<V> first_moment, second_moment;
};

template <class V>
struct RAdam : Gradient<V> {
  TENON_INLINE void read(const double* s) {
    Gradient<V>::read(s[0], s[1]);
    keep = constant<V>(s[2]);
    first_moment.read(s[3]);
    second_moment.read(s[4]);
    eps = constant<V>(s[5]);
    rate = constant<V>(s[6]);
    divides = s[7] != 0;
  }

  TENON_INLINE void step(V& p, V g, V* state, int) const {
    g = this->gradient(p, g);
    first_moment.add(state[0], g);
    second_moment.add_square(state[1], g);
    const V change = rate * state[0];
    p = keep * p - (divides ? change / (sqrt(state[1]) + eps) : change);
  }

  V keep, eps, rate;
  bool divides;
  Average<V> first_moment, second_moment;
};

template <class V>
struct Adamax : Gradient<V> {
  TENON_INLINE void read(const double* s) {
    Gradient<V>::read(s[0], s[1]);
    moment.read(s[2]);
    beta2 = constant<V>(s[3]);
    eps = constant<V>(s[4]);
    rate = constant<V>(s[5]);
  }

  TENON_INLINE void step(V& p, V g, V* state, int) const {
    g = this->gradient(p, g);
    moment.add(state[0], g);
    const V before = beta2 * state[1];
    state[1] = larger(magnitude(g) + eps, before);
    p -= rate * state[0] / state[1];
  }

  V beta2, eps, rate;
  Average<V> moment;
};

template <class V>
struct Adagrad : Gradient<V> {
  TENON_INLINE void read(const double* s) {
    Gradient<V>::read(s[0], s[1]);
    eps = constant<V>(s[2]);
    rate = constant<V>(s[3]);
  }

  TENON_INLINE void step(V& p, V g, V* state, int) const {
    g = this->gradient(p, g);
    state[0] += g * g;
    p -= rate * g / (sqrt(state[0]) + eps);
  }

  V eps, rate;
};

template <class V>
struct Adadelta : Gradient<V> {
  TENON_INLINE void read(const double* s) {
    Gradient<V>::read(s[0], s[1]);
    squares.read(s[2]);
    eps = constant<V>(s[3]);
    rate = constant<V>(s[4]);
  }

  TENON_INLINE void step(V& p, V g, V* state, int) const {
    g = this->gradient(p, g);
    squares.add_square(state[0], g);
    const V change = sqrt(state[1] + eps) / sqrt(state[0] + eps) * g;
    squares.add_square(state[1], change);
    p -= rate * change;
  }

  V eps, rate;
  Average<V> squares;
};

/** With momentum its buffer is the state after the squares; when centered the average is the last one. */
template <class V>
struct RMSprop : Gradient<V> {
  TENON_INLINE void read(const double* s) {
    Gradient<V>::read(s[0], s[1]);
    average.read(s[2]);
    eps = constant<V>(s[3]);
    rate = constant<V>(s[4]);
    momentum = constant<V>(s[5]);
    has_momentum = s[5] > 0;
    centered = s[6] != 0;
  }

  TENON_INLINE void step(V& p, V g, V* state, int states) const {
    g = this->gradient(p, g);
    average.add_square(state[0], g);
    V variance = state[0];
    if (states > 1 && centered) {
      V mean = state[1];
      if (states > 2) mean = state[2];
      average.add(mean, g);
      variance -= mean * mean;
      if (states > 2)
        state[2] = mean;
      else
        state[1] = mean;
    }
    V change = g / (sqrt(variance) + eps);
    if (states > 1 && has_momentum) change = state[1] = momentum * state[1] + change;
    p -= rate * change;
  }

  V eps, rate, momentum;
  bool has_momentum, centered;
  Average<V> average;
};

template <class V>
struct Rprop : Gradient<V> {
  TENON_INLINE void read(const double* s) {
    Gradient<V>::read(s[0], s[1]);
    shrink = constant<V>(s[2]);
    grow = constant<V>(s[3]);
    least = constant<V>(s[4]);
    most = constant<V>(s[5]);
  }

  TENON_INLINE void step(V& p, V g, V* state, int) const {
    g = this->gradient(p, g);
    const V agreement = g * state[0], zero = {}, one = constant<V>(1);
    const Mask<V> turned = agreement < zero;
    const V factor = select(agreement > zero, grow, select(turned, shrink, one));
    V size = state[1] * factor;
    size = select(size < least, least, size);
    size = select(size > most, most, size);
    g = select(turned, zero, g);
    const V sign = select(g > zero, one, select(g < zero, -one, zero));  // NaN has none
    p -= sign * size;
    state[0] = g;
    state[1] = size;
  }

  V shrink, grow, least, most;
};

template <class V>
struct Asgd : Gradient<V> {
  TENON_INLINE void read(const double* s) {
    Gradient<V>::read(s[0], s[1]);
    keep = constant<V>(s[2]);
    rate = constant<V>(s[3]);
    mu = constant<V>(s[4]);
    whole = s[4] == 1;
  }

  TENON_INLINE void step(V& p, V g, V* state, int) const {
    g = this->gradient(p, g);
    p = keep * p - rate * g;
    state[0] = whole ? p : state[0] + mu * (p - state[0]);
  }

  V keep, rate, mu;
  bool whole;
};

}  // namespace optimizer
}  // namespace TENON_ISA
}  // namespace tenon
