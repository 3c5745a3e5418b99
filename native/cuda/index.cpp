// indexSelect, indexAdd, indexCopy and linearIndex: kernels/index.cu.
#include "cuda/kernels/index.h"

#include <algorithm>

#include "cuda/indices.h"
#include "cuda/kernel_table.h"

namespace tenon {
namespace cuda {

namespace {

constexpr unsigned kThreads = 256;

int64_t index_stride(const TensorView& index) { return index.rank ? index.strides[0] : 1; }
int64_t size_of(const TensorView& v, int i) { return i < v.rank ? v.shape[i] : 1; }

/** A dimension of both tensors. */
struct IndexDim {
  int64_t size, many, whole;
  bool picked;
};

int64_t distance(int64_t stride) { return stride < 0 ? -stride : stride; }

/** Whether one dimension belongs outside of another: threads are neighbours where the output's elements are.
 */
bool coarser(const IndexDim& a, const IndexDim& b, bool writes_many) {
  const int64_t a_out = distance(writes_many ? a.many : a.whole);
  const int64_t b_out = distance(writes_many ? b.many : b.whole);
  if (a_out != b_out) return a_out > b_out;
  return distance(writes_many ? a.whole : a.many) > distance(writes_many ? b.whole : b.many);
}

/** Fills in the dimensions: sorted, and merged where both tensors step through two as through one. */
void set_dims(IndexRows& p, const TensorView& many, const TensorView& whole, int dim, bool writes_many) {
  IndexDim dims[kMaxRank];
  int count = 0;
  if (many.rank == 0) dims[count++] = {1, 0, 0, true};
  for (int i = 0; i < many.rank; i++)
    if (i == dim || many.shape[i] != 1)
      dims[count++] = {many.shape[i], many.strides[i], whole.strides[i], i == dim};
  std::stable_sort(dims, dims + count,
                   [&](const IndexDim& a, const IndexDim& b) { return coarser(a, b, writes_many); });
  int last = 0;
  for (int i = 1; i < count; i++) {
    const IndexDim &outer = dims[last], inner = dims[i];
    if (!outer.picked && !inner.picked && outer.many == inner.many * inner.size &&
        outer.whole == inner.whole * inner.size)
      dims[last] = {outer.size * inner.size, inner.many, inner.whole, false};
    else
      dims[++last] = inner;
  }
  p.rank = last + 1;
  for (int i = 0; i <= last; i++) {
    p.size[i] = dims[i].size;
    p.many_stride[i] = dims[i].many;
    p.whole_stride[i] = dims[i].whole;
    if (dims[i].picked) p.picked = i;
  }
}

/** Makes several neighbours one element of up to 16 bytes, where rows allow that; returns its size. */
int64_t widen(IndexRows& p, int64_t bytes) {
  const int inner = p.rank - 1;
  if (inner == p.picked || p.many_stride[inner] != 1 || p.whole_stride[inner] != 1) return bytes;
  int64_t together = p.size[inner] | (16 / bytes);
  for (int i = 0; i < inner; i++) together |= p.many_stride[i] | p.whole_stride[i];
  together &= -together;  // the largest power of two that divides them all
  while ((reinterpret_cast<uintptr_t>(p.many) | reinterpret_cast<uintptr_t>(p.whole)) %
         static_cast<uintptr_t>(together * bytes))
    together /= 2;
  if (together == 1) return bytes;
  p.size[inner] /= together;
  p.numel /= together;
  for (int i = 0; i < inner; i++) p.many_stride[i] /= together, p.whole_stride[i] /= together;
  return together * bytes;
}

const char* by_size(int64_t bytes, const char* const (&names)[5]) {
  return names[bytes == 1 ? 0 : bytes == 2 ? 1 : bytes == 4 ? 2 : bytes == 8 ? 3 : 4];
}

const char* add_kernel(DType t) {
  switch (t) {
    case DType::f32: return "index_add_f32";
    case DType::f64: return "index_add_f64";
    case DType::f16: return "index_add_f16";
    case DType::bf16: return "index_add_bf16";
    case DType::i8:
    case DType::u8: return "index_add_i8";
    case DType::i16: return "index_add_i16";
    case DType::i32: return "index_add_i32";
    case DType::i64: return "index_add_i64";
    default: return "index_add_bool";
  }
}

/** indexAdd and indexCopy: rows of the source into rows of the output, by the order of their indices. */
void write_rows(const Launch& l, Queue& q, bool adds) {
  const TensorView& out = l.out();
  const int dim = static_cast<int>(l.scalar[0].integer());
  const int64_t size = size_of(out, dim), n = l.in(1).numel;
  Parts parts;
  const auto divide = [&](void* memory) {
    parts = Parts();
    int64_t* const numbers[2] = {parts.take<int64_t>(memory, 1), parts.take<int64_t>(memory, 1)};
    return std::make_pair(OrderMemory(parts, memory, n), std::make_pair(numbers[0], numbers[1]));
  };
  divide(nullptr);
  const auto [memory, numbers] = divide(q.scratch(parts.bytes()));
  const TensorView source = on_device(l.in(0), numbers.first, q);
  const TensorView index = on_device(l.in(1), numbers.second, q);
  check_index(l, index, kIndexOutOfRange, 0, size, dim, q);
  if (source.numel == 0) return;
  const SortedIndices sorted = sort_indices(index.as<int64_t>(), index_stride(index), n, size, memory, q);
  IndexRows p;
  p.failure = q.failure();
  p.many = source.data;
  p.whole = out.data;
  p.index = sorted.rows;
  p.index_stride = 1;
  p.indices = n;
  p.order = sorted.order;
  p.numel = source.numel;
  set_dims(p, source, out, dim, false);
  const char* kernel = add_kernel(out.dtype);
  if (!adds)
    kernel = by_size(widen(p, element_size(out.dtype)), {"index_copy_b8", "index_copy_b16", "index_copy_b32",
                                                         "index_copy_b64", "index_copy_b128"});
  q.launch(kernel, {blocks_for(p.numel, kThreads, 1, q)}, kThreads, p);
}

}  // namespace

void select_rows(const TensorView& x, const TensorView& index, int dim, const TensorView& out, Queue& q) {
  IndexRows p;
  p.failure = q.failure();
  p.many = out.data;
  p.whole = x.data;
  p.index = index.as<int64_t>();
  p.index_stride = index_stride(index);
  p.indices = index.numel;
  p.order = nullptr;
  p.numel = out.numel;
  set_dims(p, out, x, dim, true);
  const char* const kernel = by_size(
      widen(p, element_size(out.dtype)),
      {"index_select_b8", "index_select_b16", "index_select_b32", "index_select_b64", "index_select_b128"});
  q.launch(kernel, {blocks_for(p.numel, kThreads, 1, q)}, kThreads, p);
}

void kernel_indexSelect(const Launch& l, Queue& q) {
  const int dim = static_cast<int>(l.scalar[0].integer());
  int64_t* const numbers = static_cast<int64_t*>(q.scratch(2 * sizeof(int64_t)));
  const TensorView x = on_device(l.in(0), numbers, q), index = on_device(l.in(1), numbers + 1, q);
  check_index(l, index, kIndexOutOfRange, 0, size_of(x, dim), dim, q);
  if (l.out().numel != 0) select_rows(x, index, dim, l.out(), q);
}

void kernel_indexAdd(const Launch& l, Queue& q) { write_rows(l, q, true); }
void kernel_indexCopy(const Launch& l, Queue& q) { write_rows(l, q, false); }

void write_places(const TensorView& index, const TensorView& like, int64_t size, bool first, int64_t* places,
                  Queue& q) {
  IndexPlaces p;
  p.failure = q.failure();
  p.index = index.as<int64_t>();
  p.places = places;
  p.numel = like.numel;
  p.size = size;
  p.first = first;
  p.rank = like.rank;
  for (int d = 0; d < like.rank; d++) {
    const int own = d - (like.rank - index.rank);
    p.shape[d] = like.shape[d];
    p.stride[d] = own < 0 || index.shape[own] == 1 ? 0 : index.strides[own];
  }
  q.launch("index_places", {blocks_for(p.numel, kThreads, 1, q)}, kThreads, p);
}

void kernel_linearIndex(const Launch& l, Queue& q) {
  const TensorView& out = l.out();
  if (out.numel == 0) return;
  int64_t* const numbers = static_cast<int64_t*>(q.scratch(l.inputs * sizeof(int64_t)));
  // All are checked before the first is written.
  for (uint32_t i = 0; i < l.inputs; i++) {
    const TensorView index = on_device(l.in(static_cast<int>(i)), numbers + i, q);
    const int64_t size = l.scalar[i].integer();
    check_index(l, index, kPlaceOutOfRange, -size, size, 0, q);
  }
  for (uint32_t i = 0; i < l.inputs; i++) {
    TensorView index = l.in(static_cast<int>(i));
    if (is_number(index)) index.data = numbers + i;
    write_places(index, out, l.scalar[i].integer(), i == 0, out.as<int64_t>(), q);
  }
}

}  // namespace cuda
}  // namespace tenon
