// Counted blocks of memory, and the caching allocator they come from.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace tenon {

struct LaunchError;

/**
 * A block that tensors share. The header stands in front of its bytes, in one allocation. Blocks are
 * process-wide: any environment may drop the last reference.
 */
struct alignas(64) Storage {
  std::atomic<int32_t> references{1};
  uint16_t size_class = 0;
  bool shared = false;      // other environments may hold it, and write to it at any time
  uint8_t place = 0;        // whose memory: 0 the host's, else a device's
  int64_t bytes = 0;        // what was asked for
  int64_t capacity = 0;     // what the class holds
  Storage* next = nullptr;  // the next free block, while this one is free
  /** Of the one environment's stream that uses it: the last launch to touch it, and to write to it. */
  uint64_t used = 0, written = 0;
  std::shared_ptr<const LaunchError> failure;  // why its bytes are not what was asked for (core/stream.h)
  inline void* data();
};

/** A block of a device's memory; who made it takes it back. The address is the device's. */
struct ForeignStorage : Storage {
  void* address = nullptr;
  void* owner = nullptr;
  void (*take_back)(void* owner, ForeignStorage*) = nullptr;
};

inline void* Storage::data() {
  return place == 0 ? static_cast<void*>(this + 1) : static_cast<ForeignStorage*>(this)->address;
}

constexpr int64_t kNoLimit = INT64_MAX;

/** Totals in bytes, over all environments. */
struct MemoryStats {
  int64_t live = 0;          // in storages that have references
  int64_t peak = 0;          // of live, since the start or reset_peak
  int64_t cached = 0;        // free, kept for reuse
  int64_t working = 0;       // kernels' working space
  int64_t limit = kNoLimit;  // of live, cached and working together
  int64_t allocations = 0;   // blocks asked of the system so far
};

/**
 * A limit on all that tensors hold of the system, free blocks and kernels' working space included: an
 * allocation beyond it fails as if there were no memory. Lowering it gives cached blocks back.
 */
void set_memory_limit(int64_t bytes);
int64_t memory_limit();
/** Sets it unless that has been done before. */
void set_default_memory_limit(int64_t bytes);

/** Takes bytes that are no storage's out of what the limit allows; false: it does not. */
bool reserve_working(int64_t bytes);
void return_working(int64_t bytes);

/**
 * One per environment: a small stack of free blocks per size class, without locks, over a shared, locked
 * depot. Classes are four steps to the octave, of whole cache lines: at most a fifth of a block is unused, or
 * less than 64 bytes (64, when none were asked for). Nothing is zero-filled.
 *
 * A block that launches of this environment's stream still use may be taken again here at once: later
 * launches come after them. Others get it when those are complete.
 */
class BlockCache {
 public:
  BlockCache() = default;
  ~BlockCache();
  BlockCache(const BlockCache&) = delete;
  BlockCache& operator=(const BlockCache&) = delete;

  /** Says which launches are complete: the stream's counter. */
  void follow(const std::atomic<uint64_t>* completed) { completed_ = completed; }

  /** Null when the system has no memory, or the limit allows none. */
  Storage* allocate(int64_t bytes);
  /** Live bytes now, over all environments, and this one's on devices: cheap enough to ask after every
   * command. */
  int64_t live_bytes() const;
  /** Counts a block on a device that is about to be used; its release is noted by itself. */
  void adopt(const ForeignStorage* s) { foreign_ += s->capacity; }
  /** Adds this environment's changes to the totals; allocations do so only now and then. */
  void settle();
  /** Bytes of free blocks that only this environment can take. */
  int64_t kept_bytes() const;
  /** Gives them to all. */
  void surrender();
  /** Gives to all what was in use by launches that are complete now. */
  void hand_on_completed();
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
  bool in_flight(const Storage* s) const {
    return completed_ && s->used > completed_->load(std::memory_order_acquire);
  }
  void hand_on(Storage*);
  Storage* take_waiting(int size_class);
  void note(int64_t change);
  struct Stack {
    Storage* top = nullptr;
    int64_t bytes = 0;
  };
  Stack small_[kSmallClasses];
  Storage* waiting_ = nullptr;  // free, but launches in flight use them
  const std::atomic<uint64_t>* completed_ = nullptr;
  int64_t unsettled_ = 0;
  int64_t foreign_ = 0;  // bytes on devices
};

MemoryStats memory_stats();
void reset_peak_memory();
/** Returns the depot's free blocks to the system. */
void empty_cache();

}  // namespace tenon
