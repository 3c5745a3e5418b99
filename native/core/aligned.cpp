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
constexpr size_t kLeastTail = kHugePage / 8;
#endif
}  // namespace

void* aligned_acquire(size_t bytes) {
  if (bytes > SIZE_MAX / 2) return nullptr;
#ifdef _WIN32
  return _aligned_malloc(bytes ? bytes : kAlignment, kAlignment);
#else
  size_t alignment = kAlignment;
  bytes = bytes ? (bytes + kAlignment - 1) / kAlignment * kAlignment : kAlignment;
#ifdef __linux__
  // A fresh 4 KB page costs more than the arithmetic on it: ask for large ones where there is enough to fill
  // them. A tail too short for one, such as what a header adds to a power of two, gets small pages.
  size_t large = 0;
  if (bytes >= 2 * kHugePage) {
    const size_t tail = bytes % kHugePage;
    alignment = kHugePage;
    if (tail >= kLeastTail) bytes += kHugePage - tail;
    large = bytes / kHugePage * kHugePage;
  }
#endif
  void* p = nullptr;
  if (posix_memalign(&p, alignment, bytes) != 0) return nullptr;
#ifdef __linux__
  if (large) madvise(p, large, MADV_HUGEPAGE);
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
