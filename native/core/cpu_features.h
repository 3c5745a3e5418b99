// What this processor and its operating system support (CPUID and XGETBV).
#pragma once

namespace tenon {

enum class Isa { sse2, avx2, avx512, neon };

bool isa_supported(Isa);
/** The best supported one; TENON_CPU_ISA=sse2|avx2|avx512|neon overrides it (an unsupported or unknown name
 * is ignored). */
Isa isa();
const char* isa_name(Isa);
/** Whether there is PCLMULQDQ, and SSE4.1 beside it. */
bool has_pclmul();
/** Whether there is VPCLMULQDQ for 512 bits at a time. */
bool has_wide_pclmul();

}  // namespace tenon
