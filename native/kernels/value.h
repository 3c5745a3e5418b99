// What functors are written in: a value type V, which on the CPU is a vector (of as many lanes as a register
// has), and the functions on it. Functors are templates on V, so that the same mathematics serves other kinds
// of V.
#pragma once
#if defined(TENON_CUDA_KERNELS)
#include "cuda/kernels/scalar.h"
#else
#include "cpu/isa/vec.h"
#endif

namespace tenon {
namespace TENON_ISA {

/** What an element costs, in units of an addition that is fed from memory: threads share the work from a
 * total on. */
struct Cheap {
  static constexpr int cost = 1;
};
struct Costly {
  static constexpr int cost = 8;
};

/** Integer arithmetic modulo 2^n, whatever the sign; floating arithmetic as it is. */
template <class V, class F>
TENON_INLINE V wrapping(V x, F f) {
  if constexpr (is_float_vector<V>)
    return f(x);
  else
    return bit_cast<V>(f(bit_cast<Unsigned<V>>(x)));
}
template <class V, class F>
TENON_INLINE V wrapping(V x, V y, F f) {
  if constexpr (is_float_vector<V>)
    return f(x, y);
  else
    return bit_cast<V>(f(bit_cast<Unsigned<V>>(x), bit_cast<Unsigned<V>>(y)));
}

}  // namespace TENON_ISA
}  // namespace tenon
