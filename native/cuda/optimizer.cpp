// The steps of optimizers: kernels/optimizer.cu. Parameters that are dense go together, as many as the
// parameters of a kernel hold; others go one by one.
#include "cuda/kernels/optimizer.h"

#include "cuda/kernel_table.h"

namespace tenon {
namespace cuda {

namespace {

/** By dtype: the kernel for dense parameters, and the one for others. */
struct StepKernels {
  const char *dense[4], *strided[4];
};
// clang-format off
#define TENON_STEP_KERNELS(op)                                                                            \
  {{"optimizer_" op "_f32", "optimizer_" op "_f64", "optimizer_" op "_f16", "optimizer_" op "_bf16"},     \
   {"optimizer_" op "_strided_f32", "optimizer_" op "_strided_f64", "optimizer_" op "_strided_f16",       \
    "optimizer_" op "_strided_bf16"}}
// clang-format on

/** The operands of parameter i: itself, its gradient, its states. */
template <int kOperands>
void operands_of(const Launch& l, uint32_t i, int states, const TensorView* (&views)[kOperands]) {
  views[0] = &l.out(static_cast<int>(i));
  views[1] = &l.in(static_cast<int>(i));
  for (int k = 1; k <= states; k++)
    views[1 + k] = &l.out(k * static_cast<int>(l.inputs) + static_cast<int>(i));
}

template <class Scalars>
void step_one(const Launch& l, uint32_t i, const Scalars& scalars, int states, const char* kernel, Queue& q) {
  StridedStep<Scalars> p;
  const TensorView* views[p.kOperands] = {};
  operands_of(l, i, states, views);
  p.scalars = scalars;
  p.states = states;
  p.rank = views[0]->rank;
  p.numel = views[0]->numel;
  for (int d = 0; d < p.rank; d++) p.shape[d] = views[0]->shape[d];
  for (int k = 0; k < p.kOperands; k++) {
    p.data[k] = views[k] ? views[k]->data : nullptr;
    for (int d = 0; d < p.rank; d++) p.stride[k][d] = views[k] ? views[k]->strides[d] : 0;
  }
  q.launch(kernel, {blocks_for(p.numel, kStepThreads, 1, q)}, kStepThreads, p);
}

template <class Scalars>
void step_all(const Launch& l, const Scalars& scalars, const StepKernels& kernels, Queue& q) {
  if (l.inputs == 0) return;
  const int states = static_cast<int>(l.outputs / l.inputs) - 1;
  // Parameters of several dtypes may come in one launch: each dtype has its turn.
  for (int type = 0; type < 4; type++) {
    DenseStep<Scalars> p;
    p.scalars = scalars;
    p.states = states;
    p.count = 0;
    uint32_t blocks = 0;
    const auto flush = [&] {
      if (p.count) q.launch(kernels.dense[type], {blocks}, kStepThreads, p);
      p.count = 0;
      blocks = 0;
    };
    for (uint32_t i = 0; i < l.inputs; i++) {
      const TensorView* views[p.kOperands] = {};
      operands_of(l, i, states, views);
      if (static_cast<int>(views[0]->dtype) != type || views[0]->numel == 0) continue;
      bool dense = true;
      for (int k = 0; k < 2 + states; k++) dense &= views[k]->contiguous;
      if (!dense) {
        step_one(l, i, scalars, states, kernels.strided[type], q);
        continue;
      }
      for (int k = 0; k < p.kOperands; k++) p.data[p.count][k] = views[k] ? views[k]->data : nullptr;
      p.numel[p.count] = views[0]->numel;
      p.first_block[p.count] = blocks;
      blocks += static_cast<uint32_t>((views[0]->numel + kStepChunk - 1) / kStepChunk);
      if (++p.count == p.kMost) flush();
    }
    flush();
  }
}

}  // namespace

void kernel_sgd(const Launch& l, Queue& q) {
  static const StepKernels kernels = TENON_STEP_KERNELS("sgd");
  SgdScalars s;
  Number* const each[] = {&s.lr,       &s.momentum, &s.dampening, &s.weight_decay,
                          &s.nesterov, &s.maximize, &s.first};
  for (int i = 0; i < 7; i++) *each[i] = number(l.scalar[i]);
  step_all(l, s, kernels, q);
}

void kernel_adam(const Launch& l, Queue& q) {
  static const StepKernels kernels = TENON_STEP_KERNELS("adam");
  AdamNumbers s;
  Number* const each[] = {&s.lr,        &s.beta1,   &s.beta2,    &s.eps, &s.weight_decay,
                          &s.decoupled, &s.amsgrad, &s.maximize, &s.step};
  for (int i = 0; i < 9; i++) *each[i] = number(l.scalar[i]);
  step_all(l, s, kernels, q);
}

}  // namespace cuda
}  // namespace tenon
