// The handle table: which ids find a tensor, and what it is.
#include "core/slots.h"

#include <cmath>
#include <limits>
#include <vector>

#include "test/test.h"

using namespace tenon;

namespace {

/** The id of a slot in one of its generations. */
double id_of(uint32_t index, uint32_t generation) {
  return static_cast<double>(index | generation << kSlotIndexBits);
}

/** A float32 tensor of the given shape, row major. */
Slot* make(SlotTable& table, double id, const std::vector<int64_t>& shape) {
  const int rank = static_cast<int>(shape.size());
  const int64_t numel = checked_numel(shape.data(), rank);
  Storage* storage = table.blocks().allocate(numel * 4);
  Slot* s = table.create(id, storage, 0, DType::f32, rank, shape.data(), nullptr, numel);
  if (!s) table.blocks().release(storage);
  return s;
}

}  // namespace

TEST("an id finds its tensor until it is released, and never another one") {
  SlotTable table;
  Slot* s = make(table, id_of(1, 0), {2, 3});
  CHECK(s != nullptr);
  CHECK(table.find(id_of(1, 0)) == s);
  CHECK_EQ(table.live(), 1);
  table.release(*s);
  CHECK(table.find(id_of(1, 0)) == nullptr);
  CHECK_EQ(table.live(), 0);
  Slot* next = make(table, id_of(1, 1), {4});
  CHECK(next == s);  // the same slot
  CHECK(table.find(id_of(1, 1)) == next);
  CHECK(table.find(id_of(1, 0)) == nullptr);
  CHECK(table.find(id_of(1, 2)) == nullptr);
  CHECK(make(table, id_of(1, 2), {4}) == nullptr);  // in use
  CHECK(make(table, id_of(1, 1), {4}) == nullptr);
  CHECK_EQ(table.live(), 1);
  for (uint32_t generation = 2; generation < 512; generation++) {
    table.release(*table.find(id_of(1, generation - 1)));
    CHECK(make(table, id_of(1, generation), {1}) == s);
    CHECK(table.find(id_of(1, generation - 1)) == nullptr);
  }
}

TEST("ids that were never given out find nothing") {
  const double nonsense[] = {0,
                             -1,
                             -0.0,
                             0.5,
                             2147483648.0,
                             4294967296.0,
                             4294967297.0,
                             1e300,
                             -1e300,
                             std::numeric_limits<double>::infinity(),
                             -std::numeric_limits<double>::infinity(),
                             std::nan(""),
                             id_of(0, 1),
                             id_of(0, 511),
                             id_of(2, 0),
                             id_of(4095, 3),
                             id_of(4096, 0),
                             id_of(kSlotIndexMask, 0),
                             2147483647.0};
  SlotTable empty, table;
  CHECK(make(table, id_of(1, 0), {1}) != nullptr);
  for (double id : nonsense) {
    test::About about("id %g", id);
    CHECK(empty.find(id) == nullptr);
    CHECK(table.find(id) == nullptr);
  }
  // Nor do those of another table, unless it gave out the same.
  CHECK(empty.find(id_of(1, 0)) == nullptr);
}

TEST("nonsense takes no slot") {
  SlotTable table;
  for (double id : {0.0, -1.0, 0.25, std::nan(""), 2147483648.0, 1e300, id_of(0, 1), id_of(0, 511),
                    id_of(1 << 17, 0), id_of(kSlotIndexMask, 0)}) {
    test::About about("id %g", id);
    CHECK(make(table, id, {1}) == nullptr);
  }
  CHECK_EQ(table.live(), 0);
  CHECK(make(table, id_of(1 << 16, 0), {1}) != nullptr);  // a gap as failed commands leave it
}

