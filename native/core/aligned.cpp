#include "core/aligned.h"

#include <cstdint>
#include <cstdlib>
#ifdef _WIN32
#include <malloc.h>
#endif
#ifdef __linux__
#include <sys/mman.h>
#endif

namespace tenon {

namespace {
constexpr size_t kAlignment = 64;
#ifdef __linux__
constexpr size_t kHugePage = size_t{2} << 20;
#endif
}  // namespace

void* aligned_acquire(size_t bytes) {
  if (bytes > SIZE_MAX / 2) return nullptr;
#ifdef _WIN32
  return _aligned_malloc(bytes ? bytes : kAlignment, kAlignment);
#else
  size_t alignment = kAlignment;
#ifdef __linux__
  // A fresh 4 KB page costs more than the arithmetic on it: ask for large ones where there is enough to fill
  // them.
  if (bytes >= 2 * kHugePage) alignment = kHugePage;
#endif
  bytes = (bytes + alignment - 1) / alignment * alignment;
  void* p = nullptr;
  if (posix_memalign(&p, alignment, bytes ? bytes : alignment) != 0) return nullptr;
#ifdef __linux__
  if (alignment == kHugePage) madvise(p, bytes, MADV_HUGEPAGE);
#endif
  return p;
#endif
}

void aligned_release(void* p) {
#ifdef _WIN32
  _aligned_free(p);
#else
  std::free(p);
#endif
}

}  // namespace tenon
