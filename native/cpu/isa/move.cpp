// Kernels that move elements or make them of their place: fill, copy, where, arange, eye, tril, triu.
#include "core/parallel.h"
#include "cpu/isa/blocks.h"
#include "cpu/isa/elementwise.h"
#include "cpu/isa/kernels.h"
#include "cpu/isa/strided.h"

namespace tenon {
namespace TENON_ISA {

namespace {

template <class T>
void copy_loop(void* out, const void* const* in, const int64_t* step, int64_t n, const Scalar*) {
  if (step[0]) {
    const int64_t bytes = n * static_cast<int64_t>(sizeof(T));
    const char *const to = static_cast<const char*>(out), *const from = static_cast<const char*>(in[0]);
    if (to < from + bytes && from < to + bytes)
      std::memmove(out, from, static_cast<size_t>(bytes));
    else
      copy_bytes(out, from, bytes);
    return;
  }
  const T value = *static_cast<const T*>(in[0]);
  T* o = static_cast<T*>(out);
  for (int64_t i = 0; i < n; i++) o[i] = value;
}

template <class T, int64_t kC, int64_t kX, int64_t kY>
void select_loop(T* o, const uint8_t* c, const T* x, const T* y, int64_t n) {
  for (int64_t i = 0; i < n; i++) o[i] = c[i * kC] ? x[i * kX] : y[i * kY];
}

template <class T, int64_t kX, int64_t kY>
void select_loop(T* o, const uint8_t* c, int64_t dc, const T* x, const T* y, int64_t n) {
  dc ? select_loop<T, 1, kX, kY>(o, c, x, y, n) : select_loop<T, 0, kX, kY>(o, c, x, y, n);
}

template <class T>
void where_loop(void* out, const void* const* in, const int64_t* step, int64_t n, const Scalar*) {
  T* o = static_cast<T*>(out);
  const uint8_t* c = static_cast<const uint8_t*>(in[0]);
  const T *x = static_cast<const T*>(in[1]), *y = static_cast<const T*>(in[2]);
  if (step[1])
    step[2] ? select_loop<T, 1, 1>(o, c, step[0], x, y, n) : select_loop<T, 1, 0>(o, c, step[0], x, y, n);
  else
    step[2] ? select_loop<T, 0, 1>(o, c, step[0], x, y, n) : select_loop<T, 0, 0>(o, c, step[0], x, y, n);
}

/** The loop for elements of so many bytes. */
#define TENON_BY_SIZE(loop, size) \
  (size == 1 ? loop<uint8_t> : size == 2 ? loop<uint16_t> : size == 4 ? loop<uint32_t> : loop<uint64_t>)

/** The type by way of which `from` becomes `to`: that of the result, but what is true depends on the whole
 * value. */
constexpr DType between(DType from, DType to) {
  return from == to ? to : to == DType::boolean ? compute_type(from) : compute_type(to);
}

constexpr int64_t kMoveTask = 32768;  // elements of a task

/** Bits of elements from one view to another, blocks of rows by columns at a time. */
void move_blocks(const Launch& l) {
  const TensorView &x = l.in(), &out = l.out();
  if (out.numel == 0) return;
  const Space space = collapse(l.views, 2);
  const Blocks blocks(space, 2, kBlock, 16);
  const int64_t size = element_size(out.dtype), together = (kMoveTask + blocks.block() - 1) / blocks.block();
  parallel_for((blocks.count() + together - 1) / together, [&](int64_t task) {
    const int64_t end = (task + 1) * together < blocks.count() ? (task + 1) * together : blocks.count();
    blocks.each(task * together, end, [&](const Block& b) {
      const auto grid = [&](int k) {
        return Grid{b.at[k], blocks.row_stride[k], blocks.column_stride[k], b.rows, b.columns};
      };
      move_grid(size, x.data, grid(1), out.data, grid(0));
    });
  });
}

constexpr int64_t kRowsTask = 64 * 1024;  // bytes of parts that a task of copyParts writes
constexpr int64_t kLongRow = 256;         // bytes of a part that are worth a call

/** Rows that lie side by side in outputs: their dimensions up to `last`, as one. */
struct Rows {
  int64_t count;
  int last;

