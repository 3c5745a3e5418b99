// Reductions over any set of dimensions. A tensor is taken apart into tiles: up to kReduceTile columns
// (results that lie beside each other along one kept dimension) by rows (the elements to reduce). The loops
// go along whichever of the two is dense in memory. Tiles and splits depend on the shape alone, so the bits
// of a result don't depend on the number of threads.
#include "cpu/isa/reduce.h"

#include <cmath>

#include "core/parallel.h"
#include "cpu/isa/kernels.h"
#include "cpu/isa/strided.h"

namespace tenon {
namespace TENON_ISA {

namespace {

constexpr int64_t kTaskElements = 32768;   // a task reduces at least so many
constexpr int64_t kSplitElements = 65536;  // a longer column is split, if there are few of them
constexpr int64_t kManyTasks = 32;
constexpr int64_t kBufferBytes = 16384;

/** The inner loops of one op in one type. An accumulator array has an entry per column. */
struct Loops {
  DType type;
  int64_t accumulator;  // bytes
  void (*start)(void* accumulators, int64_t columns);
  /** Column j takes n neighbouring elements from x + j * pitch; position is that of x[0] in its column. */
  void (*runs)(const void* x, int64_t n, int64_t pitch, int64_t columns, int64_t position,
               void* accumulators);
  /** Column j takes x[r * pitch + j] for all rows r. */
  void (*rows)(const void* x, int64_t rows, int64_t pitch, int64_t columns, int64_t position,
               void* accumulators);
  /** Each takes what `later`, of later positions, has gathered. */
  void (*join)(void* accumulators, const void* later, int64_t columns);
  /** Results go to elements at, at + step, ... of the outputs; n: elements of a column. */
  void (*finish)(const void* accumulators, int64_t columns, int64_t n, const Launch& l, int64_t at,
                 int64_t step);
};

template <class T>
void write(const TensorView& out, int64_t at, int64_t step, const T* x, int64_t n) {
  if (out.dtype == dtype_of<T>()) {
    T* const to = out.as<T>() + at;
    for (int64_t j = 0; j < n; j++) to[j * step] = x[j];
  } else {
    store_strided(x, out.data, out.dtype, at, step, n);
  }
}

template <class Op>
struct ValueLoops {
  using T = typename Op::Type;
  using Wide = typename Op::Wide;

  static void start(void* accumulators, int64_t columns) {
    Wide* const a = static_cast<Wide*>(accumulators);
    for (int64_t j = 0; j < columns; j++) a[j] = static_cast<Wide>(Op::start());
  }

  static void runs(const void* data, int64_t n, int64_t pitch, int64_t columns, int64_t, void* accumulators) {
    const T* x = static_cast<const T*>(data);
    Wide* const a = static_cast<Wide*>(accumulators);
    for (int64_t j = 0; j < columns; j++, x += pitch) a[j] = Op::join(a[j], reduce_run<Op>(x, n));
  }

  static void rows(const void* data, int64_t rows, int64_t pitch, int64_t columns, int64_t,
                   void* accumulators) {
    const T* x = static_cast<const T*>(data);
    Wide* const a = static_cast<Wide*>(accumulators);
    const int64_t side = pitch == columns && columns <= kReduceTile / 8 ? kReduceTile / columns : 1;
    if (side > 1 && rows >= 8 * side) {  // narrow and dense: `side` rows lie side by side as one
      Wide wide[kReduceTile];
      start(wide, side * columns);
      add_rows(x, rows / side, side * columns, side * columns, wide);
      for (int64_t i = 0; i < side; i++)
        for (int64_t j = 0; j < columns; j++) a[j] = Op::join(a[j], wide[i * columns + j]);
      x += rows / side * side * columns;
      rows %= side;
    }
    add_rows(x, rows, pitch, columns, a);
  }

  static void join(void* accumulators, const void* later, int64_t columns) {
    Wide* const a = static_cast<Wide*>(accumulators);
    const Wide* const b = static_cast<const Wide*>(later);
    for (int64_t j = 0; j < columns; j++) a[j] = Op::join(a[j], b[j]);
  }

  static void finish(const void* accumulators, int64_t columns, int64_t, const Launch& l, int64_t at,
                     int64_t step) {
    const Wide* const a = static_cast<const Wide*>(accumulators);
    T x[kReduceTile];
    for (int64_t j = 0; j < columns; j++) x[j] = static_cast<T>(a[j]);
    write(l.out(), at, step, x, columns);
  }

