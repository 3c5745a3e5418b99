// indexSelect, indexAdd, indexCopy and linearIndex. Indices are data: all are checked before anything is
// written.
#include "core/parallel.h"
#include "cpu/isa/indices.h"
#include "cpu/isa/kernels.h"
#include "cpu/isa/strided.h"

namespace tenon {
namespace TENON_ISA {

namespace {

/** Index k of a 1-d (or 0-d) index tensor. */
int64_t index_at(const TensorView& index, int64_t k) {
  return index.as<int64_t>()[index.rank ? k * index.strides[0] : 0];
}

bool indices_fit(const Launch& l, const char* op, const TensorView& index, int dim, int64_t size) {
  if (index.contiguous && all_within(index.as<int64_t>(), 1, index.numel, 0, size)) return true;
  for (int64_t k = 0; k < index.numel; k++) {
    const int64_t i = index_at(index, k);
    if (i >= 0 && i < size) continue;
    set_error(*l.error, ErrorCode::index, "%s: index %lld is out of range for dimension %d with size %lld",
              op, static_cast<long long>(i), dim, static_cast<long long>(size));
    return false;
  }
  return true;
}

int64_t size_of(const TensorView& v, int i) { return i < v.rank ? v.shape[i] : 1; }

/**
 * Rows of `many` (the side with as many entries in `dim` as the index) beside the rows of `whole` that they
 * belong to: run(at in many, stride, at in whole, stride, n).
 */
template <class Run>
void for_rows(const TensorView& many, const TensorView& whole, const TensorView& index, int dim,
              int64_t first, int64_t end, Run run) {
  const int last = many.rank - 1;
  if (last < 0) return run(int64_t{0}, int64_t{0}, int64_t{0}, int64_t{0}, int64_t{1});
  Dim dims[kMaxRank];
  for (int i = 0; i < last; i++) dims[i] = {many.shape[i], many.strides[i], i == dim ? 0 : whole.strides[i]};
  Walker walker(dims, last, first);
  const int64_t n = many.shape[last], after = [&] {
    int64_t p = 1;
    for (int i = dim + 1; i < last; i++) p *= many.shape[i];
    return p;
  }();
  for (int64_t row = first; row < end; row++, walker.next()) {
    if (dim == last) {
      for (int64_t k = 0; k < n; k++)
        run(walker.in + k * many.strides[last], int64_t{0},
            walker.out + index_at(index, k) * whole.strides[last], int64_t{0}, int64_t{1});
    } else {
      const int64_t k = row / after % many.shape[dim];
      run(walker.in, many.strides[last], walker.out + index_at(index, k) * whole.strides[dim],
          whole.strides[last], n);
    }
  }
}

/** run(n, at) for the n-th place of a shape that x broadcasts to, and where it is in x. */
template <class Run>
void for_elements(const TensorView& x, const int64_t* shape, int rank, Run run) {
  Dim dims[kMaxRank];
  int64_t count = 1;
  for (int i = 0; i < rank; i++) {
    const int k = i - (rank - x.rank);
    dims[i] = {shape[i], k < 0 || x.shape[k] == 1 ? 0 : x.strides[k], 0};
    count *= shape[i];
  }
  Walker walker(dims, rank, 0);
  for (int64_t n = 0; n < count; n++, walker.next()) run(n, walker.in);
}

int64_t rows_of(const TensorView& v) { return v.rank ? v.numel / v.shape[v.rank - 1] : 1; }

template <class T>
void add_rows(const Launch& l, const TensorView& source, const TensorView& index, int dim) {
  constexpr int64_t tile = 256;
  const TensorView& out = l.out();
  const bool direct = source.dtype == dtype_of<T>() && out.dtype == dtype_of<T>();
  for_rows(source, out, index, dim, 0, rows_of(source),
           [&](int64_t at, int64_t stride, int64_t to, int64_t to_stride, int64_t n) {
             if (direct && stride == 1 && to_stride == 1) {
               const T* const x = source.as<T>() + at;
               T* const y = out.as<T>() + to;
               for (int64_t k = 0; k < n; k++) y[k] += x[k];
               return;
             }
             T a[tile], b[tile];
             for (int64_t i = 0; i < n; i += tile) {
               const int64_t m = n - i < tile ? n - i : tile;
               load_strided(out.data, out.dtype, to + i * to_stride, to_stride, m, a);
               load_strided(source.data, source.dtype, at + i * stride, stride, m, b);
               for (int64_t k = 0; k < m; k++) a[k] += b[k];
               store_strided(a, out.data, out.dtype, to + i * to_stride, to_stride, m);
             }
           });
}

constexpr int64_t kSelectTask = 16384;  // elements of a task

/** indexSelect along the last dimension, where index and result are dense along it. */
template <class T>
void select_last(const TensorView& x, const TensorView& index, const TensorView& out) {
  const int last = out.rank - 1;
  const int64_t columns = out.shape[last], rows = out.numel / columns, step = x.strides[last];
  const int64_t wide = columns < kSelectTask ? columns : kSelectTask, across = (columns + wide - 1) / wide;
  const int64_t together = kSelectTask / wide, units = rows * across;
  Dim dims[kMaxRank];
  for (int i = 0; i < last; i++) dims[i] = {out.shape[i], x.strides[i], out.strides[i]};
  parallel_for((units + together - 1) / together, [&](int64_t task) {
    const int64_t end = (task + 1) * together < units ? (task + 1) * together : units;
    Walker walker(dims, last, task * together / across);
    for (int64_t unit = task * together; unit < end; unit++) {
      const int64_t column = unit % across * wide, n = columns - column < wide ? columns - column : wide;
      const T* const from = x.as<T>() + walker.in;
      const int64_t* const k = index.as<int64_t>() + column;
      T* const to = out.as<T>() + walker.out + column;
      if (step == 1)
        pick(to, from, k, n);
      else
        for (int64_t i = 0; i < n; i++) to[i] = from[k[i] * step];
      if (column + n == columns) walker.next();
    }
  });
}

}  // namespace

void kernel_indexSelect(const Launch& l) {
  const TensorView &x = l.in(0), &index = l.in(1), &out = l.out();
  const int dim = static_cast<int>(l.scalar[0].integer());
  if (!indices_fit(l, "indexSelect", index, dim, size_of(x, dim)) || out.numel == 0) return;
  const int64_t size = element_size(x.dtype);
  if (out.rank && x.rank == out.rank && dim == out.rank - 1 && index.contiguous && out.strides[dim] == 1) {
    switch (size) {
      case 1: return select_last<uint8_t>(x, index, out);
      case 2: return select_last<uint16_t>(x, index, out);
      case 4: return select_last<uint32_t>(x, index, out);
      default: return select_last<uint64_t>(x, index, out);
    }
  }
  char* const to = out.as<char>();
  const char* const from = x.as<char>();
  const int64_t rows = rows_of(out), columns = out.rank ? out.shape[out.rank - 1] : 1;
  const int64_t together = columns < 16384 ? 16384 / columns : 1;
  parallel_for((rows + together - 1) / together, [&](int64_t task) {
    const int64_t first = task * together, end = first + together < rows ? first + together : rows;
    for_rows(out, x, index, dim, first, end,
             [&](int64_t at, int64_t stride, int64_t source, int64_t source_stride, int64_t n) {
               move_strided(size, from + source * size, source_stride, to + at * size, stride, n);
             });
  });
}

void kernel_indexAdd(const Launch& l) {
  const TensorView &source = l.in(0), &index = l.in(1), &out = l.out();
  const int dim = static_cast<int>(l.scalar[0].integer());
  if (!indices_fit(l, "indexAdd", index, dim, size_of(out, dim)) || source.numel == 0) return;
  switch (l.compute) {
    case DType::f32: return add_rows<float>(l, source, index, dim);
    case DType::f64: return add_rows<double>(l, source, index, dim);
    case DType::i32: return add_rows<uint32_t>(l, source, index, dim);
    default: return add_rows<uint64_t>(l, source, index, dim);
  }
}

void kernel_indexCopy(const Launch& l) {
  const TensorView &source = l.in(0), &index = l.in(1), &out = l.out();
  const int dim = static_cast<int>(l.scalar[0].integer());
  if (!indices_fit(l, "indexCopy", index, dim, size_of(out, dim)) || source.numel == 0) return;
  const int64_t size = element_size(out.dtype);
  for_rows(source, out, index, dim, 0, rows_of(source),
           [&](int64_t at, int64_t stride, int64_t to, int64_t to_stride, int64_t n) {
             move_strided(size, source.as<char>() + at * size, stride, out.as<char>() + to * size, to_stride,
                          n);
           });
}

void kernel_linearIndex(const Launch& l) {
  const TensorView& out = l.out();
  int64_t* const places = out.as<int64_t>();
  if (out.numel == 0) return;
  for (uint32_t i = 0; i < l.inputs; i++) {
    const TensorView& x = l.in(i);
    const int64_t size = l.scalar[i].integer();
    if (x.contiguous && all_within(x.as<int64_t>(), 1, x.numel, -size, size)) continue;
    for_elements(x, x.shape, x.rank, [&](int64_t, int64_t at) {
      const int64_t k = x.as<int64_t>()[at];
      if ((k < -size || k >= size) && !*l.error)
        set_error(*l.error, ErrorCode::index, "index: %lld is out of range for %lld elements",
                  static_cast<long long>(k), static_cast<long long>(size));
    });
    if (*l.error) return;
  }
  for (uint32_t i = 0; i < l.inputs; i++) {
    const TensorView& x = l.in(i);
    const int64_t size = l.scalar[i].integer();
    if (l.inputs == 1 && x.contiguous && x.numel == out.numel) {
      const int64_t* const k = x.as<int64_t>();
      for (int64_t n = 0; n < out.numel; n++) places[n] = k[n] + (k[n] < 0 ? size : 0);
      return;
    }
    for_elements(x, out.shape, out.rank, [&](int64_t n, int64_t at) {
      const int64_t k = x.as<int64_t>()[at];
      places[n] = (i ? places[n] * size : 0) + (k < 0 ? k + size : k);
    });
  }
}

}  // namespace TENON_ISA
}  // namespace tenon
