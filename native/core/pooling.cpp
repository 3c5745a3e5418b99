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

}  // namespace tenon
