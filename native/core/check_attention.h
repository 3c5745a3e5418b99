// What must hold of the operands of attention and of its derivative.
#pragma once
#include "core/check_lanes.h"

namespace tenon {

Complaint check_attention(const Launch&);

}  // namespace tenon
