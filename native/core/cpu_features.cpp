#include "core/cpu_features.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>

#if defined(__x86_64__) || defined(_M_X64)
#define TENON_X86 1
#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#endif

namespace tenon {

namespace {

#ifdef TENON_X86
struct Registers {
  unsigned a, b, c, d;
};

Registers cpuid(unsigned leaf, unsigned subleaf) {
  Registers r{};
  __cpuid_count(leaf, subleaf, r.a, r.b, r.c, r.d);
  return r;
}

/** Which register files the operating system saves (XCR0). */
uint64_t saved_state() {
  unsigned a, d;
  __asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
  return uint64_t{d} << 32 | a;
}

struct Features {
  bool avx2 = false, avx512 = false, pclmul = false, wide_pclmul = false;
};

Features detect() {
  Features f;
  const Registers leaf1 = cpuid(1, 0);
  f.pclmul = (leaf1.c >> 1 & 1) && (leaf1.c >> 19 & 1);
#ifdef TENON_ONE_ISA
  return f;
#endif
  const bool osxsave = leaf1.c >> 27 & 1;
  if (!osxsave || cpuid(0, 0).a < 7) return f;
  const uint64_t state = saved_state();
  const bool fma = leaf1.c >> 12 & 1, f16c = leaf1.c >> 29 & 1;
  const Registers leaf7 = cpuid(7, 0);
  const unsigned b = leaf7.b;
  const bool avx2 = b >> 5 & 1, bmi2 = b >> 8 & 1;
  f.avx2 = (state & 0x6) == 0x6 && avx2 && fma && f16c && bmi2;
  const bool foundation = b >> 16 & 1, dq = b >> 17 & 1, bw = b >> 30 & 1, vl = b >> 31 & 1;
  f.avx512 = f.avx2 && (state & 0xe6) == 0xe6 && foundation && dq && bw && vl;
  f.wide_pclmul = f.pclmul && f.avx512 && (leaf7.c >> 10 & 1);
  return f;
}

const Features& features() {
  static const Features f = detect();
  return f;
}
#endif

Isa choose() {
  static const Isa best_first[] = {Isa::avx512, Isa::avx2, Isa::sse2, Isa::neon};
  if (const char* wanted = std::getenv("TENON_CPU_ISA"))
    for (Isa i : best_first)
      if (!std::strcmp(wanted, isa_name(i)) && isa_supported(i)) return i;
  for (Isa i : best_first)
    if (isa_supported(i)) return i;
  return Isa::sse2;
}

}  // namespace

bool isa_supported(Isa i) {
#ifdef TENON_X86
  switch (i) {
    case Isa::sse2: return true;
    case Isa::avx2: return features().avx2;
    case Isa::avx512: return features().avx512;
    default: return false;
  }
#else
  return i == Isa::neon;
#endif
}

bool has_pclmul() {
#ifdef TENON_X86
  return features().pclmul;
#else
  return false;
#endif
}

bool has_wide_pclmul() {
#ifdef TENON_X86
  return features().wide_pclmul;
#else
  return false;
#endif
}

Isa isa() {
  static const Isa chosen = choose();
  return chosen;
}

const char* isa_name(Isa i) {
  static const char* const names[] = {"sse2", "avx2", "avx512", "neon"};
  return names[static_cast<int>(i)];
}

}  // namespace tenon
