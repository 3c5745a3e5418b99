// What the kernels of linear algebra share: a batch of matrices, and what one of them was found to be.
#pragma once
#include "core/launch.h"
#include "core/parallel.h"
#include "linalg/eigen.h"

namespace tenon {
namespace linalg {

/** The last two sizes of a tensor of matrices, and how many matrices there are. */
struct Batch {
  int64_t count = 1, rows, columns;

  explicit Batch(const TensorView& v) : rows(v.shape[v.rank - 2]), columns(v.shape[v.rank - 1]) {
    for (int i = 0; i + 2 < v.rank; i++) count *= v.shape[i];
  }
  int64_t size() const { return rows * columns; }
  int64_t least() const { return rows < columns ? rows : columns; }
};

/** f(i) for each of `count` matrices, of which one costs about `work` operations. */
template <class F>
void for_matrices(int64_t count, double work, F f) {
  constexpr double enough = 65536;
  const int64_t together = work >= enough ? 1 : static_cast<int64_t>(enough / (work + 1)) + 1;
  parallel_for((count + together - 1) / together, [&](int64_t task) {
    const int64_t end = (task + 1) * together < count ? (task + 1) * together : count;
    for (int64_t i = task * together; i < end; i++) f(i);
  });
}

/** The work of a decomposition, about. */
inline double cubic(const Batch& b) { return static_cast<double>(b.size()) * static_cast<double>(b.least()); }

/** Whether a launch writes nothing: there may be any number of matrices of size 0. */
inline bool writes_nothing(const Launch& l) {
  for (uint32_t i = 0; i < l.outputs; i++)
    if (l.out(i).numel > 0) return false;
  return true;
}

/** Runs f<float> or f<double>, as the launch computes. */
#define TENON_LINALG(f, l)                \
  do {                                    \
    if (linalg::writes_nothing(l)) break; \
    if ((l).compute == DType::f64)        \
      f<double>(l);                       \
    else                                  \
      f<float>(l);                        \
  } while (false)

/** "(Batch element i): ", or nothing when there is no batch. */
struct Element {
  char text[48] = {0};
  Element(const TensorView& matrices, int64_t i);
};

}  // namespace linalg
}  // namespace tenon
