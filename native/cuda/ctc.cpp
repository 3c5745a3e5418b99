// ctcLoss and its derivative.
#include "cuda/kernels/ctc.h"

#include "cuda/kernel_table.h"
#include "cuda/teams.h"

namespace tenon {
namespace cuda {

namespace {

/** As much as any block has of shared memory without asking for more. */
constexpr int64_t kMostSharedBytes = 48 << 10;
constexpr int64_t kMostBlocks = 1024;
constexpr int64_t kMostBlocksDown = 65535;

/** The operands that both have, from `first` on. */
CtcParameters operands_of(const Launch& l, Queue& q, int first, const TensorView& loss,
                          const TensorView& alpha) {
  const TensorView &x = l.in(first), &labels = l.in(first + 1);
  CtcParameters p = {};
  p.x = x.data;
  for (int i = 0; i < 3; i++) p.x_stride[i] = x.strides[i];
  p.labels = labels.as<int64_t>();
  p.steps = l.in(first + 2).as<int64_t>();
  p.lengths = l.in(first + 3).as<int64_t>();
  p.loss = loss.data;
  p.alpha = alpha.data;
  p.failure = q.failure();
  p.most_steps = x.shape[0];
  p.sequences = x.shape[1];
  p.classes = x.shape[2];
  p.states = alpha.shape[2];
  p.label_count = labels.numel;
  p.label_stride = l.scalar[1].integer();
  p.blank = l.scalar[0].integer();
  p.op = l.op;
  return p;
}

/** Working memory, of which parts are taken. */
class Memory {
 public:
  int64_t add(int64_t bytes) {
    const int64_t at = size_;
    size_ += divide_up(bytes, 256) * 256;
    return at;
  }
  void allocate(Queue& q) { data_ = static_cast<char*>(q.scratch(static_cast<size_t>(size_))); }
  void* at(int64_t place) const { return data_ + place; }

 private:
  int64_t size_ = 0;
  char* data_ = nullptr;
};

/** Checks, then goes through the steps of all sequences. */
void walk(const Launch& l, Queue& q, CtcParameters& p, const char* f32, const char* f64) {
  const bool backward = p.out != nullptr;
  const int64_t size = element_size(l.compute), labels = (p.states - 1) / 2;
  const int64_t blocks = clamp(p.sequences, int64_t{1}, kMostBlocks), row_bytes = 2 * p.states * size;
  const bool shared = row_bytes <= kMostSharedBytes;
  Memory memory;
  const int64_t starts = memory.add(p.sequences * 8), rows = memory.add(shared ? 0 : blocks * row_bytes);
  const int64_t next = memory.add(backward ? p.sequences * labels * 4 : 0);
  const int64_t shares = memory.add(backward ? p.sequences * p.most_steps * p.states * size : 0);
  memory.allocate(q);
  p.starts = static_cast<int64_t*>(memory.at(starts));
  if (!shared) p.rows = memory.at(rows);
  p.next = static_cast<int32_t*>(memory.at(next));
  p.shares = memory.at(shares);
  q.launch("ctc_check", {}, kCtcCheckThreads, p);
  const unsigned threads = 1u << clamp(log2_up(p.states), 5u, log2_up(kCtcThreads));
  q.launch(l.compute == DType::f64 ? f64 : f32, {static_cast<unsigned>(blocks)}, threads, p,
           shared ? static_cast<size_t>(row_bytes) : 0);
}

}  // namespace

void kernel_ctcLoss(const Launch& l, Queue& q) {
  CtcParameters p = operands_of(l, q, 0, l.out(0), l.out(1));
  if (p.sequences == 0) return;
  walk(l, q, p, "ctc_forward_f32", "ctc_forward_f64");
}

void kernel_ctcLossBackward(const Launch& l, Queue& q) {
  CtcParameters p = operands_of(l, q, 1, l.in(5), l.in(6));
  if (p.sequences == 0) return;
  p.grad = l.in(0).data;
  p.grad_type = l.in(0).dtype;
  p.grad_stride = l.in(0).strides[0];
  p.out = l.out().data;
  p.zero_infinity = l.scalar[2].get() != 0;
  walk(l, q, p, "ctc_shares_f32", "ctc_shares_f64");
  if (p.most_steps == 0) return;
  const int64_t across = clamp(p.sequences, int64_t{1}, int64_t{1} << 20),
                down = clamp(p.most_steps, int64_t{1}, kMostBlocksDown);
  q.launch(l.compute == DType::f64 ? "ctc_backward_f64" : "ctc_backward_f32",
           {static_cast<unsigned>(across), static_cast<unsigned>(down)}, kCtcStepThreads, p);
}

}  // namespace cuda
}  // namespace tenon
