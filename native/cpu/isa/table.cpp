// This instruction set's kernels, in the order of ops.def; those of all sets are found a namespace further
// out.
#include <type_traits>

#include "cpu/isa/kernels.h"
#include "cpu/isa/shared_with_avx2.h"
#include "cpu/kernel_table.h"
#include "cpu/shared_kernels.h"

namespace tenon {

#if defined(TENON_SHARES_AVX2)
namespace avx2 {
#define TENON_DECLARE(name, ...) void kernel_##name(const Launch&);
#define UNARY TENON_DECLARE
#define PREDICATE TENON_DECLARE
#define BINARY TENON_DECLARE
#define COMPARE TENON_DECLARE
#define REDUCE TENON_DECLARE
#define KERNEL TENON_DECLARE
#define SHARED_KERNEL(...)
#include "ops.def"
#undef TENON_DECLARE
}  // namespace avx2
#endif

namespace TENON_ISA {

extern const Kernel kernel_table[];
const Kernel kernel_table[] = {
#if defined(TENON_SHARES_AVX2)
// Of the two only the one that is taken needs to exist.
#define TENON_ENTRY(name, ...)             \
  [](auto shared) constexpr -> Kernel {    \
    if constexpr (decltype(shared)::value) \
      return &avx2::kernel_##name;         \
    else                                   \
      return &kernel_##name;               \
  }(std::bool_constant<shared_with_avx2(Op::name)>{}),
#define SHARED_KERNEL(name, ...) &kernel_##name,
#else
#define TENON_ENTRY(name, ...) &kernel_##name,
#endif
#define UNARY TENON_ENTRY
#define PREDICATE TENON_ENTRY
#define BINARY TENON_ENTRY
#define COMPARE TENON_ENTRY
#define REDUCE TENON_ENTRY
#define KERNEL TENON_ENTRY
#include "ops.def"
#undef TENON_ENTRY
};

}  // namespace TENON_ISA
}  // namespace tenon
