#include "core/check_lanes.h"

#include "cpu/kernel_table.h"

namespace tenon {

namespace {

/** Of one rank and one shape, `dim` (-1: none) aside. */
bool alike(const TensorView& a, const TensorView& b, int dim) {
  if (a.rank != b.rank) return false;
  for (int i = 0; i < a.rank; i++)
    if (i != dim && a.shape[i] != b.shape[i]) return false;
  return true;
}

/** Scalar 0 as a dimension of x; -1: it is none. */
int dim_of(const Launch& l, const TensorView& x) {
  const double d = l.scalar[0].get();
  return d >= 0 && d < x.rank && d == static_cast<double>(to_integer(d)) ? static_cast<int>(d) : -1;
}

Complaint shape(bool condition, const char* what) { return {ErrorCode::shape, condition ? nullptr : what}; }
Complaint dtype(bool condition, const char* what) { return {ErrorCode::dtype, condition ? nullptr : what}; }

/** The first of several complaints. */
template <class... Rest>
Complaint first_of(Complaint one, Rest... rest) {
  if constexpr (sizeof...(rest) == 0)
    return one;
  else
    return one.what ? one : first_of(rest...);
}

constexpr const char* kSizes = "sizes differ";
constexpr const char* kContiguous = "the output is contiguous";
constexpr const char* kDim = "dimension out of range";
constexpr const char* kIndices = "indices are int64";
constexpr const char* kOneDtype = "operands are of one dtype";

Complaint scan(const Launch& l) {
  const TensorView& out = l.out();
  if (dim_of(l, out) < 0) return {ErrorCode::index, kDim};
  for (uint32_t i = 0; i < l.inputs; i++)
    if (!alike(l.in(static_cast<int>(i)), out, -1)) return shape(false, kSizes);
  if (l.outputs == 2) {
    const Complaint c =
        first_of(shape(alike(l.out(1), out, -1), kSizes), shape(l.out(1).contiguous, kContiguous),
                 dtype(l.out(1).dtype == DType::i64, kIndices));
    if (c.what) return c;
  }
  return shape(out.contiguous, kContiguous);
}

/** How many elements of each lane go to the outputs. */
Complaint room(const Launch& l, int64_t n, int64_t m) {
  switch (static_cast<Op>(l.op)) {
    case Op::sort: return shape(m == n, kSizes);
    case Op::topk: return shape(m <= n, "more elements than there are");
    case Op::kthvalue: {
      const double k = l.scalar[1].get();
      return shape(m == 1 && k >= 1 && k <= static_cast<double>(n), "the k-th of at least k elements");
    }
    default: return shape(m == 1 && n >= 1, "one of at least one element");
  }
}

Complaint choice(const Launch& l) {
  const TensorView &x = l.in(), &values = l.out(0), &indices = l.out(1);
  const int d = dim_of(l, x);
  if (d < 0) return {ErrorCode::index, kDim};
  const Complaint c =
      first_of(shape(alike(x, values, d) && alike(indices, values, -1), kSizes),
               shape(values.contiguous && indices.contiguous, kContiguous),
               dtype(values.dtype == x.dtype, kOneDtype), dtype(indices.dtype == DType::i64, kIndices));
  if (c.what || values.numel == 0) return c;
  return room(l, x.shape[d], values.shape[d]);
}

Complaint search(const Launch& l) {
  const TensorView &sequence = l.in(0), &values = l.in(1), &out = l.out();
  if (sequence.rank == 0) return shape(false, "the sequence has a dimension");
  const Complaint c =
      first_of(shape(alike(values, out, -1), kSizes),
               shape(sequence.contiguous && values.contiguous && out.contiguous, "operands are contiguous"),
               dtype(sequence.dtype == values.dtype, kOneDtype),
               dtype(out.dtype == DType::i64 || out.dtype == DType::i32, "places are int64 or int32"));
  if (c.what || sequence.rank == 1) return c;
  return shape(alike(sequence, values, sequence.rank - 1), kSizes);
}

}  // namespace

Complaint check_lanes(const Launch& l) {
  switch (static_cast<Op>(l.op)) {
    case Op::cumsum:
    case Op::cumprod:
    case Op::logcumsumexp:
    case Op::linearScan:
    case Op::cummax:
    case Op::cummin: return scan(l);
    case Op::sort:
    case Op::topk:
    case Op::kthvalue:
    case Op::median:
    case Op::mode: return choice(l);
    case Op::searchsorted: return search(l);
    case Op::sortRows:
      return first_of(
          shape(l.in().rank == 2 && l.out().rank == 1, "the rows of a matrix"),
          shape(l.in().rank == 2 && l.out().numel == l.in().shape[0] && l.out().contiguous, kSizes),
          dtype(l.out().dtype == DType::i64, kIndices));
    case Op::nonzero:
      return first_of(
          shape(l.out().rank == 2 && l.out().shape[1] == l.in().rank && l.out().contiguous, kSizes),
          dtype(l.out().dtype == DType::i64, kIndices));
    case Op::bincount:
      if (l.inputs < 1 || l.inputs > 2) return {ErrorCode::internal, "wrong number of operands"};
      return first_of(shape(l.in().rank == 1 && l.out().rank == 1, "one dimension"),
                      shape(l.inputs == 1 || alike(l.in(0), l.in(1), -1), kSizes),
                      dtype(l.in().dtype == DType::i64, "the bins are int64"));
    case Op::histc:
      return first_of(shape(l.out().rank == 1 && l.out().numel > 0, "at least one bin"),
                      dtype(is_floating(l.in().dtype) && l.in().dtype == l.out().dtype, kOneDtype));
    default: return {};
  }
}

}  // namespace tenon
