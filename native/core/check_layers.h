// Checks of the kernels of layers: normalisation, dropout, embeddings.
#pragma once
#include "core/check_lanes.h"

namespace tenon {

/** What is wrong with the operands of such a kernel; `what` is null where nothing is. */
Complaint check_layers(const Launch&);

}  // namespace tenon
