// The exponential of a matrix: Padé approximants, with scaling and squaring.
#include "linalg/batch.h"
// Needs what comes before it.
#include <unsupported/Eigen/src/MatrixFunctions/MatrixExponential.h>

namespace tenon {

namespace {

using namespace linalg;

template <class T>
void exponential(const Launch& l) {
  const Batch b(l.in());
  const T* const in = l.in().as<T>();
  T* const out = l.out().as<T>();
  for_matrices(b.count, 20 * cubic(b), [&](int64_t i) {
    if (b.rows == 0) return;
    const Matrix<T> a = ConstMap<T>(in + i * b.size(), b.rows, b.rows);
    Matrix<T> result(b.rows, b.rows);
    if (a.allFinite())
      Eigen::internal::matrix_exp_compute(a, result, Eigen::internal::true_type());
    else
      result.setConstant(Eigen::NumTraits<T>::quiet_NaN());
    Map<T>(out + i * b.size(), b.rows, b.rows) = result;
  });
}

}  // namespace

void kernel_matrixExp(const Launch& l) { TENON_LINALG(exponential, l); }

}  // namespace tenon