  static void finish_mean(const void* accumulators, int64_t columns, int64_t n, const Launch& l, int64_t at,
                          int64_t step) {
    const Wide* const a = static_cast<const Wide*>(accumulators);
    const Wide count = static_cast<Wide>(n);
    T x[kReduceTile];
    for (int64_t j = 0; j < columns; j++) x[j] = static_cast<T>(a[j] / count);
    write(l.out(), at, step, x, columns);
  }

  static void finish_truth(const void* accumulators, int64_t columns, int64_t, const Launch& l, int64_t at,
                           int64_t step) {
    const Wide* const a = static_cast<const Wide*>(accumulators);
    uint8_t* const to = l.out().template as<uint8_t>() + at;
    for (int64_t j = 0; j < columns; j++) to[j * step] = a[j] != Wide{};
  }

 private:
  // Large, and used twice.
  __attribute__((noinline)) static void add_rows(const T* x, int64_t rows, int64_t pitch, int64_t columns,
                                                 Wide* a) {
    T part[kReduceTile];
    for (int64_t r = 0; r < rows; r += kReduceRows) {
      const int64_t end = rows - r < kReduceRows ? rows : r + kReduceRows;
      std::memcpy(part, x, static_cast<size_t>(columns) * sizeof(T));
      x += pitch;
      int64_t i = r + 1;
      for (; i + 8 <= end; i += 8, x += 8 * pitch) add_eight(x, pitch, columns, part);
      for (; i < end; i++, x += pitch) add_one(x, columns, part);
      for (int64_t j = 0; j < columns; j++) a[j] = Op::join(a[j], static_cast<Wide>(part[j]));
    }
  }

  static void add_eight(const T* __restrict x, int64_t pitch, int64_t columns, T* __restrict part) {
    for (int64_t j = 0; j < columns; j++) {
      const T* const p = x + j;
      const T a = Op::join(Op::join(p[0], p[pitch]), Op::join(p[2 * pitch], p[3 * pitch]));
      const T b = Op::join(Op::join(p[4 * pitch], p[5 * pitch]), Op::join(p[6 * pitch], p[7 * pitch]));
      part[j] = Op::join(part[j], Op::join(a, b));
    }
  }

  static void add_one(const T* __restrict x, int64_t columns, T* __restrict part) {
    for (int64_t j = 0; j < columns; j++) part[j] = Op::join(part[j], x[j]);
  }
};

/** The best value and where it is; index -1 before the first. */
template <class Op>
struct IndexLoops {
  using T = typename Op::Type;
  using Index = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;
  struct Best {
    T value;
    int64_t index;
  };

  static void start(void* accumulators, int64_t columns) {
    Best* const a = static_cast<Best*>(accumulators);
    for (int64_t j = 0; j < columns; j++) a[j] = {Op::start(), -1};
  }

  static void offer(Best& best, T value, int64_t index) {
    if (best.index < 0 || Op::better(value, best.value)) best = {value, index};
  }

  static void runs(const void* data, int64_t n, int64_t pitch, int64_t columns, int64_t position,
                   void* accumulators) {
    const T* x = static_cast<const T*>(data);
    Best* const a = static_cast<Best*>(accumulators);
    for (int64_t j = 0; j < columns; j++, x += pitch)
      for (int64_t i = 0; i < n; i += kReduceBlock) {
        const int64_t m = n - i < kReduceBlock ? n - i : kReduceBlock;
        const T value = reduce_block<Op>(x + i, m);
        if (a[j].index < 0 || Op::better(value, a[j].value))
          a[j] = {value, position + i + find(x + i, value)};
      }
  }

  static void rows(const void* data, int64_t rows, int64_t pitch, int64_t columns, int64_t position,
                   void* accumulators) {
    constexpr int64_t chunk = int64_t{1} << 20;
    const T* x = static_cast<const T*>(data);
    Best* const a = static_cast<Best*>(accumulators);
    T value[kReduceTile];
    Index index[kReduceTile];
    for (int64_t first = 0; first < rows; first += chunk) {
      const int64_t n = rows - first < chunk ? rows - first : chunk;
      std::memcpy(value, x, static_cast<size_t>(columns) * sizeof(T));
      std::memset(index, 0, static_cast<size_t>(columns) * sizeof(Index));
      for (int64_t r = 1; r < n; r++) offer_row(x + r * pitch, static_cast<Index>(r), columns, value, index);
      for (int64_t j = 0; j < columns; j++) offer(a[j], value[j], position + first + index[j]);
      x += n * pitch;
    }
  }

