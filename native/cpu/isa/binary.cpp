// The BINARY rows of ops.def.
#include "kernels/binary.h"

#include "cpu/isa/blocks.h"
#include "cpu/isa/elementwise.h"
#include "cpu/isa/kernels.h"

namespace tenon {
namespace TENON_ISA {

namespace {

bool has_zero(const TensorView& x, DType compute) {
  if (x.numel == 0) return false;
  const Space space = collapse(&x, 1);
  const Blocks blocks(space, 1, kBlock);
  bool found = false;
  blocks.each(0, blocks.count(), [&](const Block& b) {
    alignas(64) int64_t values[kBlock];
    const Grid grid = {b.at[0], blocks.row_stride[0], blocks.column_stride[0], b.rows, b.columns};
    load_grid(x.data, x.dtype, grid, compute, values);
    const int64_t n = b.rows * b.columns;
    if (compute == DType::i64) {
      for (int64_t i = 0; i < n; i++) found |= values[i] == 0;
    } else {
      const int32_t* const narrow = reinterpret_cast<const int32_t*>(values);
      for (int64_t i = 0; i < n; i++) found |= narrow[i] == 0;
    }
  });
  return found;
}

/** Refuses integers to be divided by zero: true when the launch is over. */
bool refuse_zero(const Launch& l, const char* name) {
  if (l.compute == DType::f32 || l.compute == DType::f64 || l.out().numel == 0 ||
      !has_zero(l.in(1), l.compute))
    return false;
  set_error(*l.error, ErrorCode::argument, "%s: integer division by zero", name);
  return true;
}

// What an op does before its loop, by functor: true when the launch is over.
template <class T>
bool before(const T*, const Launch&) {
  return false;
}

bool before(const binary::floorDivide*, const Launch& l) { return refuse_zero(l, "floorDivide"); }

bool before(const binary::truncDivide*, const Launch& l) { return refuse_zero(l, "truncDivide"); }

bool before(const binary::remainder*, const Launch& l) { return refuse_zero(l, "remainder"); }

bool before(const binary::fmod*, const Launch& l) { return refuse_zero(l, "fmod"); }

/** The powers that are something simpler, if the exponent is a number: zeros and infinities may then differ.
 */
bool before(const binary::pow*, const Launch& l) {
  const TensorView& y = l.in(1);
  if (y.shape || l.out().numel == 0) return false;
  double exponent;
  load_strided(y.data, y.dtype, 0, 1, 1, &exponent);
  const bool floating = l.compute == DType::f32 || l.compute == DType::f64;
  Launch simpler = l;
  simpler.inputs = 1;
  if (exponent == 2)
    kernel_square(simpler);
  else if (floating && exponent == 0.5)
    kernel_sqrt(simpler);
  else if (floating && exponent == -0.5)
    kernel_rsqrt(simpler);
  else if (floating && exponent == -1)
    kernel_reciprocal(simpler);
  else
    return false;
  return true;
}

}  // namespace

#define FUNCTOR_0(name, T) binary::name
#define FUNCTOR_1(name, T) binary::name<T>
#define FUNCTOR_2(name, T) binary::name<T>
#define FUNCTOR_3(name, T) binary::name<T>

#define BINARY(name, types, scalars)                                                                      \
  void kernel_##name(const Launch& l) {                                                                   \
    static constexpr Elementwise op = {{binary_loop<types, FUNCTOR_##scalars(name, float), float>(),      \
                                        binary_loop<types, FUNCTOR_##scalars(name, double), double>(),    \
                                        binary_loop<types, FUNCTOR_##scalars(name, int32_t), int32_t>(),  \
                                        binary_loop<types, FUNCTOR_##scalars(name, int64_t), int64_t>()}, \
                                       FUNCTOR_##scalars(name, float)::cost};                             \
    if (before(static_cast<const FUNCTOR_##scalars(name, float)*>(nullptr), l)) return;                   \
    run_binary(l, op);                                                                                    \
  }

#include "ops.def"

}  // namespace TENON_ISA
}  // namespace tenon
