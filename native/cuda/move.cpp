// Kernels that move elements or make them of their place: kernels/move.cu.
#include "cuda/kernels/move.h"

#include <cmath>
#include <cstring>

#include "core/convert_scalar.h"
#include "cuda/dims.h"
#include "cuda/elementwise.h"
#include "cuda/kernel_table.h"

namespace tenon {
namespace cuda {

namespace {

constexpr ElementwiseKernel kRaw[] = {
    {nullptr, "move_raw_b1"}, {nullptr, "move_raw_b2"}, {nullptr, "move_raw_b4"}, {nullptr, "move_raw_b8"}};
constexpr ElementwiseKernel kWhere[] = {{nullptr, "move_where_b1"},
                                        {nullptr, "move_where_b2"},
                                        {nullptr, "move_where_b4"},
                                        {nullptr, "move_where_b8"}};
constexpr const char* kTranspose[] = {"move_transpose_b1", "move_transpose_b2", "move_transpose_b4",
                                      "move_transpose_b8"};
constexpr const char* kTriangle[] = {"move_triangle_b1", "move_triangle_b2", "move_triangle_b4",
                                     "move_triangle_b8"};

/** 0, 1, 2 or 3 for elements of 1, 2, 4 or 8 bytes. */
int size_index(DType t) {
  const int64_t size = element_size(t);
  return size == 1 ? 0 : size == 2 ? 1 : size == 4 ? 2 : 3;
}

/** The type that holds every value of a dtype. */
DType compute_type(DType t) {
  return t == DType::f16 || t == DType::bf16 ? DType::f32
         : is_floating(t) || t == DType::i64 ? t
                                             : DType::i32;
}

/** The type by way of which `from` becomes `to`, as on the CPU: that of the result, but what is true depends
 * on the whole value. */
DType between(DType from, DType to) { return to == DType::boolean ? compute_type(from) : compute_type(to); }

const ElementwiseKernel& conversion(DType type) {
  static constexpr ElementwiseKernel kernels[] = {{"move_copy_f32_dense", "move_copy_f32_strided"},
                                                  {nullptr, "move_copy_f64_strided"},
                                                  {nullptr, "move_copy_i32_strided"},
                                                  {nullptr, "move_copy_i64_strided"}};
  return kernels[type == DType::f32 ? 0 : type == DType::f64 ? 1 : type == DType::i32 ? 2 : 3];
}

/** Copies what is dense along one dimension to what is dense along another: false if these views are not. */
bool run_transpose(const TensorView& out, const TensorView& x, Queue& q) {
  if (x.rank != out.rank) return false;
  DimList<2> dims;
  for (int d = 0; d < out.rank; d++) {
    if (x.shape[d] != out.shape[d]) return false;
    dims.push({out.shape[d], {out.strides[d], x.strides[d]}, 0, 0});
  }
  dims.sort();
  constexpr int64_t least = kTile / 2;  // smaller ones would leave most of a tile empty
  int row = -1;
  for (int d = 0; d + 1 < dims.count; d++)
    if (dims.at[d].stride[1] == 1 && dims.at[d].size >= least) row = d;
  if (row < 0) return false;
  const Dim<2> rows = dims.at[row], columns = dims.at[dims.count - 1];
  if (columns.stride[0] != 1 || columns.stride[1] == 1 || columns.size < least) return false;
  TransposeParameters p = {};
  p.x = x.data;
  p.out = out.data;
  p.rows = rows.size;
  p.columns = columns.size;
  p.x_stride = columns.stride[1];
  p.out_stride = rows.stride[0];
  DimList<2> batch;
  for (int d = 0; d + 1 < dims.count; d++)
    if (d != row) batch.push(dims.at[d]);
  const double tiles = std::ceil(static_cast<double>(rows.size) / kTile) *
                       std::ceil(static_cast<double>(columns.size) / kTile) *
                       static_cast<double>(batch.numel());
  if (tiles >= 0x1p31) return false;
  p.tiles = static_cast<uint32_t>(tiles);
  p.dims = batch.count;
  batch.copy_to(p.dim);
  q.launch(kTranspose[size_index(out.dtype)],
           {blocks_for(out.numel, kElementThreads, kTile * kTile / kElementThreads, q)}, kElementThreads, p);
  return true;
}

void run_triangle(const Launch& l, Queue& q, bool upper) {
  const TensorView &x = l.in(), &out = l.out();
  if (out.numel == 0) return;
  constexpr int64_t far = int64_t{1} << 53;  // beyond any matrix it makes no difference how far
  const int64_t diagonal = l.scalar[0].integer();
  TriangleParameters p = {};
  p.x = x.data;
  p.out = out.data;
  p.n = out.numel;
  p.rows = out.shape[out.rank - 2];
  p.columns = out.shape[out.rank - 1];
  p.diagonal = diagonal < -far ? -far : diagonal > far ? far : diagonal;
  p.upper = upper;
  DimList<1> dims;
  for (int d = 0; d < x.rank; d++) {
    Dim<1> dim = {};
    dim.size = x.shape[d];
    dim.stride[0] = x.strides[d];
    dims.push(dim);
  }
  p.dims = dims.count;
  dims.copy_to(p.dim);
  q.launch(kTriangle[size_index(out.dtype)], {blocks_for(p.n, kElementThreads, 1, q)}, kElementThreads, p);
}

}  // namespace

void kernel_fill(const Launch& l, Queue& q) {
  const TensorView& out = l.out();
  // The value as an int64 where the output is of whole numbers: it may be beyond 2^53.
  const double value = l.scalar[0].get();
  const int64_t whole = l.scalar[0].integer();
  TensorView number;
  number.numel = 1;
  const bool floating = is_floating(out.dtype) || out.dtype == DType::boolean;
  number.dtype = floating ? DType::f64 : DType::i64;
  number.data = floating ? const_cast<double*>(&value) : static_cast<void*>(const_cast<int64_t*>(&whole));
  // An element that stands for many (the tensor was expanded) is written once.
  TensorView written = out;
  int64_t shape[kMaxRank];
  for (int i = 0; i < out.rank; i++) {
    shape[i] = out.strides[i] == 0 && out.shape[i] > 1 ? 1 : out.shape[i];
    if (shape[i] != out.shape[i]) written.numel /= out.shape[i];
  }
  if (out.rank) written.shape = shape;
  if (out.contiguous && value == 0 && !std::signbit(value)) {
    q.zero(out.data, static_cast<size_t>(out.numel * element_size(out.dtype)));
    return;
  }
  const TensorView views[] = {written, number};
  Launch copy = l;
  copy.inputs = 1;
  copy.scalars = 0;
  copy.views = views;
  const DType type = out.dtype == DType::boolean ? DType::f64 : compute_type(out.dtype);
  const DType types[] = {type, type};
  run_elementwise(copy, q, conversion(type), types);
}

void kernel_copy(const Launch& l, Queue& q) {
  const TensorView &out = l.out(), &x = l.in();
  if (!is_number(x) && x.dtype == out.dtype) {
    if (x.contiguous && out.contiguous && x.numel == out.numel) {
      if (x.data != out.data)
        q.copy(out.data, x.data, static_cast<size_t>(out.numel * element_size(out.dtype)));
      return;
    }
    if (out.numel == 0 || run_transpose(out, x, q)) return;
    const DType types[] = {out.dtype, out.dtype};
    return run_elementwise(l, q, kRaw[size_index(out.dtype)], types);
  }
  const DType type = between(x.dtype, out.dtype);
  const DType types[] = {type, type};
  run_elementwise(l, q, conversion(type), types);
}

void kernel_copyParts(const Launch& l, Queue& q) {
  for (int i = 0; i < l.outputs; i++) {
    const TensorView views[] = {l.out(i), l.in(i)};
    Launch one = l;
    one.outputs = one.inputs = 1;
    one.views = views;
    kernel_copy(one, q);
  }
}

void kernel_where(const Launch& l, Queue& q) {
  const DType type = l.out().dtype;
  const DType types[] = {type, DType::boolean, type, type};
  run_elementwise(l, q, kWhere[size_index(type)], types);
}

void kernel_arange(const Launch& l, Queue& q) {
  ArangeParameters p = {};
  p.out = l.out().data;
  p.dtype = l.out().dtype;
  p.n = l.out().numel;
  if (p.n == 0) return;
  p.floating = is_floating(l.compute);
  p.start = l.scalar[0].get();
  p.step = l.scalar[1].get();
  p.whole_start = static_cast<uint64_t>(l.scalar[0].integer());
  p.whole_step = static_cast<uint64_t>(l.scalar[1].integer());
  q.launch("move_arange", {blocks_for(p.n, kElementThreads, 1, q)}, kElementThreads, p);
}

void kernel_eye(const Launch& l, Queue& q) {
  EyeParameters p = {};
  p.out = l.out().data;
  p.dtype = l.out().dtype;
  p.n = l.out().numel;
  p.columns = l.out().shape[1];
  if (p.n == 0) return;
  q.launch("move_eye", {blocks_for(p.n, kElementThreads, 1, q)}, kElementThreads, p);
}

void kernel_tril(const Launch& l, Queue& q) { run_triangle(l, q, false); }

void kernel_triu(const Launch& l, Queue& q) { run_triangle(l, q, true); }

}  // namespace cuda
}  // namespace tenon
