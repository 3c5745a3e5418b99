// The UNARY and PREDICATE rows of ops.def.
#include "kernels/unary.h"

#include "cpu/isa/elementwise.h"
#include "cpu/isa/kernels.h"

namespace tenon {
namespace TENON_ISA {

#define FUNCTOR_0(name, T) unary::name
#define FUNCTOR_1(name, T) unary::name<T>
#define FUNCTOR_2(name, T) unary::name<T>
#define FUNCTOR_3(name, T) unary::name<T>

#define UNARY(name, types, scalars)                                                                      \
  void kernel_##name(const Launch& l) {                                                                  \
    static constexpr Elementwise op = {{unary_loop<types, FUNCTOR_##scalars(name, float), float>(),      \
                                        unary_loop<types, FUNCTOR_##scalars(name, double), double>(),    \
                                        unary_loop<types, FUNCTOR_##scalars(name, int32_t), int32_t>(),  \
                                        unary_loop<types, FUNCTOR_##scalars(name, int64_t), int64_t>()}, \
                                       FUNCTOR_##scalars(name, float)::cost};                            \
    run_unary(l, op);                                                                                    \
  }

#define PREDICATE(name, types)                                                                          \
  void kernel_##name(const Launch& l) {                                                                 \
    static constexpr Elementwise op = {                                                                 \
        {predicate_loop<types, unary::name, float>(), predicate_loop<types, unary::name, double>(),     \
         predicate_loop<types, unary::name, int32_t>(), predicate_loop<types, unary::name, int64_t>()}, \
        unary::name::cost};                                                                             \
    run_predicate(l, op);                                                                               \
  }

#include "ops.def"

}  // namespace TENON_ISA
}  // namespace tenon
