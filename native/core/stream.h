// The CPU stream: launches run in the order they were submitted.
#pragma once
#include <cstdint>

#include "core/launch.h"
#include "core/steady.h"

namespace tenon {

/** Sees every launch before it runs: the hook for capture, tracing and tests. */
class Recorder {
 public:
  virtual ~Recorder() = default;
  virtual void record(const Launch&) = 0;
};

class CpuStream {
 public:
  CpuStream();
  /**
   * Runs the launch; views and scalars need to live only until it returns. False on failure: the reason is in
   * error() until the next submit, and nothing was written.
   */
  bool submit(Launch&);
  const LaunchError& error() const { return error_; }

  /** Returns when every launch submitted so far has run. */
  void drain() {}

  /** Null takes the recorder out. */
  void set_recorder(Recorder* recorder) { recorder_ = recorder; }

  /** Tickets: launches submitted and completed so far. A launch may run inline only when they are equal. */
  uint64_t submitted() const { return submitted_; }
  uint64_t completed() const { return completed_; }

 private:
  /** Runs the kernel, on whichever thread the launch is executed by; a failure is written to launch.error. */
  void execute(const Launch&);

  const Kernel* kernels_;
  Recorder* recorder_ = nullptr;
  uint64_t submitted_ = 0, completed_ = 0;
  Scratch scratch_;
  Steady steady_;
  LaunchError error_;
};

}  // namespace tenon
