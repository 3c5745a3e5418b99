#include "core/steady.h"

#include <cstring>

namespace tenon {

namespace {

/** Elements of a copy: a dimension that repeats its elements (stride 0) has one. */
int64_t extent(const TensorView& v, int dim) { return v.strides[dim] == 0 ? 1 : v.shape[dim]; }

int64_t bytes_of(const TensorView& v) {
  if (v.numel == 0) return 0;
  int64_t n = element_size(v.dtype);
  for (int d = 0; d < v.rank; d++) n *= extent(v, d);
  return (n + 63) & ~int64_t{63};
}

/** Copies the elements of the dimensions from `dim` on to `to`; returns the place after them. */
char* gather(const TensorView& v, int dim, const char* from, char* to) {
  const int64_t size = element_size(v.dtype);
  if (dim == v.rank) {
    std::memcpy(to, from, static_cast<size_t>(size));
    return to + size;
  }
  for (int64_t i = 0; i < extent(v, dim); i++) to = gather(v, dim + 1, from + i * v.strides[dim] * size, to);
  return to;
}

}  // namespace

Launch Steady::copy(const Launch& launch) {
  const size_t operands = launch.outputs + launch.inputs;
  views_.assign(launch.views, launch.views + operands);
  int64_t bytes = 0;
  size_t dims = 0;
  for (size_t i = launch.outputs; i < operands; i++) {
    if (is_floating(views_[i].dtype)) continue;
    bytes += bytes_of(views_[i]);
    dims += views_[i].rank;
  }
  char* to = static_cast<char*>(bytes_.bytes(static_cast<size_t>(bytes)));
  if (strides_.size() < dims) strides_.resize(dims);
  int64_t* strides = strides_.data();
  for (size_t i = launch.outputs; i < operands; i++) {
    TensorView& v = views_[i];
    if (is_floating(v.dtype) || v.numel == 0) continue;
    const char* const from = static_cast<const char*>(v.data);
    if (v.contiguous)
      std::memcpy(to, from, static_cast<size_t>(v.numel * element_size(v.dtype)));
    else
      gather(v, 0, from, to);
    const int64_t taken = bytes_of(v);
    int64_t step = 1;
    for (int d = v.rank - 1; d >= 0; d--) {
      strides[d] = v.strides[d] == 0 ? 0 : step;
      step *= extent(v, d);
    }
    v.data = to;
    if (!v.contiguous) {
      v.strides = strides;
      v.contiguous = is_contiguous(v.shape, v.strides, v.rank);
    }
    strides += v.rank;
    to += taken;
  }
  Launch steady = launch;
  steady.views = views_.data();
  return steady;
}

}  // namespace tenon
