#include "cuda/system.h"

#include <cstdlib>

#include "cuda/kernels/about.h"
#include "cuda/library.h"

namespace tenon {
namespace cuda {

namespace {

#if defined(_WIN32)
constexpr const char* kLibrary = "nvcuda.dll";
#else
constexpr const char* kLibrary = "libcuda.so.1";
#endif

/** The kernel that tells what the code was compiled for. */
constexpr const char* kAboutCode = "about_code";

driver::Api api;
std::string images_path;

/** False, with the reason, when the driver is none or lacks a function. */
bool load(System& s) {
  const char* const other = std::getenv("TENON_CUDA_DRIVER");
  const bool named = other && *other;
  std::string why;
  void* const library = open_library(named ? other : kLibrary, why);
  if (!library) {
    s.reason = "no NVIDIA driver: " + why;
    return false;
  }
#define TENON_LOAD(member, name, parameters)                                           \
  api.member = reinterpret_cast<decltype(api.member)>(library_symbol(library, #name)); \
  if (!api.member) {                                                                   \
    s.reason = "the NVIDIA driver is too old: it has no " #name;                       \
    return false;                                                                      \
  }
  TENON_CUDA_DRIVER(TENON_LOAD)
#undef TENON_LOAD
  s.emulated = library_symbol(library, "tenon_emulated_cuda") != nullptr;
  return true;
}

bool find_devices(System& s) {
  int count = 0;
  const driver::Result started = api.Init(0);
  if (started != driver::kSuccess) {
    s.reason = "the NVIDIA driver can't be used: " + describe(started);
    return false;
  }
  api.DriverGetVersion(&s.version);
  if (api.DeviceGetCount(&count) != driver::kSuccess || count == 0) {
    s.reason = "the NVIDIA driver sees no device (CUDA_VISIBLE_DEVICES may hide them)";
    return false;
  }
  for (int i = 0; i < count; i++) {
    SystemDevice* d = new SystemDevice;
    char name[256] = {0};
    int shared = 0;
    const bool known = api.DeviceGet(&d->handle, i) == driver::kSuccess &&
                       api.DeviceGetName(name, sizeof name - 1, d->handle) == driver::kSuccess &&
                       api.DeviceGetAttribute(&d->major, driver::kMajor, d->handle) == driver::kSuccess &&
                       api.DeviceGetAttribute(&d->minor, driver::kMinor, d->handle) == driver::kSuccess &&
                       api.DeviceGetAttribute(&d->multiprocessors, driver::kMultiprocessors, d->handle) ==
                           driver::kSuccess &&
                       api.DeviceTotalMem(&d->total_bytes, d->handle) == driver::kSuccess;
    if (!known) {
      delete d;
      s.reason = "the NVIDIA driver does not describe device " + std::to_string(i);
      return false;
    }
    if (api.DeviceGetAttribute(&shared, driver::kSharedBytesOptIn, d->handle) == driver::kSuccess &&
        shared > 0)
      d->largest_shared = static_cast<size_t>(shared);
    d->name = name;
    s.devices.push_back(d);
  }
  return true;
}

/** Leaked: environments end after static destructors. */
System& found() {
  static System* const s = [] {
    System* made = new System;
    if (load(*made)) {
      made->api = &api;  // describe() wants it
      if (!find_devices(*made)) made->api = nullptr;
    }
    return made;
  }();
  return *s;
}

}  // namespace

const System& system(const std::string& images) {
  static std::once_flag once;
  std::call_once(once, [&] { images_path = images; });
  return found();
}

std::string describe(driver::Result result) {
  const char *name = nullptr, *text = nullptr;
  if (api.GetErrorName) api.GetErrorName(result, &name);
  if (api.GetErrorString) api.GetErrorString(result, &text);
  std::string words = name ? name : "error " + std::to_string(result);
  if (text) words += std::string(" (") + text + ")";
  return words;
}

driver::Result make_current(driver::Context context) {
  static thread_local driver::Context current = nullptr;
  if (current == context) return driver::kSuccess;
  const driver::Result result = api.CtxSetCurrent(context);
  if (result == driver::kSuccess) current = context;
  return result;
}

driver::Context SystemDevice::context(std::string& reason) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (context_) return context_;
  driver::Context made = nullptr;
  driver::Result result = api.PrimaryCtxRetain(&made, handle);
  if (result == driver::kSuccess) result = make_current(made);
  if (result != driver::kSuccess) {
    reason = "no context on " + name + ": " + describe(result);
    return nullptr;
  }
  if (!choose_kernels(reason)) return nullptr;
  result = ask_code();
  if (result != driver::kSuccess) {
    reason = "the CUDA kernels don't run on " + name + ": " + describe(result);
    return nullptr;
  }
  return context_ = made;
}

bool SystemDevice::choose_kernels(std::string& reason) {
  if (found().emulated) {
    reason = "the emulation has no CUDA kernels";
    return modules_.open_linked(api);
  }
  if (images_.read(images_path) != Images::Problem::kNone) {
    reason = "this build has no CUDA kernels: " + images_.reason();
    return false;
  }
  if (modules_.open(api, images_, 10 * major + minor, kAboutCode)) return true;
  reason = modules_.reason().empty()
               ? "this build has no CUDA kernels for " + name
               : "the CUDA kernels can't be loaded on " + name + ": " + modules_.reason();
  return false;
}

/** Asks the loaded code what it was compiled for. */
driver::Result SystemDevice::ask_code() {
  capability_ = 10 * major + minor;
  const driver::Function about = modules_.find(kAboutCode);
  if (!about) return driver::kNotFound;
  driver::Address memory = 0;
  driver::Stream stream = nullptr;
  driver::Result result = api.MemAlloc(&memory, sizeof(CodeFacts));
  if (result == driver::kSuccess) result = api.StreamCreate(&stream, driver::kStreamNonBlocking);
  AboutCode parameters = {reinterpret_cast<CodeFacts*>(memory)};
  size_t bytes = sizeof parameters;
  void* extra[] = {driver::kParameterBuffer, &parameters, driver::kParameterSize, &bytes,
                   driver::kParameterEnd};
  CodeFacts facts = {0, 0};
  if (result == driver::kSuccess)
    result = api.LaunchKernel(about, 1, 1, 1, 32, 1, 1, 0, stream, nullptr, extra);
  if (result == driver::kSuccess) result = api.MemcpyDtoHAsync(&facts, memory, sizeof facts, stream);
  if (result == driver::kSuccess) result = api.StreamSynchronize(stream);
  if (stream) api.StreamDestroy(stream);
  if (memory) api.MemFree(memory);
  if (result == driver::kSuccess && facts.capability < capability_) capability_ = facts.capability;
  return result;
}

driver::Function SystemDevice::function(const char* kernel, std::string& reason) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto known = functions_.find(kernel);
  if (known != functions_.end()) return known->second;
  const driver::Function f = modules_.find(kernel);
  if (f)
    functions_.emplace(kernel, f);
  else
    reason = modules_.reason();
  return f;
}

}  // namespace cuda
}  // namespace tenon