  static void join(void* accumulators, const void* later, int64_t columns) {
    Best* const a = static_cast<Best*>(accumulators);
    const Best* const b = static_cast<const Best*>(later);
    for (int64_t j = 0; j < columns; j++)
      if (b[j].index >= 0) offer(a[j], b[j].value, b[j].index);
  }

  static void finish(const void* accumulators, int64_t columns, int64_t, const Launch& l, int64_t at,
                     int64_t step) {
    const Best* const a = static_cast<const Best*>(accumulators);
    int64_t* const index = l.out(l.outputs - 1).template as<int64_t>() + at;
    for (int64_t j = 0; j < columns; j++) index[j * step] = a[j].index;
    if (l.outputs == 1) return;
    T x[kReduceTile];
    for (int64_t j = 0; j < columns; j++) x[j] = a[j].value;
    write(l.out(), at, step, x, columns);
  }

 private:
  static int64_t find(const T* x, T value) {
    int64_t i = 0;
    if (value != value) {
      while (x[i] == x[i]) i++;
    } else {
      while (x[i] != value) i++;
    }
    return i;
  }

  static void offer_row(const T* __restrict x, Index r, int64_t columns, T* __restrict value,
                        Index* __restrict index) {
    for (int64_t j = 0; j < columns; j++) {
      const T b = x[j], a = value[j];
      const T joined = Op::join(a, b);
      const bool better = Op::better(b, a);
      value[j] = better ? joined : a;
      index[j] = better ? r : index[j];
    }
  }
};

template <class Op>
constexpr Loops value_loops(DType type) {
  using L = ValueLoops<Op>;
  return {type, sizeof(typename Op::Wide), L::start, L::runs, L::rows, L::join, L::finish};
}
template <class Op>
constexpr Loops mean_loops(DType type) {
  using L = ValueLoops<Op>;
  return {type, sizeof(typename Op::Wide), L::start, L::runs, L::rows, L::join, L::finish_mean};
}
template <class Op>
constexpr Loops truth_loops(DType type) {
  using L = ValueLoops<Op>;
  return {type, sizeof(typename Op::Wide), L::start, L::runs, L::rows, L::join, L::finish_truth};
}
template <class Op>
constexpr Loops index_loops(DType type) {
  using L = IndexLoops<Op>;
  return {type, sizeof(typename L::Best), L::start, L::runs, L::rows, L::join, L::finish};
}

class Reduction {
 public:
  /** `ordered`: the position of an element among the reduced ones matters. */
  Reduction(const Launch& l, const Loops& loops, bool ordered) : l_(l), loops_(loops), x_(l.in()) {
    if (x_.numel == 0) return;
    if (!split_contiguous()) split_strided(ordered);
    rows_ = reduced_.numel();
    outer_ = kept_.count ? kept_.count - 1 : 0;
    column_ = kept_.count ? kept_.at[outer_] : Dim{1, 0, 1};
    inner_ = reduced_.count ? reduced_.at[reduced_.count - 1] : Dim{rows_, 0, 0};
    outer_reduced_ = reduced_.count ? reduced_.count - 1 : 0;
    direct_ = x_.dtype == loops.type;
    along_rows_ = !kept_.count || Dims::distance(inner_) < Dims::distance(column_) || column_.size == 1;
  }

  void run() {
    if (x_.numel == 0) return run_empty();
    const int64_t results = kept_.numel();
    width_ =
        along_rows_ && rows_ * kReduceTile > kTaskElements ? kTaskElements / (rows_ + 1) + 1 : kReduceTile;
    if (width_ > column_.size) width_ = column_.size;
    tiles_per_column_ = (column_.size + width_ - 1) / width_;
    const int64_t tiles = results / column_.size * tiles_per_column_, tile = width_ * rows_;
    if (tiles < kManyTasks && tile >= 2 * kSplitElements) return run_split(tiles);
    const int64_t together = tile < kTaskElements ? kTaskElements / (tile + 1) + 1 : 1;
    if (tiles <= together) return run_tiles(0, tiles);
    parallel_for((tiles + together - 1) / together, [&](int64_t task) {
      run_tiles(task * together, task * together + together < tiles ? task * together + together : tiles);
    });
  }

 private:
  struct Tile {
    int64_t in, out, columns;
  };

