#include "core/stream.h"

#include <new>

#include "cpu/kernel_table.h"

namespace tenon {

CpuStream::CpuStream() : kernels_(cpu_kernels()) {}

void CpuStream::execute(const Launch& launch) {
  try {
    // A plain copy looks at nothing twice.
    if (launch.unsteady && launch.op != static_cast<uint16_t>(Op::copy))
      kernels_[launch.op](steady_.copy(launch));
    else
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
