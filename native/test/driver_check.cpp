// Holds the declarations of cuda/driver.h and cuda/cublas.h, which are written by hand, against those of the
// CUDA toolkit: nothing here runs.
#include <cuda.h>
#if __has_include(<cublas_v2.h>)
#include <cublas_v2.h>
#endif

#include <type_traits>

#include "cuda/cublas.h"
#include "cuda/driver.h"

namespace tenon {
namespace cuda {
namespace driver {
namespace {

/** Handles are pointers to other types than CUDA's, enums may be integers; size and kind are the same. */
template <class Ours, class Theirs>
constexpr bool same_kind() {
  if constexpr (std::is_pointer_v<Ours> && std::is_pointer_v<Theirs>) {
    using A = std::remove_pointer_t<Ours>;
    using B = std::remove_pointer_t<Theirs>;
    if constexpr (std::is_const_v<A> != std::is_const_v<B>)
      return false;
    else if constexpr (std::is_class_v<A> || std::is_class_v<B> || std::is_void_v<A> || std::is_void_v<B>)
      return std::is_class_v<A> == std::is_class_v<B> && std::is_void_v<A> == std::is_void_v<B>;
    else
      return same_kind<std::remove_const_t<A>, std::remove_const_t<B>>();
  } else {
    const auto whole = [](auto integral, auto enumeration) { return integral || enumeration; };
    return sizeof(Ours) == sizeof(Theirs) &&
           (std::is_same_v<Ours, Theirs> || (whole(std::is_integral_v<Ours>, std::is_enum_v<Ours>) &&
                                             whole(std::is_integral_v<Theirs>, std::is_enum_v<Theirs>)));
  }
}

template <class Ours, class Theirs>
struct Compare : std::false_type {};
template <class R, class... A, class S, class... B>
struct Compare<R (*)(A...), S (*)(B...)> {
  static constexpr bool parameters() {
    if constexpr (sizeof...(A) != sizeof...(B))
      return false;
    else
      return (same_kind<A, B>() && ...);
  }
  static constexpr bool value = same_kind<R, S>() && parameters();
};

// The symbols of the library: <cuda.h> makes the plain names macros for the versioned ones.
#define TENON_CHECK(member, symbol, ...)                                            \
  static_assert(Compare<decltype(Api::member), decltype(&::symbol)>::value, #symbol \
                " is declared "                                                     \
                "otherwise");
TENON_CUDA_DRIVER(TENON_CHECK)
#undef TENON_CHECK

template <class A, class B>
constexpr bool same(A ours, B theirs) {
  return static_cast<long long>(ours) == static_cast<long long>(theirs);
}
static_assert(same(kSuccess, CUDA_SUCCESS));
static_assert(same(kOutOfMemory, CUDA_ERROR_OUT_OF_MEMORY));
static_assert(same(kNoDevice, CUDA_ERROR_NO_DEVICE));
static_assert(same(kInvalidDevice, CUDA_ERROR_INVALID_DEVICE));
static_assert(same(kInvalidImage, CUDA_ERROR_INVALID_IMAGE));
static_assert(same(kNoBinaryForGpu, CUDA_ERROR_NO_BINARY_FOR_GPU));
static_assert(same(kUnsupportedPtxVersion, CUDA_ERROR_UNSUPPORTED_PTX_VERSION));
static_assert(same(kNotFound, CUDA_ERROR_NOT_FOUND));
static_assert(same(kNotReady, CUDA_ERROR_NOT_READY));
static_assert(same(kIllegalAddress, CUDA_ERROR_ILLEGAL_ADDRESS));

static_assert(same(kMultiprocessors, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT));
static_assert(same(kMajor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR));
static_assert(same(kMinor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR));
static_assert(same(kSharedBytesOptIn, CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN));
static_assert(same(kL2Bytes, CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE));
static_assert(same(kMaxDynamicSharedBytes, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES));
static_assert(same(kStreamNonBlocking, CU_STREAM_NON_BLOCKING));
static_assert(same(kEventBlockingSync, CU_EVENT_BLOCKING_SYNC));
static_assert(same(kEventNoTiming, CU_EVENT_DISABLE_TIMING));
static_assert(same(kCaptureThreadLocal, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
static_assert(sizeof(Address) == sizeof(CUdeviceptr));

#if defined(CUBLAS_V2_H_)
// cublasGemmEx and its like have overloads for C++: those that the library exports are named by their types.
using GemmEx = cublasStatus_t (*)(cublasHandle_t, cublasOperation_t, cublasOperation_t, int, int, int,
                                  const void*, const void*, cudaDataType, int, const void*, cudaDataType, int,
                                  const void*, void*, cudaDataType, int, cublasComputeType_t,
                                  cublasGemmAlgo_t);
using GemmStridedBatchedEx = cublasStatus_t (*)(cublasHandle_t, cublasOperation_t, cublasOperation_t, int,
                                                int, int, const void*, const void*, cudaDataType, int,
                                                long long, const void*, cudaDataType, int, long long,
                                                const void*, void*, cudaDataType, int, long long, int,
                                                cublasComputeType_t, cublasGemmAlgo_t);
[[maybe_unused]] constexpr GemmEx gemm_ex = &::cublasGemmEx;
[[maybe_unused]] constexpr GemmStridedBatchedEx gemm_strided_batched_ex = &::cublasGemmStridedBatchedEx;
static_assert(Compare<decltype(cublas::Api::GemmEx), GemmEx>::value);
static_assert(Compare<decltype(cublas::Api::GemmStridedBatchedEx), GemmStridedBatchedEx>::value);
static_assert(Compare<decltype(cublas::Api::Create), decltype(&::cublasCreate_v2)>::value);
static_assert(Compare<decltype(cublas::Api::Destroy), decltype(&::cublasDestroy_v2)>::value);
static_assert(Compare<decltype(cublas::Api::SetStream), decltype(&::cublasSetStream_v2)>::value);
static_assert(Compare<decltype(cublas::Api::SetWorkspace), decltype(&::cublasSetWorkspace_v2)>::value);
static_assert(Compare<decltype(cublas::Api::SetMathMode), decltype(&::cublasSetMathMode)>::value);

static_assert(same(cublas::kSuccess, CUBLAS_STATUS_SUCCESS));
static_assert(same(cublas::kAsIs, CUBLAS_OP_N) && same(cublas::kTransposed, CUBLAS_OP_T));
static_assert(same(cublas::kReal32F, CUDA_R_32F) && same(cublas::kReal64F, CUDA_R_64F));
static_assert(same(cublas::kReal16F, CUDA_R_16F) && same(cublas::kReal16BF, CUDA_R_16BF));
static_assert(same(cublas::kCompute32F, CUBLAS_COMPUTE_32F) && same(cublas::kCompute64F, CUBLAS_COMPUTE_64F));
static_assert(same(cublas::kDefaultAlgorithm, CUBLAS_GEMM_DEFAULT));
static_assert(same(cublas::kNoReducedSums, CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION));
#endif

}  // namespace
}  // namespace driver
}  // namespace cuda
}  // namespace tenon
