// Products by cuBLAS, where there is one.
#pragma once
#include <memory>

#include "core/dtype.h"
#include "cuda/cublas.h"

namespace tenon {
namespace cuda {

struct Gemm;

/** A product as cuBLAS takes it: out = first second, column by column, of m x k and k x n elements. */
struct BlasProduct {
  struct Operand {
    const void* data;
    bool transposed;  // as it lies in memory, column by column
    int64_t leading;  // from column to column
    int64_t step;     // from matrix to matrix
  } first, second;
  int64_t m, n, k, batches;
};

/** False when cuBLAS can't: a matrix is dense in neither direction, or the batch has no one step. */
bool as_blas_product(const Gemm&, BlasProduct&);

/** Whether cuBLAS is to be asked: by blas_table.h, or as TENON_CUDA_BLAS=own or cublas says. */
bool prefers_blas(const Gemm&, int capability);

/** Used by one thread, with the context current in which it was opened. */
class Blas {
 public:
  static constexpr size_t kWorkspace = size_t{32} << 20;

  /** Null when there is no library, or it can't be used. */
  static std::unique_ptr<Blas> open();
  ~Blas();
  Blas(const Blas&) = delete;
  Blas& operator=(const Blas&) = delete;

  /** Work goes to this stream from now on. */
  void use(driver::Stream stream) { stream_ = stream; }
  /**
   * `out` is of type `out_type`, dense; `workspace` has kWorkspace bytes. False when nothing was given to the
   * stream, because cuBLAS refuses.
   */
  bool multiply(const BlasProduct&, DType type, void* out, DType out_type, void* workspace);

 private:
  Blas(const cublas::Api& api, cublas::Handle handle) : api_(api), handle_(handle) {}
  const cublas::Api& api_;
  const cublas::Handle handle_;
  driver::Stream stream_ = nullptr;
};

}  // namespace cuda
}  // namespace tenon
