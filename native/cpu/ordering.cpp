#include "cpu/ordering.h"

#include <algorithm>
#include <cstring>

#include "core/parallel.h"

namespace tenon {
namespace ordering {

namespace {

constexpr int64_t kRun = 16;          // runs that are sorted by insertion
constexpr int64_t kRadixFrom = 1500;  // elements from which on digits beat comparisons
constexpr int64_t kBlock = 1 << 15;   // elements of a task
constexpr int64_t kMostBlocks = 16;
constexpr int kBuckets = 256;

template <class E>
bool before(const E& a, const E& b) {
  return a.key < b.key;
}
template <class E>
bool after(const E& a, const E& b) {
  return a.key > b.key;
}

template <class E>
void insertion_sort(E* x, int64_t n) {
  for (int64_t i = 1; i < n; i++) {
    const E e = x[i];
    int64_t k = i;
    for (; k > 0 && e.key < x[k - 1].key; k--) x[k] = x[k - 1];
    x[k] = e;
  }
}

template <class E>
void merge(const E* a, const E* a_end, const E* b, const E* b_end, E* out) {
  while (a < a_end && b < b_end) {
    const bool second = b->key < a->key;
    *out++ = second ? *b : *a;
    b += second;
    a += !second;
  }
  std::copy(b, b_end, std::copy(a, a_end, out));
}

template <class E>
void merge_sort(E* x, E* spare, int64_t n) {
  for (int64_t i = 0; i < n; i += kRun) insertion_sort(x + i, std::min(kRun, n - i));
  E *from = x, *to = spare;
  for (int64_t width = kRun; width < n; width *= 2, std::swap(from, to))
    for (int64_t i = 0; i < n; i += 2 * width) {
      const int64_t middle = std::min(i + width, n), end = std::min(middle + width, n);
      merge(from + i, from + middle, from + middle, from + end, to + i);
    }
  if (from != x) std::copy(from, from + n, x);
}

/** Digit by digit from the last one on, without digits that all keys share. */
template <class E>
void radix_sort(E* x, E* spare, int64_t n) {
  using Key = typename E::Key;
  const int64_t blocks = std::max(int64_t{1}, std::min(kMostBlocks, n / kBlock));
  const int64_t size = (n + blocks - 1) / blocks;
  Key differ = 0;
  for (int64_t i = 0; i < n; i++) differ |= x[i].key ^ x[0].key;
  int64_t places[kMostBlocks][kBuckets];
  E *from = x, *to = spare;
  for (int shift = 0; shift < static_cast<int>(8 * sizeof(Key)); shift += 8) {
    if (!(differ >> shift & (kBuckets - 1))) continue;
    parallel_for(blocks, [&](int64_t block) {
      int64_t* const count = places[block];
      std::memset(count, 0, sizeof places[block]);
      const int64_t end = std::min(n, (block + 1) * size);
      for (int64_t i = block * size; i < end; i++) count[from[i].key >> shift & (kBuckets - 1)]++;
    });
    int64_t place = 0;
    for (int bucket = 0; bucket < kBuckets; bucket++)
      for (int64_t block = 0; block < blocks; block++) {
        const int64_t count = places[block][bucket];
        places[block][bucket] = place;
        place += count;
      }
    parallel_for(blocks, [&](int64_t block) {
      int64_t* const at = places[block];
      const int64_t end = std::min(n, (block + 1) * size);
      for (int64_t i = block * size; i < end; i++) to[at[from[i].key >> shift & (kBuckets - 1)]++] = from[i];
    });
    std::swap(from, to);
  }
  if (from != x) std::copy(from, from + n, x);
}

}  // namespace

template <class E>
void sort(E* x, E* spare, int64_t n) {
  if (n < kRadixFrom)
    merge_sort(x, spare, n);
  else
    radix_sort(x, spare, n);
}

template <class E>
void select_top(E* x, int64_t n, int64_t k, bool largest, bool sorted) {
  if (k <= 0) return;
  const auto first = largest ? after<E> : before<E>;
  // Few are picked from a heap; more are split off, then sorted.
  if (k <= n / 64) {
    std::partial_sort(x, x + k, x + n, first);
  } else {
    std::nth_element(x, x + k - 1, x + n, first);
    if (sorted) std::sort(x, x + k - 1, first);
  }
}

template <class E>
void select_at(E* x, int64_t n, int64_t k) {
  // Quickselect by Hoare's partition; the pivot is the median of three, the others of which bound the search.
  const auto arrange = [x](int64_t a, int64_t b) {
    if (x[a].key > x[b].key) std::swap(x[a], x[b]);
  };
  int64_t low = 0, high = n - 1;
  while (high - low > 1) {
    std::swap(x[low + (high - low) / 2], x[low + 1]);
    arrange(low + 1, high);
    arrange(low, high);
    arrange(low + 1, low);
    const typename E::Key pivot = x[low].key;
    int64_t up = low + 2, down = high - 1;
    for (;; up++, down--) {
      while (x[up].key < pivot) up++;
      while (x[down].key > pivot) down--;
      if (down < up) break;
      std::swap(x[up], x[down]);
    }
    std::swap(x[low], x[down]);
    if (down <= k) low = up;
    if (down >= k) high = down - 1;
  }
  if (high - low == 1) arrange(low, high);
}

template <class E>
void select_stable(E* x, int64_t n, int64_t k, bool has_alone, typename E::Key alone) {
  std::nth_element(x, x + k, x + n, [=](const E& a, const E& b) {
    return a.key < b.key || (a.key == b.key && a.index < b.index && !(has_alone && a.key == alone));
  });
}

template <class E>
E* most_frequent(E* x, int64_t n, bool has_alone, typename E::Key alone) {
  std::sort(x, x + n, before<E>);
  E* found = x;
  int64_t most = 0, start = 0;
  for (int64_t i = 0; i < n; i++) {
    if (i + 1 < n && x[i].key == x[i + 1].key && !(has_alone && x[i].key == alone)) continue;
    if (i + 1 - start > most) {
      most = i + 1 - start;
      found = x + i;
    }
    start = i + 1;
  }
  return found;
}

template <class Key>
void sort_rows(const Key* keys, int64_t n, int64_t width, int64_t* order) {
  for (int64_t i = 0; i < n; i++) order[i] = i;
  std::sort(order, order + n, [&](int64_t a, int64_t b) {
    const Key *const p = keys + a * width, *const q = keys + b * width;
    for (int64_t i = 0; i < width; i++)
      if (p[i] != q[i]) return p[i] < q[i];
    return a < b;
  });
}

#define TENON_ORDERING(E)                                                      \
  template void sort<E>(E*, E*, int64_t);                                      \
  template void select_top<E>(E*, int64_t, int64_t, bool, bool);               \
  template void select_at<E>(E*, int64_t, int64_t);                            \
  template void select_stable<E>(E*, int64_t, int64_t, bool, typename E::Key); \
  template E* most_frequent<E>(E*, int64_t, bool, typename E::Key);            \
  template void sort_rows<E::Key>(const E::Key*, int64_t, int64_t, int64_t*);

TENON_ORDERING(Narrow)
TENON_ORDERING(Wide)

#undef TENON_ORDERING

}  // namespace ordering
}  // namespace tenon
