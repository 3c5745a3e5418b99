// The CUDA device language for a C++ compiler. Kernel sources see this instead of <cuda_runtime.h> and run on
// the CPU: the threads of a block are fibers, which scheduler.cpp runs one at a time, in a chosen order; a
// barrier or a warp function that can't be passed yet gives way to another fiber. What CUDA leaves undefined
// is made visible where that is possible: shared memory starts as NaN, so does what a shuffle reads from a
// lane outside of its mask; copies of cp.async arrive no sooner than their wait; barriers that not all
// threads reach are errors which name the line. Nothing of CUDA is needed to build this.
#pragma once
#include <math.h>  // not <cmath>: kernels call exp(), isnan() and the like as global functions

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "cuda/emulation/sanitizers.h"
#include "cuda/emulation/vector_types.h"

#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __constant__ static const

namespace tenon {
namespace cuda {
namespace emulation {

/** Where a kernel calls something that has to wait for other threads. */
struct Site {
  const char* what;
  const char* file;
  int line;
};

struct Thread {
  uint3 index;
  unsigned linear, lane;
};

/** Only one kernel runs at a time in a process, so these are what the running kernel sees. */
#pragma GCC visibility push(hidden)  // or each use would look up where they are
extern Thread* current;
extern uint3 block_index;
extern dim3 block_size, grid_size;
#pragma GCC visibility pop

/** Ends the launch: the device has failed from then on, with this message. */
[[noreturn]] __attribute__((format(printf, 1, 2))) void fail(const char* format, ...);

/** What the threads of a block are told at a barrier. */
struct Votes {
  int any, all, count;
};
Votes barrier(int predicate, Site);

/**
 * Returns when all lanes of the mask have called it with the same mask and function; the last to arrive calls
 * `exchange` with every lane's argument.
 */
using Exchange = void (*)(void* const* arguments, uint32_t mask);
void warp(uint32_t mask, Exchange exchange, void* argument, Site);
/** The warp functions. A value is at most 8 bytes; source < 0 keeps a lane's own. */
uint64_t shuffle(uint32_t mask, uint64_t value, int source, Site);
uint32_t ballot(uint32_t mask, bool predicate, Site);
uint32_t match(uint32_t mask, uint64_t value, Site);
void sync_warp(uint32_t mask, Site);

void* dynamic_shared();
int new_shared_id();
void* shared_variable(int id, size_t bytes, size_t alignment);

/** A copy of cp.async that a thread has under way; from nowhere, it writes zeros. */
struct AsyncCopy {
  uint32_t* to;
  const uint32_t* from;
  unsigned words;
};
void async_copy(const AsyncCopy&);
void async_commit();
/** The copies of all but the `pending` latest groups, for the caller to do before it calls async_copy again.
 */
const AsyncCopy* async_wait(int pending, size_t* count);

/** Of ldmatrix: the row that a lane brings, and what it gets. */
struct MatrixRow {
  uint32_t words[4], result[4];
};
void load_matrices(MatrixRow&, bool transposed, Site);
/** Of mma: a lane's fragments. */
struct Fragments {
  float* d;
  const uint32_t* a;
  uint32_t b[2];
};
/** d += a b of 16 x 8, 16 x 16 and 16 x 8 elements; those of a and b are bfloat16 or float16. */
void multiply(Fragments, bool bfloat16, Site);

/** Major version times ten and minor version of the emulated device. */
int capability();

/** A kernel: found by name, called with its parameter struct. */
struct KernelEntry {
  const char* name;
  unsigned max_threads;
  size_t parameter_bytes;
  void (*call)(const void* parameters);
  KernelEntry* next;
  uint64_t checked_threads;  // see set_race_checks
};
struct Registration {
  KernelEntry entry;
  Registration(const char* name, unsigned max_threads, size_t parameter_bytes, void (*call)(const void*));
};

/** Each SHARED has a Tag of its own, so an id of its own, in each instantiation of a template, as in CUDA. */
template <class T, class Tag>
T& shared(Tag) {
  static const int id = new_shared_id();
  return *static_cast<T*>(shared_variable(id, sizeof(T), alignof(T) < 16 ? 16 : alignof(T)));
}

template <class To, class From>
To bits(From from) {
  static_assert(sizeof(To) == sizeof(From), "the same bits");
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}

template <class T>
T shuffle_value(uint32_t mask, T value, int source, Site site) {
  static_assert(std::is_arithmetic<T>::value && sizeof(T) >= 4, "shuffles move values of 4 or 8 bytes");
  using Bits = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
  return bits<T>(static_cast<Bits>(shuffle(mask, bits<Bits>(value), source, site)));
}

/** The width of a shuffle divides a warp into parts; `source` counts within a part. */
inline int part_start(int width) { return static_cast<int>(current->lane) & ~(width - 1); }
inline int lane_in_part(int width) { return static_cast<int>(current->lane) & (width - 1); }

/** Changes a value in memory by f, as one step; returns the value before. */
template <class T, class F>
T update(T* p, F f) {
  static_assert(std::is_integral<T>::value, "results would depend on the order of atomics on floats");
  T before = __atomic_load_n(p, __ATOMIC_RELAXED);
  while (!__atomic_compare_exchange_n(p, &before, static_cast<T>(f(before)), false, __ATOMIC_RELAXED,
                                      __ATOMIC_RELAXED)) {
  }
  return before;
}
template <class T>
using Same = std::common_type_t<T>;  // an argument that doesn't take part in deducing T

/** The result of one rounding, which no compiler contracts with what comes next. */
template <class T>
T rounded(T value) {
  asm("" : "+m"(value));
  return value;
}

}  // namespace emulation
}  // namespace cuda
}  // namespace tenon

