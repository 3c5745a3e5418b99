#include "core/check_linalg.h"

#include "cpu/kernel_table.h"

namespace tenon {

namespace {

/** Leading dimensions and a last few: what a tensor of this family has to look like. */
class Matrices {
 public:
  explicit Matrices(const TensorView& v) : v_(v), batch_(v.rank - 2) {}

  bool valid() const { return v_.rank >= 2; }
  int64_t rows() const { return v_.shape[v_.rank - 2]; }
  int64_t columns() const { return v_.shape[v_.rank - 1]; }
  int64_t least() const { return rows() < columns() ? rows() : columns(); }
  bool square() const { return rows() == columns(); }

  bool leads(const TensorView& other, int further) const {
    if (other.rank != batch_ + further) return false;
    for (int i = 0; i < batch_; i++)
      if (other.shape[i] != v_.shape[i]) return false;
    return true;
  }
  /** Whether `other` has the same leading dimensions, then none, one or two of these sizes. */
  bool fits(const TensorView& other) const { return leads(other, 0); }
  bool fits(const TensorView& other, int64_t n) const { return leads(other, 1) && other.shape[batch_] == n; }
  bool fits(const TensorView& other, int64_t m, int64_t n) const {
    return leads(other, 2) && other.shape[batch_] == m && other.shape[batch_ + 1] == n;
  }

 private:
  const TensorView& v_;
  int batch_;
};

bool is_whole(Op op, const Launch& l, int operand) {
  switch (op) {
    case Op::luFactor: return operand == 1 || operand == 2;
    case Op::cholesky: return operand == 1;
    case Op::luSolve:
    case Op::luDet: return operand == l.outputs + 1;
    default: return false;
  }
}

bool sizes_fit(Op op, const Launch& l) {
  const TensorView& first = l.in(0);
  const Matrices a(first);
  if (!a.valid()) return false;
  const int64_t m = a.rows(), n = a.columns(), k = a.least();
  switch (op) {
    case Op::luFactor: return a.fits(l.out(0), m, n) && a.fits(l.out(1), k) && a.fits(l.out(2));
    case Op::luSolve: {
      const Matrices b(l.in(2));
      return a.square() && a.fits(l.in(1), n) && b.valid() && a.fits(l.in(2), n, b.columns()) &&
             a.fits(l.out(), n, b.columns());
    }
    case Op::luDet:
      return a.square() && a.fits(l.in(1), n) && a.fits(l.out(0)) && a.fits(l.out(1)) && a.fits(l.out(2));
    case Op::cholesky: return a.square() && a.fits(l.out(0), n, n) && a.fits(l.out(1));
    case Op::solveTriangular: {
      const Matrices b(l.in(1));
      return a.square() && b.valid() && a.fits(l.in(1), n, b.columns()) && a.fits(l.out(), n, b.columns());
    }
    case Op::qr: {
      if (l.outputs == 1) return a.fits(l.out(0), k, n);
      if (l.outputs != 2) return false;
      const Matrices q(l.out(0));
      return q.valid() && (q.columns() == k || q.columns() == m) && a.fits(l.out(0), m, q.columns()) &&
             a.fits(l.out(1), q.columns(), n);
    }
    case Op::householderProduct: {
      const TensorView& tau = l.in(1);
      return m >= n && a.leads(tau, 1) && tau.shape[tau.rank - 1] <= n && a.fits(l.out(), m, n);
    }
    case Op::svd: {
      if (l.outputs == 1) return a.fits(l.out(0), k);
      const bool full = l.scalar[0].get() != 0;
      return l.outputs == 3 && a.fits(l.out(0), m, full ? m : k) && a.fits(l.out(1), k) &&
             a.fits(l.out(2), full ? n : k, n);
    }
    case Op::eigh:
      return a.square() && (l.outputs == 1 || l.outputs == 2) && a.fits(l.out(0), n) &&
             (l.outputs == 1 || a.fits(l.out(1), n, n));
    default: return a.square() && a.fits(l.out(), n, n);
  }
}

}  // namespace

void check_linalg(const Launch& l, LaunchError& error) {
  const Op op = static_cast<Op>(l.op);
  const int operands = l.outputs + static_cast<int>(l.inputs);
  const DType dtype = l.in(0).dtype;
  bool dtypes = (dtype == DType::f32 || dtype == DType::f64) && l.compute == dtype, dense = true;
  for (int i = 0; i < operands; i++) {
    dtypes &= l.views[i].dtype == (is_whole(op, l, i) ? DType::i32 : dtype);
    dense &= l.views[i].contiguous;
  }
  if (!dtypes)
    set_error(error, ErrorCode::dtype, "%s: float32 or float64 only, of one dtype", op_name(l.op));
  else if (!dense || !sizes_fit(op, l))
    set_error(error, ErrorCode::shape, "%s: sizes differ, or an operand is not contiguous", op_name(l.op));
}

}  // namespace tenon
