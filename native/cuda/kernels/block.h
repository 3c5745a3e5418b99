// Reductions within a block. Threads form teams of a power of two: the lanes of a team gather the elements of
// one result. What they have gathered is joined in a fixed tree.
#pragma once
#include "cuda/kernels/kernel.h"
#include "cuda/kernels/team.h"

namespace tenon {
namespace cuda {

/** Which team of the block a thread is in, and as which lane. */
struct Seat {
  unsigned lane, team;
};
TENON_DEVICE Seat seat_of(const TeamShape& s) {
  const unsigned t = threadIdx.x, teams = blockDim.x >> s.log_lanes;
  if (s.adjacent) return {t & ((1u << s.log_lanes) - 1), t >> s.log_lanes};
  return {t / teams, t & (teams - 1)};
}

constexpr unsigned kAllLanes = 0xffffffffu;

/** What the lane whose number differs in `bits` has. Types of more than one value have an overload. */
template <class T>
TENON_DEVICE T exchange(T value, unsigned bits) {
  return __shfl_xor_sync(kAllLanes, value, static_cast<int>(bits));
}

/**
 * What all lanes of a team have, joined by Op::join; every lane gets it. All threads of the block take part;
 * kThreads is the most it has.
 */
template <class Op, unsigned kThreads, class T>
TENON_DEVICE T join_team(T value, const TeamShape& s) {
  SHARED(part, T[kThreads]);
  const unsigned lanes = 1u << s.log_lanes, t = threadIdx.x;
  if (s.adjacent) {
#pragma unroll 1
    for (unsigned bit = (lanes < 32 ? lanes : 32) / 2; bit; bit /= 2)
      value = Op::join(value, exchange(value, bit));
    if (lanes <= 32) return value;
    const unsigned warps = lanes / 32;
    __syncthreads();  // an earlier join may still be reading
    if (t % 32 == 0) part[t / 32] = value;
    __syncthreads();
    value = part[(t >> s.log_lanes) * warps + (t & (warps - 1))];
#pragma unroll 1
    for (unsigned bit = warps / 2; bit; bit /= 2) value = Op::join(value, exchange(value, bit));
    return value;
  }
  if (lanes == 1) return value;
  const unsigned teams = blockDim.x >> s.log_lanes;
  __syncthreads();
  part[t] = value;
  __syncthreads();
#pragma unroll 1
  for (unsigned half = lanes / 2; half; half /= 2) {
    if (t < half * teams) part[t] = Op::join(part[t], part[t + half * teams]);
    __syncthreads();
  }
  return part[t & (teams - 1)];
}

}  // namespace cuda
}  // namespace tenon
