// The check of operands that are matrices to decompose or to solve with: native/linalg.
#pragma once
#include "core/launch.h"

namespace tenon {

/** Sets `error` when sizes or dtypes don't fit. */
void check_linalg(const Launch&, LaunchError& error);

}  // namespace tenon
