#include "core/check_conv.h"

#include "cpu/kernel_table.h"

namespace tenon {

namespace {

/** Strides, paddings and dilations stay below this, so that positions are far from the end of int64. */
constexpr double kMost = 0x1p40;
constexpr double kReach = 0x1p60;

bool whole(double x, double least) {
  return x >= least && x < kMost && x == static_cast<double>(to_integer(x));
}

double as_double(int64_t n) { return static_cast<double>(n); }

bool positions_fit(double in, double out, double kernel, double stride, double padding, double dilation) {
  return in + out * stride + kernel * dilation + padding < kReach;
}

}  // namespace

Complaint check_convolution(const Launch& l) {
  const Op op = static_cast<Op>(l.op);
  const bool of_weight = op == Op::convolutionWeight;
  if (l.inputs != 2 && (of_weight || l.inputs != 3)) return {ErrorCode::internal, "wrong number of operands"};
  const TensorView& y = op == Op::convolution ? l.out() : l.in(0);
  const TensorView& w = of_weight ? l.out() : l.in(1);
  const TensorView& x = op == Op::convolution ? l.in(0) : of_weight ? l.in(1) : l.out();
  const int dims = x.rank - 2;
  if (dims < 1 || dims > 3 || w.rank != x.rank || y.rank != x.rank)
    return {ErrorCode::shape, "input [n, c, size...], weight [f, c, kernel...], one to three sizes"};
  if (static_cast<int>(l.scalars) != 3 * dims + 1) return {ErrorCode::internal, "wrong number of scalars"};
  const double groups = l.scalar[3 * dims].get();
  if (!whole(groups, 1)) return {ErrorCode::argument, "groups is a positive integer"};
  if (y.shape[0] != x.shape[0] || y.shape[1] != w.shape[0] ||
      as_double(x.shape[1]) != groups * as_double(w.shape[1]) || w.shape[0] % to_integer(groups) != 0)
    return {ErrorCode::shape, "sizes differ"};
  for (int i = 0; i < dims; i++) {
    const double stride = l.scalar[i].get(), padding = l.scalar[dims + i].get(),
                 dilation = l.scalar[2 * dims + i].get();
    if (!whole(stride, 1) || !whole(dilation, 1) || !whole(padding, 0))
      return {ErrorCode::argument, "stride, padding or dilation out of range"};
    if (!positions_fit(as_double(x.shape[2 + i]), as_double(y.shape[2 + i]), as_double(w.shape[2 + i]),
                       stride, padding, dilation))
      return {ErrorCode::shape, "sizes are too large"};
  }
  for (int i = 0; i < l.outputs + static_cast<int>(l.inputs); i++) {
    if (!l.views[i].contiguous) return {ErrorCode::shape, "operands are contiguous"};
    if (l.views[i].dtype != x.dtype) return {ErrorCode::dtype, "operands are of one dtype"};
  }
  if (l.inputs == 3) {
    const TensorView& bias = l.in(2);
    if (bias.rank != 1 || bias.shape[0] != l.out().shape[1]) return {ErrorCode::shape, "bias [channels]"};
  }
  return {};
}

Complaint check_fold(const Launch& l) {
  const bool apart = static_cast<Op>(l.op) == Op::im2col;
  const TensorView &image = apart ? l.in() : l.out(), &columns = apart ? l.out() : l.in();
  if (image.rank != 4 || columns.rank != 3)
    return {ErrorCode::shape, "image [n, c, h, w], columns [n, c k, l]"};
  double taps = 1, blocks = 1;
  for (int i = 0; i < 2; i++) {
    const double kernel = l.scalar[i].get(), dilation = l.scalar[2 + i].get(),
                 padding = l.scalar[4 + i].get(), stride = l.scalar[6 + i].get(),
                 in = as_double(image.shape[2 + i]);
    if (!whole(kernel, 1) || !whole(dilation, 1) || !whole(padding, 0) || !whole(stride, 1))
      return {ErrorCode::argument, "kernel, dilation, padding or stride out of range"};
    const double room = in + 2 * padding - dilation * (kernel - 1) - 1;
    if (room < 0 || !positions_fit(in, room / stride + 1, kernel, stride, padding, dilation))
      return {ErrorCode::shape, "no block fits, or sizes are too large"};
    taps *= kernel;
    blocks *= as_double(to_integer(room) / to_integer(stride) + 1);
  }
  if (columns.shape[0] != image.shape[0] || as_double(columns.shape[1]) != as_double(image.shape[1]) * taps ||
      as_double(columns.shape[2]) != blocks)
    return {ErrorCode::shape, "sizes differ"};
  if (!image.contiguous || !columns.contiguous) return {ErrorCode::shape, "operands are contiguous"};
  if (image.dtype != columns.dtype) return {ErrorCode::dtype, "operands are of one dtype"};
  return {};
}

}  // namespace tenon
