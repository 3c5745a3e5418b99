// Sorting and selection by keys: unsigned numbers that are in the order of the elements they stand for.
// Compiled once, as nothing here depends on the instruction set.
#pragma once
#include <cstdint>

namespace tenon {
namespace ordering {

/** An element: its key and where it was. */
struct Narrow {
  using Key = uint32_t;
  uint32_t key, index;
};
struct Wide {
  using Key = uint64_t;
  uint64_t key;
  int64_t index;
};

/** Ascending and stable; `spare` has room for as many. */
template <class E>
void sort(E* x, E* spare, int64_t n);

/** Brings the k largest or smallest to the front; in order, if asked. */
template <class E>
void select_top(E* x, int64_t n, int64_t k, bool largest, bool sorted);

/** Brings the element that would be k-th (from 0) in ascending order to its place. */
template <class E>
void select_at(E* x, int64_t n, int64_t k);

/** The same, where equal elements keep their order, but for those of the key `alone`. */
template <class E>
void select_stable(E* x, int64_t n, int64_t k, bool has_alone, typename E::Key alone);

/** One of the elements whose key is the most frequent, of several such keys the smallest; those of `alone`
 * count one by one. */
template <class E>
E* most_frequent(E* x, int64_t n, bool has_alone, typename E::Key alone);

/** The order of n rows of keys, compared from the first on; equal rows stay in their order. */
template <class Key>
void sort_rows(const Key* keys, int64_t n, int64_t width, int64_t* order);

}  // namespace ordering
}  // namespace tenon
