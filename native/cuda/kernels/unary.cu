// The UNARY and PREDICATE rows of ops.def.
#include "cuda/kernels/elementwise_loops.h"
#include "kernels/unary.h"

namespace tenon {
namespace cuda {

#define FUNCTOR_0(name, T) unary::name
#define FUNCTOR_1(name, T) unary::name<T>
#define FUNCTOR_2(name, T) unary::name<T>
#define FUNCTOR_3(name, T) unary::name<T>
#define UNARY_KERNELS(suffix, type, name, scalars) \
  ELEMENTWISE_KERNELS(unary_##name##_##suffix, type, FUNCTOR_##scalars(name, type), type, 1)
#define PREDICATE_KERNELS(suffix, type, name) \
  ELEMENTWISE_KERNELS(predicate_##name##_##suffix, type, unary::name, bool, 1)

#define UNARY(name, types, scalars) ROWS_##types(UNARY_KERNELS, name, scalars)
#define PREDICATE(name, types) ROWS_##types(PREDICATE_KERNELS, name)
#include "ops.def"

}  // namespace cuda
}  // namespace tenon
