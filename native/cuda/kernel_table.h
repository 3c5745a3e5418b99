// The ops of ops.def on CUDA: of each, host code that gives its kernels to a queue.
#pragma once
#include "core/launch.h"
#include "cuda/queue.h"

namespace tenon {
namespace cuda {

/** All operands are on the queue's device, but for numbers. Errors of arguments go to launch.error. */
using Kernel = void (*)(const Launch&, Queue&);

/** By op number; null where operands go to the CPU and back (host.h). */
extern const Kernel kernel_table[];

/** What a record says, as an error of the op that left it. */
void explain(const FailureRecord&, LaunchError&);

#define TENON_CUDA_KERNEL(name, ...) void kernel_##name(const Launch&, Queue&);
#define UNARY TENON_CUDA_KERNEL
#define PREDICATE TENON_CUDA_KERNEL
#define BINARY TENON_CUDA_KERNEL
#define COMPARE TENON_CUDA_KERNEL
#define REDUCE TENON_CUDA_KERNEL
#define KERNEL TENON_CUDA_KERNEL
#define HOST_KERNEL(...)
#include "ops.def"
#undef TENON_CUDA_KERNEL

}  // namespace cuda
}  // namespace tenon
