// gather, take and scatter. How scatter goes about its work depends on shape and layout alone:
//   few indices along the dimension, or many lanes beside it: a thread takes a lane;
//   an index that is the same for all lanes: it is put in order, and what has one index is done together;
//   other replacements: every element claims its place, and the last writes;
//   all else: places are put in order.
#include "cuda/scatter.h"

#include "cuda/dims.h"
#include "cuda/indices.h"
#include "cuda/kernel_table.h"

namespace tenon {
namespace cuda {

namespace {

constexpr int64_t kFewAlong = 32;
constexpr int64_t kManyLanes = 64;  // for each index along the dimension
/** More elements than an owner's number has bits for. */
constexpr int64_t kMostClaims = int64_t{UINT32_MAX} - 1;

const char* by_size(DType t, const char* b8, const char* b16, const char* b32, const char* b64) {
  const int64_t bytes = element_size(t);
  return bytes == 1 ? b8 : bytes == 2 ? b16 : bytes == 4 ? b32 : b64;
}
/** By the type that elements of a dtype are combined in. */
const char* by_type(DType t, const char* f32, const char* f64, const char* i32, const char* i64) {
  if (t == DType::f64) return f64;
  if (is_floating(t)) return f32;
  return t == DType::i64 ? i64 : i32;
}

/** An index along a dimension, what has its shape, and the whole operand. */
struct Along {
  const TensorView &index, &beside, &whole;
  const int dim;
  int64_t place_stride[kMaxRank], step, places_step, places;

  Along(const TensorView& i, const TensorView& b, const TensorView& w, int d)
      : index(i), beside(b), whole(w), dim(d), step(d < w.rank ? w.strides[d] : 0) {
    int64_t sizes[kMaxRank];
    for (int k = 0; k < index.rank; k++) sizes[k] = k == dim ? size() : index.shape[k];
    row_major(sizes, index.rank, place_stride);
    places_step = index.rank ? place_stride[dim] : 1;
    places = index.rank ? 1 : size();
    for (int k = 0; k < index.rank; k++) places *= sizes[k];
  }

  /** Of the dimension that is indexed. */
  int64_t size() const { return whole.rank ? whole.shape[dim] : 1; }
  int64_t n() const { return index.rank ? index.shape[dim] : 1; }

  Dim<4> at(int i) const {
    if (i == dim) return {index.shape[i], {beside.strides[i], index.strides[i], 0, 0}, 0, 0};
    return {index.shape[i], {beside.strides[i], index.strides[i], whole.strides[i], place_stride[i]}, 0, 0};
  }

  /** Whether all lanes have the same indices. */
  bool shared() const {
    for (int i = 0; i < index.rank; i++)
      if (i != dim && index.shape[i] != 1 && index.strides[i] != 0) return false;
    return true;
  }

