#include "core/check_layers.h"

#include "cpu/kernel_table.h"

namespace tenon {

namespace {

constexpr const char* kCount = "wrong number of operands";
constexpr const char* kSizes = "sizes differ";

/** Goes through the operands of a launch in their order, and keeps the first complaint. */
class Operands {
 public:
  explicit Operands(const Launch& l) : l_(l) {}

  bool flag(int scalar) const { return l_.scalar[scalar].get() != 0; }
  void require(bool condition, ErrorCode code, const char* what) {
    if (!condition && !complaint_.what) complaint_ = {code, what};
  }
  /** There are so many outputs and inputs. */
  void counts(int outputs, int inputs) {
    require(l_.outputs == outputs && l_.inputs == static_cast<uint32_t>(inputs), ErrorCode::internal, kCount);
  }
  bool ok() const { return !complaint_.what; }

  /** A dense operand of the compute type, with so many elements. */
  void dense(const TensorView& v, int64_t numel) {
    require(v.numel == numel, ErrorCode::shape, kSizes);
    require(v.contiguous, ErrorCode::shape, "operands are contiguous");
    require(v.dtype == l_.compute && is_floating(v.dtype), ErrorCode::dtype,
            "operands are of the compute type, float32 or float64");
  }
  Complaint complaint() const { return complaint_; }

