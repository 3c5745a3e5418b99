// Singular values and the eigenvalues of symmetric matrices, with their vectors.
#include <atomic>
#include <limits>

#include "linalg/batch.h"

namespace tenon {

namespace {

using namespace linalg;

void not_finite(const Launch& l, const char* op, int64_t i) {
  set_error(*l.error, ErrorCode::linalg,
            "%s: %sThe algorithm failed to converge because the input matrix contained non-finite values.",
            op, Element(l.in(), i).text);
}

void not_converged(const Launch& l, const char* op, int64_t i) {
  set_error(
      *l.error, ErrorCode::linalg,
      "%s: %sThe algorithm failed to converge because the input matrix is ill-conditioned or has too many "
      "repeated values.",
      op, Element(l.in(), i).text);
}

/** The first matrix with an element that is infinite or NaN, or -1. */
template <class T>
int64_t first_not_finite(const TensorView& v, const Batch& b) {
  const T* const x = v.as<T>();
  for (int64_t i = 0; i < v.numel; i++)
    if (!(x[i] - x[i] == T(0))) return i / b.size();
  return -1;
}

/** The first of the matrices that didn't converge; starts as their count. */
struct Failed {
  std::atomic<int64_t> first;
  void at(int64_t i) {
    int64_t seen = first.load();
    while (i < seen && !first.compare_exchange_weak(seen, i)) {
    }
  }
};

/** S alone, or U, S and Vh, with all columns or as many as there are values. */
template <class T>
void svd(const Launch& l) {
  const Batch b(l.in());
  if (const int64_t i = b.size() ? first_not_finite<T>(l.in(), b) : -1; i >= 0)
    return not_finite(l, l.outputs == 1 ? "linalg.svdvals" : "linalg.svd", i);
  const bool vectors = l.outputs == 3, full = l.scalar[0].get() != 0;
  const int64_t m = b.rows, n = b.columns, k = b.least(), um = full ? m : k, vn = full ? n : k;
  const T* const in = l.in().as<T>();
  T* const values = l.out(vectors ? 1 : 0).as<T>();
  T *const u = vectors ? l.out(0).as<T>() : nullptr, *const vh = vectors ? l.out(2).as<T>() : nullptr;
  Failed failed{b.count};
  for_matrices(b.count, 20 * cubic(b), [&](int64_t i) {
    if (k == 0) {
      if (vectors) Map<T>(u + i * m * um, m, um).setIdentity();
      if (vectors) Map<T>(vh + i * vn * n, vn, n).setIdentity();
      return;
    }
    const Matrix<T> a = ConstMap<T>(in + i * b.size(), m, n);
    const unsigned options = !vectors ? 0
                             : full   ? Eigen::ComputeFullU | Eigen::ComputeFullV
                                      : Eigen::ComputeThinU | Eigen::ComputeThinV;
    const Eigen::BDCSVD<Matrix<T>> result(a, options);
    if (result.info() != Eigen::Success) return failed.at(i);
    Eigen::Map<Vector<T>>(values + i * k, k) = result.singularValues();
    if (!vectors) return;
    Map<T>(u + i * m * um, m, um) = result.matrixU();
    Map<T>(vh + i * vn * n, vn, n) = result.matrixV().transpose();
  });
  if (failed.first < b.count) not_converged(l, vectors ? "linalg.svd" : "linalg.svdvals", failed.first);
}

/** Eigenvalues alone, or with eigenvectors, of the symmetric matrix that one triangle tells; NaN if it isn't
 * finite.
 */
template <class T>
void eigh(const Launch& l) {
  const Batch b(l.in());
  const bool vectors = l.outputs == 2, upper = l.scalar[0].get() != 0;
  const int64_t n = b.rows;
  const T* const in = l.in().as<T>();
  T *const values = l.out(0).as<T>(), *const out = vectors ? l.out(1).as<T>() : nullptr;
  Failed failed{b.count};
  for_matrices(b.count, 9 * cubic(b), [&](int64_t i) {
    if (n == 0) return;
    Matrix<T> a = ConstMap<T>(in + i * b.size(), n, n);
    if (upper) a.transposeInPlace();
    a.template triangularView<Eigen::StrictlyUpper>().setZero();
    if (!a.allFinite()) {
      constexpr T nan = std::numeric_limits<T>::quiet_NaN();
      Eigen::Map<Vector<T>>(values + i * n, n).setConstant(nan);
      if (vectors) Map<T>(out + i * b.size(), n, n).setConstant(nan);
      return;
    }
    const Eigen::SelfAdjointEigenSolver<Matrix<T>> result(
        a, vectors ? Eigen::ComputeEigenvectors : Eigen::EigenvaluesOnly);
    if (result.info() != Eigen::Success) return failed.at(i);
    Eigen::Map<Vector<T>>(values + i * n, n) = result.eigenvalues();
    if (vectors) Map<T>(out + i * b.size(), n, n) = result.eigenvectors();
  });
  if (failed.first < b.count) not_converged(l, vectors ? "linalg.eigh" : "linalg.eigvalsh", failed.first);
}

}  // namespace

void kernel_svd(const Launch& l) { TENON_LINALG(svd, l); }
void kernel_eigh(const Launch& l) { TENON_LINALG(eigh, l); }

}  // namespace tenon
