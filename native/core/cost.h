// How long a launch may take: what decides whether the caller waits for it.
#pragma once
#include <cstdint>

#include "core/launch.h"

namespace tenon {

/** A rough number of nanoseconds on one thread, from the operands' sizes. */
int64_t estimated_cost(const Launch&);

}  // namespace tenon
