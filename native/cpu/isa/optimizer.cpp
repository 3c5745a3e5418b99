// The steps of optimizers: all parameters of a group in one launch.
#include "core/adam.h"
#include "core/parallel.h"
#include "cpu/isa/kernels.h"
#include "cpu/isa/strided.h"
#include "cpu/isa/vec.h"

namespace tenon {
namespace TENON_ISA {

namespace {

constexpr int64_t kStepTile = 1024;
constexpr int64_t kStepTask = 16 * kStepTile;

// A rule changes a parameter, and the state that comes with it, by a gradient.

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

/** A parameter, its gradient and its state, each dense. */
template <class T, int kStates>
struct Dense {
  T* p;
  const T* g;
  T* state[kStates + 1];  // one more than needed: there is no array of none

  Dense from(int64_t i) const {
    Dense d{p + i, g + i, {}};
    for (int k = 0; k < kStates; k++) d.state[k] = state[k] + i;
    return d;
  }
};

template <int kStates, class Rule, class T>
TENON_INLINE void step_dense(const Rule& rule, const Dense<T, kStates>& x, int64_t n) {
  constexpr int64_t w = Lanes<T>::count;
  int64_t i = 0;
  for (; i + w <= n; i += w) {
    Vec<T> value = load(x.p + i), state[kStates + 1] = {};
    if (!rule.first)
      for (int k = 0; k < kStates; k++) state[k] = load(x.state[k] + i);
    rule.template step<kStates>(value, load(x.g + i), state);
    store(x.p + i, value);
    for (int k = 0; k < kStates; k++) store(x.state[k] + i, state[k]);
  }
  if (i == n) return;
  Vec<T> value = load_part(x.p + i, n - i), state[kStates + 1] = {};
  if (!rule.first)
    for (int k = 0; k < kStates; k++) state[k] = load_part(x.state[k] + i, n - i);
  rule.template step<kStates>(value, load_part(x.g + i, n - i), state);
  store_part(x.p + i, value, n - i);
  for (int k = 0; k < kStates; k++) store_part(x.state[k] + i, state[k], n - i);
}

template <class T>
bool is_dense(const TensorView& v) {
  return v.contiguous && v.dtype == dtype_of<T>();
}

template <int kStates, class Rule>
void step_gathered(const Rule& rule, const TensorView& p, const TensorView& g,
                   const TensorView* const* state) {
  using T = typename Rule::T;
  alignas(64) T tile[2 + kStates][kStepTile];
  Dense<T, kStates> x{tile[0], tile[1], {}};
  for (int k = 0; k < kStates; k++) x.state[k] = tile[2 + k];
  for (int64_t i = 0; i < p.numel; i += kStepTile) {
    const int64_t n = p.numel - i < kStepTile ? p.numel - i : kStepTile;
    gather(p, i, n, tile[0]);
    gather(g, i, n, tile[1]);
    if (!rule.first)
      for (int k = 0; k < kStates; k++) gather(*state[k], i, n, tile[2 + k]);
    step_dense(rule, x, n);
    scatter(tile[0], p, i, n);
    for (int k = 0; k < kStates; k++) scatter(tile[2 + k], *state[k], i, n);
  }
}

/** Steps all parameters; their states are the outputs after them, first one of each, then the next. */
template <int kStates, class Rule>
void step_all(const Launch& l, const Rule& rule) {
  using T = typename Rule::T;
  for (uint32_t i = 0; i < l.inputs; i++) {
    const TensorView &p = l.out(static_cast<int>(i)), &g = l.in(static_cast<int>(i));
    const TensorView* state[kStates + 1] = {};
    Dense<T, kStates> x{p.as<T>(), g.as<T>(), {}};
    bool dense = is_dense<T>(p) && is_dense<T>(g);
    for (int k = 0; k < kStates; k++) {
      state[k] = &l.out(static_cast<int>(l.inputs * (1 + static_cast<uint32_t>(k)) + i));
      x.state[k] = static_cast<T*>(state[k]->data);
      dense &= is_dense<T>(*state[k]);
    }
    if (!dense)
      step_gathered<kStates>(rule, p, g, state);
    else if (p.numel <= kStepTask)
      step_dense(rule, x, p.numel);
    else
      parallel_for((p.numel + kStepTask - 1) / kStepTask, [&](int64_t task) {
        const int64_t first = task * kStepTask, n = p.numel - first < kStepTask ? p.numel - first : kStepTask;
        step_dense(rule, x.from(first), n);
      });
  }
}

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
