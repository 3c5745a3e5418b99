// The functors of the COMPARE rows of ops.def, by the names they have there: masks.
#pragma once
#include "kernels/value.h"

namespace tenon {
namespace TENON_ISA {
namespace compare {

struct eq : Cheap {
  template <class V>
  TENON_INLINE Mask<V> operator()(V x, V y) const {
    return x == y;
  }
};

struct ne : Cheap {
  template <class V>
  TENON_INLINE Mask<V> operator()(V x, V y) const {
    return x != y;
  }
};

struct lt : Cheap {
  template <class V>
  TENON_INLINE Mask<V> operator()(V x, V y) const {
    return x < y;
  }
};

struct le : Cheap {
  template <class V>
  TENON_INLINE Mask<V> operator()(V x, V y) const {
    return x <= y;
  }
};

struct gt : Cheap {
  template <class V>
  TENON_INLINE Mask<V> operator()(V x, V y) const {
    return x > y;
  }
};

struct ge : Cheap {
  template <class V>
  TENON_INLINE Mask<V> operator()(V x, V y) const {
    return x >= y;
  }
};

struct logicalAnd : Cheap {
  template <class V>
  TENON_INLINE Mask<V> operator()(V x, V y) const {
    return (x != V{}) & (y != V{});
  }
};

struct logicalOr : Cheap {
  template <class V>
  TENON_INLINE Mask<V> operator()(V x, V y) const {
    return (x != V{}) | (y != V{});
  }
};

struct logicalXor : Cheap {
  template <class V>
  TENON_INLINE Mask<V> operator()(V x, V y) const {
    return (x != V{}) ^ (y != V{});
  }
};

}  // namespace compare
}  // namespace TENON_ISA
}  // namespace tenon
