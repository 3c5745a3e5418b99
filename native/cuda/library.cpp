#include "cuda/library.h"

#if defined(_WIN32)
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace tenon {
namespace cuda {

#if defined(_WIN32)
void* open_library(const char* path, std::string& reason) {
  void* const library = reinterpret_cast<void*>(LoadLibraryA(path));
  if (!library) reason = std::string(path) + " can't be loaded";
  return library;
}
void* library_symbol(void* library, const char* name) {
  return reinterpret_cast<void*>(GetProcAddress(static_cast<HMODULE>(library), name));
}
#else
void* open_library(const char* path, std::string& reason) {
  void* const library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) reason = dlerror();
  return library;
}
void* library_symbol(void* library, const char* name) { return dlsym(library, name); }
#endif

}  // namespace cuda
}  // namespace tenon
