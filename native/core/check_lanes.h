// Checks of the kernels that scan, order and search.
#pragma once
#include "core/launch.h"

namespace tenon {

/** What is wrong with the operands of such a kernel; `what` is null where nothing is, and for other kernels.
 */
struct Complaint {
  ErrorCode code = ErrorCode::shape;
  const char* what = nullptr;
};
Complaint check_lanes(const Launch&);

}  // namespace tenon