  /** Reduced dimensions that are neighbours in a contiguous input: [outer, rows, inner]. */
  bool split_contiguous() {
    if (!x_.contiguous) return false;
    const int n = static_cast<int>(l_.scalars);
    const int first = n ? static_cast<int>(l_.scalar[0].integer()) : x_.rank;
    if (n && static_cast<int>(l_.scalar[n - 1].integer()) != first + n - 1) return false;
    int64_t outer = 1, rows = 1, inner = 1;
    for (int i = 0; i < first; i++) outer *= x_.shape[i];
    for (int i = first; i < first + n; i++) rows *= x_.shape[i];
    for (int i = first + n; i < x_.rank; i++) inner *= x_.shape[i];
    kept_.push(outer, rows * inner, inner);
    kept_.push(inner, 1, 1);
    reduced_.push(rows, inner, 0);
    return true;
  }

  void split_strided(bool ordered) {
    int64_t out = l_.out().numel;
    uint32_t next = 0;
    for (int i = 0; i < x_.rank; i++) {
      const int64_t size = x_.shape[i];
      if (next < l_.scalars && l_.scalar[next].integer() == i) {
        reduced_.push(size, x_.strides[i], 0);
        next++;
      } else {
        out = size ? out / size : 0;
        kept_.push(size, x_.strides[i], out);
      }
    }
    kept_.sort();
    if (!ordered) reduced_.sort();
  }

  /** Results of no elements, where there are results. */
  void run_empty() const {
    alignas(16) char accumulators[kReduceTile * 16];
    for (int64_t at = 0; at < l_.out().numel; at += kReduceTile) {
      const int64_t left = l_.out().numel - at, columns = left < kReduceTile ? left : kReduceTile;
      loops_.start(accumulators, columns);
      loops_.finish(accumulators, columns, 0, l_, at, 1);
    }
  }

  Tile tile_at(int64_t tile) const {
    const Walker outer(kept_.at, outer_, tile / tiles_per_column_);
    const int64_t first = tile % tiles_per_column_ * width_, left = column_.size - first;
    return {outer.in + first * column_.stride, outer.out + first * column_.out,
            left < width_ ? left : width_};
  }

  void run_tiles(int64_t first, int64_t end) const {
    alignas(16) char accumulators[kReduceTile * 16];
    for (int64_t i = first; i < end; i++) {
      const Tile tile = tile_at(i);
      loops_.start(accumulators, tile.columns);
      reduce(tile, 0, rows_, accumulators);
      loops_.finish(accumulators, tile.columns, rows_, l_, tile.out, column_.out);
    }
  }

  /** Few, long columns: each is split into equal parts, which are joined in pairs. */
  void run_split(int64_t tiles) {
    const int64_t part = (kSplitElements / width_ + kReduceRows - 1) / kReduceRows * kReduceRows;
    const int64_t parts = (rows_ + part - 1) / part, bytes = width_ * loops_.accumulator;
    char* const partial = static_cast<char*>(l_.scratch->bytes(static_cast<size_t>(tiles * parts * bytes)));
    parallel_for(tiles * parts, [&](int64_t task) {
      const Tile t = tile_at(task / parts);
      const int64_t from = task % parts * part, to = from + part < rows_ ? from + part : rows_;
      loops_.start(partial + task * bytes, t.columns);
      reduce(t, from, to, partial + task * bytes);
    });
    for (int64_t i = 0; i < tiles; i++) {
      const Tile t = tile_at(i);
      char* const p = partial + i * parts * bytes;
      for (int64_t step = 1; step < parts; step *= 2)
        for (int64_t k = 0; k + step < parts; k += 2 * step)
          loops_.join(p + k * bytes, p + (k + step) * bytes, t.columns);
      loops_.finish(p, t.columns, rows_, l_, t.out, column_.out);
    }
  }

  /** Rows [from, to) of a tile. */
  void reduce(const Tile& tile, int64_t from, int64_t to, void* accumulators) const {
    if (from >= to) return;
    Walker walker(reduced_.at, outer_reduced_, from / inner_.size);
    int64_t skip = from % inner_.size;
    for (int64_t position = from; position < to; walker.next(), skip = 0) {
      const int64_t left = inner_.size - skip, n = to - position < left ? to - position : left;
      block(tile.in + walker.in + skip * inner_.stride, n, tile.columns, position,
            static_cast<char*>(accumulators));
      position += n;
    }
  }