  /** `sorted`: the densest dimension last, in place of row-major order. */
  AlongParameters parameters(bool sorted, const Queue& q) const {
    AlongParameters p = {};
    p.failure = q.failure();
    p.index = index.as<int64_t>();
    p.beside = beside.data;
    p.whole = whole.data;
    p.numel = index.numel;
    p.step = step;
    p.places = places_step;
    p.dtype = whole.dtype;
    DimList<4> dims;
    for (int i = 0; i < index.rank; i++) dims.push(at(i));
    if (sorted) dims.sort();
    dims.copy_to(p.dim);
    p.dims = dims.count;
    return p;
  }
};

unsigned blocks(int64_t n, int64_t each, const Queue& q) { return blocks_for(n, kAlongThreads, each, q); }

/** The elements of x that good indices name along a dimension. */
void gather(const TensorView& x, const TensorView& index, const TensorView& out, int dim, Queue& q) {
  const AlongParameters p = Along(index, out, x, dim).parameters(true, q);
  q.launch(by_size(out.dtype, "gather_b8", "gather_b16", "gather_b32", "gather_b64"), {blocks(p.numel, 4, q)},
           kAlongThreads, p);
}

/** A thread goes along the dimension. */
void scatter_lanes(const Along& along, ScatterMode mode, Queue& q) {
  AlongParameters p = along.parameters(true, q);
  p.mode = mode;
  p.n = along.n();
  p.numel = along.index.numel / p.n;
  DimList<4> dims;
  for (int i = 0; i < along.index.rank; i++)
    if (i != along.dim) dims.push(along.at(i));
  if (along.index.rank) {
    p.beside_stride = along.beside.strides[along.dim];
    p.index_stride = along.index.strides[along.dim];
  }
  dims.sort();
  dims.copy_to(p.dim);
  p.dims = dims.count;
  const DType t = p.dtype;
  q.launch(
      mode == kReplace
          ? by_size(t, "scatter_lanes_b8", "scatter_lanes_b16", "scatter_lanes_b32", "scatter_lanes_b64")
          : by_type(t, "scatter_lanes_f32", "scatter_lanes_f64", "scatter_lanes_i32", "scatter_lanes_i64"),
      {blocks(p.numel, 1, q)}, kAlongThreads, p);
}

void scatter_claimed(const Along& along, void* memory, Queue& q) {
  AlongParameters p = along.parameters(false, q);
  p.owners = static_cast<uint32_t*>(memory);
  q.zero(memory, static_cast<size_t>(along.places) * sizeof(uint32_t));
  q.launch("scatter_claim", {blocks(p.numel, 1, q)}, kAlongThreads, p);
  q.launch(by_size(p.dtype, "scatter_claimed_b8", "scatter_claimed_b16", "scatter_claimed_b32",
                   "scatter_claimed_b64"),
           {blocks(p.numel, 1, q)}, kAlongThreads, p);
}

template <int K>
int32_t copy_dims(DimList<K>& from, Dim<K>* to) {
  from.sort();
  from.copy_to(to);
  return from.count;
}

/** Runs of equal indices, or of equal places. */
void scatter_runs(const Along& along, ScatterMode mode, const OrderMemory& memory, Queue& q) {
  RunParameters p = {};
  p.failure = q.failure();
  p.source = along.beside.data;
  p.out = along.whole.data;
  p.source_type = p.out_type = along.whole.dtype;
  p.mode = mode;
  p.columns = 1;
  DimList<1> keys, units;
  DimList<2> columns;
  SortedIndices sorted;
  const TensorView& index = along.index;
  if (along.shared()) {
    p.units = along.n();
    const int64_t stride = index.rank ? index.strides[along.dim] : 1;
    sorted = sort_indices(index.as<int64_t>(), stride, p.units, along.size(), memory, q);
    keys.push({along.size(), {along.step}, 0, 0});
    units.push({p.units, {index.rank ? along.beside.strides[along.dim] : 0}, 0, 0});
    for (int i = 0; i < index.rank; i++)
      if (i != along.dim)
        columns.push({index.shape[i], {along.beside.strides[i], along.whole.strides[i]}, 0, 0});
    p.columns = columns.numel();
    p.column_dims = copy_dims(columns, p.column);
  } else {
    AlongParameters a = along.parameters(false, q);
    a.keys = memory.unsorted();
    q.launch("scatter_keys", {blocks(a.numel, 1, q)}, kAlongThreads, a);
    p.units = a.numel;
    sorted = sort_indices(a.keys, 1, p.units, along.places, memory, q);
    for (int i = 0; i < index.rank; i++) {
      const bool indexed = i == along.dim;
      keys.push(
          {indexed ? along.size() : index.shape[i], {indexed ? along.step : along.whole.strides[i]}, 0, 0});
      units.push({index.shape[i], {along.beside.strides[i]}, 0, 0});
    }
  }
  p.keys = sorted.rows;
  p.order = sorted.order;
  // In their order: keys and units are numbers in it.
  keys.copy_to(p.key);
  p.key_dims = keys.count;
  units.copy_to(p.unit);
  p.unit_dims = units.count;
  if (mode == kReplace)
    q.launch(
        by_size(p.out_type, "scatter_runs_b8", "scatter_runs_b16", "scatter_runs_b32", "scatter_runs_b64"),
        {blocks(p.units * p.columns, 1, q)}, kAlongThreads, p);
  else
    combine_runs(p, p.out_type, q);
}

}  // namespace

void combine_runs(const RunParameters& p, DType compute, Queue& q) {
  q.launch(by_type(compute, "scatter_runs_f32", "scatter_runs_f64", "scatter_runs_i32", "scatter_runs_i64"),
           {blocks(p.units * p.columns, 1, q)}, kAlongThreads, p);
  if (p.units > kLongRun)
    q.launch(by_type(compute, "scatter_long_f32", "scatter_long_f64", "scatter_long_i32", "scatter_long_i64"),
             {static_cast<unsigned>((p.units + kRunWindow - 1) / kRunWindow)}, kAlongThreads, p);
}

void kernel_gather(const Launch& l, Queue& q) {
  const TensorView& out = l.out();
  if (l.in(1).numel == 0) return;
  int64_t* const numbers = static_cast<int64_t*>(q.scratch(2 * sizeof(int64_t)));
  const TensorView x = on_device(l.in(0), numbers, q), index = on_device(l.in(1), numbers + 1, q);
  const int dim = static_cast<int>(l.scalar[0].integer());
  check_index(l, index, kIndexOutOfRange, 0, Along(index, out, x, dim).size(), dim, q);
  gather(x, index, out, dim, q);
}

void kernel_take(const Launch& l, Queue& q) {
  const TensorView &x = l.in(0), &index = l.in(1), &out = l.out();
  if (index.numel == 0) return;
  Parts measured;
  measured.take<int64_t>(nullptr, 2), measured.take<int64_t>(nullptr, index.numel);
  void* const memory = q.scratch(measured.bytes());
  Parts parts;
  int64_t* const numbers = parts.take<int64_t>(memory, 2);
  int64_t* const places = parts.take<int64_t>(memory, index.numel);
  const TensorView from = on_device(x, numbers, q), given = on_device(index, numbers + 1, q);
  check_index(l, given, kPlaceOutOfRange, -x.numel, x.numel, 0, q);
  write_places(given, out, x.numel, true, places, q);
  // The places and the result in one dimension.
  const int64_t shape[] = {index.numel}, strides[] = {1};
  TensorView at = given, to = out;
  at.data = places;
  at.rank = to.rank = 1;
  at.shape = to.shape = shape;
  at.strides = to.strides = strides;
  at.contiguous = true;
  gather(from, at, to, 0, q);
}

void kernel_scatter(const Launch& l, Queue& q) {
  if (l.in(1).numel == 0) return;
  const ScatterMode mode = static_cast<ScatterMode>(l.scalar[1].integer());
  const Along shape(l.in(1), l.in(0), l.out(), static_cast<int>(l.scalar[0].integer()));
  const int64_t n = shape.n(), lanes = shape.index.numel / n;
  const bool by_lanes = n <= kFewAlong || lanes >= kManyLanes * n;
  const bool claims = mode == kReplace && !shape.shared() && shape.index.numel <= kMostClaims;
  // All working memory is asked for at once.
  const int64_t ordered = by_lanes || claims ? 0 : shape.shared() ? n : shape.index.numel;
  Parts sizes;
  sizes.take<int64_t>(nullptr, 2);
  if (claims && !by_lanes) sizes.take<uint32_t>(nullptr, shape.places);
  if (ordered) OrderMemory(sizes, nullptr, ordered);
  void* const all = q.scratch(sizes.bytes());
  Parts parts;
  int64_t* const numbers = parts.take<int64_t>(all, 2);
  const TensorView source = on_device(l.in(0), numbers, q), index = on_device(l.in(1), numbers + 1, q);
  const Along along(index, source, l.out(), shape.dim);
  check_index(l, index, kIndexOutOfRange, 0, along.size(), along.dim, q);
  if (by_lanes)
    scatter_lanes(along, mode, q);
  else if (claims)
    scatter_claimed(along, parts.take<uint32_t>(all, along.places), q);
  else
    scatter_runs(along, mode, OrderMemory(parts, all, ordered), q);
}

}  // namespace cuda
}  // namespace tenon