 private:
  const Launch& l_;
  Complaint complaint_;
};

/** Scalars 0 and 1, groups and channels, cut x into rows and these into stretches: elements of a weight, or
 * -1. */
int64_t row_weights(const Launch& l, const TensorView& x, int64_t rows) {
  const int64_t groups = l.scalar[0].integer(), channels = l.scalar[1].integer();
  if (x.numel < 1 || rows < 1 || x.numel % rows) return -1;
  const int64_t size = x.numel / rows;
  if (groups < 1 || groups > rows || rows % groups) return -1;
  if (channels < 1 || channels > size || size % channels) return -1;
  return groups * channels;
}

constexpr const char* kRows = "rows, groups and channels do not fit the input";

Complaint row_norm(const Launch& l) {
  Operands o(l);
  const bool centred = o.flag(3), weighted = o.flag(4), biased = o.flag(5);
  o.counts(2 + centred, 1 + weighted + biased);
  if (!o.ok()) return o.complaint();
  const TensorView& x = l.in(0);
  const int64_t rows = l.out(1).numel, weights = row_weights(l, x, rows);
  o.require(weights > 0, ErrorCode::shape, kRows);
  o.dense(l.out(0), x.numel);
  for (int i = 1; i < l.outputs; i++) o.dense(l.out(i), rows);
  o.dense(x, x.numel);
  for (int i = 1; i < static_cast<int>(l.inputs); i++) o.dense(l.in(i), weights);
  return o.complaint();
}

/** The gradients that three flags from `first` on ask for: of x, and two of the weights' size. */
void gradients(Operands& o, const Launch& l, int first, int64_t numel, int64_t weights) {
  int at = 0;
  for (int i = 0; i < 3; i++)
    if (o.flag(first + i)) o.dense(l.out(at++), i == 0 ? numel : weights);
}

Complaint row_norm_backward(const Launch& l) {
  Operands o(l);
  const bool centred = o.flag(2), weighted = o.flag(3);
  o.counts(o.flag(4) + o.flag(5) + o.flag(6), 3 + centred + weighted);
  if (!o.ok()) return o.complaint();
  const TensorView& x = l.in(1);
  const int64_t rows = l.in(2).numel, weights = row_weights(l, x, rows);
  o.require(weights > 0, ErrorCode::shape, kRows);
  o.dense(l.in(0), x.numel);
  o.dense(x, x.numel);
  o.dense(l.in(2), rows);
  if (centred) o.dense(l.in(3), rows);
  if (weighted) o.dense(l.in(3 + centred), weights);
  gradients(o, l, 4, x.numel, weights);
  return o.complaint();
}

void planes(Operands& o, const TensorView& x) {
  o.require(x.rank >= 2 && x.numel > 0, ErrorCode::shape, "the input is [n, c, ...] and not empty");
}

/** Statistics that are kept: a vector of any floating dtype. */
void statistic(Operands& o, const TensorView& v, int64_t channels) {
  o.require(v.rank == 1 && v.numel == channels, ErrorCode::shape, kSizes);
  o.require(is_floating(v.dtype), ErrorCode::dtype, "floating point only");
}

Complaint batch_norm(const Launch& l) {
  Operands o(l);
  const bool training = o.flag(0), weighted = o.flag(3), biased = o.flag(4), tracked = o.flag(5);
  o.counts(tracked ? 5 : 3, (training ? 1 : 3) + weighted + biased);
  if (!o.ok()) return o.complaint();
  const TensorView& x = l.in(0);
  planes(o, x);
  o.require(training || !tracked, ErrorCode::internal, kCount);
  if (!o.ok()) return o.complaint();
  const int64_t channels = x.shape[1];
  o.dense(x, x.numel);
  o.dense(l.out(0), x.numel);
  o.dense(l.out(1), channels);
  o.dense(l.out(2), channels);
  for (int i = 3; i < l.outputs; i++) statistic(o, l.out(i), channels);
  int at = 1;
  for (; !training && at < 3; at++) statistic(o, l.in(at), channels);
  for (; at < static_cast<int>(l.inputs); at++) o.dense(l.in(at), channels);
  return o.complaint();
}

Complaint batch_norm_backward(const Launch& l) {
  Operands o(l);
  o.counts(o.flag(2) + o.flag(3) + o.flag(4), 4 + o.flag(1));
  if (!o.ok()) return o.complaint();
  const TensorView& x = l.in(1);
  planes(o, x);
  if (!o.ok()) return o.complaint();
  const int64_t channels = x.shape[1];
  o.dense(l.in(0), x.numel);
  o.dense(x, x.numel);
  for (int i = 2; i < static_cast<int>(l.inputs); i++) o.dense(l.in(i), channels);
  gradients(o, l, 2, x.numel, channels);
  return o.complaint();
}

bool same_shape(const TensorView& a, const TensorView& b) {
  if (a.rank != b.rank) return false;
  for (int i = 0; i < a.rank; i++)
    if (a.shape[i] != b.shape[i]) return false;
  return true;
}

Complaint dropout(const Launch& l) {
  Operands o(l);
  const bool draws = static_cast<Op>(l.op) == Op::dropout;
  const TensorView &x = l.in(0), &out = l.out(0), &mask = draws ? l.out(1) : l.in(1);
  o.require(same_shape(x, out) && same_shape(x, mask), ErrorCode::shape, kSizes);
  o.require(mask.contiguous && mask.dtype == DType::boolean, ErrorCode::dtype,
            "the mask is bool and contiguous");
  o.require(is_floating(x.dtype) && x.dtype == out.dtype && is_floating(l.compute), ErrorCode::dtype,
            "floating point only, of one dtype");
  if (draws) {
    const double p = l.scalar[3].get();
    o.require(p > 0 && p < 1, ErrorCode::argument, "the probability is between 0 and 1");
  }
  return o.complaint();
}

Complaint embedding(const Launch& l) {
  Operands o(l);
  const bool backward = static_cast<Op>(l.op) == Op::embeddingBackward;
  const TensorView& index = l.in(1);
  const TensorView &table = backward ? l.out() : l.in(0), &rows = backward ? l.in(0) : l.out();
  o.require(table.rank == 2, ErrorCode::shape, "the weight is a matrix");
  o.require(index.dtype == DType::i64 && index.contiguous, ErrorCode::dtype,
            "the index is int64 and contiguous");
  if (!o.ok()) return o.complaint();
  const int64_t width = table.shape[1];
  o.require(rows.contiguous && rows.rank >= 1 && rows.shape[rows.rank - 1] == width &&
                (width == 0 || rows.numel / width == index.numel),
            ErrorCode::shape, kSizes);
  o.require(rows.dtype == table.dtype, ErrorCode::dtype, "operands are of one dtype");
  if (backward) {
    o.dense(table, table.numel);
    o.dense(rows, rows.numel);
  }
  return o.complaint();
}

}  // namespace

Complaint check_layers(const Launch& l) {
  switch (static_cast<Op>(l.op)) {
    case Op::rowNorm: return row_norm(l);
    case Op::rowNormBackward: return row_norm_backward(l);
    case Op::batchNorm: return batch_norm(l);
    case Op::batchNormBackward: return batch_norm_backward(l);
    case Op::dropout:
    case Op::maskedScale: return dropout(l);
    case Op::embedding:
    case Op::embeddingBackward: return embedding(l);
    default: return {};
  }
}

}  // namespace tenon
