#include "linalg/batch.h"

#include <cstdio>

namespace tenon {
namespace linalg {

Element::Element(const TensorView& matrices, int64_t i) {
  if (matrices.rank > 2)
    std::snprintf(text, sizeof text, "(Batch element %lld): ", static_cast<long long>(i));
}

}  // namespace linalg
}  // namespace tenon
