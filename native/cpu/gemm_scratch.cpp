#include "cpu/gemm_scratch.h"

#include "core/aligned.h"
#include "core/storage.h"

namespace tenon {

namespace {

struct Buffer {
  void* data = nullptr;
  size_t capacity = 0;
  ~Buffer() { release(); }
  void release() {
    if (!data) return;
    aligned_release(data);
    data = nullptr;
    return_working(static_cast<int64_t>(capacity));
    capacity = 0;
  }
};

}  // namespace

void* gemm_scratch(int which, size_t bytes) {
  static thread_local Buffer buffers[2];
  Buffer& b = buffers[which];
  if (b.capacity < bytes) {
    b.release();
    if (!reserve_working(static_cast<int64_t>(bytes))) return nullptr;
    b.data = aligned_acquire(bytes);
    if (!b.data) {
      return_working(static_cast<int64_t>(bytes));
      return nullptr;
    }
    b.capacity = bytes;
  }
  return b.data;
}

}  // namespace tenon
