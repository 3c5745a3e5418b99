// The check of the operands of recurrent layers.
#pragma once
#include "core/launch.h"

namespace tenon {

/** Sets `error` when sizes or dtypes don't fit. */
void check_recurrent(const Launch&, LaunchError& error);

}  // namespace tenon
