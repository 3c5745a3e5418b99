// The allocator: size classes, reuse, reference counts, totals, and blocks that go from thread to thread.
#include "core/storage.h"

#include <atomic>
#include <thread>
#include <vector>

#include "core/aligned.h"
#include "test/test.h"

using namespace tenon;

namespace {

constexpr int64_t kMB = int64_t{1} << 20;

bool aligned(const void* p) { return reinterpret_cast<uintptr_t>(p) % 64 == 0; }

/** Writes to all of a block's bytes, for a sanitizer to see. */
void touch(Storage* s, int value) { std::memset(s->data(), value, static_cast<size_t>(s->capacity)); }

/** Totals with every change of `cache` told. */
MemoryStats settled(BlockCache& cache) {
  cache.settle();
  return memory_stats();
}

}  // namespace

TEST("a block holds what was asked for, wastes no more than promised, and is aligned") {
  BlockCache cache;
  std::vector<int64_t> sizes;
  for (int64_t n = 0; n <= 5000; n++) sizes.push_back(n);
  for (int64_t power = 4096; power <= 64 * kMB; power *= 2)
    for (int64_t quarter = 4; quarter < 8; quarter++)
      for (int64_t off = -65; off <= 65; off += 13) sizes.push_back(power / 4 * quarter + off);
  int64_t last = 0;  // capacity
  for (size_t i = 0; i < sizes.size(); i++) {
    const int64_t n = sizes[i];
    test::About about("%lld bytes", static_cast<long long>(n));
    Storage* s = cache.allocate(n);
    CHECK(s != nullptr);
    if (!s) continue;
    const int64_t unused = s->capacity - n;
    CHECK_EQ(s->bytes, n);
    CHECK(unused >= 0);
    CHECK(unused < 64 || 5 * unused <= s->capacity || n == 0);
    CHECK(n > 0 || s->capacity == 64);
    CHECK_EQ(s->capacity % 64, 0);
    CHECK(aligned(s->data()));
    CHECK_EQ(s->references.load(), 1);
    if (i <= 5000) {
      CHECK(s->capacity >= last);
      last = s->capacity;
      touch(s, static_cast<int>(n));
    }
    cache.release(s);
    if (n > kMB) empty_cache();
  }
}

TEST("a released block is the next one of its class") {
  BlockCache cache;
  for (int64_t bytes : {int64_t{1}, int64_t{64}, int64_t{1000}, int64_t{200000}, 4 * kMB}) {
    test::About about("%lld bytes", static_cast<long long>(bytes));
    Storage* a = cache.allocate(bytes);
    Storage* b = cache.allocate(bytes);
    CHECK(a != b);
    touch(a, 1);
    cache.release(a);
    const int64_t before = memory_stats().allocations;
    Storage* again = cache.allocate(bytes > 1 ? bytes - 1 : bytes);
    CHECK(again == a);
    CHECK_EQ(again->bytes, bytes > 1 ? bytes - 1 : bytes);
    CHECK_EQ(memory_stats().allocations, before);
    cache.release(again);
    cache.release(b);
  }
}

TEST("a block stays as long as anyone refers to it") {
  BlockCache cache;
  Storage* s = cache.allocate(256);
  cache.retain(s);
  cache.retain(s);
  CHECK_EQ(s->references.load(), 3);
  cache.release(s);
  cache.release(s);
  CHECK_EQ(s->references.load(), 1);
  Storage* other = cache.allocate(256);
  CHECK(other != s);
  cache.release(s);
  Storage* again = cache.allocate(256);
  CHECK(again == s);
  cache.release(again);
  cache.release(other);
}

TEST("sizes that no memory can hold give null") {
  BlockCache cache;
  for (int64_t bytes : {int64_t{-1}, INT64_MIN, INT64_MAX, (int64_t{1} << 47) + 1, int64_t{1} << 47,
                        int64_t{1} << 46, int64_t{1} << 45}) {
    test::About about("%lld bytes", static_cast<long long>(bytes));
    Storage* s = cache.allocate(bytes);
    // A system that promises more than it has may grant the smaller ones.
    CHECK(s == nullptr || (bytes > 0 && bytes <= int64_t{1} << 46));
    if (s) {
      cache.release(s);
      empty_cache();
    }
  }
  CHECK(aligned_acquire(SIZE_MAX) == nullptr);
  CHECK(aligned_acquire(SIZE_MAX - 63) == nullptr);
  void* none = aligned_acquire(0);
  CHECK(none != nullptr && aligned(none));
  aligned_release(none);
  aligned_release(nullptr);
}

