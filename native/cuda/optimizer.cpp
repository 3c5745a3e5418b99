// The steps of optimizers: kernels/optimizer.cu.
#include "cuda/kernels/optimizer.h"

#include "cuda/kernel_table.h"
#include "cuda/tensor_lists.h"

namespace tenon {
namespace cuda {

namespace {

/** kStates: the most that the kernels know of. */
template <int kStates>
void step(const Launch& l, const ListKernels& kernels, Queue& q) {
  constexpr int K = 2 + kStates;
  if (l.inputs == 0) return;
  const int inputs = static_cast<int>(l.inputs), states = static_cast<int>(l.outputs) / inputs - 1;
  DenseStep<K> dense = {};
  StridedStep<K> strided = {};
  for (uint32_t i = 0; i < l.scalars; i++) dense.scalars.at[i] = number(l.scalar[i]);
  dense.scalars.states = states;
  dense.list.chunk = kListChunk;
  strided.scalars = dense.scalars;
  // Parameters of several dtypes may come in one launch: each dtype has its turn.
  for (int type = 0; type < kListTypes; type++) {
    DenseLaunches<DenseStep<K>, K> launches(kernels.dense[type], dense, q);
    for (int i = 0; i < inputs; i++) {
      if (static_cast<int>(l.out(i).dtype) != type || l.out(i).numel == 0) continue;
      Operands<K> operands;
      operands.at[0] = &l.out(i);
      operands.at[1] = &l.in(i);
      for (int k = 1; k <= states; k++) operands.at[1 + k] = &l.out(k * inputs + i);
      if (!launches.take(operands, strided.tensor))
        q.launch(kernels.strided[type], {blocks_for(l.out(i).numel, kListThreads, 1, q)}, kListThreads,
                 strided);
    }
    launches.flush();
  }
}

}  // namespace

#define TENON_STEP(op, states)                                                   \
  void kernel_##op(const Launch& l, Queue& q) {                                  \
    static constexpr ListKernels kernels = TENON_LIST_KERNELS("optimizer_" #op); \
    step<states>(l, kernels, q);                                                 \
  }
TENON_STEP(sgd, 1)
TENON_STEP(adam, 3)
TENON_STEP(nadam, 2)
TENON_STEP(radam, 2)
TENON_STEP(adamax, 2)
TENON_STEP(adagrad, 1)
TENON_STEP(adadelta, 2)
TENON_STEP(rmsprop, 3)
TENON_STEP(rprop, 2)
TENON_STEP(asgd, 1)
#undef TENON_STEP

}  // namespace cuda
}  // namespace tenon
