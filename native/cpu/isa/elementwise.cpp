#include "cpu/isa/elementwise.h"

#include "core/parallel.h"
#include "cpu/isa/blocks.h"

namespace tenon {
namespace TENON_ISA {

namespace {

constexpr int64_t kGrain = 32768;           // elements of cost 1 that are worth a task
constexpr int64_t kStreamBytes = 16 << 20;  // results beyond the caches
constexpr int64_t kTile = 2048;             // elements that are streamed at a time
constexpr int64_t kLargestBlock = 16384;

/** What a loop takes of one operand. */
struct Piece {
  const void* data;
  int64_t step;
};

/** A vector of the one element at `at`. */
TENON_INLINE void splat_element(const TensorView& view, int64_t at, DType type, void* vector) {
  if (view.dtype == DType::f64 && type == DType::f32) {  // a number beside float32
    const Vec<float> v = splat(static_cast<float>(view.as<double>()[at]));
    std::memcpy(vector, &v, sizeof v);
    return;
  }
  if (view.dtype == type && element_size(type) == 4) {  // without a call for every row of what is broadcast
    const Vec<uint32_t> v = splat(view.as<uint32_t>()[at]);
    std::memcpy(vector, &v, sizeof v);
    return;
  }
  load_strided(view.data, view.dtype, at, 0, kVectorBytes / element_size(type), type, vector);
}

template <int kInputs>
class Driver {
 public:
  Driver(const Launch& l, Loop loop, const DType* types, int cost)
      : l_(l), loop_(loop), types_(types), cost_(cost) {}

  TENON_INLINE void run() {
    const TensorView& out = l_.out();
    const int64_t n = out.numel;
    alignas(64) char splats[kInputs][kVectorBytes];
    const void* in[kInputs];
    int64_t step[kInputs];
    if (n == 0) return;
    if (!out.contiguous || out.dtype != types_[0]) return run_blocks();
    for (int k = 0; k < kInputs; k++) {
      const TensorView& x = l_.in(k);
      if (x.contiguous && x.numel == n && x.dtype == types_[1 + k]) {
        in[k] = x.data;
        step[k] = 1;
      } else if (x.numel == 1) {
        splat_element(x, 0, types_[1 + k], splats[k]);
        in[k] = splats[k];
        step[k] = 0;
      } else {
        return run_blocks();
      }
    }
    if (n * cost_ <= kGrain) return loop_(out.data, in, step, n, l_.scalar);
    run_dense(in, step);
  }

 private:
  int64_t size(int operand) const { return element_size(types_[operand]); }

  /** Elements of a task: few enough to go round, enough to be worth it. */
  int64_t task_elements(int64_t n) const {
    const int64_t grain = kGrain / cost_, share = n / 64;
    return (share < grain ? grain : share) / kTile * kTile;
  }

  __attribute__((noinline)) void run_dense(const void* const* in, const int64_t* step) {
    const TensorView& out = l_.out();
    const int64_t n = out.numel, task = task_elements(n);
    bool stream = cost_ == 1 && n * size(0) >= kStreamBytes;
    for (int k = 0; k < kInputs; k++) stream &= in[k] != out.data;
    parallel_for((n + task - 1) / task, [&](int64_t i) {
      const int64_t first = i * task, count = n - first < task ? n - first : task;
      const void* from[kInputs];
      for (int k = 0; k < kInputs; k++)
        from[k] = static_cast<const char*>(in[k]) + step[k] * first * size(1 + k);
      char* const to = out.as<char>() + first * size(0);
      if (stream)
        run_streamed(to, from, step, count);
      else
        loop_(to, from, step, count, l_.scalar);
    });
  }

  void run_streamed(char* to, const void** from, const int64_t* step, int64_t n) {
    alignas(64) char tile[kTile * 8];
    for (int64_t i = 0; i < n; i += kTile) {
      const int64_t count = n - i < kTile ? n - i : kTile;
      loop_(tile, from, step, count, l_.scalar);
      stream_copy(to + i * size(0), tile, count * size(0));
      for (int k = 0; k < kInputs; k++)
        from[k] = static_cast<const char*>(from[k]) + step[k] * count * size(1 + k);
    }
    stream_fence();
  }

