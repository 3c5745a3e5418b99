// The CUDA driver over emulated devices: as a shared library, it stands in for libcuda.so.1. Environment:
//   TENON_EMULATED_CUDA_DEVICES     how many there are (1)
//   TENON_EMULATED_CUDA_MEMORY      bytes of each (4 GB)
//   TENON_EMULATED_CUDA_CAPABILITY  their major version times ten and minor version (80)
//   TENON_EMULATED_CUDA_ORDER       in which order threads run: forward, reverse or random; _SEED of the
//   latter (1) TENON_EMULATED_CUDA_EAGER       1: streams work at the call, not when something waits
//   TENON_EMULATED_CUDA_RACES       threads of each kernel that ThreadSanitizer tells apart (1024)
//   TENON_EMULATED_CUDA_GUARD       1: memory of devices can't be touched by the host
#include "cuda/emulation/driver.h"

#include <algorithm>
#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_set>
#include <vector>

#include "cuda/emulation/scheduler.h"
#include "cuda/emulation/timeline.h"

#define TENON_EXPORT extern "C" __attribute__((visibility("default")))

namespace tenon {
namespace cuda {
namespace driver {

using emulation::EmulatedDevice;
using emulation::Timeline;
using emulation::Work;

/** What is recorded instead of done: in the order of the calls, which is one of those that the streams allow.
 */
struct Capture {
  StreamObject* origin;
  std::thread::id thread;
  std::vector<Work> work;
  std::set<StreamObject*> unjoined;  // took part, and the origin has not waited for them since
  bool broken = false;
};

struct ContextObject {
  EmulatedDevice device;
};
struct ModuleObject {
  EmulatedDevice& device;
};
struct FunctionObject {
  EmulatedDevice& device;
  emulation::KernelEntry& kernel;
  size_t most_dynamic_bytes;
};
struct StreamObject {
  std::shared_ptr<Timeline> timeline;
  std::shared_ptr<Capture> capture;
  EmulatedDevice& device() const { return timeline->device(); }
};
/** When an event was reached. */
struct Reached {
  std::chrono::steady_clock::time_point time;
};
struct EventObject {
  EmulatedDevice& device;
  bool timed;
  std::shared_ptr<Timeline> timeline = nullptr;  // it was last recorded on this one, if on any
  uint64_t position = 0;
  std::shared_ptr<Reached> reached = nullptr;
  std::shared_ptr<Capture> capture = nullptr;  // was recorded in it
  StreamObject* captured_stream = nullptr;
};
struct GraphObject {
  std::vector<Work> work;
  EmulatedDevice* device;
};
struct GraphExecObject {
  std::vector<Work> work;
  EmulatedDevice* device;
};

namespace {

// Results that nothing but this file names.
enum : Result {
  kInvalidValue = 1,
  kNotInitialized = 3,
  kInvalidContext = 201,
  kInvalidHandle = 400,
  kCaptureUnsupported = 900,
  kCaptureInvalidated = 901,
  kCaptureUnmatched = 903,
  kCaptureUnjoined = 904,
  kCapturedEvent = 907,
  kCaptureWrongThread = 908,
};

/** Everything; never freed, as environments end after static destructors. */
struct Machine {
  std::mutex mutex;
  bool initialized = false;
  std::vector<std::unique_ptr<ContextObject>> contexts;  // one a device
  emulation::PinnedMemory pinned;
  std::unordered_set<StreamObject*> streams;
  std::unordered_set<EventObject*> events;
  std::unordered_set<GraphObject*> graphs;
  std::unordered_set<GraphExecObject*> graph_execs;
  std::vector<std::unique_ptr<ModuleObject>> modules;
  std::vector<std::unique_ptr<FunctionObject>> functions;
  std::vector<std::shared_ptr<Capture>> captures;  // under way
};
Machine& machine() {
  static Machine* const made = new Machine;
  return *made;
}
using Lock = std::lock_guard<std::mutex>;

thread_local ContextObject* current_context = nullptr;

unsigned long long setting(const char* name, unsigned long long otherwise) {
  const char* const text = std::getenv(name);
  return text && *text ? std::strtoull(text, nullptr, 10) : otherwise;
}

/** Refuses a call, and says why, which the real driver doesn't. */
__attribute__((format(printf, 2, 3))) Result refuse(Result result, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::fputs("emulated CUDA: ", stderr);
  std::vfprintf(stderr, format, arguments);
  std::fputc('\n', stderr);
  va_end(arguments);
  return result;
}

/** What every call finds wrong first. */
Result ready() {
  if (!machine().initialized) return kNotInitialized;
  if (!current_context) return refuse(kInvalidContext, "this thread has no current context");
  return current_context->device.failure.empty() ? kSuccess : kIllegalAddress;
}
#define TENON_READY                 \
  const Lock lock(machine().mutex); \
  if (const Result not_ready = ready(); not_ready != kSuccess) return not_ready

EmulatedDevice& current_device() { return current_context->device; }
EmulatedDevice* device_of(Device d) {
  const auto& all = machine().contexts;
  return d >= 0 && d < static_cast<int>(all.size()) ? &all[static_cast<size_t>(d)]->device : nullptr;
}
template <class T>
bool live(const std::unordered_set<T*>& all, T* handle) {
  return all.count(handle) > 0;
}
/** Whether a stream is one of the current device. */
Result usable(Stream s) {
  if (!live(machine().streams, s)) return refuse(kInvalidHandle, "not a stream");
  if (&s->device() != &current_device())
    return refuse(kInvalidHandle, "a stream of device %d while device %d is current", s->device().index,
                  current_device().index);
  return kSuccess;
}

void* pointer(Address a) { return reinterpret_cast<void*>(a); }

/** Allocating is not for a thread that captures. */
Result breaks_capture() {
  Result result = kSuccess;
  for (const auto& c : machine().captures)
    if (c->thread == std::this_thread::get_id()) {
      c->broken = true;
      result = kCaptureUnsupported;
    }
  return result;
}

Result submit(Stream s, Work work) {
  if (Capture* const c = s->capture.get()) {
    c->work.push_back(std::move(work));
    if (s != c->origin) c->unjoined.insert(s);
    return kSuccess;
  }
  s->timeline->add(std::move(work));
  return s->device().failure.empty() ? kSuccess : kIllegalAddress;
}

/** Does all work of a device, as the real driver does before it frees memory. */
void settle(EmulatedDevice& device) {
  for (Stream s : machine().streams)
    if (&s->device() == &device) s->timeline->run_all();
}

Result outside(const char* what, Address a, size_t bytes) {
  return refuse(kInvalidValue, "%s: %zu bytes from %#llx are not within an allocation of the device", what,
                bytes, a);
}

std::string gone(const char* what) { return std::string(what) + ": the memory has been freed meanwhile"; }

/** A kernel's parameters as the array `extra` of cuLaunchKernel gives them. */
struct Parameters {
  const void* data = nullptr;
  size_t bytes = 0;
};
Parameters parameters_of(void** extra) {
  Parameters p;
  for (void** at = extra; at && *at != kParameterEnd; at += 2) {
    if (*at == kParameterBuffer) p.data = at[1];
    if (*at == kParameterSize) p.bytes = *static_cast<size_t*>(at[1]);
  }
  return p;
}

}  // namespace

// ---- the device

TENON_EXPORT const char tenon_emulated_cuda[] = "1";

TENON_EXPORT Result cuInit(unsigned) {
  Machine& m = machine();
  const Lock lock(m.mutex);
  if (m.initialized) return kSuccess;
  const auto count = setting("TENON_EMULATED_CUDA_DEVICES", 1);
  const auto bytes = setting("TENON_EMULATED_CUDA_MEMORY", 4ull << 30);
  for (unsigned i = 0; i < count; i++)
    m.contexts.emplace_back(new ContextObject{{static_cast<int>(i), static_cast<size_t>(bytes)}});
  emulation::set_race_checks(setting("TENON_EMULATED_CUDA_RACES", 1024));
  emulation::set_capability(static_cast<int>(setting("TENON_EMULATED_CUDA_CAPABILITY", 80)));
  const char* const text = std::getenv("TENON_EMULATED_CUDA_ORDER");
  const std::string order = text ? text : "";
  if (!order.empty() && order != "forward" && order != "reverse" && order != "random")
    return refuse(kInvalidValue, "TENON_EMULATED_CUDA_ORDER=%s is neither forward, reverse nor random", text);
  emulation::set_order(order == "reverse"  ? emulation::Order::reverse
                       : order == "random" ? emulation::Order::random
                                           : emulation::Order::forward,
                       static_cast<unsigned>(setting("TENON_EMULATED_CUDA_SEED", 1)));
  m.initialized = true;
  return count > 0 ? kSuccess : kNoDevice;
}

TENON_EXPORT Result cuDriverGetVersion(int* version) {
  *version = 13000;
  return kSuccess;
}

TENON_EXPORT Result cuGetErrorName(Result result, const char** name) {
  switch (result) {
    case kSuccess: *name = "CUDA_SUCCESS"; break;
    case kInvalidValue: *name = "CUDA_ERROR_INVALID_VALUE"; break;
    case kOutOfMemory: *name = "CUDA_ERROR_OUT_OF_MEMORY"; break;
    case kNotInitialized: *name = "CUDA_ERROR_NOT_INITIALIZED"; break;
    case kNoDevice: *name = "CUDA_ERROR_NO_DEVICE"; break;
    case kInvalidDevice: *name = "CUDA_ERROR_INVALID_DEVICE"; break;
    case kInvalidContext: *name = "CUDA_ERROR_INVALID_CONTEXT"; break;
    case kInvalidHandle: *name = "CUDA_ERROR_INVALID_HANDLE"; break;
    case kNotFound: *name = "CUDA_ERROR_NOT_FOUND"; break;
    case kNotReady: *name = "CUDA_ERROR_NOT_READY"; break;
    case kIllegalAddress: *name = "CUDA_ERROR_ILLEGAL_ADDRESS"; break;
    case kCaptureUnsupported: *name = "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED"; break;
    case kCaptureInvalidated: *name = "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED"; break;
    case kCaptureUnmatched: *name = "CUDA_ERROR_STREAM_CAPTURE_UNMATCHED"; break;
    case kCaptureUnjoined: *name = "CUDA_ERROR_STREAM_CAPTURE_UNJOINED"; break;
    case kCapturedEvent: *name = "CUDA_ERROR_CAPTURED_EVENT"; break;
    case kCaptureWrongThread: *name = "CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD"; break;
    default: *name = nullptr; return kInvalidValue;
  }
  return kSuccess;
}

TENON_EXPORT Result cuGetErrorString(Result result, const char** text) {
  const Lock lock(machine().mutex);
  if (result == kIllegalAddress && current_context && !current_device().failure.empty())
    *text = current_device().failure.c_str();
  else
    *text = result == kSuccess ? "no error" : "emulated";
  return kSuccess;
}

TENON_EXPORT Result cuDeviceGetCount(int* count) {
  const Lock lock(machine().mutex);
  if (!machine().initialized) return kNotInitialized;
  *count = static_cast<int>(machine().contexts.size());
  return kSuccess;
}

TENON_EXPORT Result cuDeviceGet(Device* device, int index) {
  const Lock lock(machine().mutex);
  if (!machine().initialized) return kNotInitialized;
  if (!device_of(index)) return kInvalidDevice;
  *device = index;
  return kSuccess;
}

TENON_EXPORT Result cuDeviceGetName(char* name, int bytes, Device device) {
  const Lock lock(machine().mutex);
  if (!device_of(device)) return kInvalidDevice;
  std::snprintf(name, static_cast<size_t>(bytes), "emulated CUDA device");
  return kSuccess;
}

TENON_EXPORT Result cuDeviceGetAttribute(int* value, DeviceAttribute attribute, Device device) {
  const Lock lock(machine().mutex);
  if (!device_of(device)) return kInvalidDevice;
  switch (attribute) {
    case kMultiprocessors: *value = 4; return kSuccess;
    case kMajor: *value = emulation::capability() / 10; return kSuccess;
    case kMinor: *value = emulation::capability() % 10; return kSuccess;
    case kSharedBytesOptIn: *value = static_cast<int>(emulation::most_shared_bytes()); return kSuccess;
    case kL2Bytes: *value = 4 << 20; return kSuccess;
  }
  return kInvalidValue;
}

TENON_EXPORT Result cuDeviceTotalMem_v2(size_t* bytes, Device device) {
  const Lock lock(machine().mutex);
  EmulatedDevice* const d = device_of(device);
  if (!d) return kInvalidDevice;
  *bytes = d->memory.total();
  return kSuccess;
}

TENON_EXPORT Result cuDevicePrimaryCtxRetain(Context* context, Device device) {
  const Lock lock(machine().mutex);
  if (!device_of(device)) return kInvalidDevice;
  *context = machine().contexts[static_cast<size_t>(device)].get();
  return kSuccess;
}

TENON_EXPORT Result cuCtxSetCurrent(Context context) {
  current_context = context;
  return kSuccess;
}

// ---- kernels

TENON_EXPORT Result cuModuleLoadData(Module* module, const void*) {
  TENON_READY;
  machine().modules.emplace_back(new ModuleObject{current_device()});
  *module = machine().modules.back().get();
  return kSuccess;
}

TENON_EXPORT Result cuModuleUnload(Module) {
  TENON_READY;
  return kSuccess;
}

TENON_EXPORT Result cuModuleGetFunction(Function* function, Module module, const char* name) {
  TENON_READY;
  emulation::KernelEntry* const kernel = emulation::find_kernel(name);
  if (!kernel) return kNotFound;
  machine().functions.emplace_back(new FunctionObject{module->device, *kernel, emulation::kPlainSharedBytes});
  *function = machine().functions.back().get();
  return kSuccess;
}

TENON_EXPORT Result cuFuncSetAttribute(Function f, FunctionAttribute attribute, int value) {
  TENON_READY;
  if (attribute != kMaxDynamicSharedBytes || value < 0) return kInvalidValue;
  if (static_cast<size_t>(value) > emulation::most_shared_bytes())
    return refuse(kInvalidValue, "%s: %d bytes of shared memory are more than the device has", f->kernel.name,
                  value);
  f->most_dynamic_bytes = static_cast<size_t>(value);
  return kSuccess;
}

TENON_EXPORT Result cuLaunchKernel(Function f, unsigned gx, unsigned gy, unsigned gz, unsigned bx,
                                   unsigned by, unsigned bz, unsigned shared_bytes, Stream s, void** separate,
                                   void** extra) {
  TENON_READY;
  if (const Result r = usable(s)) return r;
  emulation::KernelEntry& k = f->kernel;
  if (&f->device != &current_device())
    return refuse(kInvalidHandle, "%s: a function of another device", k.name);
  const uint64_t threads = uint64_t(bx) * by * bz;
  if (gx == 0 || gy == 0 || gz == 0 || gx > 0x7fffffffu || gy > 65535 || gz > 65535)
    return refuse(kInvalidValue, "%s: a grid of %u x %u x %u blocks", k.name, gx, gy, gz);
  if (threads == 0 || bx > 1024 || by > 1024 || bz > 64 || threads > k.max_threads)
    return refuse(kInvalidValue, "%s: blocks of %u x %u x %u threads; it is made for %u at most", k.name, bx,
                  by, bz, k.max_threads);
  if (shared_bytes > f->most_dynamic_bytes)
    return refuse(kInvalidValue, "%s: %u bytes of dynamic shared memory; the most that it may ask for is %zu",
                  k.name, shared_bytes, f->most_dynamic_bytes);
  const Parameters p = parameters_of(extra);
  if (separate || !p.data)
    return refuse(kInvalidValue, "%s: parameters are taken as one buffer only", k.name);
  if (p.bytes != k.parameter_bytes)
    return refuse(kInvalidValue, "%s: %zu bytes of parameters, but its struct has %zu", k.name, p.bytes,
                  k.parameter_bytes);
  // Aligned as any parameter may need to be.
  using Unit = std::max_align_t;
  std::shared_ptr<Unit[]> copy(new Unit[(p.bytes + sizeof(Unit) - 1) / sizeof(Unit)]);
  std::memcpy(copy.get(), p.data, p.bytes);
  return submit(
      s, [=, &k] { return emulation::run(k, dim3(gx, gy, gz), dim3(bx, by, bz), shared_bytes, copy.get()); });
}

// ---- memory

TENON_EXPORT Result cuMemGetInfo_v2(size_t* free, size_t* total) {
  TENON_READY;
  *free = current_device().memory.free();
  *total = current_device().memory.total();
  return kSuccess;
}

TENON_EXPORT Result cuMemAlloc_v2(Address* address, size_t bytes) {
  TENON_READY;
  if (const Result r = breaks_capture()) return r;
  if (bytes == 0) return kInvalidValue;
  void* const p = current_device().memory.allocate(bytes);
  *address = reinterpret_cast<Address>(p);
  return p ? kSuccess : kOutOfMemory;
}

TENON_EXPORT Result cuMemFree_v2(Address address) {
  TENON_READY;
  if (const Result r = breaks_capture()) return r;
  settle(current_device());
  if (address == 0 || current_device().memory.release(pointer(address))) return kSuccess;
  return refuse(kInvalidValue, "cuMemFree: %#llx is no allocation of the current device", address);
}

TENON_EXPORT Result cuMemHostAlloc(void** address, size_t bytes, unsigned) {
  TENON_READY;
  if (const Result r = breaks_capture()) return r;
  if (bytes == 0) return kInvalidValue;
  *address = machine().pinned.allocate(bytes);
  return *address ? kSuccess : kOutOfMemory;
}

TENON_EXPORT Result cuMemFreeHost(void* address) {
  TENON_READY;
  if (const Result r = breaks_capture()) return r;
  for (const auto& c : machine().contexts) settle(c->device);
  return machine().pinned.release(address) ? kSuccess
                                           : refuse(kInvalidValue, "cuMemFreeHost: not pinned memory");
}

TENON_EXPORT Result cuMemcpyHtoDAsync_v2(Address to, const void* from, size_t bytes, Stream s) {
  TENON_READY;
  if (const Result r = usable(s)) return r;
  EmulatedDevice& d = current_device();
  if (!d.memory.holds(pointer(to), bytes)) return outside("cuMemcpyHtoD", to, bytes);
  const auto copy = [&d, to, bytes](const void* source) {
    if (!d.memory.holds(pointer(to), bytes)) return gone("cuMemcpyHtoD");
    std::memcpy(pointer(to), source, bytes);
    return std::string();
  };
  if (s->capture || machine().pinned.holds(from, bytes)) return submit(s, [=] { return copy(from); });
  const auto* const start = static_cast<const char*>(from);
  const auto now = std::make_shared<std::vector<char>>(start, start + bytes);
  return submit(s, [=] { return copy(now->data()); });
}

TENON_EXPORT Result cuMemcpyDtoHAsync_v2(void* to, Address from, size_t bytes, Stream s) {
  TENON_READY;
  if (const Result r = usable(s)) return r;
  EmulatedDevice& d = current_device();
  if (!d.memory.holds(pointer(from), bytes)) return outside("cuMemcpyDtoH", from, bytes);
  if (!s->capture) std::memset(to, 0xff, bytes);  // for whoever looks before the copy has been waited for
  return submit(s, [=, &d] {
    if (!d.memory.holds(pointer(from), bytes)) return gone("cuMemcpyDtoH");
    std::memcpy(to, pointer(from), bytes);
    return std::string();
  });
}

TENON_EXPORT Result cuMemcpyDtoDAsync_v2(Address to, Address from, size_t bytes, Stream s) {
  TENON_READY;
  if (const Result r = usable(s)) return r;
  EmulatedDevice& d = current_device();
  if (!d.memory.holds(pointer(from), bytes)) return outside("cuMemcpyDtoD", from, bytes);
  if (!d.memory.holds(pointer(to), bytes)) return outside("cuMemcpyDtoD", to, bytes);
  if (bytes > 0 && from < to + bytes && to < from + bytes)
    return refuse(kInvalidValue, "cuMemcpyDtoD: the two overlap");
  return submit(s, [=, &d] {
    if (!d.memory.holds(pointer(from), bytes) || !d.memory.holds(pointer(to), bytes))
      return gone("cuMemcpyDtoD");
    std::memcpy(pointer(to), pointer(from), bytes);
    return std::string();
  });
}

TENON_EXPORT Result cuMemcpyPeerAsync(Address to, Context to_context, Address from, Context from_context,
                                      size_t bytes, Stream s) {
  TENON_READY;
  if (const Result r = usable(s)) return r;
  EmulatedDevice &target = to_context->device, &source = from_context->device;
  if (!source.memory.holds(pointer(from), bytes)) return outside("cuMemcpyPeer", from, bytes);
  if (!target.memory.holds(pointer(to), bytes)) return outside("cuMemcpyPeer", to, bytes);
  return submit(s, [=, &target, &source] {
    if (!source.memory.holds(pointer(from), bytes) || !target.memory.holds(pointer(to), bytes))
      return gone("cuMemcpyPeer");
    const emulation::Opened opened_source(source.memory), opened_target(target.memory);
    std::memcpy(pointer(to), pointer(from), bytes);
    return std::string();
  });
}

TENON_EXPORT Result cuMemsetD8Async(Address to, unsigned char value, size_t bytes, Stream s) {
  TENON_READY;
  if (const Result r = usable(s)) return r;
  EmulatedDevice& d = current_device();
  if (!d.memory.holds(pointer(to), bytes)) return outside("cuMemsetD8", to, bytes);
  return submit(s, [=, &d] {
    if (!d.memory.holds(pointer(to), bytes)) return gone("cuMemsetD8");
    std::memset(pointer(to), value, bytes);
    return std::string();
  });
}

// ---- streams

TENON_EXPORT Result cuStreamCreate(Stream* s, unsigned) {
  TENON_READY;
  *s = new StreamObject{std::make_shared<Timeline>(current_device()), nullptr};
  machine().streams.insert(*s);
  return kSuccess;
}

TENON_EXPORT Result cuStreamDestroy_v2(Stream s) {
  TENON_READY;
  if (const Result r = usable(s)) return r;
  s->timeline->run_all();
  machine().streams.erase(s);
  delete s;
  return kSuccess;
}

/** Waiting for a stream that captures breaks its capture. */
static Result waitable(Stream s) {
  if (const Result r = usable(s)) return r;
  if (!s->capture) return kSuccess;
  s->capture->broken = true;
  return kCaptureUnsupported;
}

TENON_EXPORT Result cuStreamSynchronize(Stream s) {
  TENON_READY;
  if (const Result r = waitable(s)) return r;
  s->timeline->run_all();
  return ready();
}

TENON_EXPORT Result cuStreamQuery(Stream s) {
  TENON_READY;
  if (const Result r = waitable(s)) return r;
  if (s->timeline->reached(s->timeline->end())) return kSuccess;
  s->timeline->advance();  // a program may ask until it is done
  return current_device().failure.empty() ? kNotReady : kIllegalAddress;
}

TENON_EXPORT Result cuStreamWaitEvent(Stream s, Event e, unsigned) {
  TENON_READY;
  if (const Result r = usable(s)) return r;
  if (!live(machine().events, e)) return refuse(kInvalidHandle, "not an event");
  if (e->capture) {  // the stream takes part from now on
    if (s->capture && s->capture != e->capture) return kCaptureUnmatched;
    s->capture = e->capture;
    if (s == e->capture->origin)
      s->capture->unjoined.erase(e->captured_stream);
    else
      s->capture->unjoined.insert(s);
    return kSuccess;
  }
  if (!e->timeline) return kSuccess;
  if (s->capture) {
    s->capture->broken = true;
    return refuse(kCaptureUnsupported, "a captured stream waits for an event from outside of the capture");
  }
  const std::shared_ptr<Timeline> other = e->timeline;
  const uint64_t position = e->position;
  return submit(s, [=] {
    other->run_to(position);
    return std::string();
  });
}

// ---- events

TENON_EXPORT Result cuEventCreate(Event* e, unsigned flags) {
  TENON_READY;
  *e = new EventObject{current_device(), (flags & kEventNoTiming) == 0};
  machine().events.insert(*e);
  return kSuccess;
}

TENON_EXPORT Result cuEventDestroy_v2(Event e) {
  TENON_READY;
  if (machine().events.erase(e) == 0) return refuse(kInvalidHandle, "not an event");
  delete e;
  return kSuccess;
}

TENON_EXPORT Result cuEventRecord(Event e, Stream s) {
  TENON_READY;
  if (const Result r = usable(s)) return r;
  if (!live(machine().events, e) || &e->device != &s->device())
    return refuse(kInvalidHandle, "not an event of the stream's device");
  e->capture = s->capture;
  e->captured_stream = s->capture ? s : nullptr;
  e->timeline = nullptr;
  if (s->capture) return kSuccess;
  const auto reached = std::make_shared<Reached>();
  e->reached = reached;
  e->timeline = s->timeline;
  e->position = s->timeline->add([reached] {
    reached->time = std::chrono::steady_clock::now();
    return std::string();
  });
  return ready();
}

/** Whether an event can be waited for or asked. */
static Result askable(Event e) {
  if (!live(machine().events, e)) return refuse(kInvalidHandle, "not an event");
  if (!e->capture) return kSuccess;
  e->capture->broken = true;
  return kCapturedEvent;
}

TENON_EXPORT Result cuEventSynchronize(Event e) {
  TENON_READY;
  if (const Result r = askable(e)) return r;
  if (e->timeline) e->timeline->run_to(e->position);
  return e->device.failure.empty() ? kSuccess : kIllegalAddress;
}

TENON_EXPORT Result cuEventQuery(Event e) {
  TENON_READY;
  if (const Result r = askable(e)) return r;
  if (!e->timeline || e->timeline->reached(e->position)) return kSuccess;
  e->timeline->advance();
  return e->device.failure.empty() ? kNotReady : kIllegalAddress;
}

TENON_EXPORT Result cuEventElapsedTime(float* ms, Event start, Event end) {
  TENON_READY;
  for (Event e : {start, end}) {
    if (!live(machine().events, e) || !e->timed || !e->timeline)
      return refuse(kInvalidHandle, "not an event that was recorded with its time");
    if (!e->timeline->reached(e->position)) return kNotReady;
  }
  *ms = std::chrono::duration<float, std::milli>(end->reached->time - start->reached->time).count();
  return kSuccess;
}

// ---- graphs

TENON_EXPORT Result cuStreamBeginCapture_v2(Stream s, int) {
  TENON_READY;
  if (const Result r = usable(s)) return r;
  if (s->capture) return kCaptureUnsupported;
  s->capture = std::make_shared<Capture>();
  s->capture->origin = s;
  s->capture->thread = std::this_thread::get_id();
  machine().captures.push_back(s->capture);
  return kSuccess;
}

TENON_EXPORT Result cuStreamEndCapture(Stream s, Graph* graph) {
  TENON_READY;
  if (const Result r = usable(s)) return r;
  *graph = nullptr;
  const std::shared_ptr<Capture> c = s->capture;
  if (!c || c->origin != s) return kCaptureUnmatched;
  if (c->thread != std::this_thread::get_id()) return kCaptureWrongThread;
  auto& all = machine().captures;
  all.erase(std::find(all.begin(), all.end(), c));
  for (Stream other : machine().streams)
    if (other->capture == c) other->capture = nullptr;
  if (c->broken) return kCaptureInvalidated;
  if (!c->unjoined.empty()) return kCaptureUnjoined;
  *graph = new GraphObject{std::move(c->work), &s->device()};
  machine().graphs.insert(*graph);
  return kSuccess;
}

TENON_EXPORT Result cuGraphInstantiateWithFlags(GraphExec* exec, Graph graph, unsigned long long) {
  TENON_READY;
  if (!live(machine().graphs, graph)) return refuse(kInvalidHandle, "not a graph");
  *exec = new GraphExecObject{graph->work, graph->device};
  machine().graph_execs.insert(*exec);
  return kSuccess;
}

TENON_EXPORT Result cuGraphLaunch(GraphExec exec, Stream s) {
  TENON_READY;
  if (const Result r = usable(s)) return r;
  if (!live(machine().graph_execs, exec) || exec->device != &s->device())
    return refuse(kInvalidHandle, "not a graph of the stream's device");
  for (const Work& w : exec->work)
    if (const Result r = submit(s, w)) return r;
  return kSuccess;
}

TENON_EXPORT Result cuGraphExecDestroy(GraphExec exec) {
  TENON_READY;
  if (machine().graph_execs.erase(exec) == 0) return refuse(kInvalidHandle, "not a graph");
  delete exec;
  return kSuccess;
}

TENON_EXPORT Result cuGraphDestroy(Graph graph) {
  TENON_READY;
  if (machine().graphs.erase(graph) == 0) return refuse(kInvalidHandle, "not a graph");
  delete graph;
  return kSuccess;
}

/** As the functions above, for others: emulation::enqueue. */
Result enqueue(Stream s, std::function<std::string(EmulatedDevice&)> work) {
  TENON_READY;
  if (const Result r = usable(s)) return r;
  EmulatedDevice& d = s->device();
  return submit(s, [=, &d] { return work(d); });
}

}  // namespace driver

namespace emulation {

driver::Result enqueue(driver::Stream s, std::function<std::string(EmulatedDevice&)> work) {
  return driver::enqueue(s, std::move(work));
}

const driver::Api driver_api = {
#define TENON_ENTRY(member, symbol, parameters) &driver::symbol,
    TENON_CUDA_DRIVER(TENON_ENTRY)
#undef TENON_ENTRY
};

}  // namespace emulation
}  // namespace cuda
}  // namespace tenon
