// The kernels of ops.def that are compiled once, for any processor, and stand in the table of every
// instruction set: void kernel_<name>(const Launch&) in namespace tenon.
#pragma once
#include "core/launch.h"

namespace tenon {

#define SHARED_KERNEL(name, ...) void kernel_##name(const Launch&);
#include "ops.def"

}  // namespace tenon
