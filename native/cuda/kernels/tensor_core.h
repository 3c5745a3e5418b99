// Asynchronous copies and tensor-core instructions behind functions, the one place for them: PTX under nvcc,
// twins that do the same to the last lane under the emulation. All but ldmatrix need compute capability 8.0:
// kernels that use them are launched from there on only, and compiled for older processors they are empty.
// PTX ISA: https://docs.nvidia.com/cuda/parallel-thread-execution/ (cp.async, ldmatrix, mma.m16n8k16).
//
// A fragment of mma has, of lane l with row = l / 4 and column = 2 (l % 4), two elements in a register, the
// lower column (of B: row) in the lower half:
//   A (16 x 16)  a[0]: (row, column), a[1]: (row + 8, column), a[2]: (row, column + 8), a[3]: (row + 8,
//   column + 8) B (16 x 8)   b[0]: (column, row), b[1]: (column + 8, row) D (16 x 8)   d[0], d[1]: (row,
//   column), d[2], d[3]: (row + 8, column); float, one a register
#pragma once
#include "cuda/kernels/convert.h"
#include "cuda/kernels/kernel.h"

/** Whether there is code for tensor cores; where there is none, kernels that need it are empty. */
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
#define TENON_TENSOR_CORES 0
#else
#define TENON_TENSOR_CORES 1
#endif

namespace tenon {
namespace cuda {

#ifdef __CUDACC__
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
#define TENON_SM80 1
#else
#define TENON_SM80 0
#endif

TENON_DEVICE uint32_t shared_address(const void* p) {
  return static_cast<uint32_t>(__cvta_generic_to_shared(p));
}

/**
 * Copies kBytes (4, 8 or 16; both addresses aligned to them) from global to shared memory, or writes zeros if
 * not `inside`; `from` need only be some valid address then. Arrives at the wait for its group.
 */
template <int kBytes>
TENON_DEVICE void cp_async(void* to, const void* from, bool inside = true) {
  static_assert(kBytes == 4 || kBytes == 8 || kBytes == 16, "sizes that cp.async has");
#if TENON_SM80
  const uint32_t bytes = inside ? kBytes : 0;
  if constexpr (kBytes == 16)
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;\n" ::"r"(shared_address(to)),
                 "l"(__cvta_generic_to_global(from)), "r"(bytes)
                 : "memory");
  else
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;\n" ::"r"(shared_address(to)),
                 "l"(__cvta_generic_to_global(from)), "n"(kBytes), "r"(bytes)
                 : "memory");
#endif
}
/** Makes a group of the copies since the last one. */
TENON_DEVICE void cp_async_commit() {
#if TENON_SM80
  asm volatile("cp.async.commit_group;\n" ::: "memory");
#endif
}
/** Waits for all but the kPending latest groups of this thread; other threads' take a barrier more. */
template <int kPending>
TENON_DEVICE void cp_async_wait() {
#if TENON_SM80
  asm volatile("cp.async.wait_group %0;\n" ::"n"(kPending) : "memory");
#endif
}

/** Four 8 x 8 matrices of 16-bit elements: lane l gives row l % 8 of matrix l / 8, 16 bytes that are shared.
 */
TENON_DEVICE void ldmatrix_x4(uint32_t (&r)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];\n"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(row))
               : "memory");
}
/** The same, each matrix transposed. */
TENON_DEVICE void ldmatrix_x4_trans(uint32_t (&r)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];\n"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(row))
               : "memory");
}

/** d += a b, elements bfloat16. */
TENON_DEVICE void mma_bf16(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
#if TENON_SM80
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
      "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};\n"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
#endif
}
/** d += a b, elements float16. */
TENON_DEVICE void mma_f16(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
#if TENON_SM80
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
      "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};\n"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
#endif
}
/** Both rounded to nearest even, the first in the lower half. */
TENON_DEVICE uint32_t pack_f16(float low, float high) {
  uint32_t both = 0;
#if TENON_SM80
  asm("cvt.rn.f16x2.f32 %0, %1, %2;\n" : "=r"(both) : "f"(high), "f"(low));
#endif
  return both;
}
TENON_DEVICE uint32_t pack_bf16(float low, float high) {
  uint32_t both = 0;
#if TENON_SM80
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;\n" : "=r"(both) : "f"(high), "f"(low));
#endif
  return both;
}
#undef TENON_SM80

