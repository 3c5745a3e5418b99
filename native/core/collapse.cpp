#include "core/collapse.h"

namespace tenon {

namespace {

struct Dim {
  int64_t size;
  int64_t stride[kMaxOperands];
};

int64_t distance(int64_t stride) { return stride < 0 ? -stride : stride; }

/** Whether `a` belongs outside of `b`. */
bool coarser(const int64_t* a, const int64_t* b, int count) {
  for (int k = 0; k < count; k++)
    if (distance(a[k]) != distance(b[k])) return distance(a[k]) > distance(b[k]);
  return false;
}

}  // namespace

Space collapse(const TensorView* views, int count) {
  const TensorView& first = views[0];
  Space space;
  for (int i = 0; i < first.rank; i++) {
    Dim dim{first.shape[i], {}};
    if (dim.size == 1) continue;
    for (int k = 0; k < count; k++) {
      const int own = i - (first.rank - views[k].rank);
      dim.stride[k] = own < 0 || views[k].shape[own] == 1 ? 0 : views[k].strides[own];
    }
    int at = space.rank++;
    for (; at > 0 && coarser(dim.stride, space.stride[at - 1], count); at--) {
      space.size[at] = space.size[at - 1];
      for (int k = 0; k < count; k++) space.stride[at][k] = space.stride[at - 1][k];
    }
    space.size[at] = dim.size;
    for (int k = 0; k < count; k++) space.stride[at][k] = dim.stride[k];
  }
  int last = 0;
  for (int i = 1; i < space.rank; i++) {
    bool merges = true;
    for (int k = 0; k < count; k++) merges &= space.stride[last][k] == space.stride[i][k] * space.size[i];
    if (merges) {
      space.size[last] *= space.size[i];
    } else {
      last++;
      space.size[last] = space.size[i];
    }
    for (int k = 0; k < count; k++) space.stride[last][k] = space.stride[i][k];
  }
  if (space.rank) space.rank = last + 1;
  return space;
}

}  // namespace tenon
