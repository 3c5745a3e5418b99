// What is used of cuBLAS, declared by hand as the driver is (driver.h): the library is loaded where there is
// one. https://docs.nvidia.com/cuda/cublas/
#pragma once
#include <cstddef>

#include "cuda/driver.h"

namespace tenon {
namespace cuda {
namespace cublas {

using Status = int;  // cublasStatus_t
struct HandleObject;
using Handle = HandleObject*;

enum : Status { kSuccess = 0 };
enum Operation : int { kAsIs = 0, kTransposed = 1 };
enum DataType : int { kReal32F = 0, kReal64F = 1, kReal16F = 2, kReal16BF = 14 };
enum ComputeType : int { kCompute32F = 68, kCompute64F = 70 };
enum Algorithm : int { kDefaultAlgorithm = -1 };
/** float32 is not cut to TF32, and sums of halves stay float32 where they are split. */
enum MathMode : int { kNoReducedSums = 16 };

// X(member, exported symbol, parameters)
#define TENON_CUBLAS(X)                                                                                     \
  X(Create, cublasCreate_v2, (Handle*))                                                                     \
  X(Destroy, cublasDestroy_v2, (Handle))                                                                    \
  X(SetStream, cublasSetStream_v2, (Handle, driver::Stream))                                                \
  X(SetWorkspace, cublasSetWorkspace_v2, (Handle, void*, size_t))                                           \
  X(SetMathMode, cublasSetMathMode, (Handle, MathMode))                                                     \
  X(GemmEx, cublasGemmEx,                                                                                   \
    (Handle, Operation, Operation, int, int, int, const void*, const void*, DataType, int, const void*,     \
     DataType, int, const void*, void*, DataType, int, ComputeType, Algorithm))                             \
  X(GemmStridedBatchedEx, cublasGemmStridedBatchedEx,                                                       \
    (Handle, Operation, Operation, int, int, int, const void*, const void*, DataType, int, long long,       \
     const void*, DataType, int, long long, const void*, void*, DataType, int, long long, int, ComputeType, \
     Algorithm))

struct Api {
#define TENON_MEMBER(member, symbol, parameters) Status(*member) parameters;
  TENON_CUBLAS(TENON_MEMBER)
#undef TENON_MEMBER
};

}  // namespace cublas
}  // namespace cuda
}  // namespace tenon
