// The emulated driver, for programs that link it instead of loading it as a library.
#pragma once
#include <functional>
#include <string>

#include "cuda/driver.h"

namespace tenon {
namespace cuda {
namespace emulation {

extern const driver::Api driver_api;

struct EmulatedDevice;

/** For libraries that work on streams: adds work, which is done when its turn comes and returns its error. */
driver::Result enqueue(driver::Stream, std::function<std::string(EmulatedDevice&)> work);

}  // namespace emulation
}  // namespace cuda
}  // namespace tenon
