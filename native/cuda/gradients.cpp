// What is done to all gradients of a network at once: kernels/gradients.cu.
#include "cuda/kernels/gradients.h"

#include <algorithm>

#include "cuda/kernel_table.h"
#include "cuda/teams.h"
#include "cuda/tensor_lists.h"

namespace tenon {
namespace cuda {

namespace {

constexpr int64_t kMostParts = 4096;  // unless there are more tensors
constexpr int64_t kLargestChunk = int64_t{1} << 30;
/** More than any memory holds: some are counted many times. */
constexpr int64_t kMostElements = int64_t{1} << 60;

/** Elements of a block: by their number alone, so that norms have the same bits on every device. */
int64_t norm_chunk(const Launch& l) {
  int64_t total = 0;
  for (uint32_t i = 0; i < l.inputs; i++)
    total = std::min(total + l.in(static_cast<int>(i)).numel, kMostElements);
  return clamp(divide_up(divide_up(total, kMostParts), kListChunk) * kListChunk, int64_t{kListChunk},
               kLargestChunk);
}

/** Leaves a sum of squares for each chunk: those of dense tensors first, in the order in which they are
 * launched. */
void sum_squares(const Launch& l, Queue& q, int64_t chunk, double* partial, int64_t parts) {
  static constexpr ListKernels kernels = TENON_LIST_KERNELS("gradients_norm");
  DenseNorm dense = {};
  StridedNorm strided = {};
  dense.partial = partial;
  dense.list.chunk = static_cast<int32_t>(chunk);
  strided.partial = partial + parts;
  strided.chunk = chunk;
  for (int type = 0; type < kListTypes; type++) {
    DenseLaunches<DenseNorm, 1> launches(kernels.dense[type], dense, q);
    for (uint32_t i = 0; i < l.inputs; i++) {
      const TensorView& v = l.in(static_cast<int>(i));
      if (static_cast<int>(v.dtype) != type || v.numel == 0) continue;
      if (launches.take({{&v}}, strided.tensor)) continue;
      const int64_t blocks = divide_up(v.numel, chunk);
      strided.partial -= blocks;
      q.launch(kernels.strided[type], {static_cast<unsigned>(blocks)}, kListThreads, strided);
    }
    launches.flush();
  }
}

/** Outputs from `first` on. */
void scale(const Launch& l, Queue& q, int first, const Scaling& scaling, const ListKernels& kernels) {
  DenseScale dense = {};
  StridedScale strided = {};
  dense.scaling = strided.scaling = scaling;
  dense.list.chunk = kListChunk;
  for (int type = 0; type < kListTypes; type++) {
    DenseLaunches<DenseScale, 1> launches(kernels.dense[type], dense, q);
    for (int i = first; i < l.outputs; i++) {
      const TensorView& v = l.out(i);
      if (static_cast<int>(v.dtype) != type || v.numel == 0) continue;
      if (!launches.take({{&v}}, strided.tensor))
        q.launch(kernels.strided[type], {blocks_for(v.numel, kListThreads, 1, q)}, kListThreads, strided);
    }
    launches.flush();
  }
}

}  // namespace

void kernel_totalNorm(const Launch& l, Queue& q) {
  const int64_t chunk = norm_chunk(l);
  JoinNorm p = {};
  for (uint32_t i = 0; i < l.inputs; i++) p.parts += divide_up(l.in(static_cast<int>(i)).numel, chunk);
  if (p.parts) {
    double* const partial = static_cast<double*>(q.scratch(static_cast<size_t>(p.parts) * sizeof(double)));
    sum_squares(l, q, chunk, partial, p.parts);
    p.partial = partial;
  }
  p.out = l.out().data;
  p.out_type = l.out().dtype;
  p.wide = l.compute == DType::f64;
  q.launch("gradients_norm_join", {}, kJoinThreads, p);
}

void kernel_clipToNorm(const Launch& l, Queue& q) {
  static constexpr ListKernels kernels = TENON_LIST_KERNELS("gradients_clip");
  Scaling s = {};
  s.number = number(l.scalar[0]);
  s.norm = l.in().data;
  s.norm_type = l.in().dtype;
  scale(l, q, 0, s, kernels);
}

void kernel_unscale(const Launch& l, Queue& q) {
  static constexpr ListKernels kernels = TENON_LIST_KERNELS("gradients_unscale");
  Scaling s = {};
  s.number = number(l.scalar[0]);
  s.found = l.out().as<float>();
  scale(l, q, 1, s, kernels);
}

}  // namespace cuda
}  // namespace tenon
