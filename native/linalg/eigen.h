// Eigen as the kernels of linear algebra use it: row-major matrices in a tensor's memory. What it does is
// decided here, so every file that uses it includes this one first.
#pragma once

#define EIGEN_MPL2_ONLY
#define EIGEN_NO_DEBUG  // operands are checked before a kernel sees them
#define EIGEN_NO_IO
#define EIGEN_DONT_PARALLELIZE

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <Eigen/QR>
#include <Eigen/SVD>

namespace tenon {
namespace linalg {

template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;
template <class T>
using RowMatrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class T>
using Vector = Eigen::Matrix<T, Eigen::Dynamic, 1>;

/** A matrix of a contiguous tensor. */
template <class T>
using Map = Eigen::Map<RowMatrix<T>>;
template <class T>
using ConstMap = Eigen::Map<const RowMatrix<T>>;

}  // namespace linalg
}  // namespace tenon