#else

namespace emulation {

inline void need(int least, const char* what, uintptr_t address, unsigned alignment, Site site) {
  if (capability() < least)
    fail("%s (%s:%d) needs compute capability %d.%d", what, site.file, site.line, least / 10, least % 10);
  if (address % alignment != 0)
    fail("%s (%s:%d): an address is not aligned to %u bytes", what, site.file, site.line, alignment);
}

template <bool kTransposed>
void ldmatrix(uint32_t (&r)[4], const void* row, Site site) {
  need(75, site.what, reinterpret_cast<uintptr_t>(row), 16, site);
  MatrixRow mine;
  const auto* words = static_cast<const uint32_t*>(row);  // read here: sanitizers see this lane do it
  for (int i = 0; i < 4; i++) mine.words[i] = words[i];
  load_matrices(mine, kTransposed, site);
  for (int i = 0; i < 4; i++) r[i] = mine.result[i];
}

}  // namespace emulation

/** Between the call and the wait, what is in `to` is undefined: NaN here. */
template <int kBytes>
inline void cp_async(void* to, const void* from, bool inside = true, TENON_HERE) {
  static_assert(kBytes == 4 || kBytes == 8 || kBytes == 16, "sizes that cp.async has");
  const auto addresses = reinterpret_cast<uintptr_t>(to) | reinterpret_cast<uintptr_t>(from);
  emulation::need(80, "cp.async", addresses, kBytes, TENON_SITE("cp.async"));
  auto* words = static_cast<uint32_t*>(to);
  for (int i = 0; i < kBytes / 4; i++) words[i] = 0xffffffffu;
  emulation::async_copy({words, inside ? static_cast<const uint32_t*>(from) : nullptr, kBytes / 4});
}
inline void cp_async_commit() { emulation::async_commit(); }
template <int kPending>
inline void cp_async_wait() {
  size_t count = 0;
  const emulation::AsyncCopy* copies = emulation::async_wait(kPending, &count);
  for (size_t c = 0; c < count; c++)
    for (unsigned i = 0; i < copies[c].words; i++) copies[c].to[i] = copies[c].from ? copies[c].from[i] : 0;
}

inline void ldmatrix_x4(uint32_t (&r)[4], const void* row, TENON_HERE) {
  emulation::ldmatrix<false>(r, row, TENON_SITE("ldmatrix"));
}
inline void ldmatrix_x4_trans(uint32_t (&r)[4], const void* row, TENON_HERE) {
  emulation::ldmatrix<true>(r, row, TENON_SITE("ldmatrix.trans"));
}

inline uint32_t pack_f16(float low, float high) {
  return static_cast<uint32_t>(narrow_half(low).bits) | static_cast<uint32_t>(narrow_half(high).bits) << 16;
}
inline uint32_t pack_bf16(float low, float high) {
  return static_cast<uint32_t>(narrow_bfloat(low).bits) | static_cast<uint32_t>(narrow_bfloat(high).bits)
                                                              << 16;
}

inline void mma_bf16(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1, TENON_HERE) {
  emulation::need(80, "mma", 0, 1, TENON_SITE("mma"));
  emulation::multiply({d, a, {b0, b1}}, true, TENON_SITE("mma"));
}
inline void mma_f16(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1, TENON_HERE) {
  emulation::need(80, "mma", 0, 1, TENON_SITE("mma"));
  emulation::multiply({d, a, {b0, b1}}, false, TENON_SITE("mma"));
}
#endif

}  // namespace cuda
}  // namespace tenon
