// What the code that the driver has chosen was compiled for. It may be older than the device: PTX for a
// predecessor, compiled when it is loaded, lacks what only newer devices can. Host code must not ask for
// that.
#include "cuda/kernels/about.h"
#include "cuda/kernels/kernel.h"

namespace tenon {
namespace cuda {

#if defined(__CUDA_ARCH__)
#define TENON_CODE_CAPABILITY (__CUDA_ARCH__ / 10)
#else
#define TENON_CODE_CAPABILITY 1000  // emulated: all that the device says it can
#endif
#if !defined(__CUDA_ARCH__) || defined(__CUDA_ARCH_FEAT_SM90_ALL) || defined(__CUDA_ARCH_SPECIFIC__)
#define TENON_CODE_SPECIFIC 1
#else
#define TENON_CODE_SPECIFIC 0
#endif

KERNEL(about_code, 32, AboutCode)(const AboutCode p) {
  if (threadIdx.x != 0) return;
  p.facts->capability = TENON_CODE_CAPABILITY;
  p.facts->specific = TENON_CODE_SPECIFIC;
}

}  // namespace cuda
}  // namespace tenon
