// Ops that have no kernel on CUDA: their operands go to the CPU and the results back. Waits for the device.
#pragma once
#include "core/launch.h"

namespace tenon {
namespace cuda {

class Device;

/** Runs a checked launch whose tensors are on the device by the CPU's kernel. False, with the error, if it
 * failed. */
bool run_on_host(Device&, const Launch&, LaunchError&);

}  // namespace cuda
}  // namespace tenon
