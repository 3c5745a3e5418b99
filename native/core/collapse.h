// The common dimensions of operands that are walked together: broadcast, in a good order, and as few as can
// be.
#pragma once
#include "core/view.h"

namespace tenon {

constexpr int kMaxOperands = 4;

/** Dimensions from the outermost in, each larger than 1, with the operands' strides in elements (0:
 * broadcast). */
struct Space {
  int rank = 0;
  int64_t size[kMaxRank];
  int64_t stride[kMaxRank][kMaxOperands];
};

/**
 * The elements of views[0], with the other views broadcast to its shape. Dimensions are sorted, the densest
 * of views[0] (then of views[1], ...) innermost, and merged where all operands step through two as through
 * one.
 */
Space collapse(const TensorView* views, int count);

}  // namespace tenon
