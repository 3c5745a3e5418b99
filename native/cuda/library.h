// Libraries that are loaded where there are any: the driver, cuBLAS.
#pragma once
#include <string>

namespace tenon {
namespace cuda {

/** Null, with the reason, when it can't be loaded. Libraries stay loaded. */
void* open_library(const char* path, std::string& reason);
/** Null when the library has no such symbol. */
void* library_symbol(void* library, const char* name);

}  // namespace cuda
}  // namespace tenon
