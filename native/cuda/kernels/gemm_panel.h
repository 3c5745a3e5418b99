// Panels of operands on their way through shared memory, for kernels that multiply in registers.
#pragma once
#include "cuda/kernels/gemm_tile.h"

namespace tenon {
namespace cuda {

/** Loads kVector elements, `step` apart, of which `there` exist; zeros for the others. */
template <class T, class S, int N>
TENON_DEVICE void load_chunk(const Stored<T, S>& storage, const void* data, int64_t at, int64_t step,
                             int there, T (&x)[N]) {
  const S* const first = static_cast<const S*>(data) + at;
  if (step == 1 && there >= N && is_aligned(first, sizeof(Pack<S, N>))) {
    const Pack<S, N> pack = *reinterpret_cast<const Pack<S, N>*>(first);
    for (int i = 0; i < N; i++) x[i] = convert<T>(pack.x[i]);
    return;
  }
  for (int i = 0; i < N; i++) x[i] = i < there ? storage.load(data, at + i * step) : T{0};
}
template <class T, int N>
TENON_DEVICE void load_chunk(const StoredAsAny<T>& storage, const void* data, int64_t at, int64_t step,
                             int there, T (&x)[N]) {
#pragma unroll
  for (int i = 0; i < N; i++) x[i] = 0;
  if (there <= 0) return;
  int64_t places[N];
#pragma unroll
  for (int i = 0; i < N; i++) places[i] = i < there ? at + i * step : at;
  load_each(data, storage.type, places, x);
#pragma unroll
  for (int i = 0; i < N; i++)
    if (i >= there) x[i] = 0;
}

/** Stores N elements side by side, of which `there` have room. */
template <class T, class S, int N>
TENON_DEVICE void store_chunk(const Stored<T, S>& storage, void* data, int64_t at, int64_t there,
                              const T (&x)[N]) {
  S* const first = static_cast<S*>(data) + at;
  if (there >= N && is_aligned(first, sizeof(Pack<S, N>))) {
    Pack<S, N> pack;
    for (int i = 0; i < N; i++) pack.x[i] = convert<S>(x[i]);
    *reinterpret_cast<Pack<S, N>*>(first) = pack;
    return;
  }
  for (int i = 0; i < N; i++)
    if (i < there) storage.store(data, at + i, x[i]);
}
template <class T, int N>
TENON_DEVICE void store_chunk(const StoredAsAny<T>& storage, void* data, int64_t at, int64_t there,
                              const T (&x)[N]) {
  int64_t places[N];
  for (int i = 0; i < N; i++) places[i] = at + i;
  store_each(data, storage.type, places, x, static_cast<int>(min(there, int64_t{N})));
}

/** A thread's share of one operand's panels: kOuter rows of A or columns of B, kDepth along k. */
template <class T, class Storage, int kOuter, int kDepth, int kThreads>
class PanelLoader {
  static constexpr int kVector = 16 / static_cast<int>(sizeof(T));
  static constexpr int kChunks = kOuter * kDepth / kVector / kThreads;
  static_assert(kChunks * kVector * kThreads == kOuter * kDepth, "threads share a panel evenly");

 public:
  static constexpr int kRow = kOuter + kVector;  // the gap keeps threads that store a column apart

  TENON_DEVICE PanelLoader(const GemmOperand& operand, DType type, int64_t offset, int64_t first_outer,
                           int64_t outer, int64_t first_k, int64_t last_k)
      : operand_(operand), storage_(type), k_(first_k), last_k_(last_k) {
    for (int i = 0; i < kChunks; i++) {
      outer_[i] = static_cast<int>(min(outer - first_outer - outer_of(i), int64_t{kOuter}));
      at_[i] = offset + (first_outer + outer_of(i)) * operand.outer + (first_k + depth_of(i)) * operand.k;
    }
  }

  /** The next panel, to registers. */
  TENON_DEVICE void load() {
#pragma unroll
    for (int i = 0; i < kChunks; i++) {
      const int deep = static_cast<int>(min(last_k_ - k_ - depth_of(i), int64_t{kDepth}));
      const bool along_k = operand_.along_k;
      const int there = (along_k ? outer_[i] : deep) > 0 ? (along_k ? deep : outer_[i]) : 0;
      load_chunk(storage_, operand_.data, at_[i], along_k ? operand_.k : operand_.outer, there, x_[i]);
      at_[i] += kDepth * operand_.k;
    }
    k_ += kDepth;
  }

  /** From registers to shared memory, by k. */
  TENON_DEVICE void store(T (&panel)[kDepth][kRow]) const {
#pragma unroll
    for (int i = 0; i < kChunks; i++) {
      const int outer = outer_of(i), depth = depth_of(i);
      if (operand_.along_k) {
        for (int j = 0; j < kVector; j++) panel[depth + j][outer] = x_[i][j];
      } else {
        Pack<T, kVector> pack;
        for (int j = 0; j < kVector; j++) pack.x[j] = x_[i][j];
        *reinterpret_cast<Pack<T, kVector>*>(&panel[depth][outer]) = pack;
      }
    }
  }

 private:
  // Where in the panel the thread's i-th chunk is.
  TENON_DEVICE int outer_of(int i) const {
    const int chunk = static_cast<int>(threadIdx.x) + i * kThreads;
    return operand_.along_k ? chunk / (kDepth / kVector) : chunk % (kOuter / kVector) * kVector;
  }
  TENON_DEVICE int depth_of(int i) const {
    const int chunk = static_cast<int>(threadIdx.x) + i * kThreads;
    return operand_.along_k ? chunk % (kDepth / kVector) * kVector : chunk / (kOuter / kVector);
  }

  const GemmOperand& operand_;
  const Storage storage_;
  int64_t k_;
  const int64_t last_k_;
  int outer_[kChunks];  // how many rows or columns there are from the chunk's on
  int64_t at_[kChunks];
  T x_[kChunks][kVector];
};

}  // namespace cuda
}  // namespace tenon
