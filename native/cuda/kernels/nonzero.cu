// nonzero: how many elements of each part are not zero, then where they are.
#include "cuda/kernels/batch.h"
#include "cuda/kernels/block.h"
#include "cuda/kernels/locate.h"
#include "cuda/kernels/nonzero.h"

namespace tenon {
namespace cuda {

namespace {

static_assert(kNonzeroTile == int64_t{kNonzeroThreads} * kBatch, "a batch for each thread");
constexpr unsigned kWarps = kNonzeroThreads / 32;

struct Add {
  static TENON_DEVICE int64_t join(int64_t a, int64_t b) { return a + b; }
};
TENON_DEVICE int64_t sum_of_block(int64_t value) {
  return join_team<Add, kNonzeroThreads>(value, TeamShape{kLogTeamThreads, 1});
}

/** Of elements first, first + 32, ..., below `end`, which are not zero: bit i for the i-th. */
TENON_DEVICE unsigned truths(const NonzeroParameters& p, int64_t first, int64_t end) {
  if (first >= end) return 0;
  int64_t at[kBatch];
  Bool x[kBatch];
#pragma unroll
  for (int i = 0; i < kBatch; i++) {
    const int64_t n = first + 32 * i < end ? first + 32 * i : first;
    int64_t offset[1] = {n};
    if (p.dims != 1 || p.dim[0].stride[0] != 1) locate(p.dim, p.dims, n, offset);
    at[i] = offset[0];
  }
  load_each(p.x, p.x_type, at, x);
  unsigned bits = 0;
#pragma unroll
  for (int i = 0; i < kBatch; i++)
    if (first + 32 * i < end && x[i].byte != 0) bits |= 1u << i;
  return bits;
}

/** The first of a thread's elements of a tile. */
TENON_DEVICE int64_t first_of_thread(int64_t tile) {
  return tile + threadIdx.x / 32 * 32 * kBatch + threadIdx.x % 32;
}

TENON_DEVICE int64_t end_of_part(const NonzeroParameters& p, int64_t first) {
  return p.numel - first < p.part ? p.numel : first + p.part;
}

TENON_DEVICE void write_place(const NonzeroParameters& p, int64_t element, int64_t row) {
  int64_t* const to = p.out + row * p.rank;
#pragma unroll 1
  for (int d = p.rank - 1; d >= 0; d--) {
    const int64_t size = p.shape[d];
    int64_t rest;
    if ((element | size) >> 32 == 0)
      rest = static_cast<uint32_t>(element) / static_cast<uint32_t>(size);
    else
      rest = element / size;
    to[d] = element - rest * size;
    element = rest;
  }
}

}  // namespace

KERNEL(nonzero_count, kNonzeroThreads, NonzeroParameters)(const NonzeroParameters p) {
  const int64_t first = blockIdx.x * p.part, end = end_of_part(p, first);
  int64_t count = 0;
  for (int64_t tile = first; tile < end; tile += kNonzeroTile)
    count += __popc(truths(p, first_of_thread(tile), end));
  count = sum_of_block(count);
  if (threadIdx.x == 0) p.counts[blockIdx.x] = count;
}

/** Who else writes to x meanwhile may change what is found, but not where other parts' places go. */
KERNEL(nonzero_write, kNonzeroThreads, NonzeroParameters)(const NonzeroParameters p) {
  SHARED(found, unsigned[kWarps]);
  const unsigned t = threadIdx.x, warp = t / 32, lane = t % 32;
  int64_t before = 0, total = 0;
  for (int64_t i = t; i < p.parts; i += kNonzeroThreads) {
    const int64_t count = p.counts[i];
    total += count;
    if (i < blockIdx.x) before += count;
  }
  total = sum_of_block(total);
  int64_t row = sum_of_block(before);
  if (total != p.total) {
    if (blockIdx.x == 0 && t == 0) leave_failure(p.failure, p.op, kChangedMeanwhile);
    return;
  }
  const int64_t limit = row + p.counts[blockIdx.x];
  const int64_t first = blockIdx.x * p.part, end = end_of_part(p, first);
  for (int64_t tile = first; tile < end; tile += kNonzeroTile) {
    const int64_t mine = first_of_thread(tile);
    const unsigned bits = truths(p, mine, end);
    unsigned mask[kBatch], count = 0;
#pragma unroll
    for (int i = 0; i < kBatch; i++) {
      mask[i] = __ballot_sync(kAllLanes, (bits >> i & 1) != 0);
      count += static_cast<unsigned>(__popc(mask[i]));
    }
    __syncthreads();
    if (lane == 0) found[warp] = count;
    __syncthreads();
    int64_t to = row;
    for (unsigned w = 0; w < kWarps; w++) {
      to += w < warp ? found[w] : 0;
      row += found[w];
    }
#pragma unroll
    for (int i = 0; i < kBatch; i++) {
      const int64_t place = to + __popc(mask[i] & ((1u << lane) - 1));
      if (mask[i] >> lane & 1 && place < limit) write_place(p, mine + 32 * i, place);
      to += __popc(mask[i]);
    }
  }
}

}  // namespace cuda
}  // namespace tenon
