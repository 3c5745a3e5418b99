// The random words that a launch owns: core/random.h says which element gets which.
#pragma once
#include "core/random.h"
#include "cuda/kernels/convert.h"
#include "cuda/kernels/random.h"

namespace tenon {
namespace cuda {

// Threads go through counters, or elements, with the whole grid's step.
TENON_DEVICE int64_t first_item() { return static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; }
TENON_DEVICE int64_t item_stride() { return static_cast<int64_t>(gridDim.x) * blockDim.x; }

/** The four words of a counter of the launch. */
class Words {
 public:
  TENON_DEVICE explicit Words(const RandomSource& s)
      : k0_(static_cast<uint32_t>(cut<int64_t>(s.k0.get()))),
        k1_(static_cast<uint32_t>(cut<int64_t>(s.k1.get()))),
        offset_(static_cast<uint64_t>(cut<int64_t>(s.offset.get()))) {}

  TENON_DEVICE void get(int64_t counter, uint32_t (&words)[4]) const {
    const uint64_t c = offset_ + static_cast<uint64_t>(counter);
    words[0] = static_cast<uint32_t>(c);
    words[1] = static_cast<uint32_t>(c >> 32);
    words[2] = words[3] = 0;
    philox4x32(words, k0_, k1_);
  }
  TENON_DEVICE void get(int64_t counter, uint64_t (&pairs)[2]) const {
    uint32_t words[4];
    get(counter, words);
    for (int j = 0; j < 2; j++) pairs[j] = words[2 * j] | static_cast<uint64_t>(words[2 * j + 1]) << 32;
  }

 private:
  uint32_t k0_, k1_;
  uint64_t offset_;
};

}  // namespace cuda
}  // namespace tenon
