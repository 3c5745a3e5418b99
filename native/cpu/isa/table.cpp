// This instruction set's kernels, in the order of ops.def; those of all sets are found a namespace further
// out.
#include "cpu/isa/kernels.h"
#include "cpu/kernel_table.h"
#include "cpu/shared_kernels.h"

namespace tenon {
namespace TENON_ISA {

extern const Kernel kernel_table[];
const Kernel kernel_table[] = {
#define TENON_ENTRY(name, ...) &kernel_##name,
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
