#include "core/pooling.h"

namespace tenon {

PoolGeometry pool_geometry(const Launch& l, const TensorView& in, const TensorView& out) {
  PoolGeometry g = pool_sizes(l, in, out);
  const bool adaptive = l.scalar[1].get() != 0;
  for (int i = 0; i < g.dims; i++) {
    PoolAxis& a = g.axis[3 - g.dims + i];
    a.adaptive = adaptive;
    if (adaptive) continue;
    const Scalar* const s = l.scalar + 2 + i * kPoolScalars;
    a.kernel = s[0].integer();
    a.stride = s[1].integer();
    a.padding = s[2].integer();
    a.dilation = s[3].integer();
  }
  return g;
}

bool is_narrow_pool(const PoolGeometry& g) {
  constexpr int64_t most = INT32_MAX / 2;
  if (g.in() > most || g.out() > most) return false;
  for (const PoolAxis& a : g.axis) {
    if (a.adaptive ? (a.in + 1) * (a.out + 1) > most
                   : a.in + 2 * a.padding + a.stride + a.kernel * a.dilation > most)
      return false;
  }
  return true;
}

}  // namespace tenon
