// The handle table: JavaScript names a tensor by a number, native finds its storage and view here.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "core/storage.h"
#include "core/view.h"

namespace tenon {

/**
 * An id carries the slot's index and a generation that changes with every reuse, so that a stale id is an
 * error and never somebody else's tensor. Index 0 is never used: id 0 is a disposed tensor's.
 */
constexpr uint32_t kSlotIndexBits = 22;
constexpr uint32_t kSlotIndexMask = (1u << kSlotIndexBits) - 1;

struct Slot {
  static constexpr int kInlineRank = 4;
  Storage* storage = nullptr;
  TensorView view;
  uint32_t id = 0;                // 0: vacant
  void* weak = nullptr;           // the weak reference to the JavaScript object, if it has one
  int64_t dims[2 * kInlineRank];  // shape, then strides; on the heap when the rank is greater
};

class SlotTable {
 public:
  SlotTable() = default;
  ~SlotTable();
  SlotTable(const SlotTable&) = delete;
  SlotTable& operator=(const SlotTable&) = delete;

  /** Null when the id is stale, vacant or nonsense. */
  Slot* find(double id) {
    if (!(id > 0 && id < 2147483648.0)) return nullptr;
    const uint32_t whole = static_cast<uint32_t>(id);
    const uint32_t index = whole & kSlotIndexMask;
    if (index - 1 >= size_ - 1) return nullptr;  // index 0 is none
    Slot& s = at(index);
    return s.id == whole ? &s : nullptr;
  }

  /**
   * Takes the vacant slot of an id for a view of `storage` and takes over the caller's reference. Strides
   * null: row major. Null when the id is in use or nonsense (the reference then stays the caller's). Throws
   * std::bad_alloc.
   */
  Slot* create(double id, Storage* storage, int64_t offset, DType dtype, int rank, const int64_t* shape,
               const int64_t* strides, int64_t numel);
  void release(Slot&);

  /** Slots [1, size()) may be in use. */
  uint32_t size() const { return size_; }
  Slot& at(uint32_t index) { return chunks_[index >> kChunkBits][index & (kChunkSize - 1)]; }
  uint32_t live() const { return live_; }
  BlockCache& blocks() { return blocks_; }

 private:
  static constexpr uint32_t kChunkBits = 12;
  static constexpr uint32_t kChunkSize = 1u << kChunkBits;
  std::vector<std::unique_ptr<Slot[]>> chunks_;
  uint32_t size_ = 1;
  uint32_t live_ = 0;
  BlockCache blocks_;
};

}  // namespace tenon
