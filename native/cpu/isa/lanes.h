// Lanes: the elements of tensors along one dimension, a lane for each place in the others.
#pragma once
#include "core/launch.h"
#include "core/parallel.h"
#include "cpu/isa/strided.h"

namespace tenon {
namespace TENON_ISA {

namespace {

/** Lanes as tasks: as many together as make one worthwhile, and not too many, as each has its scratch memory.
 */
struct LaneTasks {
  int64_t lanes = 1, together = 1, tasks = 0;

  LaneTasks(const TensorView& x, int dim) {
    for (int i = 0; i < x.rank; i++)
      if (i != dim) lanes *= x.shape[i];
    const int64_t n = x.shape[dim] > 0 ? x.shape[dim] : 1, most = n < 65536 ? 32 : 4;
    together = (lanes + most - 1) / most;
    if (together < 8192 / n) together = 8192 / n;
    if (together < 1) together = 1;
    tasks = (lanes + together - 1) / together;
  }
};

/** run(task, at, to) for every lane: where it starts in x and in `out`, whose sizes are x's but for `dim`. */
template <class Run>
void for_lanes(const TensorView& x, const TensorView& out, int dim, const LaneTasks& t, Run run) {
  Dim dims[kMaxRank];
  int count = 0;
  for (int i = 0; i < x.rank; i++)
    if (i != dim) dims[count++] = {x.shape[i], x.strides[i], out.strides[i]};
  parallel_for(t.tasks, [&](int64_t task) {
    const int64_t first = task * t.together,
                  end = first + t.together < t.lanes ? first + t.together : t.lanes;
    Walker walker(dims, count, first);
    for (int64_t lane = first; lane < end; lane++, walker.next()) run(task, walker.in, walker.out);
  });
}

}  // namespace

}  // namespace TENON_ISA
}  // namespace tenon
