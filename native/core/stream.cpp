#include "core/stream.h"

#include <new>

#include "core/launch_log.h"
#include "cpu/kernel_table.h"

namespace tenon {

CpuStream::CpuStream() : kernels_(cpu_kernels()) {}

void CpuStream::execute(const Launch& launch) {
  const int64_t start = observer_ ? clock_ns() : 0;
  try {
    kernels_[launch.op](launch);
  } catch (const std::bad_alloc&) {
    set_error(*launch.error, ErrorCode::out_of_memory, "%s: no memory for the kernel's working space",
              op_name(launch.op));
  }
  if (observer_) observer_->executed(launch, start, clock_ns());
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
