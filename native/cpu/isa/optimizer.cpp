// The steps of SGD and Adam.
#include "core/adam.h"
#include "cpu/isa/kernels.h"
#include "cpu/isa/steps.h"

namespace tenon {
namespace TENON_ISA {

namespace {

/** https://pytorch.org/docs/stable/generated/torch.optim.SGD.html; state: the momentum buffer. */
template <class Value>
struct Sgd {
  using T = Value;
  explicit Sgd(const Launch& l)
      : lr(splat(static_cast<T>(l.scalar[0].get()))),
        momentum(splat(static_cast<T>(l.scalar[1].get()))),
        keep(splat(static_cast<T>(1 - l.scalar[2].get()))),
        decay(splat(static_cast<T>(l.scalar[3].get()))),
        has_decay(l.scalar[3].get() != 0),
        nesterov(l.scalar[4].get() != 0),
        maximize(l.scalar[5].get() != 0),
        first(l.scalar[6].get() != 0) {}

  template <int kStates>
  TENON_INLINE void step(Vec<T>& p, Vec<T> g, Vec<T>* state) const {
    if (maximize) g = -g;
    if (has_decay) g += decay * p;
    if constexpr (kStates > 0) {
      Vec<T>& buffer = state[0];
      buffer = first ? g : momentum * buffer + keep * g;
      g = nesterov ? g + momentum * buffer : buffer;
    }
    p -= lr * g;
  }

  const Vec<T> lr, momentum, keep, decay;
  const bool has_decay, nesterov, maximize;
  const bool first;  // the state is filled, not read
};

/** State: the averages of gradients and of their squares; with amsgrad, the largest of the latter. */
template <class Value>
struct Adam {
  using T = Value;
  static constexpr bool first = false;
  explicit Adam(const AdamFactors& f)
      : beta1(splat(static_cast<T>(f.beta1))),
        beta2(splat(static_cast<T>(f.beta2))),
        fresh1(splat(static_cast<T>(f.fresh1))),
        fresh2(splat(static_cast<T>(f.fresh2))),
        penalty(splat(static_cast<T>(f.penalty))),
        keep(splat(static_cast<T>(f.keep))),
        rate(splat(static_cast<T>(f.step))),
        root(splat(static_cast<T>(f.root))),
        eps(splat(static_cast<T>(f.eps))),
        young(f.fresh1 >= 0.5),
        has_penalty(f.penalty != 0),
        maximize(f.maximize) {}

  template <int kStates>
  TENON_INLINE void step(Vec<T>& p, Vec<T> g, Vec<T>* state) const {
    if (maximize) g = -g;
    if (has_penalty) g += penalty * p;
    Vec<T>&average = state[0], &square = state[1];
    // From the nearer end, as torch.lerp does.
    average = young ? g - beta1 * (g - average) : average + fresh1 * (g - average);
    square = beta2 * square + fresh2 * g * g;
    Vec<T> bound = square;
    if constexpr (kStates > 2) {
      // NaN stays.
      bound = select((state[2] == state[2]) & (!(square <= state[2])), square, state[2]);
      state[2] = bound;
    }
    p = keep * p - rate * average / (sqrt(bound) / root + eps);
  }

  const Vec<T> beta1, beta2, fresh1, fresh2, penalty, keep, rate, root, eps;
  const bool young, has_penalty, maximize;
};

template <class T>
void sgd(const Launch& l) {
  const Sgd<T> rule(l);
  if (l.outputs > l.inputs)
    step_all<1>(l, rule);
  else
    step_all<0>(l, rule);
}

template <class T>
void adam(const Launch& l) {
  double s[9];
  for (int i = 0; i < 9; i++) s[i] = l.scalar[i].get();
  const AdamFactors factors = adam_factors({s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8]});
  const Adam<T> rule(factors);
  if (factors.amsgrad)
    step_all<3>(l, rule);
  else
    step_all<2>(l, rule);
}

}  // namespace

void kernel_sgd(const Launch& l) {
  if (l.compute == DType::f64)
    sgd<double>(l);
  else
    sgd<float>(l);
}

void kernel_adam(const Launch& l) {
  if (l.compute == DType::f64)
    adam<double>(l);
  else
    adam<float>(l);
}

}  // namespace TENON_ISA
}  // namespace tenon
