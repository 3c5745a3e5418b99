// QR decompositions by Householder reflections; R's diagonal has the signs that LAPACK gives it.
#include "linalg/batch.h"

namespace tenon {

namespace {

using namespace linalg;

/** The product of the reflections that `a` and `tau` hold, its first columns. */
template <class T, class Coefficients>
void multiply_out(const Matrix<T>& a, const Coefficients& tau, Map<T> q) {
  Matrix<T> out(q.rows(), q.cols());
  out.setIdentity();
  if (tau.size() > 0) out.applyOnTheLeft(Eigen::householderSequence(a, tau).setLength(tau.size()));
  q = out;
}

/** R alone, or Q and R: as many columns of Q as the output has. */
template <class T>
void factor(const Launch& l) {
  const Batch b(l.in()), r(l.out(l.outputs - 1));
  const T* const in = l.in().as<T>();
  T* const right = l.out(l.outputs - 1).as<T>();
  const int64_t q_columns = l.outputs == 2 ? l.out(0).shape[l.out(0).rank - 1] : 0;
  for_matrices(b.count, 2 * cubic(b), [&](int64_t i) {
    Matrix<T> a = ConstMap<T>(in + i * b.size(), b.rows, b.columns);
    Vector<T> tau(b.least());
    if (b.least() > 0) Eigen::internal::householder_qr_inplace_blocked<Matrix<T>, Vector<T>>::run(a, tau, 48);
    Map<T> out(right + i * r.size(), r.rows, r.columns);
    out.setZero();
    for (int64_t row = 0; row < b.least(); row++)
      out.row(row).tail(b.columns - row) = a.row(row).tail(b.columns - row);
    if (l.outputs == 2)
      multiply_out<T>(a, tau, Map<T>(l.out(0).as<T>() + i * b.rows * q_columns, b.rows, q_columns));
  });
}

template <class T>
void product(const Launch& l) {
  const Batch b(l.in(0));
  const T *const in = l.in(0).as<T>(), *const scales = l.in(1).as<T>();
  T* const out = l.out().as<T>();
  const int64_t count = l.in(1).shape[l.in(1).rank - 1];
  for_matrices(b.count, 2 * cubic(b), [&](int64_t i) {
    const Matrix<T> a = ConstMap<T>(in + i * b.size(), b.rows, b.columns);
    const Vector<T> tau = Eigen::Map<const Vector<T>>(scales + i * count, count);
    multiply_out<T>(a, tau, Map<T>(out + i * b.size(), b.rows, b.columns));
  });
}

}  // namespace

void kernel_qr(const Launch& l) { TENON_LINALG(factor, l); }
void kernel_householderProduct(const Launch& l) { TENON_LINALG(product, l); }

}  // namespace tenon
