#include "core/stream.h"

#include <new>

#include "core/launch_log.h"
#include "cpu/kernel_table.h"

namespace tenon {

CpuStream::CpuStream() : kernels_(cpu_kernels()) {}

void CpuStream::execute(const Launch& launch) {
  if (observer_) return execute_observed(launch);
  run_kernel(launch);
}

void CpuStream::execute_observed(const Launch& launch) {
  const int64_t start = clock_ns();
  run_kernel(launch);
  observer_->executed(launch, start, clock_ns());
}

void CpuStream::run_kernel(const Launch& launch) {
  try {
    kernels_[launch.op](launch);
  } catch (const std::bad_alloc&) {
    set_error(*launch.error, ErrorCode::out_of_memory, "%s: no memory for the kernel's working space",
              op_name(launch.op));
  }
}

bool CpuStream::submit(Launch& launch) {
  error_.code = ErrorCode::none;
  launch.scratch = &scratch_;
  launch.error = &error_;
  if (recorder_) recorder_->record(launch);
  submitted_++;
  execute(launch);
  completed_++;
  return !error_;
}

}  // namespace tenon
