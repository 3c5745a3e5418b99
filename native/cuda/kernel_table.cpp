#include "cuda/kernel_table.h"

namespace tenon {
namespace cuda {

extern const Kernel kernel_table[] = {
#define TENON_ENTRY(name, ...) &kernel_##name,
#define UNARY TENON_ENTRY
#define PREDICATE TENON_ENTRY
#define BINARY TENON_ENTRY
#define COMPARE TENON_ENTRY
#define REDUCE TENON_ENTRY
#define KERNEL TENON_ENTRY
#define HOST_KERNEL(...) nullptr,
#include "ops.def"
#undef TENON_ENTRY
};

}  // namespace cuda
}  // namespace tenon
