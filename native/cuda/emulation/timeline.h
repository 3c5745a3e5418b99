// The work of a stream, in its order, which is done no sooner than something waits for it: a missing wait
// shows as wrong data, not as luck.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "cuda/emulation/memory.h"

namespace tenon {
namespace cuda {
namespace emulation {

struct EmulatedDevice {
  EmulatedDevice(int i, size_t bytes) : index(i), memory(bytes) {}
  int index;
  Memory memory;
  std::string failure;  // once it is not empty, the device does nothing more
};

/** The error of what was done, or an empty string. */
using Work = std::function<std::string()>;

class Timeline {
 public:
  explicit Timeline(EmulatedDevice& device) : device_(device) {}
  Timeline(const Timeline&) = delete;
  Timeline& operator=(const Timeline&) = delete;

  /** Returns the position behind the work. */
  uint64_t add(Work);
  /** Does what is before a position, or all that there is. */
  void run_to(uint64_t position);
  void run_all() { run_to(added_); }
  /** Does a little of it. */
  void advance();
  bool reached(uint64_t position) const { return done_ >= position || !device_.failure.empty(); }
  uint64_t end() const { return added_; }
  EmulatedDevice& device() const { return device_; }

 private:
  EmulatedDevice& device_;
  std::deque<Work> waiting_;
  uint64_t done_ = 0, added_ = 0;
};

}  // namespace emulation
}  // namespace cuda
}  // namespace tenon
