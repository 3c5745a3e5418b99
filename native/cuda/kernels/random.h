// What the kernels of random.cu are told.
#pragma once
#include "core/draw_arguments.h"
#include "core/view.h"
#include "cuda/queue.h"

namespace tenon {
namespace cuda {

/** The random numbers that a launch owns: key and first counter. */
struct RandomSource {
  Number k0, k1, offset;
};
/** From the first scalars of a launch: seed low, seed high, offset. */
inline RandomSource source_of(const Launch& l) {
  return {number(l.scalar[0]), number(l.scalar[1]), number(l.scalar[2])};
}

/** The tensor that is filled, in row-major order. */
struct RandomTarget {
  void* data;
  int64_t numel;
  int rank;  // 0: dense
  int64_t shape[kMaxRank], stride[kMaxRank];
};

struct UniformDraws {
  RandomSource source;
  RandomTarget target;
  UniformArguments arguments;
};

struct NormalDraws {
  RandomSource source;
  RandomTarget target;
  NormalArguments arguments;
};

struct RandintDraws {
  RandomSource source;
  RandomTarget target;
  RandintArguments arguments;
};

struct Permutation {
  RandomSource source;
  int64_t* values;
  uint32_t* owners;  // of each place, while it is changed
  int64_t numel;
  void* target;  // the values in another dtype
};
constexpr unsigned kSwapThreads = 1024;

}  // namespace cuda
}  // namespace tenon