  /** n rows along the inner reduced dimension, from `at` on. */
  void block(int64_t at, int64_t n, int64_t columns, int64_t position, char* accumulators) const {
    const int64_t size = element_size(loops_.type);
    const char* const data = static_cast<const char*>(x_.data);
    if (direct_ && (inner_.stride == 1 || n == 1) && along_rows_)
      return loops_.runs(data + at * size, n, column_.stride, columns, position, accumulators);
    if (direct_ && column_.stride == 1)
      return loops_.rows(data + at * size, n, inner_.stride, columns, position, accumulators);
    alignas(64) char buffer[kBufferBytes];
    const int64_t capacity = kBufferBytes / size;
    if (!along_rows_) {
      const int64_t high = capacity / columns;
      for (int64_t r = 0; r < n; r += high) {
        const int64_t m = n - r < high ? n - r : high;
        for (int64_t i = 0; i < m; i++)
          load_strided(x_.data, x_.dtype, at + (r + i) * inner_.stride, column_.stride, columns, loops_.type,
                       buffer + i * columns * size);
        loops_.rows(buffer, m, columns, columns, position + r, accumulators);
      }
      return;
    }
    const int64_t together = n < capacity ? capacity / n : 1;
    for (int64_t j = 0; j < columns; j += together) {
      const int64_t m = columns - j < together ? columns - j : together;
      for (int64_t i = 0; i < n; i += capacity) {
        const int64_t length = n - i < capacity ? n - i : capacity;
        for (int64_t k = 0; k < m; k++)
          load_strided(x_.data, x_.dtype, at + (j + k) * column_.stride + i * inner_.stride, inner_.stride,
                       length, loops_.type, buffer + k * length * size);
        loops_.runs(buffer, length, length, m, position + i, accumulators + j * loops_.accumulator);
      }
    }
  }

  const Launch& l_;
  const Loops& loops_;
  const TensorView& x_;
  Dims kept_, reduced_;
  Dim column_{}, inner_{};  // the innermost of each
  int outer_ = 0, outer_reduced_ = 0;
  int64_t rows_ = 0, width_ = 0, tiles_per_column_ = 0;
  bool direct_ = false, along_rows_ = false;
};

int type_index(DType compute) {
  switch (compute) {
    case DType::f32: return 0;
    case DType::f64: return 1;
    case DType::i32: return 2;
    default: return 3;
  }
}

/** Bytes are read as they are, others in the compute type. */
template <template <class> class Op>
void reduce_truth(const Launch& l) {
  static constexpr Loops loops[] = {truth_loops<Op<float>>(DType::f32), truth_loops<Op<double>>(DType::f64),
                                    truth_loops<Op<int32_t>>(DType::i32),
                                    truth_loops<Op<int64_t>>(DType::i64)};
  const DType t = l.in().dtype;
  const bool bytes = element_size(t) == 1;
  Reduction(l, bytes ? truth_loops<Op<uint8_t>>(t) : loops[type_index(l.compute)], false).run();
}

}  // namespace

// Integers are added and multiplied unsigned: modulo 2^n.
#define TENON_REDUCE(name, make, Op, I32, I64, ordered)                                          \
  void kernel_##name(const Launch& l) {                                                          \
    static constexpr Loops loops[] = {make<Op<float>>(DType::f32), make<Op<double>>(DType::f64), \
                                      make<Op<I32>>(DType::i32), make<Op<I64>>(DType::i64)};     \
    Reduction(l, loops[type_index(l.compute)], ordered).run();                                   \
  }

TENON_REDUCE(sum, value_loops, SumOf, uint32_t, uint64_t, false)
TENON_REDUCE(prod, value_loops, ProductOf, uint32_t, uint64_t, false)
TENON_REDUCE(amax, value_loops, MaxOf, int32_t, int64_t, false)
TENON_REDUCE(amin, value_loops, MinOf, int32_t, int64_t, false)
TENON_REDUCE(argmax, index_loops, MaxOf, int32_t, int64_t, true)
TENON_REDUCE(argmin, index_loops, MinOf, int32_t, int64_t, true)
TENON_REDUCE(max, index_loops, MaxOf, int32_t, int64_t, true)
TENON_REDUCE(min, index_loops, MinOf, int32_t, int64_t, true)

#undef TENON_REDUCE

void kernel_mean(const Launch& l) {
  static constexpr Loops loops[] = {mean_loops<SumOf<float>>(DType::f32),
                                    mean_loops<SumOf<double>>(DType::f64)};
  Reduction(l, loops[l.compute == DType::f64], false).run();
}

void kernel_all(const Launch& l) { reduce_truth<AllOf>(l); }
void kernel_any(const Launch& l) { reduce_truth<AnyOf>(l); }

}  // namespace TENON_ISA
}  // namespace tenon
