// Lets a binary that is linked on a new Linux run on glibc 2.28. What GCC's static runtime and the standard
// headers pull in gets its newest version from the linker, though the old one is the same for us; each is
// named here once. scripts/check-binary.js says which symbol is missing from this list.
#include <features.h>

#ifdef __GLIBC__

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>

#include <cstdint>

#if defined(__x86_64__)
#define TENON_FIRST_GLIBC "GLIBC_2.2.5"
#elif defined(__aarch64__)
#define TENON_FIRST_GLIBC "GLIBC_2.17"
#endif

/** Binds __wrap_NAME, which the linker puts in place of NAME (--wrap in CMakeLists.txt), to the first NAME.
 */
#define TENON_OLD(name) __asm__(".symver first_" #name "," #name "@" TENON_FIRST_GLIBC)

extern "C" {

// libm's since 2.29 (hypot's since 2.35) differ only in what they do for System V's matherr.
double first_pow(double, double);
double first_exp(double);
double first_exp2(double);
double first_log(double);
double first_log2(double);
double first_hypot(double, double);
TENON_OLD(pow);
TENON_OLD(exp);
TENON_OLD(exp2);
TENON_OLD(log);
TENON_OLD(log2);
TENON_OLD(hypot);
double __wrap_pow(double x, double y) { return first_pow(x, y); }
double __wrap_exp(double x) { return first_exp(x); }
double __wrap_exp2(double x) { return first_exp2(x); }
double __wrap_log(double x) { return first_log(x); }
double __wrap_log2(double x) { return first_log2(x); }
double __wrap_hypot(double x, double y) { return first_hypot(x, y); }

// 2.34 moved libpthread and libdl into libc.
int first_pthread_create(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
int first_pthread_detach(pthread_t);
int first_pthread_join(pthread_t, void**);
int first_pthread_once(pthread_once_t*, void (*)());
int first___pthread_key_create(pthread_key_t*, void (*)(void*));
TENON_OLD(pthread_create);
TENON_OLD(pthread_detach);
TENON_OLD(pthread_join);
TENON_OLD(pthread_once);
TENON_OLD(__pthread_key_create);
int __wrap_pthread_create(pthread_t* thread, const pthread_attr_t* how, void* (*run)(void*), void* argument) {
  return first_pthread_create(thread, how, run, argument);
}
int __wrap_pthread_detach(pthread_t thread) { return first_pthread_detach(thread); }
int __wrap_pthread_join(pthread_t thread, void** result) { return first_pthread_join(thread, result); }
int __wrap_pthread_once(pthread_once_t* once, void (*run)()) { return first_pthread_once(once, run); }
int __wrap___pthread_key_create(pthread_key_t* key, void (*destroy)(void*)) {
  return first___pthread_key_create(key, destroy);
}

void* first_dlopen(const char*, int);
void* first_dlsym(void*, const char*);
int first_dlclose(void*);
char* first_dlerror();
TENON_OLD(dlopen);
TENON_OLD(dlsym);
TENON_OLD(dlclose);
TENON_OLD(dlerror);
void* __wrap_dlopen(const char* path, int flags) { return first_dlopen(path, flags); }
void* __wrap_dlsym(void* library, const char* name) { return first_dlsym(library, name); }
int __wrap_dlclose(void* library) { return first_dlclose(library); }
char* __wrap_dlerror() { return first_dlerror(); }

// 2.32: whether the process has one thread only. Never, says this one: reference counts stay atomic.
extern char no_single_thread __asm__("__libc_single_threaded");
char no_single_thread = 0;

/** What _dl_find_object fills in: the layout is part of glibc's interface. */
struct FoundObject {
  unsigned long long flags;
  void* start;
  void* end;
  link_map* map;
  void* eh_frame_header;
  unsigned long long reserved[7];
};

struct Search {
  uintptr_t address;
  FoundObject* found;
};

static int examine(dl_phdr_info* object, size_t, void* data) {
  Search& search = *static_cast<Search*>(data);
  const ElfW(Phdr)* header = nullptr;
  const ElfW(Phdr)* around = nullptr;
  for (int i = 0; i < object->dlpi_phnum; i++) {
    const ElfW(Phdr) & part = object->dlpi_phdr[i];
    const uintptr_t start = object->dlpi_addr + part.p_vaddr;
    if (part.p_type == PT_GNU_EH_FRAME) header = &part;
    if (part.p_type == PT_LOAD && search.address >= start && search.address - start < part.p_memsz)
      around = &part;
  }
  if (around == nullptr) return 0;
  if (header == nullptr) return -1;
  *search.found = {};
  search.found->start = reinterpret_cast<void*>(object->dlpi_addr + around->p_vaddr);
  search.found->end = reinterpret_cast<void*>(object->dlpi_addr + around->p_vaddr + around->p_memsz);
  search.found->eh_frame_header = reinterpret_cast<void*>(object->dlpi_addr + header->p_vaddr);
  return 1;
}

// 2.35: where the unwinder of exceptions finds the tables for an address; it asked dl_iterate_phdr before.
int find_object(void* address, FoundObject* found) __asm__("_dl_find_object");
int find_object(void* address, FoundObject* found) {
  Search search{reinterpret_cast<uintptr_t>(address), found};
  return dl_iterate_phdr(examine, &search) == 1 ? 0 : -1;
}

}  // extern "C"

#endif
