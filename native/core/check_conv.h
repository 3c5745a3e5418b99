// Checks of convolutions, and of the kernels that take images apart.
#pragma once
#include "core/check_lanes.h"

namespace tenon {

Complaint check_convolution(const Launch&);
Complaint check_fold(const Launch&);

}  // namespace tenon
