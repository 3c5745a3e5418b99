// Tiles of scores, and of results, that a block multiplies in registers: of any strides and sizes, in panels
// that go through shared memory. Rows of a tile belong to sixteen neighbouring threads each.
#pragma once
#include "cuda/kernels/attention_item.h"
#include "cuda/kernels/block.h"
#include "cuda/kernels/gemm_panel.h"
#include "cuda/kernels/gemm_registers.h"

namespace tenon {
namespace cuda {

template <int N>
TENON_DEVICE void load_chunk(const StoredAsHalf& storage, const void* data, int64_t at, int64_t step,
                             int there, float (&x)[N]) {
#pragma unroll
  for (int i = 0; i < N; i++) x[i] = i < there ? storage.load(data, at + i * step) : 0.0f;
}
template <int N>
TENON_DEVICE void store_chunk(const StoredAsHalf& storage, void* data, int64_t at, int64_t there,
                              const float (&x)[N]) {
#pragma unroll
  for (int i = 0; i < N; i++)
    if (i < there) storage.store(data, at + i, x[i]);
}

/** Rows (or columns) of an operand from `first` on, of `outer`; the matrix starts at `at`. */
struct Strip {
  const GemmOperand& operand;
  int64_t at, first, outer;
};

template <class T_, class Storage_, int kRows_, int kColumns_, int kDepth_, int kWidth_>
class AttentionBlock {
 public:
  using T = T_;
  using Storage = Storage_;
  static constexpr int kRows = kRows_, kColumns = kColumns_, kDepth = kDepth_, kWidth = kWidth_;
  static constexpr int kAcross = 16;  // threads
  static constexpr int kOwnRows = 4, kOwnColumns = kColumns / kAcross, kOwnWidth = kWidth / kAcross;
  static constexpr int kThreads = kRows / kOwnRows * kAcross;

 private:
  using RowLoader = PanelLoader<T, Storage, kRows, kDepth, kThreads>;
  using ColumnLoader = PanelLoader<T, Storage, kColumns, kDepth, kThreads>;
  using WidthLoader = PanelLoader<T, Storage, kWidth, kDepth, kThreads>;
  using Down = Share<T, kRows, kOwnRows>;
  using Across = Share<T, kColumns, kOwnColumns>;
  using Along = Share<T, kWidth, kOwnWidth>;

 public:
  struct Memory {
    alignas(16) T a[2][kDepth][RowLoader::kRow];
    union {
      alignas(16) T b[2][kDepth][ColumnLoader::kRow];
      alignas(16) T w[2][kDepth][WidthLoader::kRow];
    };
    alignas(16) T tile[kColumns][RowLoader::kRow];
  };

  TENON_DEVICE AttentionBlock(DType type, Memory& memory)
      : type_(type),
        memory_(memory),
        down_(static_cast<int>(threadIdx.x) / kAcross),
        across_(static_cast<int>(threadIdx.x) % kAcross) {}

  // Of a thread's own rows and columns, which of the tile's they are.
  TENON_DEVICE int row(int i) const { return Down::group(down_, i / Down::kGroup) + i % Down::kGroup; }
  TENON_DEVICE int column(int j) const {
    return Across::group(across_, j / Across::kGroup) + j % Across::kGroup;
  }
  /** Whether this is the first thread of its rows. */
  TENON_DEVICE bool leads() const { return across_ == 0; }

  /** Rows of A times rows of B, each of them `depth` long. */
  TENON_DEVICE void multiply(const Strip& a, const Strip& b, int64_t depth,
                             T (&product)[kOwnRows][kOwnColumns]) const {
    RowLoader left(a.operand, type_, a.at, a.first, a.outer, 0, depth);
    ColumnLoader right(b.operand, type_, b.at, b.first, b.outer, 0, depth);
#pragma unroll
    for (int i = 0; i < kOwnRows; i++)
#pragma unroll
      for (int j = 0; j < kOwnColumns; j++) product[i][j] = 0;
    int current = 1;
    // Before the first step there is nothing but to load: so all of this is there once.
#pragma unroll 1
    for (int64_t k = -kDepth; k < depth; k += kDepth, current ^= 1) {
      const bool more = k + kDepth < depth;
      if (more) {
        left.load();
        right.load();
      }
      if (k >= 0) {
#pragma unroll
        for (int d = 0; d < kDepth; d++) {
          T x[kOwnRows], y[kOwnColumns];
          Down::load(memory_.a[current][d], down_, x);
          Across::load(memory_.b[current][d], across_, y);
#pragma unroll
          for (int i = 0; i < kOwnRows; i++)
#pragma unroll
            for (int j = 0; j < kOwnColumns; j++) product[i][j] += x[i] * y[j];
        }
      }
      if (more) {
        left.store(memory_.a[current ^ 1]);
        right.store(memory_.b[current ^ 1]);
      }
      __syncthreads();
    }
  }

