// LU decompositions with partial pivoting, in LAPACK's form: L (its diagonal of ones left out) below U, and
// row i + 1 of a step exchanged with row pivots[i], counted from 1.
#include "linalg/batch.h"

namespace tenon {

namespace {

using namespace linalg;

/** What asked for the decomposition and fails when a pivot is 0; numbered as in lib/functional/linalg/lu.ts.
 */
enum class Asked : int { nobody, inv, solve, luFactor };

template <class T>
void exchange_rows(Eigen::Index size, const int32_t* pivots, Eigen::Ref<RowMatrix<T>> x) {
  for (Eigen::Index i = 0; i < size; i++)
    if (pivots[i] != i + 1) x.row(i).swap(x.row(pivots[i] - 1));
}

/** Decomposes a in place; the number of the first pivot that is 0, counted from 1, or 0. */
template <class T>
int32_t decompose(Map<T> a, int32_t* pivots) {
  const Eigen::Index m = a.rows(), n = a.cols(), size = m < n ? m : n;
  if (size == 0) return 0;
  using Lu = Eigen::internal::partial_lu_impl<T, Eigen::RowMajor, int32_t>;
  int32_t exchanges;
  // It takes matrices that are no wider than high: what is to the right follows from the square.
  Lu::blocked_lu(m, size, a.data(), n, pivots, exchanges);
  for (Eigen::Index i = 0; i < size; i++) pivots[i]++;
  if (n > size) {
    auto right = a.rightCols(n - size);
    exchange_rows<T>(size, pivots, right);
    a.leftCols(size).template triangularView<Eigen::UnitLower>().solveInPlace(right);
  }
  for (Eigen::Index i = 0; i < size; i++)
    if (a(i, i) == T(0)) return static_cast<int32_t>(i + 1);
  return 0;
}

void complain(const Launch& l, Asked asked, int64_t i, int32_t pivot) {
  const Element element(l.in(), i);
  switch (asked) {
    case Asked::inv:
      return set_error(*l.error, ErrorCode::linalg,
                       "linalg.inv: %sThe diagonal element %d is zero, the inversion could not be completed "
                       "because the input matrix is singular.",
                       element.text, pivot);
    case Asked::solve:
      return set_error(*l.error, ErrorCode::linalg,
                       "linalg.solve: %sThe solver failed because the input matrix is singular.",
                       element.text);
    default:
      return set_error(
          *l.error, ErrorCode::linalg,
          "linalg.luFactor: %sU[%d,%d] is zero and using it on luSolve would result in a division "
          "by zero; luFactorEx factors such matrices, too",
          element.text, pivot, pivot);
  }
}

template <class T>
void factor(const Launch& l) {
  const Batch b(l.in());
  const T* const a = l.in().as<T>();
  T* const lu = l.out(0).as<T>();
  int32_t *const pivots = l.out(1).as<int32_t>(), *const info = l.out(2).as<int32_t>();
  for_matrices(b.count, cubic(b), [&](int64_t i) {
    Map<T> out(lu + i * b.size(), b.rows, b.columns);
    out = ConstMap<T>(a + i * b.size(), b.rows, b.columns);
    info[i] = decompose<T>(out, pivots + i * b.least());
  });
  const Asked asked = static_cast<Asked>(l.scalar[0].integer());
  if (asked == Asked::nobody) return;
  for (int64_t i = 0; i < b.count; i++)
    if (info[i]) return complain(l, asked, i, info[i]);
}

template <class T>
void solve(const Launch& l) {
  const Batch a(l.in(0)), b(l.in(2));
  const T *const lu = l.in(0).as<T>(), *const right = l.in(2).as<T>();
  const int32_t* const pivots = l.in(1).as<int32_t>();
  T* const out = l.out().as<T>();
  for (int64_t i = 0; i < l.in(1).numel; i++)
    if (pivots[i] < 1 || pivots[i] > a.rows)
      return set_error(*l.error, ErrorCode::index, "linalg.luSolve: pivot %d is out of range for %lld rows",
                       pivots[i], static_cast<long long>(a.rows));
  const bool transposed = l.scalar[0].get() != 0;
  for_matrices(b.count, static_cast<double>(a.size()) * static_cast<double>(b.columns), [&](int64_t i) {
    const ConstMap<T> f(lu + i * a.size(), a.rows, a.columns);
    const int32_t* const p = pivots + i * a.rows;
    Map<T> x(out + i * b.size(), b.rows, b.columns);
    x = ConstMap<T>(right + i * b.size(), b.rows, b.columns);
    if (x.size() == 0) return;
    if (transposed) {
      f.transpose().template triangularView<Eigen::Lower>().solveInPlace(x);
      f.transpose().template triangularView<Eigen::UnitUpper>().solveInPlace(x);
      for (int64_t k = a.rows - 1; k >= 0; k--)
        if (p[k] != k + 1) x.row(k).swap(x.row(p[k] - 1));
    } else {
      exchange_rows<T>(a.rows, p, x);
      f.template triangularView<Eigen::UnitLower>().solveInPlace(x);
      f.template triangularView<Eigen::Upper>().solveInPlace(x);
    }
  });
}

template <class T>
void determinant(const Launch& l) {
  const Batch a(l.in(0));
  const T* const lu = l.in(0).as<T>();
  const int32_t* const pivots = l.in(1).as<int32_t>();
  T *const det = l.out(0).as<T>(), *const sign = l.out(1).as<T>(), *const log = l.out(2).as<T>();
  for (int64_t i = 0; i < a.count; i++) {
    T product = 1, direction = 1, logarithm = 0;
    int64_t exchanges = 0;
    for (int64_t k = 0; k < a.rows; k++) {
      const T u = lu[i * a.size() + k * (a.columns + 1)];
      exchanges += pivots[i * a.rows + k] != k + 1;
      product *= u;
      direction *= u != u ? u : static_cast<T>((u > 0) - (u < 0));
      logarithm += std::log(std::abs(u));
    }
    det[i] = exchanges % 2 ? -product : product;
    sign[i] = exchanges % 2 ? -direction : direction;
    log[i] = logarithm;
  }
}

}  // namespace

void kernel_luFactor(const Launch& l) { TENON_LINALG(factor, l); }
void kernel_luSolve(const Launch& l) { TENON_LINALG(solve, l); }
void kernel_luDet(const Launch& l) { TENON_LINALG(determinant, l); }

}  // namespace tenon
