// How the warps of a block multiply panels of halves on tensor cores. Panels lie along k, rows of A or
// columns of B after each other, or across, k after k; with kHalfGap between.
#pragma once
#include "cuda/kernels/gemm.h"
#include "cuda/kernels/tensor_core.h"

namespace tenon {
namespace cuda {

constexpr int kChunk = 8;  // halves that are copied at once: 16 bytes
constexpr int kWarps = 4, kWarpsAcross = 2;

TENON_DEVICE void multiply(Half, float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  mma_f16(d, a, b0, b1);
}
TENON_DEVICE void multiply(BFloat16, float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  mma_bf16(d, a, b0, b1);
}

/** A panel's place in shared memory, and fragments of it for mma, of 16 along k from `depth` on. */
template <int kOuter, int kDepth>
struct PanelAlong {
  static constexpr int kRow = kDepth + kHalfGap, kSize = kOuter * kRow;
  static TENON_DEVICE int at(int outer, int depth) { return outer * kRow + depth; }
  /** Of A: 16 rows. */
  template <class H>
  static TENON_DEVICE void fragment_a(const H* panel, int outer, int depth, uint32_t (&r)[4]) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    ldmatrix_x4(r, panel + at(outer + lane % 16, depth + lane / 16 * 8));
  }
  /** Of B: 16 columns, as two fragments after each other. */
  template <class H>
  static TENON_DEVICE void fragment_b(const H* panel, int outer, int depth, uint32_t (&r)[4]) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    ldmatrix_x4(r, panel + at(outer + lane % 8 + lane / 16 * 8, depth + lane / 8 % 2 * 8));
  }
};
template <int kOuter, int kDepth>
struct PanelAcross {
  static constexpr int kRow = kOuter + kHalfGap, kSize = kDepth * kRow;
  static TENON_DEVICE int at(int outer, int depth) { return depth * kRow + outer; }
  template <class H>
  static TENON_DEVICE void fragment_a(const H* panel, int outer, int depth, uint32_t (&r)[4]) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    ldmatrix_x4_trans(r, panel + at(outer + lane / 8 % 2 * 8, depth + lane % 8 + lane / 16 * 8));
  }
  template <class H>
  static TENON_DEVICE void fragment_b(const H* panel, int outer, int depth, uint32_t (&r)[4]) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    ldmatrix_x4_trans(r, panel + at(outer + lane / 16 * 8, depth + lane % 16));
  }
};

/** Adds the product of two panels to a warp's sums: of 16 x 8 tiles from row `down` and column `across` on.
 */
template <class H, int kDepth, class PanelA, class PanelB, int kTilesDown, int kTilesAcross>
TENON_DEVICE void multiply_half_panels(const PanelA& a, const PanelB& b, const H* panel_a, const H* panel_b,
                                       int down, int across, float (&sum)[kTilesDown][kTilesAcross][4]) {
#pragma unroll
  for (int d = 0; d < kDepth; d += 16) {
    uint32_t x[kTilesDown][4], y[kTilesAcross / 2][4];
#pragma unroll
    for (int i = 0; i < kTilesDown; i++) a.fragment_a(panel_a, down + i * 16, d, x[i]);
#pragma unroll
    for (int j = 0; j < kTilesAcross / 2; j++) b.fragment_b(panel_b, across + j * 16, d, y[j]);
#pragma unroll
    for (int i = 0; i < kTilesDown; i++)
#pragma unroll
      for (int j = 0; j < kTilesAcross; j++)
        multiply(H{}, sum[i][j], x[i], y[j / 2][j % 2 * 2], y[j / 2][j % 2 * 2 + 1]);
  }
}

}  // namespace cuda
}  // namespace tenon
