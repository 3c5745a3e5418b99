// Counted blocks of memory, and the caching allocator they come from.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace tenon {

/**
 * A block that tensors share. The header stands in front of its bytes, in one allocation. Blocks are
 * process-wide: any environment may drop the last reference.
 */
struct alignas(64) Storage {
  std::atomic<int32_t> references{1};
  uint32_t size_class = 0;
  int64_t bytes = 0;     // what was asked for
  int64_t capacity = 0;  // what the class holds
  void* data() { return this + 1; }
};

/** Totals in bytes, over all environments. */
struct MemoryStats {
  int64_t live = 0;         // in storages that have references
  int64_t peak = 0;         // of live, since the start or reset_peak
  int64_t cached = 0;       // free, kept for reuse
  int64_t allocations = 0;  // blocks asked of the system so far
};

/**
 * One per environment: a small stack of free blocks per size class, without locks, over a shared, locked
 * depot. Classes are four steps to the octave, so that at most a fifth of a block is unused. Nothing is
 * zero-filled.
 */
class BlockCache {
 public:
  BlockCache() = default;
  ~BlockCache();
  BlockCache(const BlockCache&) = delete;
  BlockCache& operator=(const BlockCache&) = delete;

  /** Null when the system has no memory. */
  Storage* allocate(int64_t bytes);
  void retain(Storage* s) { s->references.fetch_add(1, std::memory_order_relaxed); }
  void release(Storage* s) {
    if (s->references.fetch_sub(1, std::memory_order_acq_rel) == 1) recycle(s);
  }

 private:
  static constexpr int kSmallClasses = 48;  // up to 256 KB
  static constexpr int kDepth = 16;
  void recycle(Storage*);
  struct Stack {
    Storage* block[kDepth];
    int size = 0;
  };
  Stack small_[kSmallClasses];
};

MemoryStats memory_stats();
/** Live bytes now: cheap enough to ask after every command. */
int64_t live_bytes();
void reset_peak_memory();
/** Returns the depot's free blocks to the system. */
void empty_cache();

}  // namespace tenon
