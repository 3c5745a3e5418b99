// The memory of an emulated device, in blocks of exactly the size asked for; and pinned memory of the host.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>

namespace tenon {
namespace cuda {
namespace emulation {

/**
 * Addresses are the process's own, but what is there may only be touched between open() and close():
 * AddressSanitizer reports it otherwise; with TENON_EMULATED_CUDA_GUARD=1 it ends the process. A block starts
 * as 0xff in every byte: NaN.
 */
class Memory {
 public:
  explicit Memory(size_t total) : total_(total) {}
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  /** Null if there is not as much left. */
  void* allocate(size_t bytes);
  /** False for what is not the start of a block. */
  bool release(void*);
  /** Whether the bytes are all in one block. */
  bool holds(const void* p, size_t bytes) const;
  /** May be nested. */
  void open();
  void close();
  size_t total() const { return total_; }
  size_t free() const { return total_ - used_; }

 private:
  void set_access(bool) const;
  size_t total_, used_ = 0;
  int opened_ = 0;
  std::map<uintptr_t, size_t> blocks_;
};

/** Pinned memory is read and written when a copy runs, not when it is asked for. */
class PinnedMemory {
 public:
  void* allocate(size_t bytes);
  bool release(void*);
  bool holds(const void* p, size_t bytes) const;

 private:
  std::map<uintptr_t, size_t> blocks_;
};

/** Opens memory while it lives. */
class Opened {
 public:
  explicit Opened(Memory& m) : memory_(m) { m.open(); }
  ~Opened() { memory_.close(); }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;

 private:
  Memory& memory_;
};

}  // namespace emulation
}  // namespace cuda
}  // namespace tenon
