// Operands that other threads may write to while a kernel runs.
#pragma once
#include <vector>

#include "core/launch.h"

namespace tenon {

/**
 * Kernels look through indices and divisors before they use them: a change in between would take them outside
 * of their memory. So inputs of whole numbers that are shared with other environments are copied first.
 * Elements of floating-point types have no such power.
 */
class Steady {
 public:
  /**
   * The launch with copies of its inputs of whole numbers; good until the next call. Throws std::bad_alloc.
   */
  Launch copy(const Launch& launch);

 private:
  std::vector<TensorView> views_;
  std::vector<int64_t> strides_;
  Scratch bytes_;
};

}  // namespace tenon
