// Host side of kernels that work element by element: which of an op's two kernels runs, and its parameters.
#pragma once
#include "core/launch.h"
#include "cuda/kernels/elementwise.h"
#include "cuda/queue.h"

namespace tenon {
namespace cuda {

/** Names of the kernels of one functor and type. */
struct ElementwiseKernel {
  const char* dense;  // null: there is only the other
  const char* strided;
};

/**
 * Runs a kernel on the launch's first output and inputs; `types` are those that it takes elements in, out
 * first. After a failure that `validated` says may have been found, it does nothing.
 */
void run_elementwise(const Launch&, Queue&, const ElementwiseKernel&, const DType* types,
                     bool validated = false);

/** The bits, in a compute type, of an input that is a number. */
uint64_t number_bits(const TensorView& number, DType type);

}  // namespace cuda
}  // namespace tenon
