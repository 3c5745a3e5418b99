#include "cpu/gemm_scratch.h"

#include "core/aligned.h"

namespace tenon {

namespace {

struct Buffer {
  void* data = nullptr;
  size_t capacity = 0;
  ~Buffer() { aligned_release(data); }
};

}  // namespace

void* gemm_scratch(int which, size_t bytes) {
  static thread_local Buffer buffers[2];
  Buffer& b = buffers[which];
  if (b.capacity < bytes) {
    aligned_release(b.data);
    b.data = aligned_acquire(bytes);
    b.capacity = b.data ? bytes : 0;
  }
  return b.data;
}

}  // namespace tenon
