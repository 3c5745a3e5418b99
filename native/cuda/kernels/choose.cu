// topk, kthvalue, median and mode: a block for each row. Which of equal elements is chosen follows from the
// algorithms of the CPU's kernels (cpu/ordering.cpp), quickselect and the C++ library's nth_element,
// partial_sort and sort, as PyTorch uses them, too. So these are done here in the same steps, only that many
// threads look for the next elements that a step concerns.
#include "cuda/kernels/block.h"
#include "cuda/kernels/choose.h"

namespace tenon {
namespace cuda {

namespace {

constexpr unsigned kMostWarps = kChoiceThreads / 32;
constexpr unsigned kMostPlaces = kChoiceThreads * kChoiceItems;

template <class Key>
struct Row {
  Key* key;
  uint32_t* index;

  TENON_DEVICE Row(const Pairs& p, int64_t row)
      : key(static_cast<Key*>(p.keys) + row * p.pitch), index(p.index + row * p.pitch) {}
  TENON_DEVICE Row(Key* k, uint32_t* i) : key(k), index(i) {}
  TENON_DEVICE Row from(int64_t first) const { return {key + first, index + first}; }

  TENON_DEVICE void copy(int64_t to, const Row& other, int64_t from) const {
    key[to] = other.key[from];
    index[to] = other.index[from];
  }
  TENON_DEVICE void swap(int64_t a, int64_t b) const {
    const Key k = key[a];
    const uint32_t i = index[a];
    copy(a, *this, b);
    key[b] = k;
    index[b] = i;
  }
};

// ---- what a block does together ----

/**
 * The places first, first + step, ... of `count` (at most kMostPlaces) where wanted(key) is true, in this
 * order; returns how many there are.
 */
template <class Key, class Wanted>
TENON_DEVICE unsigned collect(const Key* key, int64_t first, int step, unsigned count, Wanted wanted,
                              uint32_t* places) {
  SHARED(found, unsigned[kMostWarps]);
  const unsigned t = threadIdx.x, warp = t / 32, lane = t % 32;
  const unsigned mine = warp * 32 * kChoiceItems + lane;
  unsigned mask[kChoiceItems], before = 0;
#pragma unroll
  for (int i = 0; i < kChoiceItems; i++) {
    const unsigned n = mine + 32 * static_cast<unsigned>(i);
    mask[i] = __ballot_sync(kAllLanes, n < count && wanted(key[first + step * static_cast<int64_t>(n)]));
    before += static_cast<unsigned>(__popc(mask[i]));
  }
  __syncthreads();  // what was there before has been read
  if (lane == 0) found[warp] = before;
  __syncthreads();
  unsigned total = 0;
  before = 0;
#pragma unroll 1
  for (unsigned w = 0; w < blockDim.x / 32; w++) {
    total += found[w];
    before += w < warp ? found[w] : 0;
  }
#pragma unroll
  for (int i = 0; i < kChoiceItems; i++) {
    const unsigned n = mine + 32 * static_cast<unsigned>(i);
    if ((mask[i] >> lane & 1) != 0)
      places[before + static_cast<unsigned>(__popc(mask[i] & ((1u << lane) - 1)))] =
          static_cast<uint32_t>(first + step * static_cast<int64_t>(n));
    before += static_cast<unsigned>(__popc(mask[i]));
  }
  __syncthreads();
  return total;
}

/** How many elements are looked at together, at most `left`. */
TENON_DEVICE unsigned portion(int64_t left) {
  const unsigned most = blockDim.x * kChoiceItems;
  return left < most ? static_cast<unsigned>(left) : most;
}

/** Whether the predicate is true of one of the numbers in [first, end). */
template <class Predicate>
TENON_DEVICE bool any_of(int64_t first, int64_t end, Predicate predicate) {
  for (int64_t i = first; i < end; i += blockDim.x)
    if (__syncthreads_or(i + threadIdx.x < end && predicate(i + threadIdx.x))) return true;
  return false;
}

/** A number that all threads of a block bring. */
template <class Op>
TENON_DEVICE uint32_t join_block(uint32_t value) {
  SHARED(part, uint32_t[kMostWarps]);
  for (unsigned bit = 16; bit; bit /= 2) value = Op::join(value, exchange(value, bit));
  __syncthreads();
  if (threadIdx.x % 32 == 0) part[threadIdx.x / 32] = value;
  __syncthreads();
  value = part[0];
  for (unsigned w = 1; w < blockDim.x / 32; w++) value = Op::join(value, part[w]);
  return value;
}
struct Sum {
  static TENON_DEVICE uint32_t join(uint32_t a, uint32_t b) { return a + b; }
};
struct Least {
  static TENON_DEVICE uint32_t join(uint32_t a, uint32_t b) { return a < b ? a : b; }
};
struct Most {
  static TENON_DEVICE uint32_t join(uint32_t a, uint32_t b) { return a > b ? a : b; }
};

/**
 * Hoare's partition of [first, end): a scan from the left stops at keys that are not below the pivot, one
 * from the right at those not above it; stops are swapped in pairs until the scans meet. Returns the last
 * stop from the left, `end` if there is none, and the last place on the right that was swapped, or `end`.
 *
 * Pairs are those of the first stops of both scans, the second ones, ..., as swapping changes only what both
 * have passed. Where a scan would get to what was swapped, it stops: so the last stop is the next one, or the
 * last place swapped on the right.
 */
struct Cut {
  int64_t at, swapped;
};
template <class Key>
TENON_DEVICE Cut partition(const Row<Key>& row, int64_t first, int64_t end, Key pivot) {
  SHARED(left_stops, uint32_t[kMostPlaces]);
  SHARED(right_stops, uint32_t[kMostPlaces]);
  const unsigned t = threadIdx.x;
  int64_t left = first, right = end;  // scanned: [first, left) and [right, end)
  int64_t swapped = end;
  unsigned lefts = 0, rights = 0, l = 0, r = 0;
  int64_t at = end;
  for (;;) {
    while (l == lefts && left < swapped) {
      const unsigned n = portion(end - left);
      lefts = collect(row.key, left, 1, n, [=](Key key) { return key >= pivot; }, left_stops);
      l = 0;
      left += n;
    }
    at = swapped;
    if (l == lefts) break;
    while (r == rights && right > first) {
      const unsigned n = portion(right - first);
      rights = collect(row.key, right - 1, -1, n, [=](Key key) { return key <= pivot; }, right_stops);
      r = 0;
      right -= n;
    }
    const unsigned pairs = lefts - l < rights - r ? lefts - l : rights - r;
    unsigned done = 0;
#pragma unroll 1
    for (unsigned i = 0; i < pairs; i += blockDim.x) {
      const bool swaps = i + t < pairs && left_stops[l + i + t] < right_stops[r + i + t];
      if (swaps) row.swap(left_stops[l + i + t], right_stops[r + i + t]);
      const unsigned count = static_cast<unsigned>(__syncthreads_count(swaps));
      done += count;
      if (count < blockDim.x) break;
    }
    if (done > 0) swapped = right_stops[r + done - 1];
    if (done < pairs || r == rights) {
      const int64_t stop = left_stops[l + done];
      at = stop < swapped ? stop : swapped;
      break;
    }
    l += pairs;
    r += pairs;
  }
  return {at, swapped};
}

// ---- the C++ library's algorithms ----

/** Twice the logarithm: so many partitions of n elements, then a heap. */
TENON_DEVICE int most_partitions(int64_t n) { return 2 * (63 - __clzll(n)); }

/** Partitions [first, end) by the median of three of its elements; returns where the upper part begins. */
template <class Key>
TENON_DEVICE int64_t split(const Row<Key>& row, int64_t first, int64_t end) {
  if (threadIdx.x == 0) {
    const int64_t a = first + 1, b = first + (end - first) / 2, c = end - 1;
    const Key x = row.key[a], y = row.key[b], z = row.key[c];
    int64_t median;
    if (x < y)
      median = y < z ? b : x < z ? c : a;
    else
      median = x < z ? a : y < z ? c : b;
    row.swap(first, median);
  }
  __syncthreads();
  return partition(row, first + 1, end, row.key[first]).at;
}

/** One thread's: puts an element into a heap, the largest on top, whose place `hole` is free. */
template <class Key>
TENON_DEVICE void sift(const Row<Key>& heap, int64_t hole, int64_t size, Key key, uint32_t index) {
  const int64_t top = hole;
  int64_t child = hole;
  while (child < (size - 1) / 2) {
    child = 2 * (child + 1);
    if (heap.key[child] < heap.key[child - 1]) child--;
    heap.copy(hole, heap, child);
    hole = child;
  }
  if (size % 2 == 0 && child == (size - 2) / 2) {
    child = 2 * child + 1;
    heap.copy(hole, heap, child);
    hole = child;
  }
  while (hole > top && heap.key[(hole - 1) / 2] < key) {
    heap.copy(hole, heap, (hole - 1) / 2);
    hole = (hole - 1) / 2;
  }
  heap.key[hole] = key;
  heap.index[hole] = index;
}

/** One thread's: element i of `row` goes into the heap, whose top goes to its place. */
template <class Key>
TENON_DEVICE void exchange_top(const Row<Key>& heap, int64_t size, const Row<Key>& row, int64_t i) {
  const Key key = row.key[i];
  const uint32_t index = row.index[i];
  row.copy(i, heap, 0);
  sift(heap, 0, size, key, index);
}

/** A heap of the k smallest of n elements; the first k are in `heap`, the others in `row` from k on. */
template <class Key>
TENON_DEVICE void select_by_heap(const Row<Key>& heap, const Row<Key>& row, int64_t k, int64_t n) {
  SHARED(places, uint32_t[kMostPlaces]);
  const bool one = threadIdx.x == 0;
  if (one)
    for (int64_t i = (k - 2) / 2; k > 1 && i >= 0; i--) sift(heap, i, k, heap.key[i], heap.index[i]);
  __syncthreads();
  for (int64_t i = k; i < n; i += portion(n - i)) {
    // Tops only fall, so these are all that may go into the heap.
    const Key top = heap.key[0];
    const unsigned found = collect(row.key, i, 1, portion(n - i), [=](Key key) { return key < top; }, places);
    if (one)
      for (unsigned c = 0; c < found; c++)
        if (row.key[places[c]] < heap.key[0]) exchange_top(heap, k, row, places[c]);
    __syncthreads();
  }
}

template <class Key>
TENON_DEVICE void sort_heap(const Row<Key>& heap, int64_t size) {
  if (threadIdx.x == 0)
    for (int64_t i = size - 1; i > 0; i--) exchange_top(heap, i, heap, i);
  __syncthreads();
}

/** std::nth_element */
template <class Key>
TENON_DEVICE void select_nth(const Row<Key>& row, int64_t n, int64_t nth) {
  int64_t first = 0, end = n;
  for (int left = most_partitions(n); end - first > 3; left--) {
    if (left == 0) {
      const Row<Key> rest = row.from(first);
      select_by_heap(rest, rest, nth + 1 - first, end - first);
      if (threadIdx.x == 0) row.swap(first, nth);
      __syncthreads();
      return;
    }
    const int64_t cut = split(row, first, end);
    if (cut <= nth)
      first = cut;
    else
      end = cut;
  }
  if (threadIdx.x == 0)
    for (int64_t i = first + 1; i < end; i++)
      for (int64_t j = i; j > first && row.key[j] < row.key[j - 1]; j--) row.swap(j, j - 1);
  __syncthreads();
}

constexpr int64_t kSortedByInsertion = 16;

/** What std::sort does before its last step, a stable sort of runs of so many elements. */
template <class Key>
TENON_DEVICE void sort_to_runs(const Row<Key>& row, int64_t n) {
  struct Range {
    int64_t first, end;
    int left;
  };
  SHARED(waiting, Range[128]);  // at most as many as there are partitions
  int count = 0;
  Range range = {0, n, most_partitions(n)};
  for (;;) {
    while (range.end - range.first > kSortedByInsertion) {
      if (range.left == 0) {
        const Row<Key> rest = row.from(range.first);
        select_by_heap(rest, rest, range.end - range.first, range.end - range.first);
        sort_heap(rest, range.end - range.first);
        break;
      }
      const int64_t cut = split(row, range.first, range.end);
      range.left--;
      if (threadIdx.x == 0) waiting[count] = {cut, range.end, range.left};
      count++;
      range.end = cut;
    }
    if (count == 0) return;
    __syncthreads();
    range = waiting[--count];
    __syncthreads();
  }
}

// ---- by counting ----

/** The key of a rank (from 0), how many are below, and how many are equal. */
template <class Key>
struct Ranked {
  Key key;
  uint32_t below, equal;
};
template <class Key>
TENON_DEVICE Ranked<Key> key_of_rank(const Key* key, int64_t n, uint32_t rank) {
  SHARED(bins, uint32_t[kRadix]);
  SHARED(found, uint32_t[3]);  // the digit, how many are below, how many have it
  const unsigned t = threadIdx.x, lane = t % 32;
  Ranked<Key> result = {0, 0, 0};
  for (int shift = static_cast<int>(8 * sizeof(Key)) - 8; shift >= 0; shift -= 8) {
    for (unsigned b = t; b < kRadix; b += blockDim.x) bins[b] = 0;
    __syncthreads();
    for (int64_t first = 0; first < n; first += blockDim.x * kChoiceItems) {
      Key x[kChoiceItems];
      unsigned digit[kChoiceItems];
#pragma unroll
      for (int i = 0; i < kChoiceItems; i++) {
        const int64_t at = first + t + blockDim.x * static_cast<unsigned>(i);
        x[i] = at < n ? key[at] : Key{0};
        digit[i] = at < n ? 0 : kRadix;
      }
#pragma unroll
      for (int i = 0; i < kChoiceItems; i++) {
        if ((x[i] ^ result.key) >> shift >> 8 != 0) digit[i] = kRadix;
        if (digit[i] == 0) digit[i] = static_cast<unsigned>(x[i] >> shift) & (kRadix - 1);
        const unsigned same = __match_any_sync(kAllLanes, digit[i]);
        if (digit[i] < kRadix && (same & ((1u << lane) - 1)) == 0)
          atomicAdd(&bins[digit[i]], static_cast<uint32_t>(__popc(same)));
      }
    }
    __syncthreads();
    if (t < 32) {
      constexpr unsigned each = kRadix / 32;
      uint32_t own = 0;
      for (unsigned b = 0; b < each; b++) own += bins[lane * each + b];
      uint32_t sum = own;
      for (unsigned step = 1; step < 32; step *= 2) {
        const uint32_t other = __shfl_up_sync(kAllLanes, sum, step);
        if (lane >= step) sum += other;
      }
      sum -= own;
      if (rank >= sum && rank - sum < own)
        for (unsigned b = lane * each;; b++) {
          if (rank - sum < bins[b]) {
            found[0] = b;
            found[1] = sum;
            found[2] = bins[b];
            break;
          }
          sum += bins[b];
        }
    }
    __syncthreads();
    result.key |= static_cast<Key>(found[0]) << shift;
    result.below += found[1];
    result.equal = found[2];
    rank -= found[1];
  }
  return result;
}

/** The place of the `which`-th (from 0) element with a key. */
template <class Key>
TENON_DEVICE uint32_t place_of(const Key* keys, int64_t n, Key wanted, uint32_t which) {
  SHARED(places, uint32_t[kMostPlaces]);
  for (int64_t i = 0; i < n; i += portion(n - i)) {
    const unsigned found =
        collect(keys, i, 1, portion(n - i), [=](Key key) { return key == wanted; }, places);
    if (which < found) return places[which];
    which -= found;
  }
  return 0;
}

// ---- the ops ----

/** run(row) for the rows of a block. */
template <class Run>
TENON_DEVICE void each_row(const ChoiceParameters& p, Run run) {
  for (int64_t row = blockIdx.x; row < p.rows; row += gridDim.x) {
    run(row);
    __syncthreads();
  }
}

/** topk of few: the smallest k, in the order of their places, unless equal ones are left out. */
template <class Key>
TENON_DEVICE void find_smallest(const ChoiceParameters& p) {
  SHARED(places, uint32_t[kMostPlaces]);
  each_row(p, [&](int64_t r) {
    const Row<Key> row(p.from, r), to(p.to, r);
    const Ranked<Key> last = key_of_rank(row.key, p.n, p.k - 1);
    const bool clear = last.below + last.equal == p.k;
    if (threadIdx.x == 0) p.flags[r] = !clear;
    if (!clear) return;
    int64_t count = 0;
    for (int64_t i = 0; i < p.n; i += portion(p.n - i)) {
      const unsigned found =
          collect(row.key, i, 1, portion(p.n - i), [=](Key key) { return key <= last.key; }, places);
      for (unsigned c = threadIdx.x; c < found; c += blockDim.x) to.copy(count + c, row, places[c]);
      count += found;
    }
  });
}

/** Then, sorted: where keys are equal, std::partial_sort decides. */
template <class Key>
TENON_DEVICE void partial_sort(const ChoiceParameters& p) {
  SHARED(small_keys, Key[kSmallHeap]);
  SHARED(small_index, uint32_t[kSmallHeap]);
  each_row(p, [&](int64_t r) {
    const Row<Key> row(p.from, r), to(p.to, r);
    if (!p.flags[r] && !any_of(1, p.k, [&](int64_t i) { return to.key[i] == to.key[i - 1]; })) return;
    const Row<Key> small(small_keys, small_index);
    const Row<Key> heap = p.k <= kSmallHeap ? small : to;
    for (int64_t i = threadIdx.x; i < p.k; i += blockDim.x) heap.copy(i, row, i);
    __syncthreads();
    select_by_heap(heap, row, p.k, p.n);
    sort_heap(heap, p.k);
    if (p.k > kSmallHeap) return;
    for (int64_t i = threadIdx.x; i < p.k; i += blockDim.x) to.copy(i, heap, i);
  });
}

/** topk of many: the smallest k to the front. */
template <class Key>
TENON_DEVICE void split_off(const ChoiceParameters& p) {
  each_row(p, [&](int64_t r) { select_nth(Row<Key>(p.from, r), p.n, p.k - 1); });
}

/** Then, sorted: of those before the last, equal keys are in the order that std::sort leaves. */
template <class Key>
TENON_DEVICE void order_equal(const ChoiceParameters& p) {
  each_row(p, [&](int64_t r) {
    const Row<Key> row(p.from, r), to(p.to, r);
    const int64_t n = p.k - 1;
    if (!any_of(1, n, [&](int64_t i) { return to.key[i] == to.key[i - 1]; })) return;
    sort_to_runs(row, n);
    __syncthreads();
    // An element moves within its run, past those that it is not in order with.
    for (int64_t i = threadIdx.x; i < n; i += blockDim.x) {
      const Key key = row.key[i];
      int64_t place = i;
      for (int64_t j = i < kSortedByInsertion ? 0 : i - kSortedByInsertion + 1; j < i; j++)
        place -= row.key[j] > key;
      for (int64_t j = i + 1; j < n && j < i + kSortedByInsertion; j++) place += row.key[j] < key;
      to.copy(place, row, i);
    }
  });
}

/** kthvalue: quickselect; the pivot is the median of three, the others of which bound the scans. */
template <class Key>
TENON_DEVICE void find_kth(const ChoiceParameters& p) {
  each_row(p, [&](int64_t r) {
    const Row<Key> row(p.from, r);
    const bool one = threadIdx.x == 0;
    const auto arrange = [&](int64_t a, int64_t b) {
      if (row.key[a] > row.key[b]) row.swap(a, b);
    };
    const int64_t k = p.k;
    int64_t low = 0, high = static_cast<int64_t>(p.n) - 1;
    while (high - low > 1) {
      if (one) {
        row.swap(low + (high - low) / 2, low + 1);
        arrange(low + 1, high);
        arrange(low, high);
        arrange(low + 1, low);
      }
      __syncthreads();
      const Key pivot = row.key[low];
      const Cut cut = partition(row, low + 2, high, pivot);
      // Both scans may have stopped at the same element.
      const bool meets = cut.at < cut.swapped && row.key[cut.at] == pivot;
      const int64_t down = cut.at - 1, up = meets ? cut.at + 1 : cut.at;
      __syncthreads();
      if (one) row.swap(low, down);
      if (down <= k) low = up;
      if (down >= k) high = down - 1;
      __syncthreads();
    }
    if (!one) return;
    if (high - low == 1) arrange(low, high);
    p.to.index[r] = row.index[k];
  });
}

/** median: of equal elements the one whose place comes k-th; the first NaN, unless they are left out. */
template <class Key>
TENON_DEVICE void find_median(const ChoiceParameters& p) {
  each_row(p, [&](int64_t r) {
    const Row<Key> row(p.from, r);
    const Key nan = static_cast<Key>(p.nan);
    uint32_t nans = 0, first = UINT32_MAX;
    if (p.has_nan) {
#pragma unroll 4
      for (int64_t i = threadIdx.x; i < p.n; i += blockDim.x)
        if (row.key[i] == nan) {
          nans++;
          if (first == UINT32_MAX) first = static_cast<uint32_t>(i);
        }
      nans = join_block<Sum>(nans);
      first = join_block<Least>(first);
    }
    if (nans == p.n && p.ignore_nan) {
      select_nth(row, p.n, 0);
      first = row.index[0];
    } else if (nans == 0 || p.ignore_nan) {
      const uint32_t k = (p.n - nans - 1) / 2;
      const Ranked<Key> middle = key_of_rank(row.key, p.n, k);
      first = place_of(row.key, p.n, middle.key, k - middle.below);
    }
    if (threadIdx.x == 0) p.to.index[r] = first;
  });
}

/** mode: the most frequent key of a sorted row, of several the smallest. NaN count one by one. */
template <class Key>
TENON_DEVICE void find_most_frequent(const ChoiceParameters& p) {
  SHARED(best, unsigned long long);  // the length of a run, and how far its start is from UINT32_MAX
  each_row(p, [&](int64_t r) {
    const Key* const key = static_cast<const Key*>(p.from.keys) + r * p.from.pitch;
    if (threadIdx.x == 0) best = 0;
    __syncthreads();
    unsigned long long mine = 0;
    for (int64_t i = threadIdx.x; i < p.n; i += blockDim.x) {
      const Key x = key[i];
      if (i > 0 && key[i - 1] == x) continue;
      int64_t end = i + 1;
      if (!(p.has_nan && x == static_cast<Key>(p.nan))) {
        // Its end: between where a step is still within and where it is not.
        int64_t step = 1, low = i;
        while (low + step < p.n && key[low + step] == x) low += step, step *= 2;
        int64_t high = low + step < p.n ? low + step : p.n;
        while (high - low > 1) {
          const int64_t middle = low + (high - low) / 2;
          if (key[middle] == x)
            low = middle;
          else
            high = middle;
        }
        end = high;
      }
      const unsigned long long run =
          static_cast<unsigned long long>(end - i) << 32 | (UINT32_MAX - static_cast<uint32_t>(i));
      if (run > mine) mine = run;
    }
    if (mine) atomicMax(&best, mine);
    __syncthreads();
    if (threadIdx.x == 0)
      static_cast<Key*>(p.to.keys)[r] = key[UINT32_MAX - static_cast<uint32_t>(best & UINT32_MAX)];
  });
}

/**
 * Then, of the elements with that key, the one that std::sort puts last. Only parts in which it may be are
 * partitioned: the last step is stable. Of nothing but NaN it is the one that comes first.
 */
template <class Key>
TENON_DEVICE void find_last(const ChoiceParameters& p) {
  each_row(p, [&](int64_t r) {
    const Row<Key> row(p.from, r);
    const Key wanted = static_cast<const Key*>(p.to.keys)[r];
    const bool last = !(p.has_nan && wanted == static_cast<Key>(p.nan));
    int64_t first = 0, end = p.n;
    for (int left = most_partitions(p.n); end - first > kSortedByInsertion; left--) {
      if (left == 0) {
        const Row<Key> rest = row.from(first);
        select_by_heap(rest, rest, end - first, end - first);
        sort_heap(rest, end - first);
        break;
      }
      const int64_t cut = split(row, first, end);
      if (last && any_of(cut, end, [&](int64_t i) { return row.key[i] == wanted; }))
        first = cut;
      else
        end = cut;
    }
    uint32_t place = last ? 0 : UINT32_MAX;
    for (int64_t i = first + threadIdx.x; i < end; i += blockDim.x) {
      if (row.key[i] != wanted) continue;
      const uint32_t at = static_cast<uint32_t>(i);
      place = last ? Most::join(place, at) : Least::join(place, at);
    }
    place = last ? join_block<Most>(place) : join_block<Least>(place);
    if (threadIdx.x == 0) p.to.index[r] = row.index[place];
  });
}

}  // namespace

#define TENON_CHOICE(name, run)                                                           \
  KERNEL(choose_##name##_k32, kChoiceBound, ChoiceParameters)(const ChoiceParameters p) { \
    run<uint32_t>(p);                                                                     \
  }                                                                                       \
  KERNEL(choose_##name##_k64, kChoiceBound, ChoiceParameters)(const ChoiceParameters p) { run<uint64_t>(p); }
TENON_CHOICE(smallest, find_smallest)
TENON_CHOICE(partial_sort, partial_sort)
TENON_CHOICE(split_off, split_off)
TENON_CHOICE(order_equal, order_equal)
TENON_CHOICE(kth, find_kth)
TENON_CHOICE(median, find_median)
TENON_CHOICE(most_frequent, find_most_frequent)
TENON_CHOICE(last, find_last)

#undef TENON_CHOICE

}  // namespace cuda
}  // namespace tenon
