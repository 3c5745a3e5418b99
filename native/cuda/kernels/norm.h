// Parameters of the kernels of rowNorm, batchNorm and their derivatives. All operands are dense and of the
// type that is calculated in, but for the statistics that batchNorm keeps.
#pragma once
#include <cstdint>

#include "core/dtype.h"
#include "cuda/kernels/dims.h"
#include "cuda/kernels/team.h"

namespace tenon {
namespace cuda {

/** A long row has a block of up to so many threads for itself; of float64 half as many, for their registers.
 */
constexpr uint32_t kLogNormThreads = 10;
constexpr unsigned kNormThreads = 1u << kLogNormThreads;

/** Rows of fewer than 2^31 elements, each normalised by one team. */
struct RowNormParameters {
  const void *x, *weight, *bias;  // weight, bias: or null
  void *out, *mean, *rstd;        // mean: null for the mean square
  int64_t rows, size;
  int64_t groups, channels;  // as of the op
  double eps;
  Dim<1> span;  // the elements of a row that a weight has
  TeamShape shape;
};

struct RowNormBackwardParameters {
  const void *grad, *x, *mean, *rstd, *weight;  // mean, weight: or null
  void* out;
  int64_t rows, size, groups, channels;
  Dim<1> span;
  TeamShape shape;
};

/** Two sums in a part of a line; or its mean and its sum of squared deviations. */
struct NormPair {
  double first, second;
};

/**
 * The elements of x [samples, groups, channels, span], cut up into planes (of `span` elements), columns (of
 * `samples`) or rows (of `channels * span`). A block's x counts teams, which have a line each, its y the
 * parts of lines.
 */
struct NormLines {
  int64_t count, elements, stride;  // of neighbours in a line
  int64_t part, parts;              // elements of a part
  int64_t statistic_step;           // from neighbour to neighbour in a line
  int32_t dims;
  TeamShape shape;
  Dim<3> dim[3];  // of lines: their places in x, of their statistics, of their weights
};

/** What parts of lines have in common is joined: a result of each set. */
struct NormSets {
  int64_t count, step;  // of neighbouring sets' partial results
  int64_t partials;     // of a set
  int64_t groups, channels;
  int32_t dims;
  TeamShape shape;
  Dim<3> dim[2];  // of a set's partial results: their places, the numbers of their parts, their weights
};

/** The moments of parts. */
struct MomentsParameters {
  const void* x;
  NormPair* partial;  // [parts, lines]
  uint32_t centred;   // else the sum of squares
  NormLines lines;
};

/** Statistics that are kept and moved, of any floating dtype. */
struct RunningStatistic {
  void* data;
  int64_t stride;
  DType dtype;
};

/** Mean and 1 / deviation of the sets. */
struct MomentsJoinParameters {
  const NormPair* partial;
  void *mean, *rstd;            // mean: or null
  RunningStatistic running[2];  // mean and variance, without data if they are not tracked
  int64_t elements, part;       // of a line, of its parts
  double eps, momentum;
  NormSets sets;
};

/** Mean and 1 / deviation from statistics that are known. */
struct KnownParameters {
  RunningStatistic known[2];
  void *mean, *rstd;
  int64_t channels;
  double eps;
};

/** (x - mean) rstd weight + bias */
struct NormApplyParameters {
  const void *x, *mean, *rstd, *weight, *bias;  // mean, weight, bias: or null
  void* out;
  NormLines lines;
};

/** The sums of g w and g w (x - mean) rstd over parts. */
struct NormSumsParameters {
  const void *grad, *x, *mean, *rstd;
  const void* weight;  // of each element of a row, `span` of which have one in common; null: none
  NormPair* partial;   // [parts, lines]
  Dim<1> span;
  NormLines lines;
};

/**
 * The gradients of weight and bias, or what the gradient of x is made of: shift and slope. What is null is
 * not wanted.
 */
struct NormSumsJoinParameters {
  const NormPair* partial;
  const void* weight;  // of each partial result, or null
  void *of_weight, *of_bias;
  void *shift, *slope;
  const void *rstd, *factor;  // of each set, for these; factor: or null
  double elements;            // of a set
  uint32_t centred;
  NormSets sets;
};

/** g weight rstd - shift - (x - mean) slope */
struct NormSpreadParameters {
  const void *grad, *x, *mean, *rstd, *weight;
  const void *shift, *slope;  // null: zeros, and x does not matter
  void* out;
  NormLines lines;
};

}  // namespace cuda
}  // namespace tenon
