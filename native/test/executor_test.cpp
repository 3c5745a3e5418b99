// The CPU stream's executor: launches that run on its thread, what keeps their memory, their failures, reads
// and writes in order, and its end.
#include <atomic>
#include <chrono>
#include <thread>

#include "core/stream.h"
#include "test/tensors.h"

using namespace test;

namespace {

/** Every launch that may go to the executor does. */
struct Always {
  Always() { setenv("TENON_INLINE_NS", "0", 1); }
  ~Always() { unsetenv("TENON_INLINE_NS"); }
};

/** A one-dimensional tensor on counted storage. */
class Block {
 public:
  Block(BlockCache& blocks, DType dtype, int64_t n) : blocks_(blocks), shape_(n) {
    storage = blocks.allocate(n * element_size(dtype));
    view.data = storage->data();
    view.shape = &shape_;
    view.strides = &one_;
    view.numel = n;
    view.dtype = dtype;
    view.rank = 1;
  }
  ~Block() { blocks_.release(storage); }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  size_t bytes() const { return static_cast<size_t>(view.numel * element_size(view.dtype)); }
  /** After the stream has been drained. */
  float at(int64_t i) const { return view.as<float>()[i]; }

  Storage* storage;
  TensorView view;

 private:
  BlockCache& blocks_;
  int64_t shape_, one_ = 1;
};

/** out = x + number, or in place. */
bool add(CpuStream& stream, Block& out, Block& x, double number, bool made) {
  TensorView views[3] = {out.view, x.view, {}};
  views[2].data = &number;
  views[2].numel = 1;
  views[2].dtype = DType::f64;
  Storage* storages[3] = {out.storage, x.storage, nullptr};
  Launch l;
  l.op = static_cast<uint16_t>(Op::add);
  l.compute = DType::f32;
  l.outputs = 1;
  l.inputs = 2;
  l.views = views;
  l.storages = storages;
  l.made = made;
  return stream.submit(l);
}

/** out = x[index]. */
bool pick(CpuStream& stream, Block& out, Block& x, Block& index) {
  TensorView views[3] = {out.view, x.view, index.view};
  Storage* storages[4] = {out.storage, x.storage, index.storage, nullptr};
  Scalar dim;
  Launch l;
  l.op = static_cast<uint16_t>(Op::indexSelect);
  l.compute = DType::f32;
  l.outputs = 1;
  l.inputs = 2;
  l.scalars = 1;
  l.views = views;
  l.scalar = &dim;
  l.storages = storages;
  l.made = 1;
  return stream.submit(l);
}

void put(CpuStream& stream, Block& to, float value) {
  const std::vector<float> values(static_cast<size_t>(to.view.numel), value);
  stream.write(to.storage, to.view.data, values.data(), to.bytes());
}

template <class F>
bool until(F done) {
  for (int spins = 0; !done() && spins < 10000000; spins++) std::this_thread::yield();
  return done();
}

/** A stream's listener, which counts. */
class Ear {
 public:
  explicit Ear(CpuStream& stream) {
    stream.set_listener([](void* count) { static_cast<std::atomic<int>*>(count)->fetch_add(1); }, &heard);
  }
  std::atomic<int> heard{0};
};

void put_index(CpuStream& stream, Block& to, int64_t value) {
  const std::vector<int64_t> values(static_cast<size_t>(to.view.numel), value);
  stream.write(to.storage, to.view.data, values.data(), to.bytes());
}

}  // namespace

TEST("launches run in the order they were submitted, and are counted") {
  const Always always;
  BlockCache blocks;
  CpuStream stream(&blocks);
  Block x(blocks, DType::f32, 1000);
  put(stream, x, 0);
  for (int i = 1; i <= 2000; i++) {
    CHECK(add(stream, x, x, i % 3 == 0 ? -1 : 2, false));
    CHECK_EQ(stream.submitted(), static_cast<Ticket>(i));
    CHECK(stream.completed() <= stream.submitted());
  }
  CHECK_EQ(stream.pending(x.storage) == 0, stream.idle());
  stream.drain();
  CHECK(stream.idle());
  CHECK_EQ(stream.pending(x.storage), 0);
  CHECK_EQ(x.at(999), 1334 * 2 - 666);
}

