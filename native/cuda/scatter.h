// Sums (and the like) over equal keys, for ops other than scatter.
#pragma once
#include "cuda/kernels/scatter.h"
#include "cuda/queue.h"

namespace tenon {
namespace cuda {

/** Combines all that belongs to each key with what is there, in the type that `compute` says. */
void combine_runs(const RunParameters&, DType compute, Queue&);

}  // namespace cuda
}  // namespace tenon