  char* at(const TensorView& v, int64_t row) const {
    return v.as<char>() + row * v.strides[last] * element_size(v.dtype);
  }
  bool are_dense(const TensorView& v) const {
    return is_contiguous(v.shape + last + 1, v.strides + last + 1, v.rank - last - 1);
  }
  /** Rows [from, from + n) of a view; `shape` is memory for their shape. */
  TensorView of(const TensorView& v, int64_t from, int64_t n, int64_t* shape) const {
    TensorView part = v;
    part.rank = static_cast<uint8_t>(v.rank - last);
    part.shape = shape;
    part.strides = v.strides + last;
    std::memcpy(shape, v.shape + last, sizeof(int64_t) * part.rank);
    shape[0] = n;
    part.data = at(v, from);
    part.numel = v.numel / count * n;
    part.contiguous = is_contiguous(shape, part.strides, part.rank);
    return part;
  }
};

/** None, if outputs do not lie so, or inputs have other dimensions. */
Rows rows_side_by_side(const Launch& l) {
  const TensorView& first = l.out();
  const int operands = l.outputs + static_cast<int>(l.inputs);
  const auto all = [&](auto holds) {
    for (int k = 0; k < operands; k++)
      if (!holds(l.views[k])) return false;
    return true;
  };
  const auto of_one_size = [&](int i) {
    return i < first.rank &&
           all([&](const TensorView& v) { return v.rank == first.rank && v.shape[i] == first.shape[i]; });
  };
  Rows rows{0, 0};
  if (l.outputs < 2 || first.numel == 0 || !of_one_size(0)) return rows;
  const auto one_step = [&](int i) {
    return all([&](const TensorView& v) { return v.strides[i] == v.strides[i + 1] * v.shape[i + 1]; });
  };
  int64_t count = first.shape[0];
  for (; of_one_size(rows.last + 1) && one_step(rows.last); rows.last++) count *= first.shape[rows.last + 1];
  const int64_t step = first.strides[rows.last], row = step * element_size(first.dtype);
  for (int i = 0; i < l.outputs; i++) {
    const int64_t apart = l.out(i).as<char>() - first.as<char>();
    if (apart <= -row || apart >= row || l.out(i).strides[rows.last] != step) return rows;
  }
  rows.count = count;
  return rows;
}

constexpr int64_t kPart = 1024;  // elements made at a time
constexpr int64_t kTask = 32 * kPart;

/** run(first, count) for the parts of n elements, in parallel. */
template <class Run>
void for_parts(int64_t n, Run run) {
  parallel_for((n + kTask - 1) / kTask, [&](int64_t task) {
    const int64_t end = n - task * kTask < kTask ? n : (task + 1) * kTask;
    for (int64_t i = task * kTask; i < end; i += kPart) run(i, end - i < kPart ? end - i : kPart);
  });
}

template <class T>
void sequence(const Launch& l, T start, T step) {
  const TensorView& out = l.out();
  for_parts(out.numel, [&](int64_t first, int64_t count) {
    T part[kPart];
    for (int64_t i = 0; i < count; i++) part[i] = start + static_cast<T>(first + i) * step;
    store_strided(part, out.data, out.dtype, first, 1, count);
  });
}

/** Copies columns [from, to) of every row of a batch of matrices and clears the others. */
template <class Range>
void triangle(const Launch& l, Range range) {
  const TensorView &x = l.in(), &out = l.out();
  const int64_t rows = out.shape[out.rank - 2], columns = out.shape[out.rank - 1];
  if (out.numel == 0) return;
  const int64_t size = element_size(x.dtype);
  int64_t strides[kMaxRank];
  row_major(out.shape, out.rank, strides);
  Dim plain[kMaxRank];
  for (int i = 0; i + 1 < out.rank; i++) plain[i] = {out.shape[i], x.strides[i], strides[i]};
  const int64_t total = out.numel / columns, together = columns < kPart ? kPart / columns : 1;
  parallel_for((total + together - 1) / together, [&](int64_t task) {
    const int64_t first = task * together, end = first + together < total ? first + together : total;
    Walker walker(plain, out.rank - 1, first);
    for (int64_t r = first; r < end; r++, walker.next()) {
      int64_t from = 0, to = columns;
      range(r % rows, columns, from, to);
      char* const o = out.as<char>() + walker.out * size;
      std::memset(o, 0, static_cast<size_t>(from * size));
      std::memset(o + to * size, 0, static_cast<size_t>((columns - to) * size));
      const int64_t stride = x.strides[x.rank - 1];
      move_strided(size, x.as<char>() + (walker.in + from * stride) * size, stride, o + from * size, 1,
                   to - from);
    }
  });
}

int64_t within(int64_t i, int64_t n) { return i < 0 ? 0 : i > n ? n : i; }

/** The scalar of tril and triu: beyond any matrix it makes no difference how far. */
int64_t diagonal_of(const Launch& l) {
  constexpr int64_t far = int64_t{1} << 53;
  const int64_t diagonal = l.scalar[0].integer();
  return diagonal < -far ? -far : diagonal > far ? far : diagonal;
}

}  // namespace

void kernel_fill(const Launch& l) {
  const TensorView& out = l.out();
  const double value = l.scalar[0].get();
  const int64_t size = element_size(out.dtype);
  uint64_t element = 0;  // the value's bits in the output's dtype
  if (is_floating(out.dtype) || out.dtype == DType::boolean) {
    store_strided(&value, &element, out.dtype, 0, 1, 1);
  } else {
    const int64_t integer = l.scalar[0].integer();
    store_strided(&integer, &element, out.dtype, 0, 1, 1);
  }
  const int64_t one[1] = {1};
  TensorView number = out;
  number.data = &element;
  number.shape = number.strides = one;
  number.rank = 0;
  number.numel = 1;
  number.contiguous = true;
  // An element that stands for many (the tensor was expanded) is written once.
  TensorView written = out;
  int64_t shape[kMaxRank];
  for (int i = 0; i < out.rank; i++) {
    shape[i] = out.strides[i] == 0 && out.shape[i] > 1 ? 1 : out.shape[i];
    if (shape[i] != out.shape[i]) written.numel /= out.shape[i];
  }
  written.shape = shape;
  const TensorView views[] = {written, number};
  Launch copy = l;
  copy.inputs = 1;
  copy.views = views;
  const DType types[] = {out.dtype, out.dtype};
  run_one(copy, TENON_BY_SIZE(copy_loop, size), types);
}

void kernel_copy(const Launch& l) {
  const TensorView &x = l.in(), &out = l.out();
  if (x.dtype == out.dtype && x.numel == out.numel && x.rank == out.rank && !(x.contiguous && out.contiguous))
    return move_blocks(l);
  const DType type = between(l.in().dtype, l.out().dtype);
  const DType types[] = {type, type};
  const int64_t size = element_size(type);
  run_one(l, TENON_BY_SIZE(copy_loop, size), types);
}

void kernel_copyParts(const Launch& l) {
  const auto copy = [&l](const TensorView& out, const TensorView& x) {
    const TensorView views[] = {out, x};
    Launch one = l;
    one.outputs = one.inputs = 1;
    one.views = views;
    kernel_copy(one);
  };
  const Rows rows = rows_side_by_side(l);
  if (rows.count < 2) {
    for (int i = 0; i < l.outputs; i++) copy(l.out(i), l.in(i));
    return;
  }
  const DType dtype = l.out().dtype;
  const int64_t size = element_size(dtype);
  int64_t row = 0;  // bytes of all parts
  bool dense = true;
  for (int i = 0; i < l.outputs; i++) {
    row += l.out(i).numel / rows.count * size;
    dense = dense && l.in(i).dtype == dtype && rows.are_dense(l.out(i)) && rows.are_dense(l.in(i));
  }
  // What is next to each other in memory is written together: row by row, or some of each part if they are
  // short.
  dense = dense && row >= kLongRow * l.outputs;
  const int64_t together = row < kRowsTask ? kRowsTask / row : 1;
  parallel_for((rows.count + together - 1) / together, [&](int64_t task) {
    const int64_t from = task * together, n = rows.count - from < together ? rows.count - from : together;
    if (dense) {
      for (int64_t r = from; r < from + n; r++)
        for (int i = 0; i < l.outputs; i++)
          copy_bytes(rows.at(l.out(i), r), rows.at(l.in(i), r), l.out(i).numel / rows.count * size);
      return;
    }
    int64_t shape[2][kMaxRank];
    for (int i = 0; i < l.outputs; i++)
      copy(rows.of(l.out(i), from, n, shape[0]), rows.of(l.in(i), from, n, shape[1]));
  });
}

void kernel_where(const Launch& l) {
  const DType type = l.out().dtype;
  const DType types[] = {type, DType::boolean, type, type};
  const int64_t size = element_size(type);
  run_ternary(l, TENON_BY_SIZE(where_loop, size), types);
}

void kernel_arange(const Launch& l) {
  if (is_floating(l.compute))
    sequence<double>(l, l.scalar[0].get(), l.scalar[1].get());
  else
    sequence<uint64_t>(l, static_cast<uint64_t>(l.scalar[0].integer()),
                       static_cast<uint64_t>(l.scalar[1].integer()));
}

void kernel_eye(const Launch& l) {
  const TensorView& out = l.out();
  const int64_t size = element_size(out.dtype), rows = out.shape[0], columns = out.shape[1];
  std::memset(out.data, 0, static_cast<size_t>(out.numel * size));
  const int64_t one = 1, n = rows < columns ? rows : columns;
  for (int64_t i = 0; i < n; i++) store_strided(&one, out.data, out.dtype, i * (columns + 1), 1, 1);
}

void kernel_tril(const Launch& l) {
  const int64_t diagonal = diagonal_of(l);
  triangle(l, [=](int64_t row, int64_t columns, int64_t&, int64_t& to) {
    to = within(row + diagonal + 1, columns);
  });
}

void kernel_triu(const Launch& l) {
  const int64_t diagonal = diagonal_of(l);
  triangle(l, [=](int64_t row, int64_t columns, int64_t& from, int64_t&) {
    from = within(row + diagonal, columns);
  });
}

}  // namespace TENON_ISA
}  // namespace tenon
