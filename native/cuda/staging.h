// Pinned memory that bytes pass through on their way to a device, so that the caller need not wait.
#pragma once
#include <cstddef>
#include <cstdint>

#include "cuda/driver.h"

namespace tenon {
namespace cuda {

/** Two halves: one is filled while copies from the other are under way. */
class Staging {
 public:
  explicit Staging(const driver::Api& api) : api_(api) {}
  ~Staging() { release(); }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  /** Copies `from`, which is read now, to the device in the stream's order. The context is current. */
  driver::Result write(driver::Address to, const void* from, size_t bytes, driver::Stream);
  /** Nothing is under way. */
  void release();

 private:
  static constexpr size_t kHalf = size_t{2} << 20;
  /** From this many bytes on the driver's own staging is as good. */
  static constexpr size_t kLarge = size_t{16} << 20;
  driver::Result set_up();

  const driver::Api& api_;
  char* memory_ = nullptr;
  driver::Event done_[2] = {nullptr, nullptr};
  bool under_way_[2] = {false, false};
  int half_ = 0;
  size_t at_ = 0;
};

}  // namespace cuda
}  // namespace tenon
