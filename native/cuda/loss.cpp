// nllLoss, crossEntropy and their derivatives.
#include "cuda/loss.h"

#include "cuda/dims.h"
#include "cuda/kernel_table.h"

namespace tenon {
namespace cuda {

namespace {

constexpr int64_t kTargetsOfBlock = 4096;

/** What the loss and its derivative have in common: the targets. */
NllParameters targets_of(const Launch& l, Queue& q, const TensorView& x, const TensorView& target,
                         const TensorView& each) {
  NllParameters p = {};
  const int class_dim = x.rank > 1 ? 1 : 0;
  p.target = target.as<int64_t>();
  p.targets = target.numel;
  p.classes = x.shape[class_dim];
  p.class_stride = x.strides[class_dim];
  p.ignore = l.scalar[0].integer();
  p.reduction = static_cast<uint32_t>(l.scalar[1].integer());
  p.op = l.op;
  p.failure = q.failure();
  // In row-major order: the first of several bad targets is the one that is complained about.
  DimList<3> dims;
  for (int i = 0; i < target.rank; i++)
    dims.push({target.shape[i],
               {target.strides[i], x.strides[i ? i + 1 : 0], p.reduction == kNone ? each.strides[i] : 0},
               0,
               0});
  dims.copy_to(p.dim);
  p.dims = dims.count;
  p.part = part_of(p.targets, kTargetsOfBlock);
  p.parts = p.targets ? divide_up(p.targets, p.part) : 1;
  return p;
}

void gather_nll(const Launch& l, Queue& q, NllParameters& p) {
  if (p.parts > 1)
    p.partial = static_cast<NllPart*>(q.scratch(static_cast<size_t>(p.parts) * sizeof(NllPart)));
  q.launch(pick(l, "loss_nll_f32", "loss_nll_f64"), {static_cast<unsigned>(p.parts), 1, 1}, kLossThreads, p);
  if (p.parts > 1) q.launch(pick(l, "loss_nll_join_f32", "loss_nll_join_f64"), {}, kLossThreads, p);
}

/** Before what the targets pick out of rows can be looked at. */
void sum_rows(const Launch& l, Queue& q, const NllParameters& nll) {
  if (nll.targets == 0) return;
  RowParameters p = {};
  p.x = nll.x;
  p.x_type = nll.x_type;
  p.rows = const_cast<void*>(nll.rows);
  p.targets = nll.targets;
  p.classes = nll.classes;
  p.class_stride = nll.class_stride;
  p.dims = nll.dims;
  for (int i = 0; i < nll.dims; i++) p.dim[i] = nll.dim[i];
  constexpr int64_t most = int64_t{1} << 20;
  q.launch(pick(l, "loss_rows_f32", "loss_rows_f64"),
           {static_cast<unsigned>(p.targets < most ? p.targets : most), 1, 1}, kLossThreads, p);
}

/** `x`: of crossEntropy, whose inputs are grad, x, target, ...; null: of nllLoss. */
void run_backward(const Launch& l, Queue& q, const TensorView* x) {
  const uint32_t first = x ? 2 : 1;
  const TensorView &grad = l.in(0), &target = l.in(static_cast<int>(first)),
                   &total = l.in(static_cast<int>(first) + 1), &out = l.out();
  NllParameters checked = targets_of(l, q, out, target, grad);
  gather_nll(l, q, checked);
  if (out.numel == 0) return;

  NllBackwardParameters p = {};
  p.grad = grad.data;
  p.grad_type = grad.dtype;
  p.total = total.data;
  p.total_type = total.dtype;
  p.target = checked.target;
  p.out = out.data;
  p.out_type = out.dtype;
  if (x) {
    p.x = x->data;
    p.x_type = x->dtype;
    p.rows = l.in(4).data;
  }
  const uint32_t weight = first + (x ? 3 : 2);
  if (l.inputs > weight) {
    const TensorView& w = l.in(static_cast<int>(weight));
    p.weight = w.data;
    p.weight_type = w.dtype;
    p.weight_stride = w.strides[0];
  }
  p.failure = q.failure();
  p.elements = out.numel;
  p.ignore = checked.ignore;
  p.reduction = checked.reduction;
  DimList<6> dims;
  const int class_dim = out.rank > 1 ? 1 : 0;
  int64_t number[kMaxRank];  // strides of a target's number
  row_major(target.shape, target.rank, number);
  for (int i = 0; i < out.rank; i++) {
    const int own = i > class_dim ? i - 1 : i;
    const int64_t of_x = x ? x->strides[i] : 0;
    if (i == class_dim)
      dims.push({out.shape[i], {out.strides[i], 0, 0, of_x, 1, 0}, 0, 0});
    else
      dims.push({out.shape[i],
                 {out.strides[i], target.strides[own], p.reduction == kNone ? grad.strides[own] : 0, of_x, 0,
                  number[own]},
                 0,
                 0});
  }
  dims.sort();
  dims.copy_to(p.dim);
  p.dims = dims.count;
  q.launch(pick(l, "loss_nll_backward_f32", "loss_nll_backward_f64"),
           {blocks_for(p.elements, kLossThreads, 1, q), 1, 1}, kLossThreads, p);
}

}  // namespace

void kernel_nllLoss(const Launch& l, Queue& q) {
  const TensorView &x = l.in(0), &out = l.out(0), &total = l.out(1);
  NllParameters p = targets_of(l, q, x, l.in(1), out);
  p.x = x.data;
  p.x_type = x.dtype;
  p.out = out.data;
  p.out_type = out.dtype;
  p.total = total.data;
  p.total_type = total.dtype;
  if (l.inputs > 2) {
    p.weight = l.in(2).data;
    p.weight_type = l.in(2).dtype;
    p.weight_stride = l.in(2).strides[0];
  }
  if (l.outputs > 2) {
    p.rows = l.out(2).data;
    sum_rows(l, q, p);
  }
  gather_nll(l, q, p);
  if (p.reduction == kNone && p.targets)
    q.launch(pick(l, "loss_nll_each_f32", "loss_nll_each_f64"),
             {blocks_for(p.targets, kLossThreads, 1, q), 1, 1}, kLossThreads, p);
}

/** nllLoss of the log softmax, which nobody keeps: only two numbers of each row. */
void kernel_crossEntropy(const Launch& l, Queue& q) { kernel_nllLoss(l, q); }

void kernel_nllLossBackward(const Launch& l, Queue& q) { run_backward(l, q, nullptr); }

void kernel_crossEntropyBackward(const Launch& l, Queue& q) { run_backward(l, q, &l.in(1)); }

}  // namespace cuda
}  // namespace tenon
