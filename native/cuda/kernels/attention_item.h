// What the kernels of attention have in common: which item a block works on, and what scores are.
#pragma once
#include "cuda/kernels/attention.h"
#include "cuda/kernels/gemm_tile.h"

namespace tenon {
namespace cuda {

/** A block's work: rows of one matrix's result, and which columns of them; which part of the keys. */
struct AttentionItem {
  int64_t batch, first, chunk, part;
  int64_t at[5];  // offsets of the operands
};

class AttentionItems {
 public:
  /** Tiles of so many of the rows, the latest first if they have most to do. */
  TENON_DEVICE AttentionItems(int64_t rows, int tile, bool latest_first)
      : tile_(tile), tiles_((rows + tile - 1) / tile), latest_first_(latest_first) {}

  TENON_DEVICE int64_t count(const AttentionParameters& p) const {
    return tiles_ * p.chunks * p.parts * p.batches;
  }

  TENON_DEVICE AttentionItem item(const AttentionParameters& p, int64_t number) const {
    AttentionItem i;
    i.chunk = number % p.chunks;
    number /= p.chunks;
    i.part = number % p.parts;
    number /= p.parts;
    const int64_t tile = number % tiles_;
    i.first = (latest_first_ ? tiles_ - 1 - tile : tile) * tile_;
    i.batch = number / tiles_;
    locate(p.dim, p.dims, i.batch, i.at);
    return i;
  }

 private:
  const int tile_;
  const int64_t tiles_;
  const bool latest_first_;
};

/** Queries and keys from some of them on, as few as a tile has: which are there, and who sees whom. */
struct AttentionWindow {
  int64_t mask_at;           // of the first
  int queries, keys, later;  // later: by so much the first query comes after the first key

  TENON_DEVICE AttentionWindow(const AttentionParameters& p, const AttentionItem& item, int64_t query,
                               int64_t key)
      : mask_at(item.at[kMask] + query * p.mask_row + key * p.mask_column),
        queries(limited(p.queries - query)),
        keys(limited(p.keys - key)),
        later(p.causal ? limited(query - key) : kFar) {}

  TENON_DEVICE bool sees(int query, int key) const {
    return query < queries && key < keys && key <= query + later;
  }

 private:
  static constexpr int kFar = 1 << 20;
  static TENON_DEVICE int limited(int64_t distance) {
    return static_cast<int>(min(max(distance, -int64_t{kFar}), int64_t{kFar}));
  }
};

/** Halves of a type that is known only now. */
struct StoredAsHalf {
  const bool brain;
  TENON_DEVICE explicit StoredAsHalf(DType t) : brain(t == DType::bf16) {}
  TENON_DEVICE float load(const void* data, int64_t at) const {
    const uint16_t bits = static_cast<const uint16_t*>(data)[at];
    return brain ? widen(BFloat16{bits}) : widen(Half{bits});
  }
  TENON_DEVICE void store(void* data, int64_t at, float x) const {
    static_cast<uint16_t*>(data)[at] = brain ? narrow_bfloat(x).bits : narrow_half(x).bits;
  }
};

/** What becomes of products of queries and keys. */
template <class T>
struct Scores {
  const T scale;
  const bool masked, boolean;

  TENON_DEVICE explicit Scores(const AttentionParameters& p)
      : scale(static_cast<T>(p.scale.get())),
        masked(p.mask != nullptr),
        boolean(p.mask_type == DType::boolean) {}

  /** `mask`: the mask's element, if there is a mask. -infinity where there is nothing to see. */
  TENON_DEVICE T score(T product, T mask, bool seen) const {
    T x = product * scale;
    if (masked) x = !boolean ? x + mask : mask != 0 ? x : -static_cast<T>(INFINITY);
    return seen ? x : -static_cast<T>(INFINITY);
  }
};

/**
 * The mask of a tile, by all threads: put(query, key, element) for each that is there. Neighbours take keys,
 * which masks most often have side by side.
 */
template <class T, class Storage, class Put>
TENON_DEVICE void load_mask(const AttentionParameters& p, const AttentionWindow& w, int queries, int keys,
                            Put put) {
  const Storage storage(p.type);
  const int there = min(keys, w.keys);
#pragma unroll 1
  for (int i = static_cast<int>(threadIdx.x); i < queries * keys; i += static_cast<int>(blockDim.x)) {
    const int query = i / keys, key = i % keys;
    if (query >= w.queries || key >= there) continue;
    const int64_t at = w.mask_at + query * p.mask_row + key * p.mask_column;
    put(query, key,
        p.mask_type == DType::boolean ? static_cast<T>(static_cast<const Bool*>(p.mask)[at].byte != 0)
                                      : storage.load(p.mask, at));
  }
}

/** What the derivative needs of a query: its log sum exp, and the result times its gradient. */
template <class T>
struct KnownOfQuery {
  T sum, dot;
  TENON_DEVICE KnownOfQuery(const AttentionParameters& p, int64_t batch, int64_t query)
      : sum(INFINITY), dot(0) {
    if (query >= p.queries) return;
    sum = static_cast<const T*>(p.sums)[batch * p.queries + query];
    dot = static_cast<const T*>(p.dots)[batch * p.queries + query];
  }
};

/** Where the results of an item's part are among the parts'. */
TENON_DEVICE int64_t part_of_rows(const AttentionParameters& p, const AttentionItem& item) {
  return (item.part * p.batches + item.batch) * p.queries;
}
template <class T>
TENON_DEVICE T* sums_of_parts(const AttentionParameters& p) {
  return static_cast<T*>(p.partial) + p.parts * p.batches * p.queries * p.width;
}

/** Infinite for a row that looks at nothing: the derivative then finds probabilities of 0. */
template <class T>
TENON_DEVICE T log_sum_exp(T largest, T sum) {
  return sum == 0 ? static_cast<T>(INFINITY) : largest + log(sum);
}
/** What is known of a query's scores; of a part of them, if there are several. */
template <class T>
TENON_DEVICE void leave_sum(const AttentionParameters& p, const AttentionItem& item, int64_t query, T largest,
                            T sum) {
  if (query >= p.queries || item.chunk != 0) return;
  if (p.parts == 1) {
    static_cast<T*>(p.sums)[item.batch * p.queries + query] = log_sum_exp(largest, sum);
    return;
  }
  T* const pair = sums_of_parts<T>(p) + 2 * (part_of_rows(p, item) + query);
  pair[0] = largest;
  pair[1] = sum;
}

/** A score so far the largest, or a NaN. */
template <class T>
TENON_DEVICE T larger(T a, T b) {
  return b > a || b != b ? b : a;
}

}  // namespace cuda
}  // namespace tenon
