// A Launch is one kernel run: what to run, on which views, with which scalars. Nothing computes in any other
// way.
#pragma once
#include <cstddef>
#include <cstdint>

#include "core/view.h"

namespace tenon {

class Scratch;
struct Storage;

/** A number cut to an integer; one that no int64 is near (or NaN) gives the lowest, as where kernels convert.
 */
#if defined(__CUDACC__)
__host__ __device__
#endif
    inline int64_t to_integer(double x) {
  return x >= -0x1p63 && x < 0x1p63 ? static_cast<int64_t>(x) : INT64_MIN;
}

/** A number for a kernel: a value, or a reference to a cell that a replayed launch reads anew. */
struct Scalar {
  double value = 0;
  const double* cell = nullptr;
  double get() const { return cell ? *cell : value; }
  int64_t integer() const { return to_integer(get()); }
};

/** Numbered as in lib/errors.ts. */
enum class ErrorCode : int {
  none,
  argument,
  shape,
  dtype,
  device,
  index,
  autograd,
  out_of_memory,
  internal,
  linalg
};

/** Why a launch failed. A kernel validates all of its input before it writes anything. */
struct LaunchError {
  ErrorCode code = ErrorCode::none;
  char message[512] = {0};
  explicit operator bool() const { return code != ErrorCode::none; }
};
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
void set_error(LaunchError& error, ErrorCode code, const char* format, ...);

/**
 * Operands: outputs first, then inputs. An input that the caller gave as a number is a 0-d float64 view of
 * that number. Inputs of elementwise kernels may have fewer dimensions than the output and broadcast to it.
 */
struct Launch {
  uint16_t op = 0;
  DType compute = DType::f32;  // the type arithmetic happens in: f32, f64, i32 or i64 (elementwise kinds)
  uint16_t outputs = 0;
  uint32_t inputs = 0;
  uint32_t scalars = 0;
  uint32_t tag = 0;       // what an observer tells launches apart by
  bool unsteady = false;  // other environments may write to inputs of whole numbers: see core/steady.h
  const TensorView* views = nullptr;
  const Scalar* scalar = nullptr;
  /**
   * The storage of each operand, null for a number; then of each scalar's cell, null for a value. Null if the
   * caller keeps the memory himself: the launch then runs before submit returns.
   */
  Storage* const* storages = nullptr;
  uint16_t made = 0;  // this many of the first outputs are new: nothing that was in their storage counts
  Scratch* scratch = nullptr;  // the stream's, never the caller's
  LaunchError* error = nullptr;

  const TensorView& out(int i = 0) const { return views[i]; }
  const TensorView& in(int i = 0) const { return views[outputs + i]; }
};

using Kernel = void (*)(const Launch&);

/** Grow-only working memory of a stream, 64-byte aligned; contents do not survive the launch. */
class Scratch {
 public:
  ~Scratch();
  /** Throws std::bad_alloc. A later call in the same launch may move what an earlier one returned: ask once.
   */
  void* bytes(size_t n);

 private:
  void release();
  void* data_ = nullptr;
  size_t capacity_ = 0;
};

}  // namespace tenon
