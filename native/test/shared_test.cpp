// Tensors offered to other environments: by key, for how long, from many threads; and copies of operands that
// others write to.
#include <atomic>
#include <thread>

#include "core/shared_tensors.h"
#include "core/steady.h"
#include "test/tensors.h"

using namespace test;

namespace {

SharedView vector_of(BlockCache& cache, int64_t n) {
  SharedView v;
  v.storage = cache.allocate(n * 4);
  v.numel = n;
  v.shape = {n};
  v.strides = {1};
  return v;
}

int references(const SharedView& v) { return v.storage->references.load(); }

const int kHere = 0, kThere = 0;
constexpr SharingClock::duration kInstant{1};

}  // namespace

TEST("an offer holds a reference until it is withdrawn") {
  BlockCache cache;
  const SharedView v = vector_of(cache, 10);
  CHECK(!v.storage->shared);
  CHECK(offer_shared("a", &kHere, v));
  CHECK(v.storage->shared);
  CHECK_EQ(references(v), 2);
  CHECK(!offer_shared("a", &kHere, v));
  CHECK_EQ(references(v), 2);
  CHECK(take_shared("b").storage == nullptr);
  const SharedView taken = take_shared("a");
  CHECK(taken.storage == v.storage);
  CHECK(taken.shape == v.shape);
  CHECK_EQ(references(v), 3);
  CHECK(withdraw_shared("a", cache));
  CHECK(!withdraw_shared("a", cache));
  CHECK(take_shared("a").storage == nullptr);
  CHECK_EQ(references(v), 2);
  cache.release(taken.storage);
  cache.release(v.storage);
  const SharedView next = vector_of(cache, 10);
  CHECK(next.storage == v.storage);
  CHECK(!next.storage->shared);
  cache.release(next.storage);
}

TEST("what was let go stays for its time, and no longer") {
  BlockCache cache;
  const SharingClock::time_point start = SharingClock::now();
  const SharedView v = vector_of(cache, 10);
  CHECK(offer_shared("held", &kHere, v));
  CHECK(offer_shared("let go", &kHere, v));
  CHECK_EQ(references(v), 3);
  let_go_shared("let go", start);
  let_go_shared("let go", start + kLetGoFor);  // once is enough
  let_go_shared("nobody's", start);
  purge_shared(cache, start + kLetGoFor - kInstant);
  purge_shared(cache);
  CHECK_EQ(references(v), 3);
  const SharedView taken = take_shared("let go");
  CHECK(taken.storage == v.storage);
  purge_shared(cache, start + kLetGoFor);
  CHECK_EQ(references(v), 3);
  CHECK(take_shared("let go").storage == nullptr);
  purge_shared(cache, start + 100 * kLetGoFor);
  CHECK(withdraw_shared("held", cache));
  CHECK_EQ(references(v), 2);
  cache.release(taken.storage);
  cache.release(v.storage);
}

TEST("when an environment ends, its offers and no others are let go") {
  BlockCache cache;
  const SharingClock::time_point start = SharingClock::now();
  const SharedView v = vector_of(cache, 10);
  CHECK(offer_shared("1", &kHere, v));
  CHECK(offer_shared("2", &kThere, v));
  CHECK(offer_shared("3", &kHere, v));
  let_go_all_shared(&kHere, start);
  CHECK(offer_shared("4", &kHere, v));  // of another environment at the same address
  CHECK_EQ(references(v), 5);
  let_go_all_shared(&v, start);  // nobody
  purge_shared(cache, start + kLetGoFor);
  CHECK_EQ(references(v), 3);
  CHECK(withdraw_shared("2", cache));
  CHECK(withdraw_shared("4", cache));
  CHECK(!withdraw_shared("1", cache));
  CHECK_EQ(references(v), 1);
  cache.release(v.storage);
}

TEST("the last reference may go in any thread, with everything back in the totals") {
  const int64_t before = memory_stats().live;
  {
    BlockCache cache;
    const SharedView v = vector_of(cache, 100000);
    CHECK(offer_shared("far", &kHere, v));
    cache.release(v.storage);
    std::thread([] {
      BlockCache other;
      const SharedView taken = take_shared("far");
      static_cast<float*>(taken.storage->data())[99999] = 5;
      withdraw_shared("far", other);
      other.release(taken.storage);
    }).join();
    cache.settle();
  }
  CHECK_EQ(memory_stats().live, before);
}