TEST("totals follow what is live, its peak, and what lies free") {
  empty_cache();
  BlockCache cache;
  const MemoryStats start = settled(cache);
  reset_peak_memory();
  Storage* a = cache.allocate(3 * kMB);
  Storage* b = cache.allocate(100);
  CHECK_EQ(cache.live_bytes() - start.live, a->capacity + b->capacity);
  MemoryStats now = settled(cache);
  CHECK_EQ(now.live - start.live, a->capacity + b->capacity);
  CHECK_EQ(now.peak, now.live);
  CHECK_EQ(now.allocations - start.allocations, 2);
  const int64_t large = a->capacity, small = b->capacity;
  cache.release(a);
  cache.release(b);
  now = settled(cache);
  CHECK_EQ(now.live, start.live);
  CHECK_EQ(now.peak - start.live, large + small);
  CHECK_EQ(now.cached, large);  // large blocks are anybody's at once
  CHECK_EQ(cache.kept_bytes(), small);
  reset_peak_memory();
  CHECK_EQ(memory_stats().peak, start.live);
  cache.surrender();
  CHECK_EQ(cache.kept_bytes(), 0);
  CHECK_EQ(memory_stats().cached, large + small);
  empty_cache();
  CHECK_EQ(memory_stats().cached, 0);
}

TEST("small changes reach the totals when there are many, or when asked") {
  BlockCache cache;
  const int64_t start = settled(cache).live;
  std::vector<Storage*> blocks;
  for (int i = 0; i < 2000; i++) blocks.push_back(cache.allocate(64));
  CHECK_EQ(cache.live_bytes() - start, 2000 * 64);
  const int64_t told = memory_stats().live - start;
  CHECK(told > 0 && told <= 2000 * 64 && 2000 * 64 - told <= 64 * 1024);
  for (Storage* s : blocks) cache.release(s);
  CHECK_EQ(cache.live_bytes(), start);
  CHECK_EQ(settled(cache).live, start);
}

TEST("what one environment surrenders, or leaves behind, another takes") {
  Storage* left;
  Storage* kept;
  {
    BlockCache one;
    left = one.allocate(640);
    one.release(left);
    BlockCache other;
    kept = other.allocate(640);
    CHECK(kept != left);  // it is still the first one's
    one.surrender();
    Storage* taken = other.allocate(640);
    CHECK(taken == left);
    other.release(taken);
    other.release(kept);
  }
  BlockCache third;
  Storage* a = third.allocate(640);
  Storage* b = third.allocate(640);
  CHECK((a == left && b == kept) || (a == kept && b == left));
  third.release(a);
  third.release(b);
}

TEST("an environment keeps few bytes of a class to itself") {
  empty_cache();
  BlockCache cache;
  std::vector<Storage*> blocks;
  for (int i = 0; i < 100; i++) blocks.push_back(cache.allocate(100000));
  for (Storage* s : blocks) cache.release(s);
  CHECK(cache.kept_bytes() <= 3 * kMB);
  CHECK(memory_stats().cached > 0);
  CHECK_EQ(memory_stats().cached + cache.kept_bytes(), 100 * int64_t{114688});
}

TEST("no more lies free than the program has had in use") {
  empty_cache();
  BlockCache cache;
  settled(cache);
  reset_peak_memory();
  std::vector<Storage*> blocks;
  for (int i = 0; i < 12; i++) blocks.push_back(cache.allocate(16 * kMB));
  for (Storage* s : blocks) cache.release(s);
  const MemoryStats stats = settled(cache);
  CHECK(stats.cached <= stats.peak);
  // After a smaller program has begun, the rest goes back to the system as blocks are put back.
  reset_peak_memory();
  cache.release(cache.allocate(16 * kMB));
  CHECK(memory_stats().cached <= 64 * kMB);
  empty_cache();
}

TEST("a limit holds for live, cached and working bytes together") {
  empty_cache();
  BlockCache cache;
  const MemoryStats start = settled(cache);
  const int64_t before = memory_limit();
  set_memory_limit(start.live + start.working + 10 * kMB);
  Storage* a = cache.allocate(4 * kMB);
  Storage* b = cache.allocate(4 * kMB);
  CHECK(a && b);
  CHECK(cache.allocate(4 * kMB) == nullptr);
  CHECK(cache.allocate(64 * kMB) == nullptr);
  CHECK(!reserve_working(4 * kMB));
  CHECK(reserve_working(kMB));
  CHECK_EQ(memory_stats().working, start.working + kMB);
  return_working(kMB);
  // Free blocks make room, those that only this environment has included.
  Storage* small = cache.allocate(200000);
  cache.release(small);
  cache.release(a);
  CHECK(cache.kept_bytes() > 0);
  a = cache.allocate(6 * kMB);
  CHECK(a != nullptr);
  CHECK_EQ(memory_stats().cached + cache.kept_bytes(), 0);
  CHECK(reserve_working(0));
  // A lower limit lets nothing lie free.
  set_memory_limit(kMB);
  cache.release(a);
  cache.release(b);
  CHECK(memory_stats().cached <= kMB);
  set_default_memory_limit(5);
  CHECK_EQ(memory_limit(), kMB);
  set_memory_limit(before);
  CHECK_EQ(settled(cache).live, start.live);
}

