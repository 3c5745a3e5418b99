// What the process has of CUDA: the driver, its devices, and the kernels loaded on them. Found out once, when
// a device is first asked for.
#pragma once
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "cuda/driver.h"
#include "cuda/images.h"
#include "cuda/modules.h"

namespace tenon {
namespace cuda {

/** A device, as all environments share it. */
class SystemDevice {
 public:
  std::string name;
  int major = 0, minor = 0, multiprocessors = 0;
  size_t total_bytes = 0;
  size_t largest_shared = 48 << 10;  // bytes of shared memory that a block may ask for
  driver::Device handle = 0;

  /** The primary context, made on first use; null, with a reason, when it or the kernels can't be loaded. */
  driver::Context context(std::string& reason);
  /**
   * As Queue::capability(): the device's, or less where the driver took only code for a predecessor. Known
   * once the context exists.
   */
  int capability() const { return capability_; }
  /** A kernel by name; null, with a reason, when it can't be had. The context exists and is current. */
  driver::Function function(const char* name, std::string& reason);

 private:
  bool choose_kernels(std::string& reason);
  driver::Result ask_code();

  std::mutex mutex_;
  driver::Context context_ = nullptr;
  int capability_ = 0;
  Images images_;
  Modules modules_;
  std::unordered_map<std::string, driver::Function> functions_;
};

struct System {
  const driver::Api* api = nullptr;  // null: no CUDA
  std::string reason;                // why none
  int version = 0;                   // the driver's: 1000 major + 10 minor
  bool emulated = false;             // by the library that tests use
  std::vector<SystemDevice*> devices;
};

/** `images` is the path of the kernels' file; the first caller's counts. */
const System& system(const std::string& images = std::string());

/** A driver's result in words. */
std::string describe(driver::Result);

/** Makes a context the calling thread's, unless it is. */
driver::Result make_current(driver::Context);

}  // namespace cuda
}  // namespace tenon
