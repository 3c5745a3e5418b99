#include "core/slots.h"

#include <algorithm>

namespace tenon {

SlotTable::~SlotTable() {
  for (uint32_t i = 1; i < size_; i++)
    if (at(i).id) release(at(i));
}

Slot* SlotTable::create(double id, Storage* storage, int64_t offset, DType dtype, int rank,
                        const int64_t* shape, const int64_t* strides, int64_t numel) {
  if (!(id > 0 && id < 2147483648.0)) return nullptr;
  const uint32_t whole = static_cast<uint32_t>(id), index = whole & kSlotIndexMask;
  // JavaScript hands out indices in order; those of failed commands leave small gaps. A wide one is a forged
  // id.
  constexpr uint32_t kWidestGap = 1u << 16;
  if (index == 0 || index > size_ + kWidestGap) return nullptr;
  while (chunks_.size() << kChunkBits <= index) chunks_.emplace_back(new Slot[kChunkSize]);
  if (index >= size_) size_ = index + 1;
  Slot& s = at(index);
  if (s.id) return nullptr;
  int64_t* dims = rank <= Slot::kInlineRank ? s.dims : new int64_t[2 * static_cast<size_t>(rank)];
  std::copy(shape, shape + rank, dims);
  if (strides)
    std::copy(strides, strides + rank, dims + rank);
  else
    row_major(shape, rank, dims + rank);
  s.storage = storage;
  s.view.data = static_cast<char*>(storage->data()) + offset * element_size(dtype);
  s.view.shape = dims;
  s.view.strides = dims + rank;
  s.view.numel = numel;
  s.view.dtype = dtype;
  s.view.rank = static_cast<uint8_t>(rank);
  s.view.place = storage->place;
  s.view.contiguous = !strides || is_contiguous(dims, dims + rank, rank);
  s.id = whole;
  s.weak = nullptr;
  live_++;
  return &s;
}

void SlotTable::release(Slot& s) {
  if (s.view.rank > Slot::kInlineRank) delete[] s.view.shape;
  blocks_.release(s.storage);
  s.storage = nullptr;
  s.id = 0;
  live_--;
}

}  // namespace tenon
