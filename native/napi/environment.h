// What one JavaScript environment (the main thread, or a worker) owns natively.
#pragma once
#include <node_api.h>

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/launch_log.h"
#include "core/slots.h"
#include "core/stream.h"
#include "cuda/device.h"

namespace tenon {

/** Names the ops that were launched: what tests and traces look at. */
class OpRecorder : public Recorder {
 public:
  void record(const Launch& launch) override { ops.push_back(launch.op); }
  std::vector<uint16_t> ops;
};

/** An event that JavaScript names by a number. */
struct CudaEvent {
  int device;
  cuda::driver::Event handle;
};

struct Environment {
  explicit Environment(napi_env e) : env(e) {}
  ~Environment();

  napi_env env;
  std::string cuda_images;  // the path of the kernels' file
  std::vector<std::unique_ptr<cuda::Device>>
      devices;  // by place - 1, as they come into use; outlive the slots
  std::unordered_map<uint32_t, CudaEvent> events;
  uint32_t next_event = 1;
  SlotTable slots;
  LaunchLog launch_log;  // outlives the stream, which writes to it
  uint32_t tag = 0;      // of the launches that follow
  CpuStream stream{&slots.blocks()};
  std::unique_ptr<OpRecorder> recorder;

  double* commands = nullptr;  // the pinned command buffer
  size_t capacity = 0;         // in words
  napi_ref buffer = nullptr;
  napi_ref make_error = nullptr;            // (code, message) => Error
  napi_ref collect = nullptr;               // () => void: forces a collection and a sweep
  napi_threadsafe_function bell = nullptr;  // calls JavaScript when an awaited launch is complete

  /** Ids that got a weak reference since the last sweep, and between the two before it: the young. */
  std::vector<uint32_t> newborn, yearling;

  /** While a command runs its operands must stay: releases wait for its end. */
  bool running = false;
  std::vector<Slot*> released_while_running;

  /** The operands of the command being read. */
  std::vector<TensorView> views;
  std::vector<Scalar> scalars;
  std::vector<Storage*> storages;  // of the operands, then of the scalars' cells
  std::vector<uint64_t> numbers;   // operands of a launch on a device that the host reads

  void release(Slot& slot);
  /** Makes the JavaScript error for `error` and throws it. */
  void raise(ErrorCode code, const char* message);
  /** Waits for what the bytes of a tensor of the CPU depend on; false after an error has been raised. */
  bool settle(const Slot& slot);
  /** Waits for a contiguous tensor's bytes and copies them; false after an error has been raised. */
  bool read(const Slot& slot, void* to, size_t bytes);
  /** The device of a place (not 0); null, with the error. */
  cuda::Device* device(int place, LaunchError& error);
  /** The same; null after an error has been raised. */
  cuda::Device* device(int place);
  void raise(const LaunchError& error) { raise(error.code, error.message); }
};

/** Wraps a native callback: no C++ exception may reach Node. */
template <class F>
napi_value guarded(Environment& e, F&& f) {
  try {
    return f();
  } catch (const std::bad_alloc&) {
    e.raise(ErrorCode::out_of_memory, "tenon: the system has no memory left");
  }
  return nullptr;
}

}  // namespace tenon
