// Reductions over any set of dimensions. How a tensor is divided among threads, blocks and parts follows from
// its shape and layout alone, never from the device, so that the bits of a result are the same everywhere.
#include "cuda/kernels/reduce.h"

#include <new>

#include "cuda/dims.h"
#include "cuda/kernel_table.h"
#include "cuda/teams.h"

namespace tenon {
namespace cuda {

namespace {

constexpr int64_t kMostElements = int64_t{1} << 45;
constexpr int64_t kFewTiles = 512;     // with fewer blocks, long reductions are split into parts
constexpr int64_t kSplitTiles = 1024;  // so that there are about so many

/** The dimensions of the input: those that stay, and those that are reduced. */
struct Sides {
  DimList<2> kept, reduced;

  /** `ordered`: the position of an element among the reduced ones matters. */
  Sides(const Launch& l, bool ordered) {
    const TensorView& x = l.in();
    int64_t out = l.out().numel;
    uint32_t next = 0;
    for (int i = 0; i < x.rank; i++) {
      const int64_t size = x.shape[i], stride = x.strides[i];
      if (next < l.scalars && l.scalar[next].integer() == i) {
        reduced.push({size, {stride, 0}, 0, 0});
        next++;
      } else {
        out = size ? out / size : 0;
        kept.push({size, {stride, out}, 0, 0});
      }
    }
    kept.sort();
    if (!ordered) reduced.sort();
  }
};

/** The last, densest one. */
Dim<2> densest(const DimList<2>& list) {
  return list.count ? list.at[list.count - 1] : Dim<2>{1, {0, 0}, 0, 0};
}

struct Names {
  const char *reduce, *join;
  int64_t state;  // bytes of a partial result
};

void run(const Launch& l, Queue& q, const Names& names, bool ordered, bool mean = false) {
  const TensorView& x = l.in();
  ReduceParameters p = {};
  p.results = l.out().numel;
  if (p.results == 0) return;
  const Sides sides(l, ordered);
  p.elements = sides.reduced.numel();
  // One that stands for more elements than any memory has: partial sums of them would not fit either.
  if (p.elements > kMostElements) throw std::bad_alloc();
  p.x = x.data;
  p.x_type = x.dtype;
  p.out_type = l.out().dtype;
  if (ordered) {
    p.index = l.out(l.outputs - 1).as<int64_t>();
    p.out = l.outputs == 2 ? l.out().data : nullptr;
  } else {
    p.out = l.out().data;
  }
  p.kept = sides.kept.count;
  p.reduced = sides.reduced.count;
  sides.kept.copy_to(p.dim);
  sides.reduced.copy_to(p.dim + p.kept);
  p.mean = mean;
  const Dim<2> column = densest(sides.kept);
  p.shape = team_shape(p.elements, densest(sides.reduced).stride[0], column.size, column.stride[0],
                       kLogTeamThreads);

  const int64_t tiles = divide_up(p.results, kTeamThreads >> p.shape.log_lanes);
  const int64_t step = kBatch << p.shape.log_lanes, steps = divide_up(p.elements, step);
  p.parts = 1;
  p.part = p.elements;
  if (tiles < kFewTiles && steps > 4) {
    const int64_t parts = clamp(divide_up(kSplitTiles, tiles), int64_t{1}, steps / 2);
    p.part = divide_up(steps, parts) * step;
    p.parts = divide_up(p.elements, p.part);
  }
  p.narrow = is_narrow(p.part) && (p.reduced <= 1 || is_narrow(p.elements));
  if (p.parts > 1) p.partial = q.scratch(static_cast<size_t>(p.parts * p.results * names.state));
  q.launch(names.reduce,
           {blocks_of_teams(p.results, p.shape, kTeamThreads), static_cast<unsigned>(p.parts), 1},
           kTeamThreads, p);
  if (p.parts == 1) return;
  const uint32_t beside = clamp(log2_up(p.results), 0u, 5u);
  p.shape = {clamp(log2_up(p.parts), 0u, kLogTeamThreads - beside), p.results == 1};
  q.launch(names.join, {blocks_of_teams(p.results, p.shape, kTeamThreads), 1, 1}, kTeamThreads, p);
}

int type_index(DType compute) {
  switch (compute) {
    case DType::f32: return 0;
    case DType::f64: return 1;
    case DType::i32: return 2;
    default: return 3;
  }
}

}  // namespace

#define TENON_NAMES(kernel, type, state) \
  {"reduce_" #kernel "_" #type, "reduce_" #kernel "_join_" #type, state}
// Sums and products of float32 are gathered in double. An index makes 16 bytes of every state.
#define TENON_VALUES(kernel, wide)                                                           \
  {TENON_NAMES(kernel, f32, wide), TENON_NAMES(kernel, f64, 8), TENON_NAMES(kernel, i32, 4), \
   TENON_NAMES(kernel, i64, 8)}
#define TENON_PLACES(kernel)                                                                 \
  {TENON_NAMES(kernel, f32, 16), TENON_NAMES(kernel, f64, 16), TENON_NAMES(kernel, i32, 16), \
   TENON_NAMES(kernel, i64, 16)}

namespace {

constexpr Names kSum[] = TENON_VALUES(sum, 8), kProduct[] = TENON_VALUES(prod, 8),
                kLargest[] = TENON_VALUES(amax, 4), kSmallest[] = TENON_VALUES(amin, 4),
                kLargestPlace[] = TENON_PLACES(max), kSmallestPlace[] = TENON_PLACES(min);
constexpr Names kAll = TENON_NAMES(all, bool, 4), kAny = TENON_NAMES(any, bool, 4);

}  // namespace

void kernel_sum(const Launch& l, Queue& q) { run(l, q, kSum[type_index(l.compute)], false); }
void kernel_mean(const Launch& l, Queue& q) { run(l, q, kSum[type_index(l.compute)], false, true); }
void kernel_prod(const Launch& l, Queue& q) { run(l, q, kProduct[type_index(l.compute)], false); }
void kernel_amax(const Launch& l, Queue& q) { run(l, q, kLargest[type_index(l.compute)], false); }
void kernel_amin(const Launch& l, Queue& q) { run(l, q, kSmallest[type_index(l.compute)], false); }
void kernel_argmax(const Launch& l, Queue& q) { run(l, q, kLargestPlace[type_index(l.compute)], true); }
void kernel_argmin(const Launch& l, Queue& q) { run(l, q, kSmallestPlace[type_index(l.compute)], true); }
void kernel_max(const Launch& l, Queue& q) { run(l, q, kLargestPlace[type_index(l.compute)], true); }
void kernel_min(const Launch& l, Queue& q) { run(l, q, kSmallestPlace[type_index(l.compute)], true); }
void kernel_all(const Launch& l, Queue& q) { run(l, q, kAll, false); }
void kernel_any(const Launch& l, Queue& q) { run(l, q, kAny, false); }

}  // namespace cuda
}  // namespace tenon
