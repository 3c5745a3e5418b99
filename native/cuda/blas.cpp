#include "cuda/blas.h"

#include <climits>
#include <cstdlib>
#include <cstring>
#include <string>

#include "cuda/blas_table.h"
#include "cuda/gemm.h"
#include "cuda/library.h"

namespace tenon {
namespace cuda {

namespace {

/** A library of which a handle could be made may still be none: the next is tried. */
const cublas::Api* load(const char* path) {
  std::string reason;
  void* const library = open_library(path, reason);
  if (!library) return nullptr;
  cublas::Api* const api = new cublas::Api;  // leaked, as the library is
#define TENON_LOAD(member, name, parameters)                                             \
  api->member = reinterpret_cast<decltype(api->member)>(library_symbol(library, #name)); \
  if (!api->member) {                                                                    \
    delete api;                                                                          \
    return nullptr;                                                                      \
  }
  TENON_CUBLAS(TENON_LOAD)
#undef TENON_LOAD
  return api;
}

/** cuBLAS, if there is one: TENON_CUBLAS_LIBRARY, or the first of its versions that the loader finds. */
const cublas::Api* library() {
  static const cublas::Api* const found = [] {
    if (const char* const named = std::getenv("TENON_CUBLAS_LIBRARY"))
      if (*named) return load(named);
#if defined(_WIN32)
    constexpr const char* names[] = {"cublas64_13.dll", "cublas64_12.dll"};
#else
    constexpr const char* names[] = {"libcublas.so.13", "libcublas.so.12"};
#endif
    const cublas::Api* api = nullptr;
    for (const char* name : names)
      if (!api) api = load(name);
    return api;
  }();
  return found;
}

cublas::DataType data_type(DType t) {
  switch (t) {
    case DType::f64: return cublas::kReal64F;
    case DType::f16: return cublas::kReal16F;
    case DType::bf16: return cublas::kReal16BF;
    default: return cublas::kReal32F;
  }
}

/**
 * A matrix of rows and columns in memory, with their strides, as columns: its rows are columns of the
 * transposed one. What is of size 1 may have any stride.
 */
bool as_columns(int64_t rows, int64_t row, int64_t columns, int64_t column, BlasProduct::Operand& o) {
  if ((row == 1 || rows == 1) && (columns == 1 || column >= rows)) {
    o.transposed = false;
    o.leading = columns == 1 ? rows : column;
  } else if ((column == 1 || columns == 1) && (rows == 1 || row >= columns)) {
    o.transposed = true;
    o.leading = rows == 1 ? columns : row;
  } else {
    return false;
  }
  return o.leading <= INT_MAX;
}

}  // namespace

bool as_blas_product(const Gemm& g, BlasProduct& p) {
  if (g.m > INT_MAX || g.n > INT_MAX || g.k > INT_MAX || g.k == 0 || g.batch.count > 1) return false;
  // The output's rows are columns of its transposed, which is B transposed times A transposed.
  p.m = g.n;
  p.n = g.m;
  p.k = g.k;
  p.batches = g.batch.numel();
  p.first.data = g.b;
  p.second.data = g.a;
  p.first.step = g.batch.count ? g.batch.at[0].stride[1] : 0;
  p.second.step = g.batch.count ? g.batch.at[0].stride[0] : 0;
  return p.batches <= INT_MAX && p.first.step >= 0 && p.second.step >= 0 &&
         as_columns(g.n, g.b_column, g.k, g.b_row, p.first) &&
         as_columns(g.k, g.a_column, g.m, g.a_row, p.second);
}

bool prefers_blas(const Gemm& g, int capability) {
  if (!is_floating(g.type)) return false;
  enum class Choice { kTable, kOwn, kCublas };
  static const Choice choice = [] {
    const char* const said = std::getenv("TENON_CUDA_BLAS");
    return !said                              ? Choice::kTable
           : std::strcmp(said, "own") == 0    ? Choice::kOwn
           : std::strcmp(said, "cublas") == 0 ? Choice::kCublas
                                              : Choice::kTable;
  }();
  if (choice != Choice::kTable) return choice == Choice::kCublas;
  // Sizes are of what memory holds, but their product may be beyond any integer.
  const double multiplications = static_cast<double>(g.m) * static_cast<double>(g.n) *
                                 static_cast<double>(g.k) * static_cast<double>(g.batch.numel());
  bool enough = false;
  for (const BlasRow& row : kBlasTable)
    if (row.type == g.type && row.capability <= capability)
      enough = multiplications >= static_cast<double>(row.multiplications);
  return enough;
}

std::unique_ptr<Blas> Blas::open() {
  const cublas::Api* const api = library();
  cublas::Handle handle = nullptr;
  if (!api || api->Create(&handle) != cublas::kSuccess) return nullptr;
  std::unique_ptr<Blas> made(new Blas(*api, handle));
  return api->SetMathMode(handle, cublas::kNoReducedSums) == cublas::kSuccess ? std::move(made) : nullptr;
}

Blas::~Blas() { api_.Destroy(handle_); }

bool Blas::multiply(const BlasProduct& p, DType type, void* out, DType out_type, void* workspace) {
  // A change of stream makes cuBLAS forget its workspace.
  if (api_.SetStream(handle_, stream_) != cublas::kSuccess ||
      api_.SetWorkspace(handle_, workspace, kWorkspace) != cublas::kSuccess)
    return false;
  const auto size = [](int64_t n) { return static_cast<int>(n); };
  const auto operation = [](const BlasProduct::Operand& o) {
    return o.transposed ? cublas::kTransposed : cublas::kAsIs;
  };
  const bool wide = type == DType::f64;
  const float one32 = 1, zero32 = 0;
  const double one64 = 1, zero64 = 0;
  const void* const one = wide ? static_cast<const void*>(&one64) : &one32;
  const void* const zero = wide ? static_cast<const void*>(&zero64) : &zero32;
  const cublas::ComputeType compute = wide ? cublas::kCompute64F : cublas::kCompute32F;
  const cublas::DataType in = data_type(type), result = data_type(out_type);
  if (p.batches == 1)
    return api_.GemmEx(handle_, operation(p.first), operation(p.second), size(p.m), size(p.n), size(p.k), one,
                       p.first.data, in, size(p.first.leading), p.second.data, in, size(p.second.leading),
                       zero, out, result, size(p.m), compute, cublas::kDefaultAlgorithm) == cublas::kSuccess;
  return api_.GemmStridedBatchedEx(handle_, operation(p.first), operation(p.second), size(p.m), size(p.n),
                                   size(p.k), one, p.first.data, in, size(p.first.leading), p.first.step,
                                   p.second.data, in, size(p.second.leading), p.second.step, zero, out,
                                   result, size(p.m), p.m * p.n, size(p.batches), compute,
                                   cublas::kDefaultAlgorithm) == cublas::kSuccess;
}

}  // namespace cuda
}  // namespace tenon
