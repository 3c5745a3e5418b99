// The COMPARE rows of ops.def.
#include "kernels/compare.h"

#include "cpu/isa/elementwise.h"
#include "cpu/isa/kernels.h"

namespace tenon {
namespace TENON_ISA {

#define COMPARE(name, types)                                                                            \
  void kernel_##name(const Launch& l) {                                                                 \
    static constexpr Elementwise op = {                                                                 \
        {compare_loop<types, compare::name, float>(), compare_loop<types, compare::name, double>(),     \
         compare_loop<types, compare::name, int32_t>(), compare_loop<types, compare::name, int64_t>()}, \
        compare::name::cost};                                                                           \
    run_compare(l, op);                                                                                 \
  }

#include "ops.def"

}  // namespace TENON_ISA
}  // namespace tenon
