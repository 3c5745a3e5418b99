#include "core/launch.h"

#include <cstdarg>
#include <cstdio>
#include <new>

#include "core/aligned.h"

namespace tenon {

void set_error(LaunchError& error, ErrorCode code, const char* format, ...) {
  error.code = code;
  va_list args;
  va_start(args, format);
  std::vsnprintf(error.message, sizeof error.message, format, args);
  va_end(args);
}

Scratch::~Scratch() { aligned_release(data_); }

void* Scratch::bytes(size_t n) {
  if (n > capacity_) {
    aligned_release(data_);
    data_ = nullptr;
    capacity_ = 0;
    data_ = aligned_acquire(n);
    if (!data_) throw std::bad_alloc();
    capacity_ = n;
  }
  return data_;
}

}  // namespace tenon
