// The steps of optimizers that give each element a rate of its own, and of ASGD. What depends on the number
// of the step alone comes as scalars. https://pytorch.org/docs/stable/optim.html#algorithms
#include "cpu/isa/kernels.h"
#include "cpu/isa/steps.h"

namespace tenon {
namespace TENON_ISA {

namespace {

/** What the scalars of all these ops begin with: the penalty on weights, and which way to go. */
template <class Value>
struct Gradient {
  using T = Value;
  static constexpr bool first = false;
  explicit Gradient(const Launch& l)
      : decay(scalar(l, 0)), has_decay(l.scalar[0].get() != 0), maximize(l.scalar[1].get() != 0) {}

  static Vec<T> scalar(const Launch& l, int i) { return splat(static_cast<T>(l.scalar[i].get())); }

  TENON_INLINE Vec<T> gradient(Vec<T> p, Vec<T> g) const {
    if (maximize) g = -g;
    if (has_decay) g += decay * p;
    return g;
  }

  const Vec<T> decay;
  const bool has_decay, maximize;
};

/** A running average: `keep` of it stays. */
template <class Value>
struct Average {
  using T = Value;
  explicit Average(double kept)
      : keep(splat(static_cast<T>(kept))), fresh(splat(static_cast<T>(1 - kept))), young(1 - kept >= 0.5) {}

  /** From the nearer end, as torch.lerp does. */
  TENON_INLINE void add(Vec<T>& average, Vec<T> x) const {
    average = young ? x - keep * (x - average) : average + fresh * (x - average);
  }
  TENON_INLINE void add_square(Vec<T>& average, Vec<T> x) const { average = keep * average + fresh * x * x; }

  const Vec<T> keep, fresh;
  const bool young;
};

template <class T>
struct NAdam : Gradient<T> {
  explicit NAdam(const Launch& l)
      : Gradient<T>(l),
        keep(this->scalar(l, 2)),
        eps(this->scalar(l, 5)),
        bias(this->scalar(l, 6)),
        fresh_rate(this->scalar(l, 7)),
        rate(this->scalar(l, 8)),
        first_moment(l.scalar[3].get()),
        second_moment(l.scalar[4].get()) {}

  template <int kStates>
  TENON_INLINE void step(Vec<T>& p, Vec<T> g, Vec<T>* state) const {
    g = this->gradient(p, g);
    first_moment.add(state[0], g);
    second_moment.add_square(state[1], g);
    const Vec<T> root = sqrt(state[1] / bias) + eps;
    p = keep * p - fresh_rate * g / root - rate * state[0] / root;
  }

  const Vec<T> keep, eps, bias, fresh_rate, rate;
  const Average<T> first_moment, second_moment;
};

template <class T>
struct RAdam : Gradient<T> {
  explicit RAdam(const Launch& l)
      : Gradient<T>(l),
        keep(this->scalar(l, 2)),
        eps(this->scalar(l, 5)),
        rate(this->scalar(l, 6)),
        divides(l.scalar[7].get() != 0),
        first_moment(l.scalar[3].get()),
        second_moment(l.scalar[4].get()) {}

  template <int kStates>
  TENON_INLINE void step(Vec<T>& p, Vec<T> g, Vec<T>* state) const {
    g = this->gradient(p, g);
    first_moment.add(state[0], g);
    second_moment.add_square(state[1], g);
    const Vec<T> change = rate * state[0];
    p = keep * p - (divides ? change / (sqrt(state[1]) + eps) : change);
  }

  const Vec<T> keep, eps, rate;
  const bool divides;
  const Average<T> first_moment, second_moment;
};

template <class T>
struct Adamax : Gradient<T> {
  explicit Adamax(const Launch& l)
      : Gradient<T>(l),
        beta2(this->scalar(l, 3)),
        eps(this->scalar(l, 4)),
        rate(this->scalar(l, 5)),
        moment(l.scalar[2].get()) {}

  template <int kStates>
  TENON_INLINE void step(Vec<T>& p, Vec<T> g, Vec<T>* state) const {
    g = this->gradient(p, g);
    moment.add(state[0], g);
    const Vec<T> before = beta2 * state[1], size = magnitude(g) + eps;
    // NaN stays.
    state[1] = select((before == before) & !(size <= before), size, before);
    p -= rate * state[0] / state[1];
  }

  const Vec<T> beta2, eps, rate;
  const Average<T> moment;
};

template <class T>
struct Adagrad : Gradient<T> {
  explicit Adagrad(const Launch& l) : Gradient<T>(l), eps(this->scalar(l, 2)), rate(this->scalar(l, 3)) {}

  template <int kStates>
  TENON_INLINE void step(Vec<T>& p, Vec<T> g, Vec<T>* state) const {
    g = this->gradient(p, g);
    state[0] += g * g;
    p -= rate * g / (sqrt(state[0]) + eps);
  }

