// Products of matrices, multiplied in registers: float32, float64 and integers, and what is converted to
// them. A block makes a tile of the output, each thread a few rows and columns of it. Panels of A and B go
// through shared memory, two of each: while one is multiplied, the next is on its way.
#include "cuda/kernels/gemm_panel.h"
#include "cuda/kernels/gemm_registers.h"
#include "cuda/kernels/gemm_tile.h"

namespace tenon {
namespace cuda {

/** kRows x kColumns: of the tile; kOwnRows x kOwnColumns: a thread's part of it. */
template <class T, class Storage, int kRows, int kColumns, int kDepth, int kOwnRows, int kOwnColumns>
TENON_DEVICE void multiply_tiles(const GemmParameters& p) {
  constexpr int kThreads = kRows / kOwnRows * (kColumns / kOwnColumns);
  using LoaderA = PanelLoader<T, Storage, kRows, kDepth, kThreads>;
  using LoaderB = PanelLoader<T, Storage, kColumns, kDepth, kThreads>;
  using Down = Share<T, kRows, kOwnRows>;
  using Across = Share<T, kColumns, kOwnColumns>;
  struct Panels {
    alignas(16) T a[2][kDepth][LoaderA::kRow];
    alignas(16) T b[2][kDepth][LoaderB::kRow];
  };
  static_assert(sizeof(Panels) >= sizeof(T) * kThreads * kOwnColumns, "results fit where the panels were");
  SHARED(panels, Panels);
  const int down = static_cast<int>(threadIdx.x) / Across::kThreads,
            across = static_cast<int>(threadIdx.x) % Across::kThreads;

  const GemmItems<kRows, kColumns> items(p);
  const int64_t count = items.count(p);
#pragma unroll 1
  for (int64_t number = blockIdx.x; number < count; number += gridDim.x) {
    const GemmItem item = items.item(p, number);
    LoaderA a(p.a, p.type, item.offset[0], item.row, p.m, item.first_k, item.last_k);
    LoaderB b(p.b, p.type, item.offset[1], item.column, p.n, item.first_k, item.last_k);
    T sum[kOwnRows][kOwnColumns];
#pragma unroll
    for (int i = 0; i < kOwnRows; i++)
#pragma unroll
      for (int j = 0; j < kOwnColumns; j++) sum[i][j] = 0;

    a.load();
    b.load();
    a.store(panels.a[0]);
    b.store(panels.b[0]);
    __syncthreads();
    int current = 0;
#pragma unroll 1
    for (int64_t k = item.first_k; k < item.last_k; k += kDepth, current ^= 1) {
      const bool more = k + kDepth < item.last_k;
      if (more) {
        a.load();
        b.load();
      }
      multiply_panels<Down, Across>(panels.a[current], panels.b[current], down, across, sum);
      if (more) {
        a.store(panels.a[current ^ 1]);
        b.store(panels.b[current ^ 1]);
      }
      __syncthreads();
    }

    GemmResult<T, Storage, kThreads> result(p, item, &panels.a[0][0][0]);
    int64_t columns[Across::kGroups];
#pragma unroll
    for (int g = 0; g < Across::kGroups; g++) columns[g] = item.column + Across::group(across, g);
#pragma unroll
    for (int i = 0; i < kOwnRows; i++)
      result.template put<Across::kGroup>(item.row + Down::group(down, i / Down::kGroup) + i % Down::kGroup,
                                          columns, sum[i]);
    __syncthreads();  // the next item's panels go where the results were
  }
}

#define TENON_GEMM(name, tile, T, Storage, own_rows, own_columns)                              \
  KERNEL(gemm_##name, tile.threads, GemmParameters)(const GemmParameters p) {                  \
    static_assert(tile.rows / own_rows * (tile.columns / own_columns) == tile.threads, "");    \
    multiply_tiles<T, Storage, tile.rows, tile.columns, tile.depth, own_rows, own_columns>(p); \
  }
#define TENON_AS_IS(T) Stored<T, T>

TENON_GEMM(large_f32, kLargeTile, float, TENON_AS_IS(float), 8, 8)
TENON_GEMM(medium_f32, kMediumTile, float, TENON_AS_IS(float), 4, 4)
TENON_GEMM(small_f32, kSmallTile, float, TENON_AS_IS(float), 4, 2)
TENON_GEMM(medium_f64, kMediumShallowTile, double, TENON_AS_IS(double), 4, 4)
TENON_GEMM(small_f64, kSmallShallowTile, double, TENON_AS_IS(double), 4, 2)
TENON_GEMM(small_i32, kSmallTile, uint32_t, TENON_AS_IS(uint32_t), 4, 2)
TENON_GEMM(small_i64, kSmallShallowTile, uint64_t, TENON_AS_IS(uint64_t), 4, 2)
// Halves where there are no tensor cores for them, and small integers.
TENON_GEMM(medium_any_f32, kMediumTile, float, StoredAsAny<float>, 4, 4)
TENON_GEMM(small_any_f32, kSmallTile, float, StoredAsAny<float>, 4, 2)
TENON_GEMM(small_any_i32, kSmallShallowTile, uint32_t, StoredAsAny<uint32_t>, 4, 2)

#undef TENON_AS_IS
#undef TENON_GEMM

/** The sums of the parts, in their order. */
template <class T>
TENON_DEVICE void join_parts(const GemmParameters& p) {
  const int64_t elements = p.batches * p.m * p.n, stride = static_cast<int64_t>(gridDim.x) * blockDim.x;
  const T* const partial = static_cast<const T*>(p.partial);
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < elements; i += stride) {
    T sum = partial[i];
    for (int64_t part = 1; part < p.parts; part++) sum += partial[part * elements + i];
    if (p.bias) sum += load_one<T>(p.bias, p.type, i % p.n * p.bias_stride);
    store_one(p.out, p.type, i, activate(sum, p.activation));
  }
}

#define TENON_JOIN(type, T) \
  KERNEL(gemm_join_##type, kJoinThreads, GemmParameters)(const GemmParameters p) { join_parts<T>(p); }
TENON_JOIN(f32, float)
TENON_JOIN(f64, double)
TENON_JOIN(i32, uint32_t)
TENON_JOIN(i64, uint64_t)
#undef TENON_JOIN

}  // namespace cuda
}  // namespace tenon
