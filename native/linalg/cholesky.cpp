// Cholesky decompositions and triangular systems.
#include "linalg/batch.h"

namespace tenon {

namespace {

using namespace linalg;

/** The lower factor into `out`, from the lower triangle of a; the order of the leading minor that is not
 * positive, or 0. */
template <class T>
int32_t decompose(const Eigen::Ref<const RowMatrix<T>>& a, Matrix<T>& out) {
  out = a;
  Eigen::Index failed = Eigen::internal::llt_inplace<T, Eigen::Lower>::blocked(out);
  // A NaN passes for positive there.
  for (Eigen::Index i = 0; i < out.rows() && failed < 0; i++)
    if (!(out(i, i) > T(0))) failed = i;
  return static_cast<int32_t>(failed + 1);
}

template <class T>
void factor(const Launch& l) {
  const Batch b(l.in());
  const T* const in = l.in().as<T>();
  T* const out = l.out(0).as<T>();
  int32_t* const info = l.out(1).as<int32_t>();
  const bool upper = l.scalar[0].get() != 0;
  for_matrices(b.count, cubic(b) / 3, [&](int64_t i) {
    const ConstMap<T> a(in + i * b.size(), b.rows, b.rows);
    Map<T> x(out + i * b.size(), b.rows, b.rows);
    Matrix<T> factor;
    if (upper) {
      info[i] = decompose<T>(RowMatrix<T>(a.transpose()), factor);
      x = factor.template triangularView<Eigen::Lower>().transpose();
    } else {
      info[i] = decompose<T>(a, factor);
      x = factor.template triangularView<Eigen::Lower>();
    }
  });
  if (l.scalar[1].get() == 0) return;
  for (int64_t i = 0; i < b.count; i++)
    if (info[i])
      return set_error(*l.error, ErrorCode::linalg,
                       "linalg.cholesky: %sThe factorization could not be completed because the input is not "
                       "positive-definite (the leading minor of order %d is not positive-definite).",
                       Element(l.in(), i).text, info[i]);
}

template <class T>
void solve(const Launch& l) {
  const Batch b(l.in(1));
  const int64_t n = b.rows;
  const T *const matrices = l.in(0).as<T>(), *const right = l.in(1).as<T>();
  T* const out = l.out().as<T>();
  const bool upper = l.scalar[0].get() != 0, unit = l.scalar[1].get() != 0;
  for_matrices(b.count, static_cast<double>(n) * static_cast<double>(b.size()), [&](int64_t i) {
    const ConstMap<T> a(matrices + i * n * n, n, n);
    Map<T> x(out + i * b.size(), n, b.columns);
    x = ConstMap<T>(right + i * b.size(), n, b.columns);
    if (x.size() == 0) return;
    if (upper && unit)
      a.template triangularView<Eigen::UnitUpper>().solveInPlace(x);
    else if (upper)
      a.template triangularView<Eigen::Upper>().solveInPlace(x);
    else if (unit)
      a.template triangularView<Eigen::UnitLower>().solveInPlace(x);
    else
      a.template triangularView<Eigen::Lower>().solveInPlace(x);
  });
}

}  // namespace

void kernel_cholesky(const Launch& l) { TENON_LINALG(factor, l); }
void kernel_solveTriangular(const Launch& l) { TENON_LINALG(solve, l); }

}  // namespace tenon
