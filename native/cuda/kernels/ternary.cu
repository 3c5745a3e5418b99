// The functions of three operands: addcmul, addcdiv, lerp.
#include "cuda/kernels/elementwise_loops.h"
#include "kernels/ternary.h"

namespace tenon {
namespace cuda {

#define FUNCTOR_0(name, T) ternary::name
#define FUNCTOR_1(name, T) ternary::name<T>
#define TERNARY_KERNELS(suffix, type, name, scalars) \
  ELEMENTWISE_KERNELS(ternary_##name##_##suffix, type, FUNCTOR_##scalars(name, type), type, 3)

ROWS_NUMERIC(TERNARY_KERNELS, addcmul, 1)
ROWS_FLOAT(TERNARY_KERNELS, addcdiv, 1)
ROWS_FLOAT(TERNARY_KERNELS, lerp, 0)

}  // namespace cuda
}  // namespace tenon
