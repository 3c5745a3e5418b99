#include "core/check_pooling.h"

#include "core/pooling.h"
#include "cpu/kernel_table.h"

namespace tenon {

namespace {

constexpr double kMost = 2147483647;  // of a kernel, a stride, a padding, a dilation

bool whole(double x, double least, double most) {
  return x >= least && x <= most && x == static_cast<double>(to_integer(x));
}

/** Of one rank and leading sizes. */
bool same_planes(const TensorView& a, const TensorView& b, int dims) {
  if (a.rank != b.rank || a.rank < dims) return false;
  for (int i = 0; i < a.rank - dims; i++)
    if (a.shape[i] != b.shape[i]) return false;
  return true;
}

bool same_shape(const TensorView& a, const TensorView& b) { return same_planes(a, b, 0); }

/** Scalar 0: how many of the last dimensions are pooled; 0 if it is no such number. */
int dims_of(const Launch& l) {
  return l.scalars >= 1 && whole(l.scalar[0].get(), 1, 3) ? static_cast<int>(l.scalar[0].get()) : 0;
}

/** The windows of outputs, which all have to begin within the padded input. */
Complaint windows(const Launch& l, const TensorView& in, const TensorView& out) {
  const int dims = dims_of(l);
  if (dims == 0) return {ErrorCode::argument, "one to three dimensions are pooled"};
  if (l.scalars < 2 || l.scalars < pool_scalars(l)) return {ErrorCode::internal, "wrong number of scalars"};
  if (!same_planes(in, out, dims)) return {ErrorCode::shape, "leading dimensions differ"};
  const bool adaptive = l.scalar[1].get() != 0;
  for (int i = 0; i < dims; i++) {
    const double n = static_cast<double>(in.shape[in.rank - dims + i]);
    const double m = static_cast<double>(out.shape[in.rank - dims + i]);
    if (m > 0 && n == 0) return {ErrorCode::shape, "there is nothing to pool"};
    if (adaptive) {
      if (n * m >= 0x1p62) return {ErrorCode::shape, "sizes are too large"};
      continue;
    }
    const Scalar* const s = l.scalar + 2 + i * kPoolScalars;
    const double padding = s[2].get();
    if (!whole(s[0].get(), 1, kMost) || !whole(s[1].get(), 1, kMost) || !whole(padding, 0, kMost) ||
        !whole(s[3].get(), 1, kMost))
      return {ErrorCode::argument, "kernel, stride, padding or dilation out of range"};
    if (m > 0 && (m - 1) * s[1].get() >= n + 2 * padding)
      return {ErrorCode::shape, "a window begins behind the input"};
  }
  return {};
}

Complaint max_pool(const Launch& l) {
  if (l.outputs < 1 || l.outputs > 2) return {ErrorCode::internal, "wrong number of operands"};
  const TensorView &x = l.in(), &values = l.out(0);
  const Complaint c = windows(l, x, values);
  if (c.what) return c;
  if (x.dtype != values.dtype || x.dtype != l.compute)
    return {ErrorCode::dtype, "operands have the compute type"};
  if (!x.contiguous || !values.contiguous) return {ErrorCode::shape, "operands are contiguous"};
  if (l.outputs == 1) return {};
  const TensorView& indices = l.out(1);
  if (!same_shape(indices, values) || !indices.contiguous) return {ErrorCode::shape, "sizes differ"};
  if (indices.dtype == DType::i64) return {};
  int64_t plane = 1;
  for (int i = x.rank - dims_of(l); i < x.rank; i++) plane *= x.shape[i];
  if (indices.dtype != DType::i32 || plane > static_cast<int64_t>(kMost))
    return {ErrorCode::dtype, "indices are int64, or int32 if they fit"};
  return {};
}

Complaint max_pool_backward(const Launch& l) {
  const int dims = dims_of(l);
  const TensorView &grad = l.in(0), &indices = l.in(1), &out = l.out();
  if (dims == 0) return {ErrorCode::argument, "one to three dimensions are pooled"};
  if (!same_planes(grad, out, dims) || !same_shape(grad, indices)) return {ErrorCode::shape, "sizes differ"};
  if (!grad.contiguous || !indices.contiguous || !out.contiguous)
    return {ErrorCode::shape, "operands are contiguous"};
  if (!is_floating(l.compute) || grad.dtype != l.compute || out.dtype != l.compute)
    return {ErrorCode::dtype, "floating point only, of the compute type"};
  if (indices.dtype != DType::i64 && indices.dtype != DType::i32)
    return {ErrorCode::dtype, "indices are int64 or int32"};
  return windows(l, out, grad);
}

Complaint average_pool(const Launch& l, const TensorView& in, const TensorView& out) {
  const Complaint c = windows(l, in, out);
  if (c.what) return c;
  if (l.scalars != pool_scalars(l) + 2) return {ErrorCode::internal, "wrong number of scalars"};
  const double divisor = l.scalar[l.scalars - 1].get();
  if (!whole(divisor, -0x1p53, 0x1p53)) return {ErrorCode::argument, "the divisor is an integer"};
  if (in.dtype != l.compute || out.dtype != l.compute)
    return {ErrorCode::dtype, "operands have the compute type"};
  if (!in.contiguous || !out.contiguous) return {ErrorCode::shape, "operands are contiguous"};
  return {};
}

}  // namespace

Complaint check_pooling(const Launch& l) {
  switch (static_cast<Op>(l.op)) {
    case Op::maxPool: return max_pool(l);
    case Op::maxPoolBackward: return max_pool_backward(l);
    case Op::averagePool: return average_pool(l, l.in(), l.out());
    case Op::averagePoolBackward:
      if (!is_floating(l.compute)) return {ErrorCode::dtype, "floating point only"};
      return average_pool(l, l.out(), l.in());
    default: return {};
  }
}

}  // namespace tenon
