// What Tenon uses of cuBLAS, by three loops: TENON_CUBLAS_LIBRARY names the emulation's library to have it.
// It is as strict about its arguments as the real one, and works in the order of the stream.
#include "cuda/cublas.h"

#include <atomic>
#include <cstdint>
#include <cstdio>

#include "cuda/emulation/driver.h"
#include "cuda/emulation/timeline.h"
#include "cuda/kernels/convert.h"

#define TENON_EXPORT extern "C" __attribute__((visibility("default")))

namespace tenon {
namespace cuda {
namespace cublas {

struct HandleObject {
  driver::Stream stream = nullptr;
  bool workspace = false;  // set since the stream was
};

static std::atomic<long> products{0};
/** How many were made, for tests. */
TENON_EXPORT long tenon_emulated_cublas_products() { return products; }

namespace {

enum : Status { kInvalidValue = 7, kExecutionFailed = 13, kNotSupported = 15 };

Status refuse(const char* why) {
  std::fprintf(stderr, "emulated cuBLAS: %s\n", why);
  return kInvalidValue;
}

size_t size_of(DataType t) { return t == kReal64F ? 8 : t == kReal32F ? 4 : 2; }

double load(const void* data, DataType t, long long at) {
  switch (t) {
    case kReal32F: return static_cast<double>(static_cast<const float*>(data)[at]);
    case kReal64F: return static_cast<const double*>(data)[at];
    case kReal16F: return static_cast<double>(widen(static_cast<const Half*>(data)[at]));
    default: return static_cast<double>(widen(static_cast<const BFloat16*>(data)[at]));
  }
}

void store(void* data, DataType t, long long at, double x) {
  switch (t) {
    case kReal32F: static_cast<float*>(data)[at] = static_cast<float>(x); break;
    case kReal64F: static_cast<double*>(data)[at] = x; break;
    case kReal16F: static_cast<Half*>(data)[at] = narrow_half(static_cast<float>(x)); break;
    default: static_cast<BFloat16*>(data)[at] = narrow_bfloat(static_cast<float>(x)); break;
  }
}

/** A batch of matrices of rows x columns, column by column; `transposed`: of what is taken from it. */
struct Matrices {
  const void* data;
  DataType type;
  bool transposed;
  int rows, columns;
  long long leading, step;

  /** As it lies in memory. */
  int stored_rows() const { return transposed ? columns : rows; }
  int stored_columns() const { return transposed ? rows : columns; }
  bool valid() const { return leading >= (stored_rows() > 1 ? stored_rows() : 1); }
  bool inside(const emulation::EmulatedDevice& d, int batches) const {
    const long long elements = (batches - 1) * step + (stored_columns() - 1) * leading + stored_rows();
    return d.memory.holds(data, static_cast<size_t>(elements) * size_of(type));
  }
  double at(int batch, int row, int column) const {
    const long long i = transposed ? column : row, j = transposed ? row : column;
    return load(data, type, batch * step + j * leading + i);
  }
};

Status multiply(Handle handle, const Matrices& a, const Matrices& b, const Matrices& c, int batches,
                const void* alpha, const void* beta, ComputeType compute) {
  if (!handle || !handle->stream) return refuse("there is no stream");
  if (!handle->workspace) return refuse("the workspace was not set after the stream");
  if (a.rows < 0 || a.columns < 0 || b.columns < 0 || batches < 0) return refuse("a size is negative");
  if (!a.valid() || !b.valid() || !c.valid()) return refuse("a leading dimension is too small");
  if (a.type != b.type) return kNotSupported;
  const bool wide = a.type == kReal64F;
  if (compute != (wide ? kCompute64F : kCompute32F)) return kNotSupported;
  if (c.type != a.type && (wide || c.type != kReal32F)) return kNotSupported;
  const auto scalar = [&](const void* p) {
    return wide ? *static_cast<const double*>(p) : static_cast<double>(*static_cast<const float*>(p));
  };
  const double scale = scalar(alpha), keep = scalar(beta);
  if (c.rows == 0 || c.columns == 0 || batches == 0) return kSuccess;
  products++;
  const driver::Result r =
      emulation::enqueue(handle->stream, [=](emulation::EmulatedDevice& d) -> std::string {
        if (!a.inside(d, batches) || !b.inside(d, batches) || !c.inside(d, batches))
          return "cublasGemm: an operand is outside of the device's memory";
        void* const out = const_cast<void*>(c.data);
        for (int batch = 0; batch < batches; batch++)
          for (int j = 0; j < c.columns; j++)
            for (int i = 0; i < c.rows; i++) {
              double sum = 0;
              for (int k = 0; k < a.columns; k++) sum += a.at(batch, i, k) * b.at(batch, k, j);
              const long long at = batch * c.step + j * c.leading + i;
              sum *= scale;
              if (keep != 0) sum += keep * load(out, c.type, at);
              store(out, c.type, at, sum);
            }
        return std::string();
      });
  if (r != driver::kSuccess) return kExecutionFailed;
  return kSuccess;
}

}  // namespace

TENON_EXPORT Status cublasCreate_v2(Handle* handle) {
  *handle = new HandleObject;
  return kSuccess;
}
TENON_EXPORT Status cublasDestroy_v2(Handle handle) {
  delete handle;
  return kSuccess;
}
TENON_EXPORT Status cublasSetStream_v2(Handle handle, driver::Stream stream) {
  handle->stream = stream;
  handle->workspace = false;
  return kSuccess;
}
TENON_EXPORT Status cublasSetWorkspace_v2(Handle handle, void* workspace, size_t) {
  if (reinterpret_cast<uintptr_t>(workspace) % 256 != 0) return refuse("a workspace is aligned to 256 bytes");
  handle->workspace = true;
  return kSuccess;
}
TENON_EXPORT Status cublasSetMathMode(Handle, MathMode) { return kSuccess; }

TENON_EXPORT Status cublasGemmStridedBatchedEx(Handle handle, Operation a_operation, Operation b_operation,
                                               int m, int n, int k, const void* alpha, const void* a,
                                               DataType a_type, int a_leading, long long a_step,
                                               const void* b, DataType b_type, int b_leading,
                                               long long b_step, const void* beta, void* c, DataType c_type,
                                               int c_leading, long long c_step, int batches,
                                               ComputeType compute, Algorithm) {
  return multiply(handle, {a, a_type, a_operation != kAsIs, m, k, a_leading, a_step},
                  {b, b_type, b_operation != kAsIs, k, n, b_leading, b_step},
                  {c, c_type, false, m, n, c_leading, c_step}, batches, alpha, beta, compute);
}
TENON_EXPORT Status cublasGemmEx(Handle handle, Operation a_operation, Operation b_operation, int m, int n,
                                 int k, const void* alpha, const void* a, DataType a_type, int a_leading,
                                 const void* b, DataType b_type, int b_leading, const void* beta, void* c,
                                 DataType c_type, int c_leading, ComputeType compute, Algorithm algorithm) {
  return cublasGemmStridedBatchedEx(handle, a_operation, b_operation, m, n, k, alpha, a, a_type, a_leading, 0,
                                    b, b_type, b_leading, 0, beta, c, c_type, c_leading, 0, 1, compute,
                                    algorithm);
}

}  // namespace cublas
}  // namespace cuda
}  // namespace tenon
