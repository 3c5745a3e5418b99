// Parameters of the kernels of embedding's derivative.
#pragma once
#include <cstdint>

#include "core/dtype.h"
#include "cuda/failure.h"

namespace tenon {
namespace cuda {

constexpr unsigned kEmbeddingThreads = 256;

/** Sets n elements to 0 unless there was a failure. */
struct ClearParameters {
  const FailureRecord* failure;
  void* out;
  int64_t n, stride;
  DType dtype;
};

/**
 * Rows of the gradient are added up where their indices, in order, are equal: each of `windows` parts of
 * `window` indices for itself, and then what windows have of one run.
 */
struct EmbeddingParameters {
  const FailureRecord* failure;
  const int64_t *rows, *order;  // sorted, and where each was
  const void* grad;             // [n, width]
  void* out;                    // [rows, width]
  void* partial;  // [windows, 2, width]: of the run that comes from before; of the one that goes on
  int64_t n, width, window, windows;
  int64_t skipped;    // a row that gets nothing, or -1
  bool by_frequency;  // divide by the length of the run
};

}  // namespace cuda
}  // namespace tenon
