// What every kernel source includes: CUDA, or its emulation on the CPU. The same source is compiled by nvcc
// and, for tests, as C++.
//
//   KERNEL(sum_f32, 256, ReduceParameters)(const ReduceParameters p) { ... }    256: threads a block, at most
//   SHARED(part, float[32]);             an array in shared memory
//   DYNAMIC_SHARED(row, float);          float* row: as many bytes as the launch asks for
#pragma once
#ifdef __CUDACC__
#include <cuda_runtime.h>

#include <cstdint>
#include <type_traits>

namespace tenon {
namespace cuda {
template <class T>
struct Identity {
  using Type = T;
};
}  // namespace cuda
}  // namespace tenon

#define TENON_DEVICE __device__ __forceinline__
#define SHARED(name, ...) __shared__ typename ::tenon::cuda::Identity<__VA_ARGS__>::Type name
#define DYNAMIC_SHARED(name, T)                               \
  extern __shared__ __align__(16) unsigned char name##_raw[]; \
  T* name = reinterpret_cast<T*>(name##_raw)
#define CUDA_KERNEL(name, threads, P) extern "C" __global__ void __launch_bounds__(threads) name
#else
#include "cuda/emulation/device.h"
#define TENON_DEVICE inline __attribute__((always_inline))
#endif

/** The short name of CUDA_KERNEL, where ops.def is not included, which has it for its rows. */
#define KERNEL(name, threads, P) CUDA_KERNEL(name, threads, P)

#include "cuda/failure.h"

namespace tenon {
namespace cuda {

/** Leaves a failure unless there is one. */
TENON_DEVICE void leave_failure(FailureRecord* r, uint32_t op, uint32_t what, int64_t a = 0, int64_t b = 0,
                                int64_t c = 0) {
  if (atomicCAS(&r->state, 0u, 1u) != 0u) return;
  r->op = op;
  r->what = what;
  r->detail[0] = a;
  r->detail[1] = b;
  r->detail[2] = c;
}

}  // namespace cuda
}  // namespace tenon
