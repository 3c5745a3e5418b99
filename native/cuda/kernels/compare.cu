// The COMPARE rows of ops.def.
#include "cuda/kernels/elementwise_loops.h"
#include "kernels/compare.h"

namespace tenon {
namespace cuda {

#define COMPARE_KERNELS(suffix, type, name) \
  ELEMENTWISE_KERNELS(compare_##name##_##suffix, type, compare::name, bool, 2)

#define COMPARE(name, types) ROWS_##types(COMPARE_KERNELS, name)
#include "ops.def"

}  // namespace cuda
}  // namespace tenon
