// Kernels of three operands, element by element: addcmul, addcdiv, lerp.
#include "kernels/ternary.h"

#include "cpu/isa/elementwise.h"
#include "cpu/isa/kernels.h"

namespace tenon {
namespace TENON_ISA {

namespace {

template <class F, class T>
void loop(void* out, const void* const* in, const int64_t* step, int64_t n, const Scalar* scalars) {
  constexpr int64_t w = Lanes<T>::count;
  const F f = make_functor<F>(scalars);
  const T *x = static_cast<const T*>(in[0]), *y = static_cast<const T*>(in[1]),
          *z = static_cast<const T*>(in[2]);
  T* o = static_cast<T*>(out);
  const int64_t dx = step[0] * w, dy = step[1] * w, dz = step[2] * w;
  for (; n >= w; n -= w, x += dx, y += dy, z += dz, o += w) store(o, f(load(x), load(y), load(z)));
  if (n) store_part(o, f(load_part(x, n), load_part(y, n), load_part(z, n)), n);
}

void run(const Launch& l, Loop loop) {
  const DType types[] = {l.compute, l.compute, l.compute, l.compute};
  run_ternary(l, loop, types);
}

}  // namespace

void kernel_addcmul(const Launch& l) {
  using ternary::addcmul;
  constexpr Loop loops[] = {loop<addcmul<float>, float>, loop<addcmul<double>, double>,
                            loop<addcmul<int32_t>, int32_t>, loop<addcmul<int64_t>, int64_t>};
  run(l, loops[compute_index(l.compute)]);
}

void kernel_addcdiv(const Launch& l) {
  using ternary::addcdiv;
  run(l, l.compute == DType::f32 ? loop<addcdiv<float>, float> : loop<addcdiv<double>, double>);
}

void kernel_lerp(const Launch& l) {
  run(l, l.compute == DType::f32 ? loop<ternary::lerp, float> : loop<ternary::lerp, double>);
}

}  // namespace TENON_ISA
}  // namespace tenon
