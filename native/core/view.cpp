#include "core/view.h"

namespace tenon {

void row_major(const int64_t* shape, int rank, int64_t* strides) {
  uint64_t step = 1;
  for (int i = rank - 1; i >= 0; i--) {
    strides[i] = static_cast<int64_t>(step);
    step *= shape[i] > 1 ? static_cast<uint64_t>(shape[i]) : 1;
  }
}

}  // namespace tenon
