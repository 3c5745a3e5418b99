#include "core/check_losses.h"

#include "cpu/kernel_table.h"

namespace tenon {

namespace {

bool same_shape(const TensorView& a, const TensorView& b) {
  if (a.rank != b.rank) return false;
  for (int i = 0; i < a.rank; i++)
    if (a.shape[i] != b.shape[i]) return false;
  return true;
}

/** Of one dimension of so many int64 side by side. */
bool integers(const TensorView& v, int64_t n) {
  return v.rank == 1 && v.shape[0] == n && v.contiguous && v.dtype == DType::i64;
}

/** An input and a target; `least` is the first reduction that the kernel knows. */
Complaint pair(const Launch& l, bool backward, double least) {
  const TensorView &x = l.in(backward ? 1 : 0), &y = l.in(backward ? 2 : 1);
  const TensorView& loss = backward ? l.in(0) : l.out();
  const double reduction = l.scalar[0].get();
  if (!((reduction == 0 || reduction == 1 || reduction == 2) && reduction >= least))
    return {ErrorCode::argument, "unknown reduction"};
  if (!same_shape(x, y)) return {ErrorCode::shape, "input and target differ in shape"};
  if (backward && !same_shape(l.out(), x)) return {ErrorCode::shape, "input and gradient differ in shape"};
  if (reduction == 0 ? !same_shape(loss, x) : loss.numel != 1)
    return {ErrorCode::shape, "reduction and shape don't agree"};
  if (!is_floating(l.out().dtype) || !is_floating(l.compute))
    return {ErrorCode::dtype, "floating point only"};
  return {};
}

/** From operand `first` on: log probabilities, targets, lengths of inputs and of targets. */
Complaint ctc(const Launch& l, bool backward) {
  const int first = backward ? 1 : 0;
  const TensorView &x = l.in(first), &loss = backward ? l.in(5) : l.out(0),
                   &alpha = backward ? l.in(6) : l.out(1);
  if (x.rank != 3 || l.in(first + 1).rank != 1 || alpha.rank != 3 || loss.rank != 1)
    return {ErrorCode::shape, "log probabilities [t, n, c], targets of one dimension"};
  const int64_t n = x.shape[1], states = alpha.shape[2];
  const double blank = l.scalar[0].get(), stride = l.scalar[1].get();
  if (!(blank >= 0 && blank < static_cast<double>(x.shape[2])))
    return {ErrorCode::index, "the blank is one of the classes"};
  if (!(stride >= -1 && stride <= static_cast<double>(l.in(first + 1).numel)) ||
      (stride > 0 && stride * static_cast<double>(n) > static_cast<double>(l.in(first + 1).numel)))
    return {ErrorCode::argument, "targets are within their tensor"};
  if (!integers(l.in(first + 1), l.in(first + 1).numel) || !integers(l.in(first + 2), n) ||
      !integers(l.in(first + 3), n))
    return {ErrorCode::dtype, "targets and lengths are int64, side by side, a length for each sequence"};
  if (loss.shape[0] != n || !loss.contiguous || !alpha.contiguous || alpha.shape[0] != n ||
      alpha.shape[1] != x.shape[0] || states < 1 || states % 2 == 0)
    return {ErrorCode::shape, "a loss for each sequence, and what is kept of its states"};
  if (!is_floating(l.compute) || x.dtype != l.compute || loss.dtype != l.compute || alpha.dtype != l.compute)
    return {ErrorCode::dtype, "float32 or float64, all of one dtype"};
  if (!backward) return {};
  if (!same_shape(l.in(0), loss) || !same_shape(l.out(), x) || !l.out().contiguous)
    return {ErrorCode::shape, "gradients have the shapes of what they are of"};
  if (!is_floating(l.in(0).dtype) || l.out().dtype != l.compute)
    return {ErrorCode::dtype, "floating point only"};
  return {};
}

}  // namespace

Complaint check_losses(const Launch& l) {
  switch (static_cast<Op>(l.op)) {
    case Op::mseLoss: return pair(l, false, 1);
    case Op::mseLossBackward: return pair(l, true, 1);
    case Op::l1Loss:
    case Op::smoothL1Loss:
    case Op::huberLoss:
    case Op::binaryCrossEntropy:
    case Op::binaryCrossEntropyWithLogits: return pair(l, false, 0);
    case Op::l1LossBackward:
    case Op::smoothL1LossBackward:
    case Op::huberLossBackward:
    case Op::binaryCrossEntropyBackward:
    case Op::binaryCrossEntropyWithLogitsBackward: return pair(l, true, 0);
    case Op::ctcLoss: return ctc(l, false);
    case Op::ctcLossBackward: return ctc(l, true);
    default: return {};
  }
}

}  // namespace tenon