#define SHARED(name, ...) auto& name = ::tenon::cuda::emulation::shared<__VA_ARGS__>([] {})
#define DYNAMIC_SHARED(name, T) T* const name = static_cast<T*>(::tenon::cuda::emulation::dynamic_shared())
#define CUDA_KERNEL(name, threads, P)                                                                       \
  extern "C" void name(const P);                                                                            \
  static const ::tenon::cuda::emulation::Registration registration_of_##name(                               \
      #name, threads, sizeof(P), [](const void* parameters) { name(*static_cast<const P*>(parameters)); }); \
  static_assert(std::is_trivially_copyable<P>::value, "parameters are plain data");                         \
  extern "C" void name

#define threadIdx (::tenon::cuda::emulation::current->index)
#define blockIdx (::tenon::cuda::emulation::block_index)
#define blockDim (::tenon::cuda::emulation::block_size)
#define gridDim (::tenon::cuda::emulation::grid_size)
#define warpSize 32

#define TENON_HERE const char *file = __builtin_FILE(), int line = __builtin_LINE()
#define TENON_SITE(what) (::tenon::cuda::emulation::Site{what, file, line})

// Barriers and fences.

inline void __syncthreads(TENON_HERE) { ::tenon::cuda::emulation::barrier(0, TENON_SITE("__syncthreads")); }
inline int __syncthreads_or(int p, TENON_HERE) {
  return ::tenon::cuda::emulation::barrier(p, TENON_SITE("__syncthreads_or")).any;
}
inline int __syncthreads_and(int p, TENON_HERE) {
  return ::tenon::cuda::emulation::barrier(p, TENON_SITE("__syncthreads_and")).all;
}
inline int __syncthreads_count(int p, TENON_HERE) {
  return ::tenon::cuda::emulation::barrier(p, TENON_SITE("__syncthreads_count")).count;
}
inline void __syncwarp(unsigned mask = ~0u, TENON_HERE) {
  ::tenon::cuda::emulation::sync_warp(mask, TENON_SITE("__syncwarp"));
}
#if defined(TENON_THREAD_SANITIZER)
// ThreadSanitizer knows no fences: "write, fence, atomic" is ordered before "atomic, fence, read" by a tag.
namespace tenon {
namespace cuda {
namespace emulation {
inline char fence_tag;
}
}  // namespace cuda
}  // namespace tenon
inline void __threadfence() {
  ::tenon::cuda::emulation::acquire_tag(::tenon::cuda::emulation::fence_tag);
  ::tenon::cuda::emulation::release_tag(::tenon::cuda::emulation::fence_tag);
}
#else
inline void __threadfence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
#endif
inline void __threadfence_block() { __threadfence(); }

