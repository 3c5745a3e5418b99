// Host side of normalisation in steps: how x is cut into lines, and which of their sums make a set.
#pragma once
#include <cstddef>
#include <initializer_list>

#include "core/launch.h"
#include "cuda/kernels/norm.h"
#include "cuda/queue.h"

namespace tenon {
namespace cuda {

/**
 * x [samples, groups, channels, span], which is normalised by the statistics of each row [channels, span] of
 * a sample or, `across` samples, of each group. Neighbours along the span have a weight in common.
 */
struct NormShape {
  int64_t samples, groups, channels, span;
  bool across;

  int64_t weights() const { return groups * channels; }
  int64_t row() const { return channels * span; }
};

enum class LineKind { planes, columns, rows };

/** Planes where they are long, and not very many; else columns. */
LineKind planes_or_columns(const NormShape&);

/** For sums: cut into parts by the shape alone, so that sums have the same bits on every device. */
NormLines lines_to_sum(const NormShape&, LineKind);
/** For what is done to each element: cut into as many parts as the device wants. */
NormLines lines_to_change(const NormShape&, const Queue&);

/** What is in common to a row, of which lines are parts: rows, or planes. */
NormSets sets_of_rows(const NormShape&, LineKind, const NormLines&);
/** What is in common to a channel: in planes, or columns. */
NormSets sets_of_channels(const NormShape&, LineKind, const NormLines&);

Blocks blocks_of(const NormLines&);
Blocks blocks_of(const NormSets&);

/** Bytes of the partial results of lines. */
inline size_t partial_bytes(const NormLines& lines) {
  return static_cast<size_t>(lines.parts) * static_cast<size_t>(lines.count) * sizeof(NormPair);
}

inline const char* pick(const Launch& l, const char* f32, const char* f64) {
  return l.compute == DType::f64 ? f64 : f32;
}
/** The gradients that scalars from `first` on ask for; null where they don't. */
struct NormGradients {
  void *x = nullptr, *weight = nullptr, *bias = nullptr;
  NormGradients(const Launch& l, int first) {
    int at = 0;
    for (void** to : {&x, &weight, &bias})
      if (l.scalar[first++].get() != 0) *to = l.out(at++).data;
  }
};

/** The data of an operand that there may be. */
inline const void* data_if(const Launch& l, bool there, int input) {
  return there ? l.in(input).data : nullptr;
}

}  // namespace cuda
}  // namespace tenon
