// What the sanitizers have to be told by code that makes its own threads and memory. Files that are compiled
// without -fsanitize=thread in such a build get TENON_THREAD_SANITIZER from CMake.
#pragma once
#include <cstddef>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#if __has_feature(thread_sanitizer) && !defined(__SANITIZE_THREAD__)
#define __SANITIZE_THREAD__ 1
#endif
#endif

#if defined(__SANITIZE_ADDRESS__)
#define TENON_ADDRESS_SANITIZER 1
extern "C" {
void __asan_poison_memory_region(const volatile void*, size_t);
void __asan_unpoison_memory_region(const volatile void*, size_t);
void __sanitizer_start_switch_fiber(void** fake_stack_save, const void* bottom, size_t size);
void __sanitizer_finish_switch_fiber(void* fake_stack, const void** bottom_old, size_t* size_old);
}
#endif

#if defined(__SANITIZE_THREAD__) && !defined(TENON_THREAD_SANITIZER)
#define TENON_THREAD_SANITIZER 1
#endif
#if defined(TENON_THREAD_SANITIZER)
extern "C" {
void __tsan_acquire(void*);
void __tsan_release(void*);
void* __tsan_create_fiber(unsigned);
void __tsan_destroy_fiber(void*);
void __tsan_switch_to_fiber(void*, unsigned);
void* __tsan_get_current_fiber();
}
#endif

namespace tenon {
namespace cuda {
namespace emulation {

/** Whether memory may be touched, for AddressSanitizer. */
inline void forbid(const void* p, size_t bytes) {
#if defined(TENON_ADDRESS_SANITIZER)
  __asan_poison_memory_region(p, bytes);
#else
  (void)p, (void)bytes;
#endif
}
inline void permit(const void* p, size_t bytes) {
#if defined(TENON_ADDRESS_SANITIZER)
  __asan_unpoison_memory_region(p, bytes);
#else
  (void)p, (void)bytes;
#endif
}

/** What came before release_tag(t) comes before what follows acquire_tag(t), for ThreadSanitizer. */
inline void release_tag(char& tag) {
#if defined(TENON_THREAD_SANITIZER)
  __tsan_release(&tag);
#else
  (void)tag;
#endif
}
inline void acquire_tag(char& tag) {
#if defined(TENON_THREAD_SANITIZER)
  __tsan_acquire(&tag);
#else
  (void)tag;
#endif
}

}  // namespace emulation
}  // namespace cuda
}  // namespace tenon
