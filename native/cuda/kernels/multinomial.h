// Parameters of the kernels of multinomial.
#pragma once
#include "core/dtype.h"
#include "cuda/failure.h"

namespace tenon {
namespace cuda {

constexpr unsigned kDrawThreads = 256;
/** Weights of a row that a block has at once. */
constexpr int kDrawItems = 4;

/** What is known of a row of weights. */
struct WeightRow {
  double sum;
  int64_t last;  // the last category with a weight
  int64_t bad;   // the first weight that is none, or kNoBadWeight
  double bad_weight;
  uint32_t unsure;  // whether rounding may decide about a draw
  uint32_t unused;
};
constexpr int64_t kNoBadWeight = INT64_MAX;

struct DrawParameters {
  FailureRecord* failure;
  const void* weights;  // [rows][n]
  const double* draws;  // [rows][count], or as the weights
  double* sums;         // [rows][n] of weights up to each; null: not needed
  WeightRow* row;
  uint64_t* keys;  // [rows][n], of draws without replacement
  int64_t* out;    // [rows][count]
  int64_t rows, n, count;
  uint32_t op;
};

}  // namespace cuda
}  // namespace tenon