TEST("views of any rank keep their shape and strides, and the place in their storage") {
  SlotTable table;
  for (int rank = 0; rank <= kMaxRank; rank++) {
    test::About about("rank %d", rank);
    std::vector<int64_t> shape(static_cast<size_t>(rank), 1), strides;
    for (int i = 0; i < rank && i < 5; i++) shape[static_cast<size_t>(rank - 1 - i)] = i % 3 + 1;
    for (int i = 0; i < rank; i++) strides.push_back(1000 - i);
    const int64_t numel = checked_numel(shape.data(), rank);
    const double dense_id = id_of(static_cast<uint32_t>(2 * rank + 1), 0);
    Slot* dense = make(table, dense_id, shape);
    CHECK(dense != nullptr && dense->view.contiguous);
    CHECK_EQ(dense->view.rank, rank);
    CHECK_EQ(dense->view.numel, numel);
    CHECK(dense->view.data == dense->storage->data());
    int64_t step = 1;
    for (int i = rank - 1; i >= 0; i--) {
      CHECK_EQ(dense->view.shape[i], shape[static_cast<size_t>(i)]);
      CHECK_EQ(dense->view.strides[i], step);
      step *= shape[static_cast<size_t>(i)];
    }
    table.blocks().retain(dense->storage);
    Slot* view = table.create(id_of(static_cast<uint32_t>(2 * rank + 2), 0), dense->storage, 7, DType::i16,
                              rank, shape.data(), strides.data(), numel);
    CHECK(view != nullptr && view->view.dtype == DType::i16);
    CHECK(static_cast<char*>(view->view.data) == static_cast<char*>(dense->storage->data()) + 14);
    for (int i = 0; i < rank; i++) CHECK_EQ(view->view.strides[i], strides[static_cast<size_t>(i)]);
    CHECK_EQ(view->view.contiguous, is_contiguous(shape.data(), strides.data(), rank));
    CHECK((view->view.shape == view->dims) == (rank <= Slot::kInlineRank));
  }
  // In any order, some left to the table's destructor.
  for (uint32_t i = 1; i < table.size(); i += 3) table.release(table.at(i));
}

TEST("empty tensors may have sizes whose product no number holds") {
  SlotTable table;
  const int64_t huge = int64_t{1} << 53;
  Slot* s = make(table, 1, {0, huge, huge, 3});
  CHECK(s != nullptr && s->view.contiguous);
  CHECK_EQ(s->view.numel, 0);
  CHECK(is_contiguous(s->view.shape, s->view.strides, 4));
}

TEST("the table grows, and slots stay where they are") {
  SlotTable table;
  std::vector<Slot*> slots{nullptr};
  constexpr uint32_t kCount = 10000;  // several chunks
  for (uint32_t i = 1; i <= kCount; i++) {
    Slot* s = make(table, id_of(i, 3), {static_cast<int64_t>(i % 7), 1, 1, 1, 1});
    slots.push_back(s);
  }
  CHECK_EQ(table.live(), kCount);
  CHECK_EQ(table.size(), kCount + 1);
  int wrong = 0;
  for (uint32_t i = 1; i <= kCount; i++)
    wrong += table.find(id_of(i, 3)) != slots[i] || &table.at(i) != slots[i];
  CHECK_EQ(wrong, 0);
  for (uint32_t i = 1; i <= kCount; i += 2) table.release(*slots[i]);
  CHECK_EQ(table.live(), kCount / 2);
  wrong = 0;
  for (uint32_t i = 1; i <= kCount; i++) wrong += (table.find(id_of(i, 3)) != nullptr) != (i % 2 == 0);
  CHECK_EQ(wrong, 0);
}

TEST("tensors that share a storage release it together, with the table if need be") {
  const int64_t before = [] {
    BlockCache settle;
    return memory_stats().live;
  }();
  {
    SlotTable table;
    Slot* s = make(table, 1, {100});
    const int64_t one = 1, zero = 0, sizes[] = {10, 10, 1, 1, 1}, strides[] = {10, 1, 0, 0, 0};
    table.blocks().retain(s->storage);
    CHECK(table.create(2, s->storage, 99, DType::f32, 1, &one, &one, 1) != nullptr);
    table.blocks().retain(s->storage);
    CHECK(table.create(3, s->storage, 0, DType::f32, 5, sizes, strides, 100) != nullptr);
    table.blocks().retain(s->storage);
    CHECK(table.create(4, s->storage, 0, DType::f32, 1, &zero, &one, 0) != nullptr);
    CHECK_EQ(s->storage->references.load(), 4);
    Storage* storage = s->storage;
    table.release(*s);
    CHECK_EQ(storage->references.load(), 3);
    CHECK(table.find(2)->view.data == static_cast<float*>(storage->data()) + 99);
    table.release(*table.find(3));
    table.release(*table.find(2));
    CHECK_EQ(storage->references.load(), 1);
  }
  CHECK_EQ(memory_stats().live, before);
}