TEST("blocks that were freed while launches use them serve later launches") {
  const Always always;
  BlockCache blocks;
  const int64_t before = memory_stats().live;
  {
    CpuStream stream(&blocks);
    for (int64_t n : {int64_t{10}, int64_t{200000}}) {
      Block sum(blocks, DType::f32, n);
      put(stream, sum, 0);
      for (int i = 0; i < 300; i++) {
        Block fresh(blocks, DType::f32, n);
        put(stream, fresh, static_cast<float>(i));
        add(stream, fresh, fresh, 1, false);
        Block copy(blocks, DType::f32, n);
        add(stream, copy, fresh, 0, true);
        add(stream, sum, copy, i, true);  // sum = 2 i + 1
      }
      stream.drain();
      CHECK_EQ(sum.at(n - 1), 2 * 299 + 1);
    }
  }
  blocks.settle();
  CHECK_EQ(memory_stats().live, before);
}

TEST("another environment gets a freed block only when launches are through with it") {
  const Always always;
  constexpr int64_t kLarge = 1 << 20;  // such blocks are handed on at once
  BlockCache here, there;
  CpuStream stream(&here);
  Block sum(here, DType::f32, kLarge);
  for (int round = 0; round < 10; round++) {
    {
      Block x(here, DType::f32, kLarge);
      put(stream, x, 3);
      for (int i = 0; i < 8; i++) add(stream, sum, x, i, true);
    }
    Block theirs(there, DType::f32, kLarge);
    std::memset(theirs.view.data, 0xff, theirs.bytes());
    stream.drain();
    CHECK_EQ(sum.at(0), 10);
    CHECK_EQ(sum.at(kLarge - 1), 10);
  }
}

TEST("a failure marks what depends on it, and only that") {
  const Always always;
  BlockCache blocks;
  CpuStream stream(&blocks);
  Block x(blocks, DType::f32, 4), index(blocks, DType::i64, 2);
  for (int round = 0; round < 50; round++) {
    put(stream, x, 5);
    const bool bad = round % 2;
    put_index(stream, index, bad ? 9 : 3);
    Block picked(blocks, DType::f32, 2), after(blocks, DType::f32, 2), other(blocks, DType::f32, 4);
    CHECK(pick(stream, picked, x, index));
    add(stream, after, picked, 1, true);
    add(stream, other, x, 1, true);
    float seen[2] = {-1, -1};
    const Ticket ticket = stream.read(after.storage, after.view.data, seen, sizeof seen);
    stream.drain();
    CHECK_EQ(static_cast<bool>(stream.failure(picked.storage)), bad);
    CHECK_EQ(static_cast<bool>(stream.failure(after.storage)), bad);
    CHECK(!stream.failure(other.storage));
    CHECK(!stream.failure(x.storage));
    CHECK_EQ(other.at(3), 6);
    const Failure read = ticket ? stream.read_failure(ticket) : nullptr;
    if (bad) {
      CHECK(stream.failure(after.storage)->code == ErrorCode::index);
      if (ticket) CHECK(read && std::strstr(read->message, "index 9 is out of range") != nullptr);
      CHECK(!ticket || seen[0] == -1);
      stream.take_failure();
    } else {
      CHECK(!read);
      CHECK_EQ(after.at(1), 6);
      CHECK_EQ(seen[1], 6);
    }
    CHECK(!stream.take_failure());
  }
}

