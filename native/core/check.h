// What must hold of a launch before it may run. JavaScript has checked the same for its better wording; this
// is the wall.
#pragma once
#include "core/launch.h"

namespace tenon {

/** False when operands don't fit the op: `error` says which and how. */
bool check(const Launch&, LaunchError& error);

/**
 * Whether a view of a storage of `bytes` stays within it; `numel` is what checked_numel says of the shape.
 * Offset and strides are in elements; strides may be negative or 0.
 */
bool view_fits(int64_t bytes, DType dtype, int64_t offset, int rank, const int64_t* shape,
               const int64_t* strides, int64_t numel);

}  // namespace tenon
