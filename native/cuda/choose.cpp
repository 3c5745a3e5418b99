// topk, kthvalue, median and mode: kernels/choose.cu.
#include "cuda/kernels/choose.h"

#include "cuda/kernel_table.h"
#include "cuda/sort.h"

namespace tenon {
namespace cuda {

namespace {

/** std::sort leaves so many to a stable sort. */
constexpr int64_t kSortedByInsertion = 16;

unsigned threads_for(int64_t n) { return n <= 256 ? 32 : n <= 2048 ? 128 : kChoiceThreads; }

/** What the ops have in common: rows of keys, in memory that is claimed when all its parts are named. */
struct Choice {
  const Launch& l;
  Queue& q;
  int dim;
  Lanes lanes;
  int64_t m;  // elements of each row that go to the outputs
  KeyKind kind;
  WorkingMemory memory;
  PairsPart all;
  Pairs keys;
  ChoiceParameters p = {};

  Choice(const Launch& launch, Queue& queue, bool descending)
      : l(launch),
        q(queue),
        dim(static_cast<int>(launch.scalar[0].integer())),
        lanes(lanes_of(launch.in(), launch.out(), dim)),
        m(launch.out().shape[dim]),
        kind(key_kind(launch.compute, launch.in().dtype, descending)),
        all(memory, kind, lanes.rows, lanes.n) {}

  void start() {
    memory.claim(q);
    keys = all.in(memory);
    make_keys(q, l, lanes, kind, keys.keys, keys.index);
    p.from = keys;
    p.rows = lanes.rows;
    p.n = static_cast<uint32_t>(lanes.n);
    p.has_nan = is_floating(l.compute);
    p.nan = kind.wide ? UINT64_MAX : UINT32_MAX;
  }

  void run(const char* narrow, const char* wide) {
    constexpr int64_t most = int64_t{1} << 20;
    q.launch(by_width(kind, narrow, wide), {static_cast<unsigned>(p.rows < most ? p.rows : most)},
             threads_for(lanes.n), p);
  }

  void finish(const uint32_t* index, int64_t pitch) {
    take(q, lanes, &l.out(0), l.out(1), dim, index, pitch);
  }
};

bool is_empty(const Launch& l) {
  return l.out().numel == 0 || !check_length(l, l.in().shape[l.scalar[0].integer()]);
}

/** Of each row one element, whose place a kernel leaves. */
void one_of_row(const Launch& l, Queue& q, uint32_t rank, bool ignore_nan, const char* narrow,
                const char* wide) {
  if (is_empty(l)) return;
  Choice c(l, q, false);
  const size_t place = c.memory.part(c.lanes.rows, sizeof(uint32_t));
  c.start();
  c.p.k = rank;
  c.p.ignore_nan = ignore_nan;
  c.p.to = {nullptr, c.memory.at<uint32_t>(place), 1};
  c.run(narrow, wide);
  c.finish(c.p.to.index, 1);
}

}  // namespace

void kernel_topk(const Launch& l, Queue& q) {
  if (is_empty(l)) return;
  const bool sorted = l.scalar[2].get() != 0;
  Choice c(l, q, l.scalar[1].get() != 0);
  const int64_t rows = c.lanes.rows, k = c.m;
  // As on the CPU.
  const bool few = k <= c.lanes.n / 64;
  const PairsPart first(c.memory, c.kind, rows, k), second(c.memory, c.kind, rows, k);
  const size_t flags = c.memory.part(rows, sizeof(uint32_t));
  const size_t counters = c.memory.part(sort_counters(rows, k), sizeof(uint32_t));
  c.start();
  c.p.k = static_cast<uint32_t>(k);
  c.p.flags = c.memory.at<uint32_t>(flags);
  const Pairs a = first.in(c.memory), b = second.in(c.memory);
  const auto sort_from = [&](const Pairs& from) {
    return sort_pairs(q, c.kind, from, rows, k, a, b, c.memory.at<uint32_t>(counters));
  };
  if (few) {
    c.p.to = b;
    c.run("choose_smallest_k32", "choose_smallest_k64");
    c.p.to = sort_from(b);
    c.run("choose_partial_sort_k32", "choose_partial_sort_k64");
    return c.finish(c.p.to.index, k);
  }
  c.run("choose_split_off_k32", "choose_split_off_k64");
  if (!sorted) return c.finish(c.keys.index, c.keys.pitch);
  c.p.to = sort_from(c.keys);
  if (k - 1 > kSortedByInsertion) c.run("choose_order_equal_k32", "choose_order_equal_k64");
  c.finish(c.p.to.index, k);
}

void kernel_kthvalue(const Launch& l, Queue& q) {
  one_of_row(l, q, static_cast<uint32_t>(l.scalar[1].integer() - 1), false, "choose_kth_k32",
             "choose_kth_k64");
}

void kernel_median(const Launch& l, Queue& q) {
  one_of_row(l, q, 0, l.scalar[1].get() != 0, "choose_median_k32", "choose_median_k64");
}

void kernel_mode(const Launch& l, Queue& q) {
  if (is_empty(l)) return;
  Choice c(l, q, false);
  const int64_t rows = c.lanes.rows, n = c.lanes.n;
  const PairsPart first(c.memory, c.kind, rows, n), second(c.memory, c.kind, rows, n);
  const size_t counters = c.memory.part(sort_counters(rows, n), sizeof(uint32_t));
  const size_t found = c.memory.part(rows, c.kind.bytes()), place = c.memory.part(rows, sizeof(uint32_t));
  c.start();
  c.p.to = {c.memory.at<void>(found), c.memory.at<uint32_t>(place), 1};
  c.p.from = sort_pairs(q, c.kind, c.keys, rows, n, first.in(c.memory), second.in(c.memory),
                        c.memory.at<uint32_t>(counters));
  c.run("choose_most_frequent_k32", "choose_most_frequent_k64");
  c.p.from = c.keys;
  c.run("choose_last_k32", "choose_last_k64");
  c.finish(c.p.to.index, 1);
}

}  // namespace cuda
}  // namespace tenon
