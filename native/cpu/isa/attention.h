// What attention and its derivative have in common: operands as matrices, and rows of scores.
#pragma once
#include "core/launch.h"
#include "cpu/isa/gemm.h"
#include "cpu/isa/reduce.h"
#include "cpu/isa/strided.h"
#include "kernels/math.h"

namespace tenon {
namespace TENON_ISA {

namespace {

/** Queries of a tile of scores: as many as make packing keys worth while, on the stack of any thread. */
template <class T>
constexpr int64_t kQueries = 512 / static_cast<int64_t>(sizeof(T));
/** Of keys, at most. */
constexpr int64_t kMostKeys = 128;

/** A batch of matrices of T, at any strides. */
template <class T>
struct Matrices {
  T* data;
  const TensorView* view;  // whose leading dimensions are the batch
  int64_t strides[kMaxRank];

  int64_t row() const { return strides[view->rank - 2]; }
  int64_t column() const { return strides[view->rank - 1]; }

  /** The first element of matrix number `batch`. */
  T* at(int64_t batch) const {
    T* p = data;
    for (int d = view->rank - 3; d >= 0; d--) {
      p += batch % view->shape[d] * strides[d];
      batch /= view->shape[d];
    }
    return p;
  }
};

/** An input as elements of T: where it lies, or converted to `memory`, which then is moved on. */
template <class T>
Matrices<T> matrices(const TensorView& v, T*& memory) {
  Matrices<T> m;
  m.view = &v;
  if (v.dtype == dtype_of<T>()) {
    m.data = v.as<T>();
    for (int i = 0; i < v.rank; i++) m.strides[i] = v.strides[i];
    return m;
  }
  m.data = memory;
  row_major(v.shape, v.rank, m.strides);
  gather(v, 0, v.numel, memory);
  memory += v.numel;
  return m;
}

/** How many elements `matrices` takes of the memory. */
template <class T>
int64_t to_convert(const TensorView& v) {
  return v.dtype == dtype_of<T>() ? 0 : v.numel;
}

/** What is added to scores, or which of them count. */
struct ScoreMask {
  const TensorView* view = nullptr;
  int64_t strides[kMaxRank] = {};  // of the scores' dimensions

  ScoreMask(const TensorView* mask, int rank) : view(mask) {
    if (!mask) return;
    const int skip = rank - mask->rank;
    for (int i = skip; i < rank; i++) strides[i] = mask->shape[i - skip] == 1 ? 0 : mask->strides[i - skip];
  }

  /** Where the mask of matrix number `batch` starts. */
  int64_t at(int64_t batch, const TensorView& like) const {
    int64_t place = 0;
    for (int d = like.rank - 3; d >= 0; d--) {
      place += batch % like.shape[d] * strides[d];
      batch /= like.shape[d];
    }
    return place;
  }
};

/** How products become scores. */
template <class T>
struct Scores {
  const ScoreMask* mask;
  int64_t mask_at;
  int rank;
  T scale;
  bool causal;

  /** How many of the keys from j0 on, at most n, query i may look at. */
  int64_t visible(int64_t i, int64_t j0, int64_t n) const {
    if (!causal) return n;
    const int64_t m = i - j0 + 1;
    return m < 0 ? 0 : m < n ? m : n;
  }

  /**
   * Makes products of query i and n keys from j0 on scores, in place, followed by -infinity up to a whole
   * vector; the largest.
   */
  T row(T* s, int64_t i, int64_t j0, int64_t n) const {
    constexpr int64_t w = Lanes<T>::count;
    const Vec<T> factor = splat(scale), lowest = splat(MaxOf<T>::start());
    const bool masked = mask->view != nullptr, boolean = masked && mask->view->dtype == DType::boolean;
    alignas(64) T added[kMostKeys];
    if (masked)
      load_strided(mask->view->data, mask->view->dtype,
                   mask_at + i * mask->strides[rank - 2] + j0 * mask->strides[rank - 1],
                   mask->strides[rank - 1], n, added);
    Vec<T> largest = lowest;
    for (int64_t j = 0; j < n; j += w) {
      Vec<T> x = load(s + j) * factor;
      if (boolean)
        x = select(load(added + j) != Vec<T>{}, x, lowest);
      else if (masked)
        x += load(added + j);
      store(s + j, x);
      if (n - j < w) {
        for (int64_t q = n; q < j + w; q++) s[q] = MaxOf<T>::start();
        x = load(s + j);
      }
      largest = MaxOf<T>::join(largest, x);
    }
    return join_lanes<MaxOf<T>>(largest);
  }
};

template <class T>
void zero(T* p, int64_t n) {
  std::memset(p, 0, static_cast<size_t>(n) * sizeof(T));
}

inline int64_t lesser(int64_t a, int64_t b) { return a < b ? a : b; }

}  // namespace

}  // namespace TENON_ISA
}  // namespace tenon
