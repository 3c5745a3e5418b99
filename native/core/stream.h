// The CPU stream: launches run in the order they were submitted.
#pragma once
#include <cstdint>

#include "core/launch.h"

namespace tenon {

/** Sees every launch before it runs: the hook for capture, tracing and tests. */
class Recorder {
 public:
  virtual ~Recorder() = default;
  virtual void record(const Launch&) = 0;
};

/** Sees every launch after it ran, and when (clock_ns), on the thread that ran it. */
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void executed(const Launch&, int64_t start, int64_t end) noexcept = 0;
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

  /** Null takes the recorder out. */
  void set_recorder(Recorder* recorder) { recorder_ = recorder; }

  /** Null takes the observer out. The stream is idle meanwhile. */
  void set_observer(Observer* observer) { observer_ = observer; }

  /** Tickets: launches submitted and completed so far. A launch may run inline only when they are equal. */
  uint64_t submitted() const { return submitted_; }
  uint64_t completed() const { return completed_; }

 private:
  /** Runs the kernel, on whichever thread the launch is executed by; a failure is written to launch.error. */
  void execute(const Launch&);
  void execute_observed(const Launch&);
  void run_kernel(const Launch&);

  const Kernel* kernels_;
  Recorder* recorder_ = nullptr;
  Observer* observer_ = nullptr;
  uint64_t submitted_ = 0, completed_ = 0;
  Scratch scratch_;
  LaunchError error_;
};

}  // namespace tenon
