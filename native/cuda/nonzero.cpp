// nonzero: kernels/nonzero.cu.
#include "cuda/kernels/nonzero.h"

#include "cuda/dims.h"
#include "cuda/kernel_table.h"
#include "cuda/teams.h"

namespace tenon {
namespace cuda {

namespace {

/** Every block sums up the counts of all parts. */
constexpr int64_t kMostParts = 2048;

}  // namespace

void kernel_nonzero(const Launch& l, Queue& q) {
  const TensorView &x = l.in(), &out = l.out();
  NonzeroParameters p = {};
  p.failure = q.failure();
  p.op = l.op;
  p.total = out.shape[0];
  p.numel = x.numel;
  if (p.numel == 0) {
    if (p.total == 0) return;
    FailureRecord r;
    r.op = l.op;
    r.what = kChangedMeanwhile;
    return explain(r, *l.error);
  }
  p.x = x.data;
  p.x_type = x.dtype;
  p.out = out.as<int64_t>();
  DimList<1> dims;
  for (int i = 0; i < x.rank; i++) {
    dims.push({x.shape[i], {x.strides[i]}, 0, 0});
    p.shape[i] = x.shape[i];
  }
  dims.copy_to(p.dim);
  p.dims = dims.count;
  p.rank = x.rank;
  p.part = divide_up(divide_up(p.numel, kMostParts), kNonzeroTile) * kNonzeroTile;
  p.parts = divide_up(p.numel, p.part);
  p.counts = static_cast<int64_t*>(q.scratch(static_cast<size_t>(p.parts) * sizeof(int64_t)));
  const Blocks blocks{static_cast<unsigned>(p.parts)};
  q.launch("nonzero_count", blocks, kNonzeroThreads, p);
  q.launch("nonzero_write", blocks, kNonzeroThreads, p);
}

}  // namespace cuda
}  // namespace tenon
