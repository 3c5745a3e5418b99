#include "core/check_attention.h"

#include "cpu/kernel_table.h"

namespace tenon {

namespace {

/** A batch of matrices of one size, beside others: `like`'s leading dimensions, then rows and columns. */
bool is_batch(const TensorView& v, const TensorView& like, int64_t rows, int64_t columns) {
  if (v.rank != like.rank) return false;
  for (int i = 0; i + 2 < v.rank; i++)
    if (v.shape[i] != like.shape[i]) return false;
  return v.shape[v.rank - 2] == rows && v.shape[v.rank - 1] == columns;
}

bool is_alike(const TensorView& a, const TensorView& b) {
  return a.rank >= 2 && is_batch(b, a, a.shape[a.rank - 2], a.shape[a.rank - 1]);
}

}  // namespace

Complaint check_attention(const Launch& l) {
  const bool backward = static_cast<Op>(l.op) == Op::attentionBackward;
  const uint32_t required = backward ? 6 : 3;
  if (l.inputs != required && l.inputs != required + 1)
    return {ErrorCode::internal, "wrong number of operands"};
  const int first = backward ? 1 : 0;
  const TensorView &q = l.in(first), &k = l.in(first + 1), &v = l.in(first + 2);
  const TensorView& out = backward ? l.in(4) : l.out(0);
  const TensorView& sums = backward ? l.in(5) : l.out(1);
  if (q.rank < 2 || k.rank != q.rank || v.rank != q.rank)
    return {ErrorCode::shape, "query [..., l, e], key [..., s, e], value [..., s, d]"};
  const int rows = q.rank - 2, columns = q.rank - 1;
  const int64_t queries = q.shape[rows], keys = k.shape[rows], size = v.shape[columns];
  if (!is_batch(k, q, keys, q.shape[columns]) || !is_batch(v, q, keys, size) ||
      !is_batch(out, q, queries, size))
    return {ErrorCode::shape, "sizes differ"};
  if (!out.contiguous || !sums.contiguous) return {ErrorCode::shape, "results are contiguous"};
  if (sums.rank != q.rank - 1) return {ErrorCode::shape, "one sum for each query"};
  for (int i = 0; i <= rows; i++)
    if (sums.shape[i] != q.shape[i]) return {ErrorCode::shape, "one sum for each query"};
  const DType compute = q.dtype == DType::f64 ? DType::f64 : DType::f32;
  if (!is_floating(q.dtype) || k.dtype != q.dtype || v.dtype != q.dtype || out.dtype != q.dtype)
    return {ErrorCode::dtype, "floating point only, of one dtype"};
  if (l.compute != compute || sums.dtype != compute) return {ErrorCode::dtype, "sums have the compute type"};
  if (backward) {
    if (!is_alike(out, l.in(0)) || !is_alike(q, l.out(0)) || !is_alike(k, l.out(1)) || !is_alike(v, l.out(2)))
      return {ErrorCode::shape, "a gradient has its tensor's shape"};
    if (l.in(0).dtype != q.dtype) return {ErrorCode::dtype, "a gradient has its tensor's dtype"};
    for (int i = 0; i < 3; i++) {
      if (l.out(i).dtype != q.dtype) return {ErrorCode::dtype, "a gradient has its tensor's dtype"};
      if (!l.out(i).contiguous) return {ErrorCode::shape, "results are contiguous"};
    }
  }
  if (l.inputs == required) return {};
  const TensorView& mask = l.in(static_cast<int>(required));
  int64_t scores[kMaxRank];
  for (int i = 0; i <= rows; i++) scores[i] = q.shape[i];
  scores[columns] = keys;
  if (!broadcasts_to(mask, scores, q.rank))
    return {ErrorCode::shape, "the mask does not broadcast to scores"};
  if (mask.dtype != DType::boolean && mask.dtype != q.dtype)
    return {ErrorCode::dtype, "the mask is bool or of the operands' dtype"};
  return {};
}

}  // namespace tenon
