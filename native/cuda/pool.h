// A device's memory, as one environment has it: blocks by size class, cut from slabs when they are small,
// kept for reuse when they are free.
#pragma once
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "core/storage.h"
#include "cuda/driver.h"

namespace tenon {
namespace cuda {

struct Slab;

/** A block of device memory; its header is the host's. */
struct Block : ForeignStorage {
  Slab* slab = nullptr;  // null: the block is an allocation of its own
  int stream = 0;        // of the device's streams, the last to use it: see Device::order
  Block* next_free = nullptr;
};

/** In bytes. */
struct PoolStats {
  int64_t allocated = 0, reserved = 0;  // in blocks in use; held of the driver
  int64_t peak_allocated = 0, peak_reserved = 0;
  int64_t allocations = 0;  // asked of the driver so far
  int64_t blocks = 0;       // in use
};

/**
 * Used by one thread. A block is given out again while launches that used it are under way: whoever takes it
 * orders his stream behind `Block::stream`. TENON_CUDA_NO_CACHE=1 keeps nothing and gives blocks of exactly
 * the bytes asked for, for memory checkers.
 */
class Pool {
 public:
  /** `settle` waits for everything that may use blocks: called before memory goes back to the driver. */
  Pool(const driver::Api& api, void (*settle)(void*), void* context);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /** Null when the device has no memory left, free blocks included. The context is current. */
  Block* allocate(int64_t bytes);
  void release(Block*);
  /** Gives the free blocks back to the driver. */
  void empty_cache();

  const PoolStats& stats() const { return stats_; }
  void reset_peak();

 private:
  static constexpr int kClasses = 4 * 40;
  Block* take(int size_class);
  Block* from_slab(int size_class);
  Block* direct(int64_t capacity, int size_class);
  driver::Address reserve(int64_t bytes);
  void give_back(driver::Address, int64_t bytes);

  const driver::Api& api_;
  void (*settle_)(void*);
  void* context_;
  bool caches_;
  Block* free_[kClasses] = {nullptr};
  std::vector<std::unique_ptr<Slab>> slabs_;
  PoolStats stats_;
};

}  // namespace cuda
}  // namespace tenon