// Warp functions.

template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32, TENON_HERE) {
  using namespace ::tenon::cuda::emulation;
  return shuffle_value(mask, value, part_start(width) + (source & (width - 1)), TENON_SITE("__shfl_sync"));
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32, TENON_HERE) {
  using namespace ::tenon::cuda::emulation;
  const int source = static_cast<int>(current->lane) ^ bits;
  return shuffle_value(mask, value, source < part_start(width) + width ? source : -1,
                       TENON_SITE("__shfl_xor_sync"));
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, TENON_HERE) {
  using namespace ::tenon::cuda::emulation;
  const int place = lane_in_part(width) + static_cast<int>(delta);
  return shuffle_value(mask, value, place < width ? part_start(width) + place : -1,
                       TENON_SITE("__shfl_down_sync"));
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, TENON_HERE) {
  using namespace ::tenon::cuda::emulation;
  const int place = lane_in_part(width) - static_cast<int>(delta);
  return shuffle_value(mask, value, place >= 0 ? part_start(width) + place : -1,
                       TENON_SITE("__shfl_up_sync"));
}
inline unsigned __ballot_sync(unsigned mask, int predicate, TENON_HERE) {
  return ::tenon::cuda::emulation::ballot(mask, predicate != 0, TENON_SITE("__ballot_sync"));
}
inline int __any_sync(unsigned mask, int predicate, TENON_HERE) {
  return ::tenon::cuda::emulation::ballot(mask, predicate != 0, TENON_SITE("__any_sync")) != 0;
}
inline int __all_sync(unsigned mask, int predicate, TENON_HERE) {
  return ::tenon::cuda::emulation::ballot(mask, predicate != 0, TENON_SITE("__all_sync")) == mask;
}
template <class T>
unsigned __match_any_sync(unsigned mask, T value, TENON_HERE) {
  static_assert(sizeof(T) == 4 || sizeof(T) == 8, "values of 4 or 8 bytes are compared");
  using Bits = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
  return ::tenon::cuda::emulation::match(mask, ::tenon::cuda::emulation::bits<Bits>(value),
                                         TENON_SITE("__match_any_sync"));
}

// Atomics.

template <class T>
T atomicAdd(T* p, ::tenon::cuda::emulation::Same<T> v) {
  return ::tenon::cuda::emulation::update(p, [v](T old) { return old + v; });
}
template <class T>
T atomicSub(T* p, ::tenon::cuda::emulation::Same<T> v) {
  return ::tenon::cuda::emulation::update(p, [v](T old) { return old - v; });
}
template <class T>
T atomicMax(T* p, ::tenon::cuda::emulation::Same<T> v) {
  return ::tenon::cuda::emulation::update(p, [v](T old) { return old < v ? v : old; });
}
template <class T>
T atomicMin(T* p, ::tenon::cuda::emulation::Same<T> v) {
  return ::tenon::cuda::emulation::update(p, [v](T old) { return v < old ? v : old; });
}
template <class T>
T atomicAnd(T* p, ::tenon::cuda::emulation::Same<T> v) {
  return ::tenon::cuda::emulation::update(p, [v](T old) { return old & v; });
}
template <class T>
T atomicOr(T* p, ::tenon::cuda::emulation::Same<T> v) {
  return ::tenon::cuda::emulation::update(p, [v](T old) { return old | v; });
}
template <class T>
T atomicXor(T* p, ::tenon::cuda::emulation::Same<T> v) {
  return ::tenon::cuda::emulation::update(p, [v](T old) { return old ^ v; });
}
template <class T>
T atomicExch(T* p, ::tenon::cuda::emulation::Same<T> v) {
  return ::tenon::cuda::emulation::update(p, [v](T) { return v; });
}
template <class T>
T atomicCAS(T* p, ::tenon::cuda::emulation::Same<T> compare, ::tenon::cuda::emulation::Same<T> v) {
  return ::tenon::cuda::emulation::update(p, [=](T old) { return old == compare ? v : old; });
}
inline unsigned atomicInc(unsigned* p, unsigned limit) {
  return ::tenon::cuda::emulation::update(p, [=](unsigned old) { return old >= limit ? 0 : old + 1; });
}