TEST("many threads offer, take, write, withdraw and end at once") {
  const int64_t before = memory_stats().live;
  constexpr int kThreads = 6, kKeys = 20;
  const int rounds = full ? 20000 : 2000;
  std::atomic<int> wrong{0}, taken_count{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; t++)
    threads.emplace_back([&, t] {
      BlockCache cache;
      Random random(static_cast<uint64_t>(t) + 1);
      for (int i = 0; i < rounds; i++) {
        const std::string key = std::to_string(random.integer(0, kKeys - 1));
        switch (random.integer(0, 5)) {
          case 0:
          case 1: {
            const SharedView v = vector_of(cache, random.integer(1, 200));
            static_cast<int32_t*>(v.storage->data())[0] = static_cast<int32_t>(v.numel);
            offer_shared(key, &cache, v);
            cache.release(v.storage);
            break;
          }
          case 2:
          case 3: {
            const SharedView v = take_shared(key);
            if (!v.storage) break;
            taken_count++;
            if (static_cast<int32_t*>(v.storage->data())[0] != v.numel || !v.storage->shared) wrong++;
            cache.release(v.storage);
            break;
          }
          case 4: withdraw_shared(key, cache); break;
          default:
            if (random.coin()) {
              let_go_shared(key);
            } else {
              let_go_all_shared(&cache);
              purge_shared(cache, SharingClock::now() + kLetGoFor);
            }
        }
      }
      let_go_all_shared(&cache);
    });
  for (std::thread& t : threads) t.join();
  {
    BlockCache cache;
    purge_shared(cache, SharingClock::now() + 2 * kLetGoFor);
  }
  CHECK_EQ(wrong.load(), 0);
  CHECK(taken_count.load() > 0);
  CHECK_EQ(memory_stats().live, before);
}

TEST("a steadied launch has copies of whole numbers, with the same elements") {
  Steady steady;
  for (DType t : {DType::i64, DType::i32, DType::u8, DType::boolean})
    for (Layout layout : kLayouts)
      for (const Sizes& shape : {Sizes{}, Sizes{0, 3}, Sizes{7}, Sizes{3, 4, 5}, Sizes{1, 6, 1}}) {
        About about("%s, layout %d", dtype_name(t), static_cast<int>(layout));
        Array x(t, shape, layout), y(DType::f32, shape, layout), out(DType::f32, shape);
        x.fill_with([&](int64_t i) { return t == DType::boolean ? i % 2 : i % 100; });
        y.fill(1.5);
        const TensorView views[] = {out.view(), x.view(), y.view()};
        Launch launch;
        launch.outputs = 1;
        launch.inputs = 2;
        launch.views = views;
        const Launch copied = steady.copy(launch);
        CHECK(copied.out().data == out.view().data);
        CHECK(copied.in(1).data == y.view().data);
        const TensorView& v = copied.in(0);
        CHECK_EQ(v.numel, x.view().numel);
        if (v.numel == 0) continue;
        CHECK(v.data != x.view().data);
        int64_t wrong = 0;
        for (int64_t i = 0; i < v.numel; i++) {
          int64_t rest = i, offset = 0;
          for (int d = v.rank - 1; d >= 0; d--) {
            offset += rest % v.shape[d] * v.strides[d];
            rest /= v.shape[d];
          }
          const char* at = static_cast<const char*>(v.data) + offset * element_size(t);
          wrong += load_number(at, t) != x.get(i);
        }
        CHECK_EQ(wrong, 0);
        CHECK_EQ(v.contiguous, is_contiguous(v.shape, v.strides, v.rank));
      }
}

TEST("an expanded operand is copied once") {
  int64_t element = 42;
  const int64_t shape[] = {1000000, 1000000, 3}, strides[] = {0, 0, 0};
  TensorView views[2];
  views[1].data = &element;
  views[1].shape = shape;
  views[1].strides = strides;
  views[1].numel = 3000000000000;
  views[1].dtype = DType::i64;
  views[1].rank = 3;
  views[1].contiguous = false;
  Launch launch;
  launch.outputs = 1;
  launch.inputs = 1;
  launch.views = views;
  Steady steady;
  const Launch copied = steady.copy(launch);
  element = 7;
  CHECK_EQ(*copied.in().as<int64_t>(), 42);
  for (int d = 0; d < 3; d++) CHECK_EQ(copied.in().strides[d], 0);
}