  /**
   * The mask of the next tile to where that will be put: each thread replaces what it alone has read. Before
   * `multiply`, which has the barrier.
   */
  template <bool kKeysAreRows>
  TENON_DEVICE void put_mask(const AttentionParameters& p, const AttentionWindow& window) const {
    load_mask<T, Storage>(p, window, kKeysAreRows ? kColumns : kRows, kKeysAreRows ? kRows : kColumns,
                          [&](int query, int key, T element) {
                            memory_.tile[kKeysAreRows ? query : key][kKeysAreRows ? key : query] = element;
                          });
  }
  TENON_DEVICE T mask(int i, int j) const { return memory_.tile[column(j)][row(i)]; }

  /** To shared memory, for `accumulate`. */
  TENON_DEVICE void put(const T (&tile)[kOwnRows][kOwnColumns]) const {
#pragma unroll
    for (int j = 0; j < kOwnColumns; j++)
#pragma unroll
      for (int g = 0; g < Down::kGroups; g++) {
        Pack<T, Down::kGroup> pack;
        for (int i = 0; i < Down::kGroup; i++) pack.x[i] = tile[g * Down::kGroup + i][j];
        *reinterpret_cast<Pack<T, Down::kGroup>*>(&memory_.tile[column(j)][Down::group(down_, g)]) = pack;
      }
  }

  /** What was put, times columns of B from its row `k` on; B has `rows` rows. Everybody may put when done. */
  TENON_DEVICE void accumulate(const Strip& b, int64_t k, int64_t rows, T (&sum)[kOwnRows][kOwnWidth]) const {
    const int64_t last = min(rows, k + kColumns);
    const int deep = static_cast<int>(last - k);
    WidthLoader loader(b.operand, type_, b.at, b.first, b.outer, k, last);
    int current = 1;
#pragma unroll 1
    for (int first = -kDepth; first < deep; first += kDepth, current ^= 1) {
      const bool more = first + kDepth < deep;
      if (more) loader.load();
      if (first >= 0) {
#pragma unroll
        for (int d = 0; d < kDepth; d++) {
          T x[kOwnRows], y[kOwnWidth];
          Down::load(memory_.tile[first + d], down_, x);
          Along::load(memory_.w[current][d], across_, y);
#pragma unroll
          for (int i = 0; i < kOwnRows; i++)
#pragma unroll
            for (int j = 0; j < kOwnWidth; j++) sum[i][j] += x[i] * y[j];
        }
      }
      if (more) loader.store(memory_.w[current ^ 1]);
      __syncthreads();
    }
  }

  /** The item's part of a dense matrix that starts at `at`. */
  template <class S>
  TENON_DEVICE void store(const S& storage, void* to, int64_t at, const AttentionItem& item, int64_t rows,
                          int64_t columns, const T (&sum)[kOwnRows][kOwnWidth]) const {
#pragma unroll
    for (int i = 0; i < kOwnRows; i++) {
      if (item.first + row(i) >= rows) continue;
#pragma unroll
      for (int g = 0; g < Along::kGroups; g++) {
        const int64_t column = item.chunk * kWidth + Along::group(across_, g);
        T x[Along::kGroup];
        for (int j = 0; j < Along::kGroup; j++) x[j] = sum[i][g * Along::kGroup + j];
        if (column < columns)
          store_chunk(storage, to, at + (item.first + row(i)) * columns + column, columns - column, x);
      }
    }
  }

  template <int N>
  static TENON_DEVICE void clear(T (&sum)[kOwnRows][N]) {
#pragma unroll
    for (int i = 0; i < kOwnRows; i++)
#pragma unroll
      for (int j = 0; j < N; j++) sum[i][j] = 0;
  }

  // Over the threads of a row; each gets it.
  static TENON_DEVICE T largest_of(T x) {
#pragma unroll
    for (unsigned bit = kAcross / 2; bit; bit /= 2) x = larger(x, exchange(x, bit));
    return x;
  }
  static TENON_DEVICE T sum_of(T x) {
#pragma unroll
    for (unsigned bit = kAcross / 2; bit; bit /= 2) x += exchange(x, bit);
    return x;
  }

 private:
  const DType type_;
  Memory& memory_;
  const int down_, across_;
};

}  // namespace cuda
}  // namespace tenon
