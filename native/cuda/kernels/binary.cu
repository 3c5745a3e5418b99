// The BINARY rows of ops.def.
#include "cuda/kernels/elementwise_loops.h"
#include "kernels/binary.h"

namespace tenon {
namespace cuda {

#define FUNCTOR_0(name, T) binary::name
#define FUNCTOR_1(name, T) binary::name<T>
#define FUNCTOR_2(name, T) binary::name<T>
#define FUNCTOR_3(name, T) binary::name<T>
#define BINARY_KERNELS(suffix, type, name, scalars) \
  ELEMENTWISE_KERNELS(binary_##name##_##suffix, type, FUNCTOR_##scalars(name, type), type, 2)

#define BINARY(name, types, scalars) ROWS_##types(BINARY_KERNELS, name, scalars)
#include "ops.def"

/** Whether any divisor is 0. */
CUDA_KERNEL(binary_zero_check, 256, ZeroCheck)(const ZeroCheck p) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < p.n; i += step) {
    int64_t at[1];
    locate(p.dim, p.dims, i, at);
    const bool zero = p.compute == DType::i32 ? load_one<int32_t>(p.data, p.dtype, at[0]) == 0
                                              : load_one<int64_t>(p.data, p.dtype, at[0]) == 0;
    if (zero) leave_failure(p.failure, p.op, kDivisionByZero);
  }
}

}  // namespace cuda
}  // namespace tenon
