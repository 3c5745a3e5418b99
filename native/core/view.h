// A strided window on memory: what a kernel sees of a tensor.
#pragma once
#include <cstdint>

#include "core/dtype.h"

namespace tenon {

constexpr int kMaxRank = 64;

/** Shape and strides (in elements) are owned by whoever made the view and outlive the launch. */
struct TensorView {
  void* data = nullptr;  // address of element [0, 0, ...]: the offset is already applied
  const int64_t* shape = nullptr;
  const int64_t* strides = nullptr;
  int64_t numel = 0;
  DType dtype = DType::f32;
  uint8_t rank = 0;
  bool contiguous = true;  // row major without gaps
  uint8_t place = 0;       // whose address `data` is: 0 the host's, else a device's

  template <class T>
  T* as() const {
    return static_cast<T*>(data);
  }
};

/** Elements of a shape; -1 when the product overflows 2^53 (the largest count JavaScript can name). */
inline int64_t checked_numel(const int64_t* shape, int rank) {
  constexpr int64_t limit = int64_t{1} << 53;
  int64_t n = 1;
  bool empty = false;
  for (int i = 0; i < rank; i++) {
    if (shape[i] < 0) return -1;
    if (shape[i] == 0) empty = true;
  }
  if (empty) return 0;
  for (int i = 0; i < rank; i++) {
    if (n > limit / shape[i]) return -1;
    n *= shape[i];
  }
  return n;
}

/** Strides of a row-major tensor. Those of an empty one may be anything: they wrap, if they have to. */
void row_major(const int64_t* shape, int rank, int64_t* strides);

inline bool is_contiguous(const int64_t* shape, const int64_t* strides, int rank) {
  uint64_t expect = 1;
  for (int i = rank - 1; i >= 0; i--) {
    if (shape[i] == 0) return true;
    if (shape[i] != 1) {
      if (static_cast<uint64_t>(strides[i]) != expect) return false;
      expect *= static_cast<uint64_t>(shape[i]);
    }
  }
  return true;
}

/** Whether `view` can be broadcast to `shape` (aligned at the last dimension). */
inline bool broadcasts_to(const TensorView& view, const int64_t* shape, int rank) {
  if (view.rank > rank) return false;
  const int skip = rank - view.rank;
  for (int i = 0; i < view.rank; i++)
    if (view.shape[i] != shape[skip + i] && view.shape[i] != 1) return false;
  return true;
}

}  // namespace tenon