  const Vec<T> eps, rate;
};

template <class T>
struct Adadelta : Gradient<T> {
  explicit Adadelta(const Launch& l)
      : Gradient<T>(l), eps(this->scalar(l, 3)), rate(this->scalar(l, 4)), squares(l.scalar[2].get()) {}

  template <int kStates>
  TENON_INLINE void step(Vec<T>& p, Vec<T> g, Vec<T>* state) const {
    g = this->gradient(p, g);
    squares.add_square(state[0], g);
    const Vec<T> change = sqrt(state[1] + eps) / sqrt(state[0] + eps) * g;
    squares.add_square(state[1], change);
    p -= rate * change;
  }

  const Vec<T> eps, rate;
  const Average<T> squares;
};

/** With momentum its buffer is the state after the squares; when centered the average is the last one. */
template <class T>
struct RMSprop : Gradient<T> {
  explicit RMSprop(const Launch& l)
      : Gradient<T>(l),
        eps(this->scalar(l, 3)),
        rate(this->scalar(l, 4)),
        momentum(this->scalar(l, 5)),
        has_momentum(l.scalar[5].get() > 0),
        centered(l.scalar[6].get() != 0),
        average(l.scalar[2].get()) {}

  template <int kStates>
  TENON_INLINE void step(Vec<T>& p, Vec<T> g, Vec<T>* state) const {
    g = this->gradient(p, g);
    average.add_square(state[0], g);
    Vec<T> variance = state[0];
    if (kStates > 1 && centered) {
      Vec<T>& mean = state[kStates - 1];
      average.add(mean, g);
      variance -= mean * mean;
    }
    Vec<T> change = g / (sqrt(variance) + eps);
    if (kStates > 1 && has_momentum) change = state[1] = momentum * state[1] + change;
    p -= rate * change;
  }

  const Vec<T> eps, rate, momentum;
  const bool has_momentum, centered;
  const Average<T> average;
};

template <class T>
struct Rprop : Gradient<T> {
  explicit Rprop(const Launch& l)
      : Gradient<T>(l),
        shrink(this->scalar(l, 2)),
        grow(this->scalar(l, 3)),
        least(this->scalar(l, 4)),
        most(this->scalar(l, 5)) {}

  template <int kStates>
  TENON_INLINE void step(Vec<T>& p, Vec<T> g, Vec<T>* state) const {
    g = this->gradient(p, g);
    const Vec<T> agreement = g * state[0], zero = {}, one = constant<Vec<T>>(1);
    const auto turned = agreement < zero;
    // NaN stays: it is neither.
    Vec<T> factor = select(agreement == zero, one, agreement);
    factor = select(agreement > zero, grow, select(turned, shrink, factor));
    Vec<T> size = state[1] * factor;
    size = select(size < least, least, size);
    size = select(size > most, most, size);
    g = select(turned, zero, g);
    const Vec<T> sign = select(g > zero, one, select(g < zero, -one, g));
    p -= sign * size;
    state[0] = g;
    state[1] = size;
  }

  const Vec<T> shrink, grow, least, most;
};

template <class T>
struct Asgd : Gradient<T> {
  explicit Asgd(const Launch& l)
      : Gradient<T>(l),
        keep(this->scalar(l, 2)),
        rate(this->scalar(l, 3)),
        mu(this->scalar(l, 4)),
        whole(l.scalar[4].get() == 1) {}

  template <int kStates>
  TENON_INLINE void step(Vec<T>& p, Vec<T> g, Vec<T>* state) const {
    g = this->gradient(p, g);
    p = keep * p - rate * g;
    state[0] = whole ? p : state[0] + mu * (p - state[0]);
  }

  const Vec<T> keep, rate, mu;
  const bool whole;
};

template <template <class> class Rule, int kStates>
void step(const Launch& l) {
  if (l.compute == DType::f64)
    step_all<kStates>(l, Rule<double>(l));
  else
    step_all<kStates>(l, Rule<float>(l));
}

}  // namespace

void kernel_nadam(const Launch& l) { step<NAdam, 2>(l); }
void kernel_radam(const Launch& l) { step<RAdam, 2>(l); }
void kernel_adamax(const Launch& l) { step<Adamax, 2>(l); }
void kernel_adagrad(const Launch& l) { step<Adagrad, 1>(l); }
void kernel_adadelta(const Launch& l) { step<Adadelta, 2>(l); }
void kernel_rprop(const Launch& l) { step<Rprop, 2>(l); }
void kernel_asgd(const Launch& l) { step<Asgd, 1>(l); }

void kernel_rmsprop(const Launch& l) {
  if (l.inputs == 0) return;
  switch (l.outputs / l.inputs) {
    case 2: return step<RMSprop, 1>(l);
    case 3: return step<RMSprop, 2>(l);
    default: return step<RMSprop, 3>(l);
  }
}

}  // namespace TENON_ISA
}  // namespace tenon
