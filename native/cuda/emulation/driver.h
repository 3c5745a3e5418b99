// The emulated driver, for programs that link it instead of loading it as a library.
#pragma once
#include "cuda/driver.h"

namespace tenon {
namespace cuda {
namespace emulation {

extern const driver::Api driver_api;

}  // namespace emulation
}  // namespace cuda
}  // namespace tenon
