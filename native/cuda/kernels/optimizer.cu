// The steps of optimizers, by the rules of kernels/optimizer.h.
#include "cuda/kernels/kernel.h"
#include "cuda/kernels/optimizer.h"
#include "cuda/kernels/tensor_list_loops.h"
#include "kernels/optimizer.h"

namespace tenon {
namespace cuda {

namespace {

/** A rule for all threads of the block: one of them reads it, as powers in float64 are slow. */
template <class Rule>
TENON_DEVICE Rule shared_rule(const StepScalars& scalars) {
  SHARED(rule, Rule);
  if (threadIdx.x == 0) {
    double number[StepScalars::kMost];
    for (int i = 0; i < StepScalars::kMost; i++) number[i] = scalars.at[i].get();
    rule.read(number);
  }
  __syncthreads();
  return rule;
}

template <class Rule>
class Step {
 public:
  static constexpr int kUnroll = 1;

  TENON_DEVICE explicit Step(const StepScalars& scalars)
      : rule_(shared_rule<Rule>(scalars)), states_(static_cast<int>(scalars.states)) {}

  TENON_DEVICE bool reads(int k) const { return k < 2 || (k < 2 + states_ && !rule_.first); }
  TENON_DEVICE bool writes(int k) const { return k != 1 && k < 2 + states_; }
  template <class C>
  TENON_DEVICE void change(C* x, int) const {
    rule_.step(x[0], x[1], x + 2, states_);
  }

 private:
  const Rule rule_;
  const int states_;
};

template <class T, class C, class Rule, int K>
TENON_DEVICE void step_dense(const DenseStep<K>& p) {
  const Step<Rule> step(p.scalars);
  each_dense<T, C>(p.list, step);
}

template <class C, class Rule, int K>
TENON_DEVICE void step_strided(const StridedStep<K>& p) {
  const Step<Rule> step(p.scalars);
  each_strided<C>(p.tensor, step);
}

}  // namespace

#define TENON_DENSE_STEP(op, Rule, K, type, T, C)             \
  KERNEL(optimizer_##op##_##type, kListThreads, DenseStep<K>) \
  (const DenseStep<K> p) { step_dense<T, C, optimizer::Rule<C>>(p); }
#define TENON_STRIDED_STEP(op, Rule, K, type, C)                        \
  KERNEL(optimizer_##op##_strided_##type, kListThreads, StridedStep<K>) \
  (const StridedStep<K> p) { step_strided<C, optimizer::Rule<C>>(p); }
#define TENON_STEPS(op, Rule, states)                           \
  TENON_DENSE_STEP(op, Rule, 2 + states, f32, float, float)     \
  TENON_DENSE_STEP(op, Rule, 2 + states, f64, double, double)   \
  TENON_DENSE_STEP(op, Rule, 2 + states, f16, Half, float)      \
  TENON_DENSE_STEP(op, Rule, 2 + states, bf16, BFloat16, float) \
  TENON_STRIDED_STEP(op, Rule, 2 + states, f32, float)          \
  TENON_STRIDED_STEP(op, Rule, 2 + states, f64, double)
TENON_STEPS(sgd, Sgd, 1)
TENON_STEPS(adam, Adam, 3)
TENON_STEPS(nadam, NAdam, 2)
TENON_STEPS(radam, RAdam, 2)
TENON_STEPS(adamax, Adamax, 2)
TENON_STEPS(adagrad, Adagrad, 1)
TENON_STEPS(adadelta, Adadelta, 2)
TENON_STEPS(rmsprop, RMSprop, 3)
TENON_STEPS(rprop, Rprop, 2)
TENON_STEPS(asgd, Asgd, 1)
#undef TENON_STEPS
#undef TENON_STRIDED_STEP
#undef TENON_DENSE_STEP

}  // namespace cuda
}  // namespace tenon
