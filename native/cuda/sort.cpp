// sort and sortRows: kernels/sort.cu.
#include "cuda/sort.h"

#include "cpu/kernel_table.h"
#include "cuda/dims.h"
#include "cuda/kernel_table.h"
#include "cuda/teams.h"

namespace tenon {
namespace cuda {

namespace {

constexpr int kDigitBits = 8;
/** A long row is divided among so many blocks at most, each of which sums up the counts of all. */
constexpr int64_t kMostParts = 512;
/** Blocks that are enough to keep a device busy. */
constexpr int64_t kManyBlocks = 1024;
constexpr int64_t kMostTiles = int64_t{1} << 20;

/** Elements of a block of the radix sort, and blocks of a row. */
struct RadixShape {
  int64_t part, parts;
  RadixShape(int64_t rows, int64_t n) {
    constexpr int64_t tile = int64_t{kOrderThreads} * kNarrowItems;
    const int64_t most = clamp(divide_up(kManyBlocks, rows), int64_t{1}, kMostParts);
    const int64_t tiles = divide_up(n, tile);
    part = divide_up(tiles, clamp(tiles, int64_t{1}, most)) * tile;
    parts = divide_up(n, part);
  }
};

const char* by_type(DType compute, const char* f32, const char* f64, const char* i32, const char* i64) {
  switch (compute) {
    case DType::f32: return f32;
    case DType::f64: return f64;
    case DType::i32: return i32;
    default: return i64;
  }
}

unsigned short_blocks(int64_t rows, uint32_t log_width) {
  return static_cast<unsigned>(
      clamp(divide_up(rows, int64_t{kShortRow} >> log_width), int64_t{1}, kMostTiles));
}

}  // namespace

KeyKind key_kind(DType compute, DType elements, bool descending) {
  KeyKind k = {{0, 0}, 0, 64, true};
  if (compute == DType::f32) {
    k.wide = false;
    k.end = 32;
    k.begin = elements == DType::bf16 ? 16 : elements == DType::f16 ? 13 : 0;
  } else if (compute == DType::i32) {
    k.wide = false;
    switch (elements) {
      case DType::i8: k.rule.origin = 0x7fffff80, k.end = 8; break;
      case DType::u8:
      case DType::boolean: k.rule.origin = 0x80000000, k.end = 8; break;
      case DType::i16: k.rule.origin = 0x7fff8000, k.end = 16; break;
      default: k.end = 32;
    }
  }
  if (descending) k.rule.flip = ~uint64_t{0} >> (64 - k.end);
  return k;
}

Lanes lanes_of(const TensorView& x, const TensorView& out, int dim) {
  Lanes l = {};
  l.x = x.data;
  l.x_type = x.dtype;
  l.n = x.shape[dim];
  l.stride = x.strides[dim];
  l.step = out.strides[dim];
  DimList<2> rows;
  for (int i = 0; i < x.rank; i++)
    if (i != dim) rows.push({x.shape[i], {x.strides[i], out.strides[i]}, 0, 0});
  rows.sort();
  rows.copy_to(l.dim);
  l.dims = rows.count;
  l.rows = rows.numel();
  return l;
}

bool check_length(const Launch& l, int64_t n) {
  if (n <= int64_t{UINT32_MAX}) return true;
  set_error(*l.error, ErrorCode::argument,
            "%s: on CUDA a dimension has at most 4294967295 elements, got %lld", op_name(l.op),
            static_cast<long long>(n));
  return false;
}

namespace {

/** Whether neighbours of the rows are nearer than those in a row; k: in x (0) or in the outputs (1). */
uint32_t across(const Lanes& l, int k) {
  if (l.dims == 0) return 0;
  const int64_t beside = l.dim[l.dims - 1].stride[k], along = k ? l.step : l.stride;
  return (beside < 0 ? -beside : beside) < (along < 0 ? -along : along);
}

}  // namespace

void make_keys(Queue& q, const Launch& l, const Lanes& lanes, const KeyKind& kind, void* keys,
               uint32_t* index) {
  KeyParameters p;
  p.lanes = lanes;
  p.lanes.across = across(lanes, 0);
  p.rule = kind.rule;
  p.keys = keys;
  p.index = index;
  q.launch(by_type(l.compute, "sort_keys_f32", "sort_keys_f64", "sort_keys_i32", "sort_keys_i64"),
           {blocks_for(lanes.rows * lanes.n, kOrderThreads, 4, q)}, kOrderThreads, p);
}

int64_t sort_counters(int64_t rows, int64_t n) {
  return n <= int64_t{kShortRow} ? 0 : rows * RadixShape(rows, n).parts * kRadix;
}

Pairs sort_pairs(Queue& q, const KeyKind& kind, const Pairs& from, int64_t rows, int64_t n, const Pairs& a,
                 const Pairs& b, uint32_t* counters) {
  if (n <= int64_t{kShortRow}) {
    const ShortPairs p = {from, a, rows, n, log2_up(n)};
    q.launch(by_width(kind, "sort_pairs_k32", "sort_pairs_k64"), {short_blocks(rows, p.log_width)},
             kOrderThreads, p);
    return a;
  }
  const RadixShape shape(rows, n);
  RadixParameters p = {};
  p.from = from;
  p.to = a;
  p.counts = counters;
  p.n = n;
  p.part = shape.part;
  p.parts = static_cast<uint32_t>(shape.parts);
  const Blocks blocks{static_cast<unsigned>(rows * shape.parts)};
  for (p.shift = kind.begin; p.shift < kind.end; p.shift += kDigitBits) {
    q.launch(by_width(kind, "sort_count_k32", "sort_count_k64"), blocks, kOrderThreads, p);
    q.launch(by_width(kind, "sort_move_k32", "sort_move_k64"), blocks, kOrderThreads, p);
    p.from = p.to;
    p.to = p.to.keys == a.keys ? b : a;
  }
  return p.from;
}

void take(Queue& q, const Lanes& lanes, const TensorView* values, const TensorView& places, int dim,
          const uint32_t* index, int64_t pitch, bool validated) {
  TakeParameters p;
  p.lanes = lanes;
  p.lanes.across = across(lanes, 1);
  p.index = index;
  p.pitch = pitch;
  p.failure = validated ? q.failure() : nullptr;
  p.m = places.shape[dim];
  p.values = values ? values->data : nullptr;
  p.places = places.as<int64_t>();
  p.bytes = values ? static_cast<uint32_t>(element_size(values->dtype)) : 0;
  q.launch("sort_take", {blocks_for(lanes.rows * p.m, kOrderThreads, 4, q)}, kOrderThreads, p);
}

void kernel_sort(const Launch& l, Queue& q) {
  const TensorView &x = l.in(), &values = l.out(0), &places = l.out(1);
  if (values.numel == 0) return;
  const int dim = static_cast<int>(l.scalar[0].integer());
  Lanes lanes = lanes_of(x, values, dim);
  if (!check_length(l, lanes.n)) return;
  const KeyKind kind = key_kind(l.compute, x.dtype, l.scalar[1].get() != 0);
  if (lanes.n <= int64_t{kShortRow}) {
    ShortParameters p;
    p.lanes = lanes;
    p.lanes.across = across(lanes, 0);
    p.rule = kind.rule;
    p.values = values.data;
    p.places = places.as<int64_t>();
    p.log_width = log2_up(lanes.n);
    p.bytes = static_cast<uint32_t>(element_size(x.dtype));
    q.launch(by_type(l.compute, "sort_short_f32", "sort_short_f64", "sort_short_i32", "sort_short_i64"),
             {short_blocks(lanes.rows, p.log_width)}, kOrderThreads, p);
    return;
  }
  WorkingMemory memory;
  const PairsPart first(memory, kind, lanes.rows, lanes.n), second(memory, kind, lanes.rows, lanes.n);
  const size_t counters = memory.part(sort_counters(lanes.rows, lanes.n), sizeof(uint32_t));
  memory.claim(q);
  const Pairs a = first.in(memory), b = second.in(memory);
  make_keys(q, l, lanes, kind, b.keys, nullptr);
  const Pairs sorted = sort_pairs(q, kind, {b.keys, nullptr, b.pitch}, lanes.rows, lanes.n, a, b,
                                  memory.at<uint32_t>(counters));
  take(q, lanes, &values, places, dim, sorted.index, sorted.pitch);
}

/** Runs of rows in order are merged to longer ones. */
void kernel_sortRows(const Launch& l, Queue& q) {
  const TensorView &x = l.in(), &out = l.out();
  const int64_t n = x.shape[0], columns = x.shape[1];
  if (n == 0) return;
  const KeyKind kind = key_kind(l.compute, x.dtype, false);
  WorkingMemory memory;
  const size_t keys = memory.part(n * columns, kind.bytes()), order = memory.part(n, sizeof(int64_t));
  memory.claim(q);
  if (x.numel) {
    int64_t dense[2];
    row_major(x.shape, 2, dense);
    TensorView like = x;
    like.strides = dense;
    make_keys(q, l, lanes_of(x, like, 1), kind, memory.at<void>(keys), nullptr);
  }
  MergeParameters p = {};
  p.keys = memory.at<void>(keys);
  p.n = n;
  p.columns = columns;
  int64_t* const spare = memory.at<int64_t>(order);
  // The last merge writes to the output.
  p.to = log2_up(n) % 2 || n == 1 ? out.as<int64_t>() : spare;
  for (p.width = 1; p.width == 1 || p.width < n; p.width *= 2) {
    q.launch(by_width(kind, "sort_merge_k32", "sort_merge_k64"), {blocks_for(n, kOrderThreads, 1, q)},
             kOrderThreads, p);
    p.from = p.to;
    p.to = p.to == spare ? out.as<int64_t>() : spare;
  }
}

}  // namespace cuda
}  // namespace tenon
