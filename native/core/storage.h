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
  uint16_t size_class = 0;
  bool shared = false;      // other environments may hold it, and write to it at any time
  int64_t bytes = 0;        // what was asked for
  int64_t capacity = 0;     // what the class holds
  Storage* next = nullptr;  // the next free block, while this one is free
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
 * depot. Classes are four steps to the octave, of whole cache lines: at most a fifth of a block is unused, or
 * less than 64 bytes (64, when none were asked for). Nothing is zero-filled.
 */
class BlockCache {
 public:
  BlockCache() = default;
  ~BlockCache();
  BlockCache(const BlockCache&) = delete;
  BlockCache& operator=(const BlockCache&) = delete;

  /** Null when the system has no memory. */
  Storage* allocate(int64_t bytes);
  /** Live bytes now, over all environments: cheap enough to ask after every command. */
  int64_t live_bytes() const;
  /** Adds this environment's changes to the totals; allocations do so only now and then. */
  void settle();
  /** Bytes of free blocks that only this environment can take. */
  int64_t kept_bytes() const;
  /** Gives them to all. */
  void surrender();
  void retain(Storage* s) { s->references.fetch_add(1, std::memory_order_relaxed); }
  void release(Storage* s) {
    // Who sees itself alone stays alone: nobody else can add a reference.
    if (s->references.load(std::memory_order_acquire) == 1 ||
        s->references.fetch_sub(1, std::memory_order_acq_rel) == 1)
      recycle(s);
  }

 private:
  static constexpr int kSmallClasses = 48;            // up to 224 KB
  static constexpr int64_t kKept = int64_t{2} << 20;  // bytes free in one class before others may have them
  static constexpr int64_t kUnsettled = int64_t{1} << 16;  // bytes of change before the totals are told
  void recycle(Storage*);
  void note(int64_t change);
  struct Stack {
    Storage* top = nullptr;
    int64_t bytes = 0;
  };
  Stack small_[kSmallClasses];
  int64_t unsettled_ = 0;
};

MemoryStats memory_stats();
void reset_peak_memory();
/** Returns the depot's free blocks to the system. */
void empty_cache();

}  // namespace tenon
