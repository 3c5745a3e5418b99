// multinomial: kernels/multinomial.cu.
#include "cuda/kernels/multinomial.h"

#include "cuda/kernel_table.h"
#include "cuda/sort.h"

namespace tenon {
namespace cuda {

namespace {

unsigned blocks_of_rows(int64_t rows) {
  constexpr int64_t most = int64_t{1} << 20;
  return static_cast<unsigned>(rows < most ? rows : most);
}

}  // namespace

void kernel_multinomial(const Launch& l, Queue& q) {
  const TensorView &x = l.in(0), &out = l.out();
  const bool replacement = l.scalar[0].get() != 0, wide = x.dtype == DType::f64;
  DrawParameters p = {};
  p.n = x.shape[x.rank - 1];
  p.rows = x.numel / p.n;
  p.count = out.shape[x.rank - 1];
  if (p.rows == 0) return;
  if (!replacement && !check_length(l, p.n)) return;
  p.failure = q.failure();
  p.op = l.op;
  p.weights = x.data;
  p.draws = l.in(1).as<double>();
  p.out = out.as<int64_t>();

  const KeyKind kind = key_kind(DType::f64, DType::f64, false);
  WorkingMemory memory;
  const size_t row = memory.part(p.rows, sizeof(WeightRow));
  const size_t sums = memory.part(replacement ? p.rows * p.n : 0, sizeof(double));
  const int64_t sorted = replacement ? 0 : p.n;
  const PairsPart first(memory, kind, p.rows, sorted), second(memory, kind, p.rows, sorted);
  const size_t counters =
      memory.part(replacement ? 0 : sort_counters(p.rows, p.n), static_cast<int64_t>(sizeof(uint32_t)));
  memory.claim(q);
  p.row = memory.at<WeightRow>(row);
  if (replacement) p.sums = memory.at<double>(sums);

  const unsigned blocks = blocks_of_rows(p.rows);
  q.launch(wide ? "multinomial_sum_f64" : "multinomial_sum_f32", {blocks}, kDrawThreads, p);
  q.launch("multinomial_check", {}, kDrawThreads, p);
  if (out.numel == 0) return;
  if (replacement) {
    q.launch("multinomial_draw", {blocks_for(out.numel, kDrawThreads, 1, q)}, kDrawThreads, p);
    q.launch(wide ? "multinomial_sure_f64" : "multinomial_sure_f32", {blocks}, kDrawThreads, p);
    return;
  }
  const Pairs a = first.in(memory), b = second.in(memory);
  p.keys = static_cast<uint64_t*>(b.keys);
  q.launch(wide ? "multinomial_weigh_f64" : "multinomial_weigh_f32",
           {blocks_for(x.numel, kDrawThreads, 1, q)}, kDrawThreads, p);
  const Pairs order =
      sort_pairs(q, kind, {b.keys, nullptr, p.n}, p.rows, p.n, a, b, memory.at<uint32_t>(counters));
  take(q, lanes_of(x, out, x.rank - 1), nullptr, out, x.rank - 1, order.index, order.pitch, true);
}

}  // namespace cuda
}  // namespace tenon
