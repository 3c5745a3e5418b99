#include "cuda/pool.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace tenon {
namespace cuda {

/** One allocation of the driver's, cut into blocks of one class. */
struct Slab {
  driver::Address address;
  int64_t bytes;
  int64_t in_use = 0;
};

namespace {

constexpr int64_t kMinimum = 512;
constexpr int64_t kSlab = int64_t{2} << 20;
constexpr int64_t kLargestInSlab = int64_t{1} << 20;

/** Bytes of class c: four steps to the octave, in units of 512 bytes. */
int64_t class_bytes(int c) {
  const int64_t octave = kMinimum << (c / 4);
  return (octave + octave / 4 * (c % 4) + kMinimum - 1) / kMinimum * kMinimum;
}

int class_of(int64_t bytes) {
  int c = 0;
  while (class_bytes(c + 4) < bytes) c += 4;
  while (class_bytes(c) < bytes) c++;
  return c;
}

bool caching() {
  const char* text = std::getenv("TENON_CUDA_NO_CACHE");
  return !(text && *text && std::strcmp(text, "0") != 0);
}

}  // namespace

Pool::Pool(const driver::Api& api, void (*settle)(void*), void* context)
    : api_(api), settle_(settle), context_(context), caches_(caching()) {}

Pool::~Pool() { empty_cache(); }

driver::Address Pool::reserve(int64_t bytes) {
  driver::Address address = 0;
  const size_t size = static_cast<size_t>(bytes > 0 ? bytes : 1);
  if (api_.MemAlloc(&address, size) != driver::kSuccess) {
    empty_cache();
    if (api_.MemAlloc(&address, size) != driver::kSuccess) return 0;
  }
  stats_.allocations++;
  stats_.reserved += bytes;
  stats_.peak_reserved = std::max(stats_.peak_reserved, stats_.reserved);
  return address;
}

void Pool::give_back(driver::Address address, int64_t bytes) {
  api_.MemFree(address);
  stats_.reserved -= bytes;
}

/** A free block of the class, or, of a large one, of up to three classes more. */
Block* Pool::take(int size_class) {
  const int last = class_bytes(size_class) > kLargestInSlab ? size_class + 3 : size_class;
  for (int c = size_class; c <= last && c < kClasses; c++) {
    Block* b = free_[c];
    if (!b) continue;
    free_[c] = b->next_free;
    if (b->slab) b->slab->in_use++;
    return b;
  }
  return nullptr;
}

Block* Pool::direct(int64_t capacity, int size_class) {
  const driver::Address address = reserve(capacity);
  if (!address) return nullptr;
  Block* b = new Block;
  b->address = reinterpret_cast<void*>(address);
  b->capacity = capacity;
  b->size_class = static_cast<uint16_t>(size_class);
  return b;
}

Block* Pool::from_slab(int size_class) {
  const driver::Address address = reserve(kSlab);
  if (!address) return nullptr;
  slabs_.push_back(std::unique_ptr<Slab>(new Slab{address, kSlab}));
  Slab* const slab = slabs_.back().get();
  const int64_t capacity = class_bytes(size_class);
  for (int64_t at = (kSlab / capacity - 1) * capacity; at >= 0; at -= capacity) {
    Block* b = new Block;
    b->address = reinterpret_cast<void*>(address + static_cast<driver::Address>(at));
    b->capacity = capacity;
    b->size_class = static_cast<uint16_t>(size_class);
    b->slab = slab;
    b->next_free = free_[size_class];
    free_[size_class] = b;
  }
  return take(size_class);
}

Block* Pool::allocate(int64_t bytes) {
  constexpr int64_t limit = int64_t{1} << 44;
  if (bytes < 0 || bytes > limit) return nullptr;
  Block* b;
  if (caches_) {
    const int c = class_of(bytes);
    const int64_t capacity = class_bytes(c);
    b = take(c);
    if (!b) b = capacity <= kLargestInSlab ? from_slab(c) : direct(capacity, c);
  } else {
    b = direct(bytes, 0);
  }
  if (!b) return nullptr;
  b->references.store(1, std::memory_order_relaxed);
  b->bytes = bytes;
  stats_.allocated += b->capacity;
  stats_.peak_allocated = std::max(stats_.peak_allocated, stats_.allocated);
  stats_.blocks++;
  return b;
}

void Pool::release(Block* b) {
  stats_.allocated -= b->capacity;
  stats_.blocks--;
  if (b->slab) b->slab->in_use--;
  b->next_free = free_[b->size_class];
  free_[b->size_class] = b;
  if (!caches_) empty_cache();
}

void Pool::empty_cache() {
  bool settled = false;
  for (Block*& head : free_) {
    for (Block** at = &head; *at;) {
      Block* b = *at;
      if (b->slab && b->slab->in_use > 0) {
        at = &b->next_free;
        continue;
      }
      if (!settled) settle_(context_);
      settled = true;
      *at = b->next_free;
      if (!b->slab) give_back(reinterpret_cast<driver::Address>(b->address), b->capacity);
      delete b;
    }
  }
  const auto unused = std::remove_if(slabs_.begin(), slabs_.end(), [&](const std::unique_ptr<Slab>& slab) {
    if (slab->in_use > 0) return false;
    give_back(slab->address, slab->bytes);
    return true;
  });
  slabs_.erase(unused, slabs_.end());
}

void Pool::reset_peak() {
  stats_.peak_allocated = stats_.allocated;
  stats_.peak_reserved = stats_.reserved;
}

}  // namespace cuda
}  // namespace tenon
