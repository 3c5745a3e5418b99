// The check of operands of pooling: sizes, windows and dtypes.
#pragma once
#include "core/check_lanes.h"

namespace tenon {

/** What is wrong with them; `what` is null where nothing is, and for other kernels. */
Complaint check_pooling(const Launch&);

}  // namespace tenon