TEST("reads see the values of their place in the order") {
  const Always always;
  BlockCache blocks;
  CpuStream stream(&blocks);
  Block x(blocks, DType::f32, 5000);
  put(stream, x, 0);
  std::vector<std::vector<float>> seen(200, std::vector<float>(5000));
  for (size_t i = 0; i < seen.size(); i++) {
    add(stream, x, x, 1, false);
    stream.read(x.storage, x.view.data, seen[i].data(), x.bytes());
  }
  stream.drain();
  int wrong = 0;
  for (size_t i = 0; i < seen.size(); i++) wrong += seen[i][0] != i + 1 || seen[i][4999] != i + 1;
  CHECK_EQ(wrong, 0);
}

TEST("a listener hears of each ticket it asked for") {
  const Always always;
  BlockCache blocks;
  CpuStream stream(&blocks);
  Ear ear(stream);
  Block x(blocks, DType::f32, 100);
  put(stream, x, 0);
  int asked = 0;
  for (int i = 0; i < (full ? 20000 : 2000); i++) {
    add(stream, x, x, 1, false);
    if (!stream.listen(stream.submitted())) continue;
    asked++;
    until([&] { return ear.heard.load() == asked; });
    CHECK_EQ(ear.heard.load(), asked);
    if (ear.heard.load() != asked) break;
  }
  stream.drain();
}

TEST("who waits runs what the executor has not come to, and leaves it nothing undone") {
  const Always always;
  BlockCache blocks;
  CpuStream stream(&blocks);
  Ear ear(stream);
  Block x(blocks, DType::f32, 100);
  put(stream, x, 0);
  float expected = 0;
  for (int i = 0; i < (full ? 3000 : 300); i++) {
    for (int k = 0; k < 20; k++) {  // from here on the executor may sleep
      add(stream, x, x, 1, false);
      stream.drain();
    }
    for (int k = 0; k <= i % 7; k++) add(stream, x, x, 1, false);
    expected += static_cast<float>(21 + i % 7);
    if (i % 3 == 0) {  // a part of it
      stream.wait(stream.submitted() - static_cast<Ticket>(i % 7 / 2));
      CHECK(until([&] { return stream.idle(); }));
    } else if (i % 3 == 1 && stream.listen(stream.submitted())) {
      CHECK(until([&] { return ear.heard.load() > 0; }));
    }
    stream.drain();
    CHECK_EQ(x.at(99), expected);
    ear.heard = 0;
  }
  // Nobody waits at once: the executor runs it, but for the first one.
  for (int k = 0; k < 3; k++) {
    add(stream, x, x, 1, false);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (k > 0) CHECK(until([&] { return stream.idle(); }));
    stream.drain();
  }
}

TEST("shared storage outlives its last owner until launches are through with it") {
  const Always always;
  constexpr int64_t kLarge = 1 << 20;
  BlockCache here, there;
  {
    CpuStream stream(&here);
    Block out(here, DType::f32, kLarge);
    for (int round = 0; round < 10; round++) {
      Storage* shared;
      {
        Block x(here, DType::f32, kLarge);
        put(stream, x, 3);
        stream.drain();
        x.storage->shared = true;
        shared = x.storage;
        here.retain(shared);  // the other environment's
        for (int i = 0; i < 8; i++) add(stream, out, x, i, true);
      }
      std::thread([&] { there.release(shared); }).join();
      // It would come back here if it were free.
      Block fresh(there, DType::f32, kLarge);
      std::memset(fresh.view.data, 0xff, fresh.bytes());
      stream.drain();
      CHECK_EQ(out.at(kLarge - 1), 10);
    }
  }
}

TEST("streams end with launches under way, on several threads") {
  const Always always;
  const Threads set(2);
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 3; t++)
    threads.emplace_back([&] {
      for (int i = 0; i < (full ? 300 : 40); i++) {
        BlockCache blocks;
        CpuStream stream(&blocks);
        Block x(blocks, DType::f32, 30000);
        put(stream, x, 0);
        for (int k = 0; k < i; k++) add(stream, x, x, 1, false);
        if (i % 2) continue;  // the destructors do the rest
        stream.drain();
        if (x.at(7) != static_cast<float>(i)) wrong++;
      }
    });
  for (std::thread& t : threads) t.join();
  CHECK_EQ(wrong.load(), 0);
}
