// Products of matrices of halves on tensor cores, with sums in float32. A block of four warps makes a tile of
// the output, each warp a quarter of it. Panels of A and B come to shared memory by asynchronous copies,
// kHalfStages of them under way. Needs compute capability 8.0; there is no code for older ones.
#include "cuda/kernels/gemm_fragments.h"
#include "cuda/kernels/gemm_tile.h"

namespace tenon {
namespace cuda {

#if TENON_TENSOR_CORES

/**
 * One operand's panels: kOuter rows of A or columns of B, kDepth along k. In shared memory they lie as in
 * global memory: k runs within a row, or from row to row.
 */
template <class H, int kOuter, int kDepth>
class HalfPanel {
  static constexpr int kThreads = 32 * kWarps;
  static constexpr int kChunks = kOuter * kDepth / kChunk / kThreads;
  using Along = PanelAlong<kOuter, kDepth>;
  using Across = PanelAcross<kOuter, kDepth>;

 public:
  static constexpr int kSize = half_panel(kOuter, kDepth);

  TENON_DEVICE HalfPanel(const GemmOperand& operand, int64_t offset, int64_t first_outer, int64_t outer,
                         int64_t last_k)
      : operand_(operand),
        data_(static_cast<const H*>(operand.data) + offset + first_outer * operand.outer),
        outer_(static_cast<int>(min(outer - first_outer, int64_t{kOuter}))),
        last_k_(last_k) {}

  /** Starts to copy the panel at k; what is not there becomes zero. */
  TENON_DEVICE void copy(H* panel, int64_t k) const {
    const int deep = static_cast<int>(min(last_k_ - k, int64_t{kDepth}));
    const H* const first = data_ + k * operand_.k;
#pragma unroll
    for (int i = 0; i < kChunks; i++) {
      const int chunk = static_cast<int>(threadIdx.x) + i * kThreads;
      if (operand_.along_k) {
        const int outer = chunk / (kDepth / kChunk), depth = chunk % (kDepth / kChunk) * kChunk;
        copy_chunk(panel + Along::at(outer, depth), first + outer * operand_.outer + depth * operand_.k,
                   operand_.k, outer < outer_ ? deep - depth : 0);
      } else {
        const int depth = chunk / (kOuter / kChunk), outer = chunk % (kOuter / kChunk) * kChunk;
        copy_chunk(panel + Across::at(outer, depth), first + outer * operand_.outer + depth * operand_.k,
                   operand_.outer, depth < deep ? outer_ - outer : 0);
      }
    }
  }

  TENON_DEVICE void fragment_a(const H* panel, int outer, int depth, uint32_t (&r)[4]) const {
    operand_.along_k ? Along::fragment_a(panel, outer, depth, r) : Across::fragment_a(panel, outer, depth, r);
  }
  TENON_DEVICE void fragment_b(const H* panel, int outer, int depth, uint32_t (&r)[4]) const {
    operand_.along_k ? Along::fragment_b(panel, outer, depth, r) : Across::fragment_b(panel, outer, depth, r);
  }

 private:
  static TENON_DEVICE void copy_chunk(H* to, const H* from, int64_t step, int there) {
    if (step == 1 && there >= kChunk && is_aligned(from, 16)) return cp_async<16>(to, from);
    Pack<uint16_t, kChunk> pack;
#pragma unroll
    for (int i = 0; i < kChunk; i++) pack.x[i] = i < there ? from[i * step].bits : 0;
    *reinterpret_cast<Pack<uint16_t, kChunk>*>(to) = pack;
  }

