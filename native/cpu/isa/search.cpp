// nonzero, searchsorted, bincount and histc.
#include <cstring>

#include "core/parallel.h"
#include "cpu/isa/kernels.h"
#include "cpu/isa/strided.h"
#include "kernels/histogram.h"

namespace tenon {
namespace TENON_ISA {

namespace {

constexpr int64_t kPart = 512;
constexpr int64_t kBlock = 32768;  // elements of a task

int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/** run(first, x, m) for parts of the elements [first, end) in row-major order. */
template <class T, class Run>
void for_parts(const TensorView& v, int64_t first, int64_t end, Run run) {
  T part[kPart];
  for (int64_t i = first; i < end; i += kPart) {
    const int64_t m = least(kPart, end - i);
    gather(v, i, m, part);
    run(i, part, m);
  }
}

/** The coordinates of an element. */
void locate(const TensorView& v, int64_t linear, int64_t* coordinates) {
  for (int i = v.rank - 1; i >= 0; i--) {
    coordinates[i] = linear % v.shape[i];
    linear /= v.shape[i];
  }
}

/** For each byte the numbers of its bits that are set, those first, and how many there are. */
struct BitTable {
  uint8_t at[256][8], count[256];

  constexpr BitTable() : at(), count() {
    for (int byte = 0; byte < 256; byte++)
      for (int bit = 0; bit < 8; bit++)
        if (byte >> bit & 1) at[byte][count[byte]++] = static_cast<uint8_t>(bit);
  }
};
constexpr BitTable kBits;

/** Eight bytes that are 0 or 1 as the bits of one, the first the lowest. */
TENON_INLINE unsigned bits_of(const uint8_t* flags) {
  uint64_t bytes;
  std::memcpy(&bytes, flags, 8);
  return static_cast<unsigned>(bytes * 0x0102040810204080u >> 56);  // each flag ends up in a bit of its own
}

/**
 * The positions of those of n elements along the last dimension, from `at` on, whose flags are set, eight at
 * a time without branches: eight rows are written, and the next ones in the place of those too many. Others
 * may write to the tensor meanwhile: never beyond `limit`. Returns where the next ones belong. kRank: 0 if it
 * is neither 1 nor 2.
 */
template <int kRank>
int64_t* write_positions(const uint8_t* flags, int64_t n, const int64_t* at, int rank, int64_t* to,
                         const int64_t* limit) {
  int64_t k = 0;
  for (; kRank && k + 8 <= n && limit - to >= 8 * kRank; k += 8) {
    const unsigned bits = bits_of(flags + k);
    for (int j = 0; j < 8; j++) {
      if (kRank == 2) to[2 * j] = at[0];
      to[kRank * j + kRank - 1] = at[kRank - 1] + k + kBits.at[bits][j];
    }
    to += kRank * kBits.count[bits];
  }
  for (; k < n && to < limit; k++) {
    for (int i = 0; i + 1 < rank; i++) to[i] = at[i];
    if (rank) to[rank - 1] = at[rank - 1] + k;
    to += flags[k] ? rank : 0;
  }
  return to;
}

/** Two passes over blocks: how many there are in each, then where they are. */
template <class T>
void find_nonzero(const Launch& l) {
  const TensorView &x = l.in(), &out = l.out();
  const int64_t blocks = (x.numel + kBlock - 1) / kBlock;
  int64_t* const rows = static_cast<int64_t*>(l.scratch->bytes(static_cast<size_t>(blocks) * 8));
  parallel_for(blocks, [&](int64_t block) {
    int64_t count = 0;
    for_parts<T>(x, block * kBlock, least(x.numel, (block + 1) * kBlock),
                 [&](int64_t, const T* part, int64_t m) {
                   for (int64_t k = 0; k < m; k++) count += part[k] != T{0};
                 });
    rows[block] = count;
  });
  int64_t total = 0;
  for (int64_t block = 0; block < blocks; block++) {
    const int64_t count = rows[block];
    rows[block] = total;
    total += count;
  }
  if (total != out.shape[0])
    return set_error(*l.error, ErrorCode::argument, "nonzero: the tensor was changed while it was searched");
  if (out.numel == 0) return;
  const int rank = x.rank;
  const auto write = rank == 1 ? write_positions<1> : rank == 2 ? write_positions<2> : write_positions<0>;
  parallel_for(blocks, [&](int64_t block) {
    const int64_t* const limit = out.as<int64_t>() + (block + 1 < blocks ? rows[block + 1] : total) * rank;
    int64_t* to = out.as<int64_t>() + rows[block] * rank;
    int64_t at[kMaxRank];
    locate(x, block * kBlock, at);
    for_parts<T>(x, block * kBlock, least(x.numel, (block + 1) * kBlock),
                 [&](int64_t, const T* part, int64_t m) {
                   uint8_t flags[kPart];
                   for (int64_t k = 0; k < m; k++) flags[k] = part[k] != T{0};
                   for (int64_t k = 0; k < m;) {
                     const int64_t n = rank ? least(m - k, x.shape[rank - 1] - at[rank - 1]) : 1;
                     to = write(flags + k, n, at, rank, to, limit);
                     k += n;
                     if (rank) at[rank - 1] += n;
                     for (int i = rank - 1; i > 0 && at[i] == x.shape[i]; i--) at[i] = 0, at[i - 1]++;
                   }
                 });
  });
}

/**
 * How many of the n elements come before a value: those less than it, or (right) not greater. NaN comes last.
 * Halves are taken without branches, which nobody could foresee.
 */
template <bool kRight, class T>
int64_t place_of(const T* x, int64_t n, T value) {
  const auto before = [value](T element) { return kRight ? !(element > value) : !(element >= value); };
  if (n == 0) return 0;
  const T* at = x;
  for (int64_t left = n; left > 1;) {
    const int64_t half = left / 2;
    at += before(at[half - 1]) ? half : 0;
    left -= half;
  }
  return at - x + before(*at);
}

template <class T>
void search(const Launch& l) {
  const TensorView &sequence = l.in(0), &values = l.in(1), &out = l.out();
  const bool right = l.scalar[0].get() != 0;
  if (out.numel == 0) return;
  const int64_t n = sequence.shape[sequence.rank - 1], m = values.rank ? values.shape[values.rank - 1] : 1;
  const bool shared = sequence.rank == 1;
  const T* sorted = sequence.as<T>();
  if (sequence.dtype != dtype_of<T>()) {
    T* const converted = static_cast<T*>(l.scratch->bytes(static_cast<size_t>(sequence.numel) * sizeof(T)));
    load_strided(sequence.data, sequence.dtype, 0, 1, sequence.numel, converted);
    sorted = converted;
  }
  constexpr int64_t block = 4096;
  parallel_for((out.numel + block - 1) / block, [&](int64_t task) {
    for_parts<T>(values, task * block, least(out.numel, (task + 1) * block),
                 [&](int64_t first, const T* part, int64_t count) {
                   int64_t places[kPart];
                   for (int64_t k = 0; k < count; k++) {
                     const T* const lane = shared ? sorted : sorted + (first + k) / m * n;
                     places[k] = right ? place_of<true>(lane, n, part[k]) : place_of<false>(lane, n, part[k]);
                   }
                   scatter(places, out, first, count);
                 });
  });
}

/** Sums of T at places that x names. */
template <class T>
void count_into(const Launch& l) {
  const TensorView &x = l.in(0), &out = l.out();
  const bool weighted = l.inputs == 2;
  T* const sums = static_cast<T*>(l.scratch->bytes(static_cast<size_t>(out.numel) * sizeof(T)));
  for (int64_t i = 0; i < out.numel; i++) sums[i] = T{0};
  for_parts<int64_t>(x, 0, x.numel, [&](int64_t first, const int64_t* part, int64_t m) {
    T weight[kPart];
    if (weighted) gather(l.in(1), first, m, weight);
    for (int64_t k = 0; k < m; k++) {
      if (part[k] < 0 || part[k] >= out.numel) {
        if (!*l.error)
          set_error(*l.error, ErrorCode::index, "bincount: %lld is out of range for %lld bins",
                    static_cast<long long>(part[k]), static_cast<long long>(out.numel));
        return;
      }
      sums[part[k]] += weighted ? weight[k] : T{1};
    }
  });
  if (!*l.error) scatter(sums, out, 0, out.numel);
}

/** Bins of one width from min to max; what lies outside is left out. */
template <class T>
void histogram(const Launch& l) {
  const TensorView &x = l.in(), &out = l.out();
  const T low = static_cast<T>(l.scalar[0].get()), high = static_cast<T>(l.scalar[1].get());
  const int64_t bins = out.numel;
  T* const counts = static_cast<T*>(l.scratch->bytes(static_cast<size_t>(bins) * sizeof(T)));
  for (int64_t i = 0; i < bins; i++) counts[i] = T{0};
  for_parts<T>(x, 0, x.numel, [&](int64_t, const T* part, int64_t m) {
    for (int64_t k = 0; k < m; k++) {
      const int64_t bin = bin_of(part[k], low, high, bins);
      if (bin >= 0) counts[bin] += T{1};
    }
  });
  scatter(counts, out, 0, bins);
}

}  // namespace

void kernel_nonzero(const Launch& l) {
  switch (l.compute) {
    case DType::f32: return find_nonzero<float>(l);
    case DType::f64: return find_nonzero<double>(l);
    case DType::i32: return find_nonzero<int32_t>(l);
    default: return find_nonzero<int64_t>(l);
  }
}

void kernel_searchsorted(const Launch& l) {
  switch (l.compute) {
    case DType::f32: return search<float>(l);
    case DType::f64: return search<double>(l);
    case DType::i32: return search<int32_t>(l);
    default: return search<int64_t>(l);
  }
}

void kernel_bincount(const Launch& l) {
  switch (l.compute) {
    case DType::f32: return count_into<float>(l);
    case DType::f64: return count_into<double>(l);
    default: return count_into<int64_t>(l);
  }
}

void kernel_histc(const Launch& l) {
  if (l.compute == DType::f64)
    histogram<double>(l);
  else
    histogram<float>(l);
}

}  // namespace TENON_ISA
}  // namespace tenon