  __attribute__((noinline)) void run_blocks() {
    const Space space = collapse(l_.views, 1 + kInputs);
    bool direct = true;
    for (int k = 0; k <= kInputs; k++) direct &= l_.views[k].dtype == types_[k] && dense_or_single(space, k);
    const Blocks blocks(space, 1 + kInputs, direct ? kLargestBlock : kBlock);
    const int64_t grain = kGrain / cost_, together = (grain + blocks.block() - 1) / blocks.block();
    const int64_t tasks = (blocks.count() + together - 1) / together;
    parallel_for(tasks, [&](int64_t i) {
      const int64_t end = (i + 1) * together < blocks.count() ? (i + 1) * together : blocks.count();
      alignas(64) char tiles[1 + kInputs][kBlock * 8];
      blocks.each(i * together, end, [&](const Block& b) { run_block(blocks, b, tiles); });
    });
  }

  /** Whether rows of an operand can be used where they are. */
  static bool dense_or_single(const Space& space, int k) {
    const int64_t stride = space.rank ? space.stride[space.rank - 1][k] : 0;
    return stride == 1 || (stride == 0 && k > 0);
  }

  TENON_INLINE void run_block(const Blocks& blocks, const Block& b, char (*tiles)[kBlock * 8]) {
    const void* in[kInputs];
    int64_t step[kInputs];
    for (int k = 0; k < kInputs; k++) {
      const TensorView& x = l_.in(k);
      const Grid grid = grid_of(blocks, b, 1 + k);
      const DType type = types_[1 + k];
      in[k] = tiles[1 + k];
      step[k] = 1;
      if (single(grid)) {
        splat_element(x, grid.at, type, tiles[1 + k]);
        step[k] = 0;
      } else if (x.dtype == type && dense(grid)) {
        in[k] = x.as<char>() + grid.at * size(1 + k);
      } else {
        load_grid(x.data, x.dtype, grid, type, tiles[1 + k]);
      }
    }
    const TensorView& out = l_.out();
    const Grid grid = grid_of(blocks, b, 0);
    if (out.dtype == types_[0] && dense(grid)) {
      loop_(out.as<char>() + grid.at * size(0), in, step, b.rows * b.columns, l_.scalar);
    } else {
      loop_(tiles[0], in, step, b.rows * b.columns, l_.scalar);
      store_grid(tiles[0], types_[0], out.data, out.dtype, grid);
    }
  }

  static Grid grid_of(const Blocks& blocks, const Block& b, int k) {
    return {b.at[k], blocks.row_stride[k], blocks.column_stride[k], b.rows, b.columns};
  }
  static bool dense(const Grid& g) {
    return (g.columns == 1 || g.column_stride == 1) && (g.rows == 1 || g.row_stride == g.columns);
  }
  static bool single(const Grid& g) {
    return (g.columns == 1 || g.column_stride == 0) && (g.rows == 1 || g.row_stride == 0);
  }

  const Launch& l_;
  const Loop loop_;
  const DType* const types_;
  const int64_t cost_;
};

}  // namespace

void run_unary(const Launch& l, const Elementwise& op) {
  const DType types[] = {l.compute, l.compute};
  Driver<1>(l, op.loop[compute_index(l.compute)], types, op.cost).run();
}

void run_predicate(const Launch& l, const Elementwise& op) {
  const DType types[] = {DType::boolean, l.compute};
  Driver<1>(l, op.loop[compute_index(l.compute)], types, op.cost).run();
}

void run_binary(const Launch& l, const Elementwise& op) {
  const DType types[] = {l.compute, l.compute, l.compute};
  Driver<2>(l, op.loop[compute_index(l.compute)], types, op.cost).run();
}

void run_compare(const Launch& l, const Elementwise& op) {
  const DType types[] = {DType::boolean, l.compute, l.compute};
  Driver<2>(l, op.loop[compute_index(l.compute)], types, op.cost).run();
}

void run_one(const Launch& l, Loop loop, const DType* types) { Driver<1>(l, loop, types, 1).run(); }

void run_ternary(const Launch& l, Loop loop, const DType* types) { Driver<3>(l, loop, types, 1).run(); }

void stream_copy(void* to, const void* from, int64_t size) {
  char* o = static_cast<char*>(to);
  const char* x = static_cast<const char*>(from);
  int64_t head = -reinterpret_cast<intptr_t>(o) & (kVectorBytes - 1);
  if (head > size) head = size;
  std::memcpy(o, x, static_cast<size_t>(head));
  int64_t i = head;
  for (; i + kVectorBytes <= size; i += kVectorBytes)
    stream(reinterpret_cast<uint8_t*>(o + i), load(reinterpret_cast<const uint8_t*>(x + i)));
  std::memcpy(o + i, x + i, static_cast<size_t>(size - i));
}

}  // namespace TENON_ISA
}  // namespace tenon
