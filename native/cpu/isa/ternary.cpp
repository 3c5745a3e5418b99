// Kernels of three operands, element by element: addcmul, addcdiv, lerp.
#include "cpu/isa/elementwise.h"
#include "cpu/isa/kernels.h"
#include "kernels/value.h"

namespace tenon {
namespace TENON_ISA {

namespace {

/** A scalar as an element. */
template <class T>
T number(const Scalar& s) {
  if constexpr (std::is_floating_point_v<T>)
    return static_cast<T>(s.get());
  else
    return static_cast<T>(s.integer());
}

template <class T>
struct Addcmul {
  T value;
  explicit Addcmul(const Scalar* s) : value(number<T>(s[0])) {}
  template <class V>
  TENON_INLINE V operator()(V x, V a, V b) const {
    const V product = wrapping(splat(value), a, [](auto p, auto q) { return p * q; });
    return wrapping(x, wrapping(product, b, [](auto p, auto q) { return p * q; }),
                    [](auto p, auto q) { return p + q; });
  }
};

template <class T>
struct Addcdiv {
  T value;
  explicit Addcdiv(const Scalar* s) : value(number<T>(s[0])) {}
  template <class V>
  TENON_INLINE V operator()(V x, V a, V b) const {
    return x + splat(value) * a / b;
  }
};

/** From the nearer end, so that weights of 0 and 1 give the ends themselves. */
template <class T>
struct Lerp {
  explicit Lerp(const Scalar*) {}
  template <class V>
  TENON_INLINE V operator()(V x, V y, V weight) const {
    const V d = y - x;
    return select(magnitude(weight) < constant<V>(0.5), x + weight * d, y - d * (constant<V>(1) - weight));
  }
};

template <class F, class T>
void loop(void* out, const void* const* in, const int64_t* step, int64_t n, const Scalar* scalars) {
  constexpr int64_t w = Lanes<T>::count;
  const F f(scalars);
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
  constexpr Loop loops[] = {loop<Addcmul<float>, float>, loop<Addcmul<double>, double>,
                            loop<Addcmul<int32_t>, int32_t>, loop<Addcmul<int64_t>, int64_t>};
  run(l, loops[compute_index(l.compute)]);
}

void kernel_addcdiv(const Launch& l) {
  run(l, l.compute == DType::f32 ? loop<Addcdiv<float>, float> : loop<Addcdiv<double>, double>);
}

void kernel_lerp(const Launch& l) {
  run(l, l.compute == DType::f32 ? loop<Lerp<float>, float> : loop<Lerp<double>, double>);
}

}  // namespace TENON_ISA
}  // namespace tenon