  const GemmOperand& operand_;
  const H* const data_;
  const int outer_;  // how many rows or columns there are
  const int64_t last_k_;
};

template <class H, int kRows, int kColumns, int kDepth>
TENON_DEVICE void multiply_halves(const GemmParameters& p) {
  using PanelA = HalfPanel<H, kRows, kDepth>;
  using PanelB = HalfPanel<H, kColumns, kDepth>;
  constexpr int kStage = PanelA::kSize + PanelB::kSize;
  constexpr int kDown = kRows / (kWarps / kWarpsAcross), kAcross = kColumns / kWarpsAcross;  // of a warp
  constexpr int kTilesDown = kDown / 16, kTilesAcross = kAcross / 8;
  static_assert(sizeof(float) * 32 * kWarps * kTilesAcross * 2 <= sizeof(H) * kHalfStages * kStage,
                "results fit where the panels were");
  DYNAMIC_SHARED(stages, H);
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const int down = warp / kWarpsAcross * kDown, across = warp % kWarpsAcross * kAcross;

  const GemmItems<kRows, kColumns> items(p);
  const int64_t count = items.count(p);
#pragma unroll 1
  for (int64_t number = blockIdx.x; number < count; number += gridDim.x) {
    const GemmItem item = items.item(p, number);
    const PanelA a(p.a, item.offset[0], item.row, p.m, item.last_k);
    const PanelB b(p.b, item.offset[1], item.column, p.n, item.last_k);
    float sum[kTilesDown][kTilesAcross][4];
#pragma unroll
    for (int i = 0; i < kTilesDown; i++)
#pragma unroll
      for (int j = 0; j < kTilesAcross; j++)
#pragma unroll
        for (int e = 0; e < 4; e++) sum[i][j][e] = 0;

    int64_t coming = item.first_k;  // the next panels to be copied
    int to = 0, current = 0;
    const auto copy_next = [&] {
      if (coming < item.last_k) {
        a.copy(stages + to * kStage, coming);
        b.copy(stages + to * kStage + PanelA::kSize, coming);
      }
      coming += kDepth;
      to = to + 1 < kHalfStages ? to + 1 : 0;
      cp_async_commit();
    };
#pragma unroll
    for (int i = 0; i < kHalfStages - 1; i++) copy_next();
#pragma unroll 1
    for (int64_t k = item.first_k; k < item.last_k; k += kDepth) {
      cp_async_wait<kHalfStages - 2>();
      __syncthreads();  // the panels are there, and nobody reads those that are replaced now
      copy_next();
      const H* const panel_a = stages + current * kStage;
      multiply_half_panels<H, kDepth>(a, b, panel_a, panel_a + PanelA::kSize, down, across, sum);
      current = current + 1 < kHalfStages ? current + 1 : 0;
    }
    cp_async_wait<0>();
    __syncthreads();  // results go where the panels were

    GemmResult<float, Stored<float, H>, 32 * kWarps> result(p, item, reinterpret_cast<float*>(stages));
    int64_t columns[kTilesAcross];
#pragma unroll
    for (int j = 0; j < kTilesAcross; j++) columns[j] = item.column + across + j * 8 + lane % 4 * 2;
#pragma unroll
    for (int i = 0; i < kTilesDown; i++)
#pragma unroll
      for (int half = 0; half < 2; half++) {
        float row[kTilesAcross * 2];
#pragma unroll
        for (int j = 0; j < kTilesAcross; j++) {
          row[2 * j] = sum[i][j][2 * half];
          row[2 * j + 1] = sum[i][j][2 * half + 1];
        }
        result.template put<2>(item.row + down + i * 16 + half * 8 + lane / 4, columns, row);
      }
    __syncthreads();  // the next item's panels go where the results were
  }
}

#define TENON_GEMM(name, tile, H)                                             \
  KERNEL(gemm_##name, tile.threads, GemmParameters)(const GemmParameters p) { \
    static_assert(tile.threads == 32 * kWarps, "");                           \
    multiply_halves<H, tile.rows, tile.columns, tile.depth>(p);               \
  }
#else
#define TENON_GEMM(name, tile, H) \
  KERNEL(gemm_##name, tile.threads, GemmParameters)(const GemmParameters) {}
#endif

TENON_GEMM(large_f16, kLargeHalfTile, Half)
TENON_GEMM(small_f16, kSmallHalfTile, Half)
TENON_GEMM(large_bf16, kLargeHalfTile, BFloat16)
TENON_GEMM(small_bf16, kSmallHalfTile, BFloat16)

#undef TENON_GEMM

}  // namespace cuda
}  // namespace tenon