TEST("threads that press against a limit never hold more") {
  empty_cache();
  const int64_t before = memory_limit();
  const MemoryStats start = memory_stats();
  set_memory_limit(start.live + start.working + 20 * kMB);
  std::atomic<int> wrong{0}, refused{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; t++)
    threads.emplace_back([&] {
      BlockCache cache;
      for (int i = 0; i < 100; i++) {
        Storage* blocks[12];
        for (Storage*& s : blocks)
          if (!(s = cache.allocate(2 * kMB))) refused++;
        cache.settle();
        if (memory_stats().live > start.live + 20 * kMB) wrong++;
        for (Storage* s : blocks)
          if (s) cache.release(s);
        cache.settle();
      }
    });
  for (std::thread& t : threads) t.join();
  CHECK_EQ(wrong.load(), 0);
  CHECK(refused.load() > 0);
  set_memory_limit(before);
  empty_cache();
  BlockCache cache;
  Storage* all = cache.allocate(20 * kMB);
  CHECK(all != nullptr);
  cache.release(all);
  empty_cache();
}

TEST("threads allocate and release side by side") {
  const MemoryStats before = memory_stats();
  constexpr int kThreads = 4;
  const int rounds = test::full ? 100000 : 10000;
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; t++)
    threads.emplace_back([&, t] {
      BlockCache cache;
      test::Random random(static_cast<uint64_t>(t));
      std::vector<Storage*> mine;
      for (int i = 0; i < rounds; i++) {
        if (mine.size() < 20 && random.coin()) {
          Storage* s = cache.allocate(random.integer(0, random.integer(1, 400000)));
          if (!s) {
            wrong++;
            continue;
          }
          std::memset(s->data(), t, static_cast<size_t>(s->bytes < 64 ? s->bytes : 64));
          mine.push_back(s);
        } else if (!mine.empty()) {
          Storage* s = mine[random.bits() % mine.size()];
          if (s->bytes > 0 && *static_cast<char*>(s->data()) != t) wrong++;
          for (Storage*& m : mine)
            if (m == s) {
              m = mine.back();
              break;
            }
          mine.pop_back();
          cache.release(s);
        }
        if (i % 500 == 0) cache.surrender();
        if (i % 700 == 0) memory_stats();
        if (i % 900 == 0) empty_cache();
      }
      for (Storage* s : mine) cache.release(s);
    });
  for (std::thread& t : threads) t.join();
  CHECK_EQ(wrong.load(), 0);
  CHECK_EQ(memory_stats().live, before.live);
  CHECK(memory_stats().peak >= memory_stats().live);
}

TEST("threads hand blocks over to each other, and the last one to let go frees") {
  const MemoryStats before = memory_stats();
  constexpr int kThreads = 4;
  const int rounds = test::full ? 200000 : 20000;
  std::atomic<int> wrong{0};
  std::atomic<Storage*> mailbox[kThreads] = {};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; t++)
    threads.emplace_back([&, t] {
      BlockCache cache;
      test::Random random(static_cast<uint64_t>(100 + t));
      for (int i = 0; i < rounds; i++) {
        Storage* s = cache.allocate(random.integer(8, 3000));
        int64_t* const value = static_cast<int64_t*>(s->data());
        *value = i;
        // One reference for the receiver, one for the sender: either may be the last to let go.
        cache.retain(s);
        Storage* unread = mailbox[(t + 1) % kThreads].exchange(s, std::memory_order_acq_rel);
        if (unread) cache.release(unread);
        if (*value != i) wrong++;
        cache.release(s);
        if (Storage* received = mailbox[t].exchange(nullptr, std::memory_order_acq_rel)) {
          const int64_t got = *static_cast<int64_t*>(received->data());
          if (got < 0 || got >= rounds) wrong++;
          cache.release(received);
        }
      }
    });
  for (std::thread& t : threads) t.join();
  BlockCache cache;
  for (auto& box : mailbox)
    if (Storage* s = box.load()) cache.release(s);
  CHECK_EQ(wrong.load(), 0);
  CHECK_EQ(settled(cache).live, before.live);
}

TEST("the peak of several threads is no less than what all held at once") {
  constexpr int kThreads = 4;
  const int rounds = test::full ? 300 : 50;
  for (int round = 0; round < rounds; round++) {
    BlockCache own;
    const int64_t start = settled(own).live;
    reset_peak_memory();
    std::atomic<int> holding{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; t++)
      threads.emplace_back([&] {
        BlockCache cache;
        Storage* s = cache.allocate(128 * 1024);
        cache.settle();
        holding++;
        while (holding.load() < kThreads) std::this_thread::yield();
        cache.release(s);
      });
    for (std::thread& t : threads) t.join();
    CHECK(memory_stats().peak >= start + kThreads * int64_t{128 * 1024});
  }
}
