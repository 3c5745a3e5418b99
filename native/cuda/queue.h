// What the host code of an op sees of a CUDA device: a stream to which it gives kernels.
#pragma once
#include <cstddef>
#include <cstdint>

#include "core/launch.h"
#include "cuda/failure.h"

namespace tenon {
namespace cuda {

class Blas;

/** Blocks of a launch: x up to 2^31 - 1, y and z up to 65535. */
struct Blocks {
  unsigned x = 1, y = 1, z = 1;
};

/**
 * Everything is in the stream's order: what is given here runs after all that was given before, and after the
 * caller has gone on. Addresses are the device's; the host never reads or writes through them.
 */
class Queue {
 public:
  /**
   * Runs a kernel, of `threads` threads a block. Every kernel takes one struct, its P, which a header in
   * cuda/kernels declares for both sides; it is copied now. `name` is a literal: its address is a key.
   */
  template <class P>
  void launch(const char* name, Blocks blocks, unsigned threads, const P& parameters,
              size_t shared_bytes = 0) {
    static_assert(sizeof(P) <= 4096, "parameters of a kernel are at most 4 KB");
    launch_bytes(name, blocks, threads, &parameters, sizeof(P), shared_bytes);
  }

  /**
   * Working memory, 256-byte aligned, for kernels of this op only. Who asks again may get the same memory: it
   * is for the kernels given from then on. Throws std::bad_alloc.
   */
  virtual void* scratch(size_t bytes) = 0;
  /**
   * The same, but this op's to its end, for those that are made of others, which have working memory of their
   * own.
   */
  virtual void* keep(size_t bytes) = 0;
  /** Sets bytes to 0. */
  virtual void zero(void* to, size_t bytes) = 0;
  /** Copies within the device; the two don't overlap. */
  virtual void copy(void* to, const void* from, size_t bytes) = 0;
  /** Copies from the host, at most 64 KB, which are read now. */
  virtual void upload(void* to, const void* from, size_t bytes) = 0;
  /** cuBLAS (cuda/blas.h), with its work in this order; null when there is none. Loaded when first asked for.
   */
  virtual Blas* blas() = 0;

  int multiprocessors() const { return multiprocessors_; }
  /** Major version times ten and minor version: 75, 80, 90, ... */
  int capability() const { return capability_; }
  /** In device memory. */
  FailureRecord* failure() const { return failure_; }

 protected:
  ~Queue() = default;
  virtual void launch_bytes(const char* name, Blocks blocks, unsigned threads, const void* parameters,
                            size_t bytes, size_t shared_bytes) = 0;
  int multiprocessors_ = 1;
  int capability_ = 80;
  FailureRecord* failure_ = nullptr;
};

/** Whether an input is no tensor but a number: its data is the host's, of the view's dtype. */
inline bool is_number(const TensorView& v) { return v.shape == nullptr; }

/** A number for a kernel, as core/launch.h's Scalar: a cell is in device memory. */
struct Number {
  double value;
  const double* cell;
#if defined(__CUDACC__)
  __device__
#endif
      double get() const {
    return cell ? *cell : value;
  }
};
inline Number number(const Scalar& s) { return {s.value, s.cell}; }

/** Blocks of `threads` for n elements, `each` of them a thread, at most so many that the device is full. */
inline unsigned blocks_for(int64_t n, unsigned threads, int64_t each, const Queue& q) {
  const int64_t wanted = (n + threads * each - 1) / (threads * each);
  const int64_t most = static_cast<int64_t>(q.multiprocessors()) * (2048 / threads) * 4;
  return static_cast<unsigned>(wanted < 1 ? 1 : wanted < most ? wanted : most);
}

}  // namespace cuda
}  // namespace tenon
