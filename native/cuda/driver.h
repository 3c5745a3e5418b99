// The CUDA driver as a table of functions, filled when a device is first asked for. Nothing of CUDA is needed
// to build or to load the addon: types are declared here by hand (driver_check.cpp holds them against
// <cuda.h> where there is one), functions come from the driver's own library. Driver API:
// https://docs.nvidia.com/cuda/cuda-driver-api/
#pragma once
#include <cstddef>
#include <cstdint>

namespace tenon {
namespace cuda {
namespace driver {

using Result = int;  // CUresult
using Device = int;
using Address = unsigned long long;  // CUdeviceptr
struct ContextObject;
struct ModuleObject;
struct FunctionObject;
struct StreamObject;
struct EventObject;
struct GraphObject;
struct GraphExecObject;
using Context = ContextObject*;
using Module = ModuleObject*;
using Function = FunctionObject*;
using Stream = StreamObject*;
using Event = EventObject*;
using Graph = GraphObject*;
using GraphExec = GraphExecObject*;

enum : Result {
  kSuccess = 0,
  kOutOfMemory = 2,
  kNoDevice = 100,
  kInvalidDevice = 101,
  kInvalidImage = 200,
  kNoBinaryForGpu = 209,
  kUnsupportedPtxVersion = 222,
  kNotFound = 500,
  kNotReady = 600,
  kIllegalAddress = 700,
};

enum DeviceAttribute : int {
  kMultiprocessors = 16,
  kMajor = 75,
  kMinor = 76,
  kSharedBytesOptIn = 97,
  kL2Bytes = 38,
};
enum FunctionAttribute : int { kMaxDynamicSharedBytes = 8 };
enum : unsigned {
  kStreamNonBlocking = 1,
  kEventBlockingSync = 1,
  kEventNoTiming = 2,
  kCaptureThreadLocal = 1,
};

/** Ends of the `extra` array of LaunchKernel: parameters as one buffer with its size. */
inline void* const kParameterBuffer = reinterpret_cast<void*>(1);
inline void* const kParameterSize = reinterpret_cast<void*>(2);
inline void* const kParameterEnd = nullptr;

// X(member, exported symbol, parameters)
#define TENON_CUDA_DRIVER(X)                                                                         \
  X(Init, cuInit, (unsigned))                                                                        \
  X(DriverGetVersion, cuDriverGetVersion, (int*))                                                    \
  X(GetErrorName, cuGetErrorName, (Result, const char**))                                            \
  X(GetErrorString, cuGetErrorString, (Result, const char**))                                        \
  X(DeviceGetCount, cuDeviceGetCount, (int*))                                                        \
  X(DeviceGet, cuDeviceGet, (Device*, int))                                                          \
  X(DeviceGetName, cuDeviceGetName, (char*, int, Device))                                            \
  X(DeviceGetAttribute, cuDeviceGetAttribute, (int*, DeviceAttribute, Device))                       \
  X(DeviceTotalMem, cuDeviceTotalMem_v2, (size_t*, Device))                                          \
  X(PrimaryCtxRetain, cuDevicePrimaryCtxRetain, (Context*, Device))                                  \
  X(CtxSetCurrent, cuCtxSetCurrent, (Context))                                                       \
  X(MemGetInfo, cuMemGetInfo_v2, (size_t*, size_t*))                                                 \
  X(ModuleLoadData, cuModuleLoadData, (Module*, const void*))                                        \
  X(ModuleUnload, cuModuleUnload, (Module))                                                          \
  X(ModuleGetFunction, cuModuleGetFunction, (Function*, Module, const char*))                        \
  X(FuncSetAttribute, cuFuncSetAttribute, (Function, FunctionAttribute, int))                        \
  X(LaunchKernel, cuLaunchKernel,                                                                    \
    (Function, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, Stream, void**, \
     void**))                                                                                        \
  X(MemAlloc, cuMemAlloc_v2, (Address*, size_t))                                                     \
  X(MemFree, cuMemFree_v2, (Address))                                                                \
  X(MemHostAlloc, cuMemHostAlloc, (void**, size_t, unsigned))                                        \
  X(MemFreeHost, cuMemFreeHost, (void*))                                                             \
  X(MemcpyHtoDAsync, cuMemcpyHtoDAsync_v2, (Address, const void*, size_t, Stream))                   \
  X(MemcpyDtoHAsync, cuMemcpyDtoHAsync_v2, (void*, Address, size_t, Stream))                         \
  X(MemcpyDtoDAsync, cuMemcpyDtoDAsync_v2, (Address, Address, size_t, Stream))                       \
  X(MemcpyPeerAsync, cuMemcpyPeerAsync, (Address, Context, Address, Context, size_t, Stream))        \
  X(MemsetD8Async, cuMemsetD8Async, (Address, unsigned char, size_t, Stream))                        \
  X(StreamCreate, cuStreamCreate, (Stream*, unsigned))                                               \
  X(StreamDestroy, cuStreamDestroy_v2, (Stream))                                                     \
  X(StreamSynchronize, cuStreamSynchronize, (Stream))                                                \
  X(StreamQuery, cuStreamQuery, (Stream))                                                            \
  X(StreamWaitEvent, cuStreamWaitEvent, (Stream, Event, unsigned))                                   \
  X(EventCreate, cuEventCreate, (Event*, unsigned))                                                  \
  X(EventDestroy, cuEventDestroy_v2, (Event))                                                        \
  X(EventRecord, cuEventRecord, (Event, Stream))                                                     \
  X(EventSynchronize, cuEventSynchronize, (Event))                                                   \
  X(EventQuery, cuEventQuery, (Event))                                                               \
  X(EventElapsedTime, cuEventElapsedTime, (float*, Event, Event))                                    \
  X(StreamBeginCapture, cuStreamBeginCapture_v2, (Stream, int))                                      \
  X(StreamEndCapture, cuStreamEndCapture, (Stream, Graph*))                                          \
  X(GraphInstantiate, cuGraphInstantiateWithFlags, (GraphExec*, Graph, unsigned long long))          \
  X(GraphLaunch, cuGraphLaunch, (GraphExec, Stream))                                                 \
  X(GraphExecDestroy, cuGraphExecDestroy, (GraphExec))                                               \
  X(GraphDestroy, cuGraphDestroy, (Graph))

struct Api {
#define TENON_MEMBER(member, symbol, parameters) Result(*member) parameters;
  TENON_CUDA_DRIVER(TENON_MEMBER)
#undef TENON_MEMBER
};

}  // namespace driver
}  // namespace cuda
}  // namespace tenon
