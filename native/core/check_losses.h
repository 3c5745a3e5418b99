// Checks of the kernels of losses of pairs and of ctcLoss.
#pragma once
#include "core/check_lanes.h"

namespace tenon {

Complaint check_losses(const Launch&);

}  // namespace tenon