// Loads and stores with hints for the caches.

template <class T>
T __ldg(const T* p) {
  return *p;
}
template <class T>
T __ldcs(const T* p) {
  return *p;
}
template <class T>
T __ldcg(const T* p) {
  return *p;
}
template <class T>
void __stcs(T* p, ::tenon::cuda::emulation::Same<T> v) {
  *p = v;
}
template <class T>
void __stcg(T* p, ::tenon::cuda::emulation::Same<T> v) {
  *p = v;
}

// Arithmetic of one rounding, never contracted.

inline float __fadd_rn(float a, float b) { return ::tenon::cuda::emulation::rounded(a + b); }
inline float __fsub_rn(float a, float b) { return ::tenon::cuda::emulation::rounded(a - b); }
inline float __fmul_rn(float a, float b) { return ::tenon::cuda::emulation::rounded(a * b); }
inline float __fdiv_rn(float a, float b) { return ::tenon::cuda::emulation::rounded(a / b); }
inline float __frcp_rn(float a) { return ::tenon::cuda::emulation::rounded(1.0f / a); }
inline float __fsqrt_rn(float a) { return ::tenon::cuda::emulation::rounded(sqrtf(a)); }
inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
inline double __dadd_rn(double a, double b) { return ::tenon::cuda::emulation::rounded(a + b); }
inline double __dsub_rn(double a, double b) { return ::tenon::cuda::emulation::rounded(a - b); }
inline double __dmul_rn(double a, double b) { return ::tenon::cuda::emulation::rounded(a * b); }
inline double __ddiv_rn(double a, double b) { return ::tenon::cuda::emulation::rounded(a / b); }
inline double __dsqrt_rn(double a) { return ::tenon::cuda::emulation::rounded(sqrt(a)); }
inline double __fma_rn(double a, double b, double c) { return fma(a, b, c); }
#if !defined(__GLIBC__) || !__GLIBC_PREREQ(2, 42)  // from then on <math.h> has them
inline float rsqrtf(float a) { return 1.0f / sqrtf(a); }
inline double rsqrt(double a) { return 1.0 / sqrt(a); }
#endif

// Bits.

inline float __int_as_float(int a) { return ::tenon::cuda::emulation::bits<float>(a); }
inline float __uint_as_float(unsigned a) { return ::tenon::cuda::emulation::bits<float>(a); }
inline int __float_as_int(float a) { return ::tenon::cuda::emulation::bits<int>(a); }
inline unsigned __float_as_uint(float a) { return ::tenon::cuda::emulation::bits<unsigned>(a); }
inline double __longlong_as_double(long long a) { return ::tenon::cuda::emulation::bits<double>(a); }
inline long long __double_as_longlong(double a) { return ::tenon::cuda::emulation::bits<long long>(a); }
inline int __popc(unsigned a) { return __builtin_popcount(a); }
inline int __popcll(unsigned long long a) { return __builtin_popcountll(a); }
inline int __clz(int a) { return a ? __builtin_clz(static_cast<unsigned>(a)) : 32; }
inline int __clzll(long long a) { return a ? __builtin_clzll(static_cast<unsigned long long>(a)) : 64; }
inline int __ffs(int a) { return __builtin_ffs(a); }
inline int __ffsll(long long a) { return __builtin_ffsll(a); }
inline unsigned __umulhi(unsigned a, unsigned b) {
  return static_cast<unsigned>(static_cast<uint64_t>(a) * b >> 32);
}
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<unsigned long long>(static_cast<Wide>(a) * b >> 64);
}

using std::max;
using std::min;
