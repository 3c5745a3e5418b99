// The steps of optimizers.
#include "core/adam.h"
#include "cuda/kernels/convert.h"
#include "cuda/kernels/kernel.h"
#include "cuda/kernels/optimizer.h"

namespace tenon {
namespace cuda {

namespace {

// A rule changes x: a parameter, its gradient, its states. C: what is calculated in.

/** https://pytorch.org/docs/stable/generated/torch.optim.SGD.html */
template <class C>
class Sgd {
 public:
  using Scalars = SgdScalars;
  TENON_DEVICE void read(const Scalars& s) {
    lr_ = static_cast<C>(s.lr.get());
    momentum_ = static_cast<C>(s.momentum.get());
    keep_ = static_cast<C>(1 - s.dampening.get());
    decay_ = static_cast<C>(s.weight_decay.get());
    nesterov_ = s.nesterov.get() != 0;
    maximize_ = s.maximize.get() != 0;
    first = s.first.get() != 0;
  }

  TENON_DEVICE void step(C* x, int states) const {
    C g = maximize_ ? -x[1] : x[1];
    if (decay_ != 0) g += decay_ * x[0];
    if (states) {
      x[2] = first ? g : momentum_ * x[2] + keep_ * g;
      g = nesterov_ ? g + momentum_ * x[2] : x[2];
    }
    x[0] -= lr_ * g;
  }

  bool first;  // states are filled, not read

 private:
  C lr_, momentum_, keep_, decay_;
  bool nesterov_, maximize_;
};

/** https://pytorch.org/docs/stable/generated/torch.optim.Adam.html */
template <class C>
class Adam {
 public:
  using Scalars = AdamNumbers;
  TENON_DEVICE void read(const Scalars& s) {
    const AdamFactors f =
        adam_factors({s.lr.get(), s.beta1.get(), s.beta2.get(), s.eps.get(), s.weight_decay.get(),
                      s.decoupled.get(), s.amsgrad.get(), s.maximize.get(), s.step.get()});
    beta1_ = static_cast<C>(f.beta1);
    beta2_ = static_cast<C>(f.beta2);
    fresh1_ = static_cast<C>(f.fresh1);
    fresh2_ = static_cast<C>(f.fresh2);
    penalty_ = static_cast<C>(f.penalty);
    keep_ = static_cast<C>(f.keep);
    rate_ = static_cast<C>(f.step);
    root_ = static_cast<C>(f.root);
    eps_ = static_cast<C>(f.eps);
    maximize_ = f.maximize;
    first = false;
  }

  TENON_DEVICE void step(C* x, int states) const {
    C g = maximize_ ? -x[1] : x[1];
    if (penalty_ != 0) g += penalty_ * x[0];
    C &average = x[2], &square = x[3];
    // From the nearer end, as torch.lerp does.
    average = fresh1_ < C{0.5} ? average + fresh1_ * (g - average) : g - beta1_ * (g - average);
    square = beta2_ * square + fresh2_ * g * g;
    C bound = square;
    if (states > 2) {
      // NaN stays.
      bound = x[4] == x[4] && !(square <= x[4]) ? square : x[4];
      x[4] = bound;
    }
    x[0] = keep_ * x[0] - rate_ * average / (sqrt(bound) / root_ + eps_);
  }

  bool first;

