// What the kernels that multiply matrices have in common: which item a block works on, and what becomes of
// its sums.
#pragma once
#include "cuda/kernels/batch.h"
#include "cuda/kernels/gemm.h"
#include "cuda/kernels/locate.h"
#include "kernels/unary.h"

namespace tenon {
namespace cuda {

/** Elements that are loaded or stored together. */
template <class T, int N>
struct alignas(sizeof(T) * N) Pack {
  T x[N];
};

TENON_DEVICE bool is_aligned(const void* p, unsigned bytes) {
  return (reinterpret_cast<uintptr_t>(p) & (bytes - 1)) == 0;
}

/** How elements of T's operands are stored: as S. */
template <class T, class S>
struct Stored {
  using Element = S;
  TENON_DEVICE explicit Stored(DType) {}
  TENON_DEVICE T load(const void* data, int64_t at) const {
    return convert<T>(static_cast<const S*>(data)[at]);
  }
  TENON_DEVICE void store(void* data, int64_t at, T x) const { static_cast<S*>(data)[at] = convert<S>(x); }
};

/** As a dtype that is known only now. */
template <class T>
struct StoredAsAny {
  const DType type;
  TENON_DEVICE explicit StoredAsAny(DType t) : type(t) {}
  TENON_DEVICE T load(const void* data, int64_t at) const { return load_one<T>(data, type, at); }
  TENON_DEVICE void store(void* data, int64_t at, T x) const { store_one(data, type, at, x); }
};

/** A block's work: a tile, of which matrix, and of which part of k. */
struct GemmItem {
  int64_t row, column;      // of the tile's first element
  int64_t first_k, last_k;  // the part: from, to
  int64_t out;              // where the matrix is in `out`, or in `partial`
  int64_t offset[2];        // of A, of B
};

/**
 * The row and the column of tiles. Blocks that run together work on few panels of A and B, so that these come
 * from the cache: tiles are counted down columns of eight.
 */
TENON_DEVICE void locate_tile(int64_t tile, int64_t down, int64_t across, int64_t& row, int64_t& column) {
  constexpr int64_t kGroup = 8;
  const int64_t first = tile / (kGroup * across) * kGroup, within = tile % (kGroup * across);
  const int64_t height = min(kGroup, down - first);
  row = first + within % height;
  column = within / height;
}

/** The items that blocks share out among them. */
template <int kRows, int kColumns>
class GemmItems {
 public:
  TENON_DEVICE explicit GemmItems(const GemmParameters& p)
      : down_((p.m + kRows - 1) / kRows), across_((p.n + kColumns - 1) / kColumns) {}
  TENON_DEVICE int64_t count(const GemmParameters& p) const { return down_ * across_ * p.parts * p.batches; }

  TENON_DEVICE GemmItem item(const GemmParameters& p, int64_t number) const {
    const int64_t tiles = down_ * across_, tile = number % tiles, rest = number / tiles;
    const int64_t part = rest % p.parts, batch = rest / p.parts;
    GemmItem i;
    locate_tile(tile, down_, across_, i.row, i.column);
    i.row *= kRows;
    i.column *= kColumns;
    i.first_k = part * p.part;
    i.last_k = min(p.k, i.first_k + p.part);
    i.out = (part * p.batches + batch) * p.m * p.n;
    locate(p.dim, p.dims, batch, i.offset);
    return i;
  }

 private:
  const int64_t down_, across_;
};

template <class T>
TENON_DEVICE T activate(T x, Activation activation) {
  if constexpr (std::is_floating_point<T>::value) {
    if (activation == Activation::sigmoid) return unary::sigmoid()(x);
    if (activation == Activation::tanh) return unary::tanh()(x);
    if (activation == Activation::relu) return unary::relu()(x);
  }
  return x;
}

/**
 * Sums on their way out: to `partial`, or with bias and activation to `out`. What an activation costs in code
 * is there once for all of a thread's sums: they go through the thread's own column of `room`, kThreads x N.
 */
template <class T, class Storage, unsigned kThreads>
class GemmResult {
 public:
  TENON_DEVICE GemmResult(const GemmParameters& p, const GemmItem& item, T* room)
      : p_(p), storage_(p.type), out_(item.out), room_(room + threadIdx.x) {}

  /** N sums: those of kTogether neighbouring columns from columns[i] on, for each i. Row by row. */
  template <int kTogether, int kPlaces>
  TENON_DEVICE void put(int64_t row, const int64_t (&columns)[kPlaces],
                        const T (&sums)[kPlaces * kTogether]) {
    constexpr int N = kPlaces * kTogether;
    if (row >= p_.m) return;
    const int64_t at = out_ + row * p_.n;
    T x[N];
    for (int i = 0; i < N; i++) x[i] = sums[i];
    if (p_.parts > 1) {
      for (int i = 0; i < kPlaces; i++) {
        T together[kTogether];
        for (int j = 0; j < kTogether; j++) together[j] = x[i * kTogether + j];
        write(Stored<T, T>(p_.type), p_.partial, at, columns[i], together);
      }
      return;
    }
    if (p_.bias)
      for (int i = 0; i < N; i++) {
        const int64_t column = columns[i / kTogether] + i % kTogether;
        if (column < p_.n) x[i] += storage_.load(p_.bias, column * p_.bias_stride);
      }
    if (p_.activation != Activation::none) {
      for (int i = 0; i < N; i++) room_[i * kThreads] = x[i];
#pragma unroll 1
      for (int i = 0; i < N; i++) room_[i * kThreads] = activate(room_[i * kThreads], p_.activation);
      for (int i = 0; i < N; i++) x[i] = room_[i * kThreads];
    }
    for (int i = 0; i < kPlaces; i++) {
      T together[kTogether];
      for (int j = 0; j < kTogether; j++) together[j] = x[i * kTogether + j];
      write(storage_, p_.out, at, columns[i], together);
    }
  }

 private:
  template <class S, int N>
  TENON_DEVICE void write(const StoredAsAny<S>& storage, void* to, int64_t at, int64_t column,
                          const T (&x)[N]) const {
    for (int i = 0; i < N; i++)
      if (column + i < p_.n) storage.store(to, at + column + i, x[i]);
  }
  template <class S, int N>
  TENON_DEVICE void write(const Stored<T, S>& storage, void* to, int64_t at, int64_t column,
                          const T (&x)[N]) const {
    S* const first = static_cast<S*>(to) + at + column;
    if (column + N <= p_.n && is_aligned(first, sizeof(Pack<S, N>))) {
      Pack<S, N> pack;
      for (int i = 0; i < N; i++) pack.x[i] = convert<S>(x[i]);
      *reinterpret_cast<Pack<S, N>*>(first) = pack;
      return;
    }
    for (int i = 0; i < N; i++)
      if (column + i < p_.n) storage.store(to, at + column + i, x[i]);
  }

  const GemmParameters& p_;
  const Storage storage_;
  const int64_t out_;
  T* const room_;
};

}  // namespace cuda
}  // namespace tenon
