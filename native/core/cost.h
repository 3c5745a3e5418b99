// How long a launch may take: what decides whether the caller waits for it.
#pragma once
#include <cstdint>

#include "core/launch.h"

namespace tenon {

/** Whether no operand is large: no op takes more than a few microseconds then. */
inline bool is_tiny(const Launch& l) {
  const uint32_t operands = l.outputs + l.inputs;
  if (operands > 8) return false;
  for (uint32_t i = 0; i < operands; i++)
    if (l.views[i].numel > 1024) return false;
  return true;
}

/** A rough number of nanoseconds on one thread, from the operands' sizes. */
int64_t estimated_cost(const Launch&);

}  // namespace tenon
