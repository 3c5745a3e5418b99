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
TENON_DEVICE const Rule& shared_rule(const StepScalars& scalars) {
  SHARED(rule, Rule);
  if (threadIdx.x == 0) {
    double number[StepScalars::kMost];
    for (int i = 0; i < StepScalars::kMost; i++) number[i] = scalars.at[i].get();
    rule.read(number);
  }
  __syncthreads();
  return rule;
}

/** With kLeast to kMost states. */
template <class Rule, int kLeast, int kMost>
class Step {
 public:
  static constexpr int kUnroll = 1;

  TENON_DEVICE explicit Step(const StepScalars& scalars)
      : rule_(shared_rule<Rule>(scalars)), states_(static_cast<int>(scalars.states)) {}

  TENON_DEVICE int states() const { return kLeast == kMost ? kMost : states_; }
  TENON_DEVICE bool reads(int k) const { return k < 2 || (k < 2 + states() && !rule_.first); }
  TENON_DEVICE bool writes(int k) const { return k != 1 && k < 2 + states(); }
  template <class C>
  TENON_DEVICE void change(C* x, int) const {
    rule_.step(x[0], x[1], x + 2, states());
  }

 private:
  const Rule& rule_;  // copied to registers, it would leave too few of them
  const int states_;
};

}  // namespace

#define TENON_DENSE_STEP(op, Rule, least, most, type, T, C)          \
  KERNEL(optimizer_##op##_##type, kListThreads, DenseStep<2 + most>) \
  (const DenseStep<2 + most> p) {                                    \
    const Step<optimizer::Rule<C>, least, most> step(p.scalars);     \
    each_dense<T, C>(p.list, step);                                  \
  }
#define TENON_STRIDED_STEP(op, Rule, least, most, type, C)                     \
  KERNEL(optimizer_##op##_strided_##type, kListThreads, StridedStep<2 + most>) \
  (const StridedStep<2 + most> p) {                                            \
    const Step<optimizer::Rule<C>, least, most> step(p.scalars);               \
    each_strided<C>(p.tensor, step);                                           \
  }
#define TENON_STEPS(op, Rule, least, most)                       \
  TENON_DENSE_STEP(op, Rule, least, most, f32, float, float)     \
  TENON_DENSE_STEP(op, Rule, least, most, f64, double, double)   \
  TENON_DENSE_STEP(op, Rule, least, most, f16, Half, float)      \
  TENON_DENSE_STEP(op, Rule, least, most, bf16, BFloat16, float) \
  TENON_STRIDED_STEP(op, Rule, least, most, f32, float)          \
  TENON_STRIDED_STEP(op, Rule, least, most, f64, double)
TENON_STEPS(sgd, Sgd, 0, 1)
TENON_STEPS(adam, Adam, 2, 3)
TENON_STEPS(nadam, NAdam, 2, 2)
TENON_STEPS(radam, RAdam, 2, 2)
TENON_STEPS(adamax, Adamax, 2, 2)
TENON_STEPS(adagrad, Adagrad, 1, 1)
TENON_STEPS(adadelta, Adadelta, 2, 2)
TENON_STEPS(rmsprop, RMSprop, 1, 3)
TENON_STEPS(rprop, Rprop, 2, 2)
TENON_STEPS(asgd, Asgd, 1, 1)
#undef TENON_STEPS
#undef TENON_STRIDED_STEP
#undef TENON_DENSE_STEP

}  // namespace cuda
}  // namespace tenon
