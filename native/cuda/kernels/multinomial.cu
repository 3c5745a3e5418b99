// multinomial: the categories that the CPU draws from the same weights and uniform draws. Weights are
// validated before anything is written.
#include "cuda/kernels/batch.h"
#include "cuda/kernels/block.h"
#include "cuda/kernels/multinomial.h"
#include "kernels/key.h"

namespace tenon {
namespace cuda {

namespace {

constexpr unsigned kWarps = kDrawThreads / 32;

template <class T>
struct Larger {
  static TENON_DEVICE T join(T a, T b) { return a > b ? a : b; }
};
template <class T>
struct Smaller {
  static TENON_DEVICE T join(T a, T b) { return a < b ? a : b; }
};

TENON_DEVICE bool is_weight(double w) { return w >= 0 && w < static_cast<double>(INFINITY); }

/** Looks at all weights of a row, and sums them up to each. */
template <class T>
TENON_DEVICE void sum_weights(const DrawParameters& p) {
  SHARED(totals, double[kWarps]);
  const unsigned t = threadIdx.x, lane = t % 32, warp = t / 32;
  for (int64_t r = blockIdx.x; r < p.rows; r += gridDim.x) {
    const T* const weights = static_cast<const T*>(p.weights) + r * p.n;
    double total = 0;
    int64_t last = 0, bad = kNoBadWeight;
    for (int64_t tile = 0; tile < p.n; tile += kDrawThreads * kDrawItems) {
      const int64_t first = tile + t * kDrawItems;
      double sum[kDrawItems], running = 0;
#pragma unroll
      for (int i = 0; i < kDrawItems; i++) {
        const double w = first + i < p.n ? static_cast<double>(weights[first + i]) : 0.0;
        if (!is_weight(w))
          bad = Smaller<int64_t>::join(bad, first + i);
        else if (w > 0)
          last = first + i;
        sum[i] = running += w;
      }
      double up_to = running;
#pragma unroll
      for (unsigned step = 1; step < 32; step *= 2) {
        const double other = __shfl_up_sync(kAllLanes, up_to, step);
        if (lane >= step) up_to += other;
      }
      __syncthreads();
      if (lane == 31) totals[warp] = up_to;
      __syncthreads();
      double before = total;
      for (unsigned w = 0; w < kWarps; w++) {
        if (w == warp) before = total;
        total += totals[w];
      }
      before += up_to - running;
      if (!p.sums) continue;
#pragma unroll
      for (int i = 0; i < kDrawItems; i++)
        if (first + i < p.n) p.sums[r * p.n + first + i] = before + sum[i];
    }
    constexpr TeamShape block = {kLogTeamThreads, 1};
    last = join_team<Larger<int64_t>, kDrawThreads>(last, block);
    bad = join_team<Smaller<int64_t>, kDrawThreads>(bad, block);
    if (t == 0)
      p.row[r] = {total, last, bad, bad == kNoBadWeight ? 0.0 : static_cast<double>(weights[bad]), 0, 0};
    __syncthreads();
  }
}

/** The bits of a number, for a failure's detail. */
TENON_DEVICE int64_t detail_of(double x) { return same_bits<int64_t>(x); }

/**
 * The first category whose sum of weights up to it exceeds a draw's share of the total; rounding may leave
 * nothing above the share: then the last one with a weight.
 */
TENON_DEVICE int64_t find_category(const double* sums, int64_t last, double share) {
  int64_t low = 0, high = last;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (sums[middle] > share)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

/**
 * The CPU adds weights one by one, this here in a tree: sums differ by less than n roundings of the total,
 * and so does a share of it. A draw that is nearer to a bound than that makes its row unsure.
 */
TENON_DEVICE void draw_quickly(const DrawParameters& p) {
  if (p.failure->state) return;
  const int64_t items = p.rows * p.count;
  for (int64_t e = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; e < items;
       e += static_cast<int64_t>(gridDim.x) * blockDim.x) {
    const int64_t r = e / p.count;
    WeightRow& row = p.row[r];
    const double* const sums = p.sums + r * p.n;
    const double share = p.draws[e] * row.sum, margin = static_cast<double>(p.n) * 0x1p-50 * row.sum;
    const int64_t category = find_category(sums, row.last, share);
    p.out[e] = category;
    if (sums[category] - share > margin && (category == 0 || share - sums[category - 1] > margin)) continue;
    atomicExch(&row.unsure, 1u);
  }
}

/** Draws of unsure rows anew, by sums in the CPU's order, which one thread adds up. */
template <class T>
TENON_DEVICE void draw_surely(const DrawParameters& p) {
  constexpr int64_t tile = int64_t{kDrawThreads} * kDrawItems;
  SHARED(part, double[kDrawThreads * kDrawItems]);
  SHARED(total, double);
  if (p.failure->state) return;
  const unsigned t = threadIdx.x;
  for (int64_t r = blockIdx.x; r < p.rows; r += gridDim.x) {
    if (!p.row[r].unsure) continue;
    const T* const weights = static_cast<const T*>(p.weights) + r * p.n;
    double* const sums = p.sums + r * p.n;
    if (t == 0) total = 0;
    for (int64_t first = 0; first < p.n; first += tile) {
      const int64_t here = p.n - first < tile ? p.n - first : tile;
      for (int64_t i = t; i < here; i += kDrawThreads) part[i] = static_cast<double>(weights[first + i]);
      __syncthreads();
      if (t == 0) {
        double sum = total;
        for (int64_t i = 0; i < here; i++) part[i] = sum += part[i];
        total = sum;
      }
      __syncthreads();
      for (int64_t i = t; i < here; i += kDrawThreads) sums[first + i] = part[i];
      __syncthreads();
    }
    for (int64_t k = t; k < p.count; k += kDrawThreads)
      p.out[r * p.count + k] = find_category(sums, p.row[r].last, p.draws[r * p.count + k] * total);
    __syncthreads();
  }
}

/** Without replacement: the largest weight / exponential draw comes first, as the smallest key. */
template <class T>
TENON_DEVICE void weigh_draws(const DrawParameters& p) {
  if (p.failure->state) return;
  const int64_t items = p.rows * p.n;
  for (int64_t e = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; e < items;
       e += static_cast<int64_t>(gridDim.x) * blockDim.x) {
    const double w = static_cast<double>(static_cast<const T*>(p.weights)[e]);
    p.keys[e] = ~key_of(w / -log1p(-(p.draws[e] + 0x1p-54)));
  }
}

}  // namespace

/** The first row that can't be drawn from is what the error is about. One block. */
KERNEL(multinomial_check, kDrawThreads, DrawParameters)(const DrawParameters p) {
  int64_t first = kNoBadWeight;
  for (int64_t r = threadIdx.x; r < p.rows && first == kNoBadWeight; r += kDrawThreads)
    if (p.row[r].bad != kNoBadWeight || !(p.row[r].sum > 0 && is_weight(p.row[r].sum))) first = r;
  first = join_team<Smaller<int64_t>, kDrawThreads>(first, TeamShape{kLogTeamThreads, 1});
  if (threadIdx.x != 0 || first == kNoBadWeight) return;
  const WeightRow& row = p.row[first];
  if (row.bad != kNoBadWeight)
    leave_failure(p.failure, p.op, kBadWeight, detail_of(row.bad_weight));
  else
    leave_failure(p.failure, p.op, kBadSum, detail_of(row.sum));
}

KERNEL(multinomial_draw, kDrawThreads, DrawParameters)(const DrawParameters p) { draw_quickly(p); }

#define TENON_DRAWS(type, T)                                                               \
  KERNEL(multinomial_sum_##type, kDrawThreads, DrawParameters)(const DrawParameters p) {   \
    sum_weights<T>(p);                                                                     \
  }                                                                                        \
  KERNEL(multinomial_sure_##type, kDrawThreads, DrawParameters)(const DrawParameters p) {  \
    draw_surely<T>(p);                                                                     \
  }                                                                                        \
  KERNEL(multinomial_weigh_##type, kDrawThreads, DrawParameters)(const DrawParameters p) { \
    weigh_draws<T>(p);                                                                     \
  }
TENON_DRAWS(f32, float)
TENON_DRAWS(f64, double)

#undef TENON_DRAWS

}  // namespace cuda
}  // namespace tenon
