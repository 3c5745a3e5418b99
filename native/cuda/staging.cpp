#include "cuda/staging.h"

#include <algorithm>
#include <cstring>

namespace tenon {
namespace cuda {

driver::Result Staging::set_up() {
  void* memory = nullptr;
  driver::Result r = api_.MemHostAlloc(&memory, 2 * kHalf, 0);
  if (r != driver::kSuccess) return r;
  memory_ = static_cast<char*>(memory);
  for (driver::Event& event : done_)
    if (r == driver::kSuccess) r = api_.EventCreate(&event, driver::kEventNoTiming);
  if (r != driver::kSuccess) release();
  return r;
}

driver::Result Staging::write(driver::Address to, const void* from, size_t bytes, driver::Stream stream) {
  if (bytes >= kLarge) return api_.MemcpyHtoDAsync(to, from, bytes, stream);
  driver::Result r = memory_ ? driver::kSuccess : set_up();
  const char* source = static_cast<const char*>(from);
  while (bytes > 0 && r == driver::kSuccess) {
    if (at_ == kHalf) {
      // Copies of a half may have gone to several streams: each recorded its end.
      half_ ^= 1;
      at_ = 0;
      if (under_way_[half_]) r = api_.EventSynchronize(done_[half_]);
      under_way_[half_] = false;
      if (r != driver::kSuccess) break;
    }
    const size_t piece = std::min(bytes, kHalf - at_);
    char* const place = memory_ + static_cast<size_t>(half_) * kHalf + at_;
    // An event is behind one stream only: it must follow the copies that it was recorded behind before.
    if (under_way_[half_]) r = api_.StreamWaitEvent(stream, done_[half_], 0);
    std::memcpy(place, source, piece);
    if (r == driver::kSuccess) r = api_.MemcpyHtoDAsync(to, place, piece, stream);
    if (r == driver::kSuccess) r = api_.EventRecord(done_[half_], stream);
    under_way_[half_] = true;
    at_ = std::min(kHalf, (at_ + piece + 15) / 16 * 16);
    to += piece;
    source += piece;
    bytes -= piece;
  }
  return r;
}

void Staging::release() {
  for (driver::Event& event : done_) {
    if (event) api_.EventDestroy(event);
    event = nullptr;
  }
  if (memory_) api_.MemFreeHost(memory_);
  memory_ = nullptr;
}

}  // namespace cuda
}  // namespace tenon
