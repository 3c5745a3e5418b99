#include "cpu/kernel_table.h"

#include "core/cpu_features.h"

namespace tenon {

#if defined(__x86_64__) || defined(_M_X64)
namespace sse2 {
extern const Kernel kernel_table[];
}
#ifndef TENON_ONE_ISA
namespace avx2 {
extern const Kernel kernel_table[];
}
namespace avx512 {
extern const Kernel kernel_table[];
}
#endif
#else
namespace neon {
extern const Kernel kernel_table[];
}
#endif

const char* op_name(int op) {
  static const char* const names[] = {
#define TENON_NAME(name, ...) #name,
#define UNARY TENON_NAME
#define PREDICATE TENON_NAME
#define BINARY TENON_NAME
#define COMPARE TENON_NAME
#define REDUCE TENON_NAME
#define KERNEL TENON_NAME
#include "ops.def"
#undef TENON_NAME
  };
  return op >= 0 && op < kOpCount ? names[op] : "?";
}

const Kernel* cpu_kernels(Isa isa) {
#if defined(__x86_64__) || defined(_M_X64)
  switch (isa) {
#ifndef TENON_ONE_ISA
    case Isa::avx512: return avx512::kernel_table;
    case Isa::avx2: return avx2::kernel_table;
#endif
    default: return sse2::kernel_table;
  }
#else
  (void)isa;
  return neon::kernel_table;
#endif
}

const Kernel* cpu_kernels() {
  static const Kernel* const table = cpu_kernels(isa());
  return table;
}

}  // namespace tenon
