#include "cuda/emulation/memory.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>

#include "cuda/emulation/sanitizers.h"

namespace tenon {
namespace cuda {
namespace emulation {
namespace {

constexpr size_t kAlignment = 256;  // CUDA's
constexpr size_t kPage = 64 << 10;  // at least any system's

/** Whether blocks are pages of their own, which can be locked. */
bool guarded() {
  static const bool value = [] {
    const char* const text = std::getenv("TENON_EMULATED_CUDA_GUARD");
    return text && *text && std::strcmp(text, "0") != 0;
  }();
  return value;
}

size_t pages(size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

bool inside(const std::map<uintptr_t, size_t>& blocks, const void* p, size_t bytes) {
  const uintptr_t address = reinterpret_cast<uintptr_t>(p);
  auto after = blocks.upper_bound(address);
  if (after == blocks.begin()) return false;
  const auto& [start, size] = *--after;
  return address - start <= size && bytes <= size - (address - start);
}

}  // namespace

void* Memory::allocate(size_t bytes) {
  if (bytes == 0 || bytes > free()) return nullptr;
  void* p = nullptr;
  if (guarded()) {
    p = mmap(nullptr, pages(bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return nullptr;
  } else if (posix_memalign(&p, kAlignment, bytes) != 0) {
    return nullptr;
  }
  std::memset(p, 0xff, bytes);
  used_ += bytes;
  blocks_.emplace(reinterpret_cast<uintptr_t>(p), bytes);
  if (opened_ == 0) set_access(false);
  return p;
}

bool Memory::release(void* p) {
  const auto block = blocks_.find(reinterpret_cast<uintptr_t>(p));
  if (block == blocks_.end()) return false;
  if (guarded()) {
    munmap(p, pages(block->second));
  } else {
    permit(p, block->second);
    std::free(p);
  }
  used_ -= block->second;
  blocks_.erase(block);
  return true;
}

bool Memory::holds(const void* p, size_t bytes) const { return inside(blocks_, p, bytes); }

void Memory::set_access(bool allowed) const {
  for (const auto& [address, bytes] : blocks_) {
    void* const p = reinterpret_cast<void*>(address);
    if (guarded()) mprotect(p, pages(bytes), allowed ? PROT_READ | PROT_WRITE : PROT_NONE);
    allowed ? permit(p, bytes) : forbid(p, bytes);
  }
}

void Memory::open() {
  if (opened_++ == 0) set_access(true);
}

void Memory::close() {
  if (--opened_ == 0) set_access(false);
}

void* PinnedMemory::allocate(size_t bytes) {
  void* p = nullptr;
  if (bytes == 0 || posix_memalign(&p, kAlignment, bytes) != 0) return nullptr;
  blocks_.emplace(reinterpret_cast<uintptr_t>(p), bytes);
  return p;
}

bool PinnedMemory::release(void* p) {
  if (blocks_.erase(reinterpret_cast<uintptr_t>(p)) == 0) return false;
  std::free(p);
  return true;
}

bool PinnedMemory::holds(const void* p, size_t bytes) const { return inside(blocks_, p, bytes); }

}  // namespace emulation
}  // namespace cuda
}  // namespace tenon
