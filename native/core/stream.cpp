#include "core/stream.h"

#include <new>

#include "cpu/kernel_table.h"

namespace tenon {

CpuStream::CpuStream() : kernels_(cpu_kernels()) {}

bool CpuStream::submit(Launch& launch) {
  error_.code = ErrorCode::none;
  launch.scratch = &scratch_;
  launch.error = &error_;
  if (recorder_) recorder_->record(launch);
  submitted_++;
  try {
    kernels_[launch.op](launch);
  } catch (const std::bad_alloc&) {
    set_error(error_, ErrorCode::out_of_memory, "%s: no memory for the kernel's working space",
              op_name(launch.op));
  }
  completed_++;
  return !error_;
}

}  // namespace tenon
