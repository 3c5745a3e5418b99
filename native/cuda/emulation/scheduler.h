// Runs kernels on the emulated device: what its driver calls. One launch at a time in a process.
#pragma once
#include <string>

#include "cuda/emulation/device.h"

namespace tenon {
namespace cuda {
namespace emulation {

/** In which order blocks, and the threads of a block, get to run. */
enum class Order { forward, reverse, random };
void set_order(Order, unsigned seed);

/**
 * How many threads of each kernel ThreadSanitizer is to tell apart: so it sees their races, but takes a
 * millisecond for each. Launches that go beyond are run without.
 */
void set_race_checks(uint64_t threads);

/** The device's major version times ten and minor version; from 80 on, it has what tensor_core.h wraps. */
void set_capability(int);
/** Most shared memory of a block, in bytes. */
size_t most_shared_bytes();
/** What a kernel may have of it without asking for more. */
constexpr size_t kPlainSharedBytes = 48 << 10;

KernelEntry* find_kernel(const char* name);

/** Runs all threads of a launch; its error, or an empty string. */
std::string run(KernelEntry&, dim3 grid, dim3 block, size_t dynamic_shared_bytes, const void* parameters);

}  // namespace emulation
}  // namespace cuda
}  // namespace tenon