 private:
  C beta1_, beta2_, fresh1_, fresh2_, penalty_, keep_, rate_, root_, eps_;
  bool maximize_;
};

/** What a thread moves at once. */
template <class T>
struct alignas(sizeof(T) * kStepPack) Pack {
  T at[kStepPack];
};

/** A rule for all threads of the block: one of them reads it, as powers in float64 are slow. */
template <class Rule>
TENON_DEVICE Rule shared_rule(const typename Rule::Scalars& scalars) {
  SHARED(rule, Rule);
  if (threadIdx.x == 0) rule.read(scalars);
  __syncthreads();
  return rule;
}

/** Whether an operand is read. */
template <class Rule>
TENON_DEVICE bool reads(const Rule& rule, int operand, int states) {
  return operand < 2 || (operand < 2 + states && !rule.first);
}

template <class T, class C, class Rule>
TENON_DEVICE void step_dense(const DenseStep<typename Rule::Scalars>& p) {
  constexpr int operands = DenseStep<typename Rule::Scalars>::kOperands;
  const Rule rule = shared_rule<Rule>(p.scalars);
  // The last parameter that starts at this block or before it.
  int low = 0;
  for (int high = p.count; high - low > 1;) {
    const int middle = (low + high) / 2;
    if (p.first_block[middle] <= blockIdx.x)
      low = middle;
    else
      high = middle;
  }
  const int64_t first = static_cast<int64_t>(blockIdx.x - p.first_block[low]) * kStepChunk;
  const int64_t rest = p.numel[low] - first;
  const int n = rest < kStepChunk ? static_cast<int>(rest) : kStepChunk;
  T* data[operands];
  uintptr_t addresses = 0;
#pragma unroll
  for (int k = 0; k < operands; k++) {
    data[k] = k < 2 + p.states ? static_cast<T*>(p.data[low][k]) + first : nullptr;
    addresses |= reinterpret_cast<uintptr_t>(data[k]);
  }
  const int packed = addresses % sizeof(Pack<T>) == 0 ? n - n % kStepPack : 0;
  for (int i = static_cast<int>(threadIdx.x) * kStepPack; i < packed; i += kStepThreads * kStepPack) {
    Pack<T> pack[operands];
#pragma unroll
    for (int k = 0; k < operands; k++)
      if (reads(rule, k, p.states)) pack[k] = *reinterpret_cast<const Pack<T>*>(data[k] + i);
#pragma unroll
    for (int j = 0; j < kStepPack; j++) {
      C x[operands];
#pragma unroll
      for (int k = 0; k < operands; k++) x[k] = reads(rule, k, p.states) ? convert<C>(pack[k].at[j]) : C{0};
      rule.step(x, p.states);
#pragma unroll
      for (int k = 0; k < operands; k++) pack[k].at[j] = convert<T>(x[k]);
    }
#pragma unroll
    for (int k = 0; k < operands; k++)
      if (k != 1 && k < 2 + p.states) *reinterpret_cast<Pack<T>*>(data[k] + i) = pack[k];
  }
  for (int i = packed + static_cast<int>(threadIdx.x); i < n; i += kStepThreads) {
    C x[operands];
#pragma unroll
    for (int k = 0; k < operands; k++) x[k] = reads(rule, k, p.states) ? convert<C>(data[k][i]) : C{0};
    rule.step(x, p.states);
#pragma unroll
    for (int k = 0; k < operands; k++)
      if (k != 1 && k < 2 + p.states) data[k][i] = convert<T>(x[k]);
  }
}

template <class T, class C, class Rule>
TENON_DEVICE void step_strided(const StridedStep<typename Rule::Scalars>& p) {
  constexpr int operands = StridedStep<typename Rule::Scalars>::kOperands;
  const Rule rule = shared_rule<Rule>(p.scalars);
  const int64_t stride = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < p.numel; i += stride) {
    int64_t at[operands] = {}, place = i;
    for (int d = p.rank - 1; d >= 0; d--) {
      const int64_t rest = place / p.shape[d], index = place - rest * p.shape[d];
#pragma unroll
      for (int k = 0; k < operands; k++) at[k] += index * p.stride[k][d];
      place = rest;
    }
    C x[operands];
#pragma unroll
    for (int k = 0; k < operands; k++)
      x[k] = reads(rule, k, p.states) ? convert<C>(static_cast<const T*>(p.data[k])[at[k]]) : C{0};
    rule.step(x, p.states);
#pragma unroll
    for (int k = 0; k < operands; k++)
      if (k != 1 && k < 2 + p.states) static_cast<T*>(p.data[k])[at[k]] = convert<T>(x[k]);
  }
}

}  // namespace

#define TENON_STEP(op, name, T, C, Rule)                                         \
  KERNEL(optimizer_##op##_##name, kStepThreads,                                  \
         DenseStep<Rule<C>::Scalars>)(const DenseStep<Rule<C>::Scalars> p) {     \
    step_dense<T, C, Rule<C>>(p);                                                \
  }                                                                              \
  KERNEL(optimizer_##op##_strided_##name, kStepThreads,                          \
         StridedStep<Rule<C>::Scalars>)(const StridedStep<Rule<C>::Scalars> p) { \
    step_strided<T, C, Rule<C>>(p);                                              \
  }
#define TENON_STEPS(op, Rule)               \
  TENON_STEP(op, f32, float, float, Rule)   \
  TENON_STEP(op, f64, double, double, Rule) \
  TENON_STEP(op, f16, Half, float, Rule)    \
  TENON_STEP(op, bf16, BFloat16, float, Rule)
TENON_STEPS(sgd, Sgd)
TENON_STEPS(adam, Adam)

}  // namespace cuda
}  // namespace tenon
