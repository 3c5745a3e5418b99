// What ran on a stream and for how long: records for the profiler, lines for TENON_TRACE.
#pragma once
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "core/stream.h"

namespace tenon {

/** Nanoseconds of the clock that launches are timed with. */
int64_t clock_ns();

/**
 * Written on the thread that runs the launches, read by the stream's owner while the stream is idle.
 *
 * A record is a row of numbers: op, whether it ran on the owner's thread, tag, start, end (ns), outputs,
 * inputs; then of each operand its dtype, the bytes that it covers, its rank and its sizes.
 */
class LaunchLog : public Observer {
 public:
  /** Made by the stream's owner. */
  LaunchLog() : owner_(std::this_thread::get_id()) {}

  void executed(const Launch&, int64_t start, int64_t end) noexcept override;

  bool keep = false;   // records
  bool print = false;  // a line for each launch, to stderr
  const std::vector<double>& records() const { return records_; }
  /** Launches without a record: there was no memory for it, or there are too many. */
  uint64_t lost() const { return lost_; }
  void clear();

 private:
  void append(const Launch&, int64_t start, int64_t end);

  static constexpr size_t kMost = size_t{1} << 26;  // numbers: 512 MB

  std::thread::id owner_;
  std::vector<double> records_;
  uint64_t lost_ = 0;
};

}  // namespace tenon
