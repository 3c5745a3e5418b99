// What must hold of a launch before it may run. JavaScript has checked the same for its better wording; this
// is the wall.
#pragma once
#include "core/launch.h"

namespace tenon {

/** False when operands don't fit the op: `error` says which and how. */
bool check(const Launch&, LaunchError& error);

}  // namespace tenon
