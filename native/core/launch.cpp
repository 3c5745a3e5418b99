#include "core/launch.h"

#include <cstdarg>
#include <cstdio>
#include <new>

#include "core/aligned.h"
#include "core/storage.h"

namespace tenon {

void set_error(LaunchError& error, ErrorCode code, const char* format, ...) {
  error.code = code;
  va_list args;
  va_start(args, format);
  std::vsnprintf(error.message, sizeof error.message, format, args);
  va_end(args);
}

Scratch::~Scratch() { release(); }

void Scratch::release() {
  if (!data_) return;
  aligned_release(data_);
  data_ = nullptr;
  return_working(static_cast<int64_t>(capacity_));
  capacity_ = 0;
}

void* Scratch::bytes(size_t n) {
  if (n > capacity_) {
    release();
    if (n > SIZE_MAX / 2 || !reserve_working(static_cast<int64_t>(n))) throw std::bad_alloc();
    data_ = aligned_acquire(n);
    if (!data_) {
      return_working(static_cast<int64_t>(n));
      throw std::bad_alloc();
    }
    capacity_ = n;
  }
  return data_;
}

}  // namespace tenon
