// The CPU stream with launches that run at once: order, failures, recorders; and several streams on several
// threads.
#include "core/stream.h"

#include <atomic>
#include <thread>

#include "test/tensors.h"

using namespace test;

namespace {

/** Adds a number to a tensor, in place. */
struct AddTo {
  TensorView views[3];
  double number;
  Launch launch;
  AddTo(const TensorView& x, double n) : number(n) {
    views[0] = views[1] = x;
    views[2].data = &number;
    views[2].numel = 1;
    views[2].dtype = DType::f64;
    launch.op = static_cast<uint16_t>(Op::add);
    launch.compute = compute_of(x.dtype);
    launch.outputs = 1;
    launch.inputs = 2;
    launch.views = views;
  }
  AddTo(const AddTo&) = delete;
  AddTo& operator=(const AddTo&) = delete;
};

/** Picks rows: fails when an index is out of range. */
struct Pick {
  TensorView views[3];
  Scalar dim;
  Launch launch;
  Pick(Array& out, Array& x, Array& index) : views{out.view(), x.view(), index.view()} {
    launch.op = static_cast<uint16_t>(Op::indexSelect);
    launch.compute = compute_of(DType::f32);
    launch.outputs = 1;
    launch.inputs = 2;
    launch.scalars = 1;
    launch.views = views;
    launch.scalar = &dim;
  }
  Pick(const Pick&) = delete;
  Pick& operator=(const Pick&) = delete;
};

struct Recording : Recorder {
  std::vector<uint16_t> ops;
  void record(const Launch& launch) override { ops.push_back(launch.op); }
};

}  // namespace

TEST("launches run in the order they were submitted") {
  CpuStream stream;
  Array x(DType::f32, {1000});
  x.fill(0);
  for (int i = 1; i <= 500; i++) {
    AddTo add(x.view(), i % 3 == 0 ? -1 : 2);
    CHECK(stream.submit(add.launch));
  }
  stream.drain();
  int64_t wrong = 0;
  for (int64_t i = 0; i < 1000; i++) wrong += x.get(i) != 334 * 2 - 166;
  CHECK_EQ(wrong, 0);
}

TEST("a failure is told, writes nothing, and leaves the stream in order") {
  CpuStream stream;
  Array x(DType::f32, {4}), index(DType::i64, {2}), out(DType::f32, {2});
  x.fill_with([](int64_t i) { return i; });
  for (int round = 0; round < 50; round++) {
    index.fill(round % 2 ? 3 : 4);
    Pick pick(out, x, index);
    const bool done = stream.submit(pick.launch);
    stream.drain();
    CHECK_EQ(done, round % 2 == 1);
    CHECK_EQ(static_cast<bool>(stream.error()), !done);
    if (!done) {
      CHECK(stream.error().code == ErrorCode::index);
      CHECK(std::strstr(stream.error().message, "index 4 is out of range") != nullptr);
    }
    if (round == 0) CHECK(out.untouched());
  }
  CHECK_EQ(out.get(0), 3);
}

TEST("a recorder sees each launch, until it is taken out") {
  CpuStream stream;
  Recording recording;
  Array x(DType::f32, {4}), index(DType::i64, {2}), out(DType::f32, {2});
  x.fill(0);
  index.fill(9);
  AddTo add(x.view(), 1);
  Pick pick(out, x, index);
  stream.submit(add.launch);
  stream.set_recorder(&recording);
  stream.submit(add.launch);
  stream.submit(pick.launch);  // one that fails, too
  stream.submit(add.launch);
  stream.drain();
  stream.set_recorder(nullptr);
  stream.submit(add.launch);
  stream.drain();
  CHECK_EQ(recording.ops.size(), 3);
  CHECK_EQ(recording.ops[0], static_cast<int>(Op::add));
  CHECK_EQ(recording.ops[1], static_cast<int>(Op::indexSelect));
  CHECK_EQ(recording.ops[2], static_cast<int>(Op::add));
  CHECK_EQ(x.get(0), 4);
}

TEST("an unsteady launch computes the same") {
  CpuStream stream;
  Array x(DType::f32, {6}), index(DType::i64, {2}, Layout::shifted), out(DType::f32, {2});
  x.fill_with([](int64_t i) { return 10 * i; });
  index.fill_with([](int64_t i) { return 5 - i; });
  Pick pick(out, x, index);
  pick.launch.unsteady = true;
  CHECK(stream.submit(pick.launch));
  stream.drain();
  CHECK_EQ(out.get(0), 50);
  CHECK_EQ(out.get(1), 40);
}

TEST("streams of several threads run at once, each in its order, with one pool") {
  const Threads set(4);
  constexpr int kStreams = 5;
  const int launches = full ? 3000 : 300;
  std::atomic<int> wrong{0}, failures_seen{0};
  std::vector<std::thread> threads;
  for (int s = 0; s < kStreams; s++)
    threads.emplace_back([&, s] {
      CpuStream stream;
      // Some large enough for the pool, some not.
      Array x(DType::f32, {s % 2 ? int64_t{50} : int64_t{60000}}), index(DType::i64, {3}),
          picked(DType::f32, {3});
      x.fill(0);
      for (int i = 0; i < launches; i++) {
        AddTo add(x.view(), s + 1);
        if (!stream.submit(add.launch)) wrong++;
        if (i % 10) continue;
        index.fill(i % 20 ? 100000 : 7);
        Pick pick(picked, x, index);
        const bool done = stream.submit(pick.launch);
        stream.drain();
        if (done != (i % 20 == 0)) wrong++;
        if (!done) failures_seen++;
        if (done && picked.get(1) != (i + 1) * (s + 1)) wrong++;
      }
      stream.drain();
      for (int64_t i = 0; i < x.view().numel; i++)
        if (x.get(i) != launches * (s + 1)) {
          wrong++;
          break;
        }
      if (stream.completed() != stream.submitted()) wrong++;
    });
  for (std::thread& t : threads) t.join();
  CHECK_EQ(wrong.load(), 0);
  CHECK_EQ(failures_seen.load(), kStreams * launches / 20);
}

TEST("streams come and go while others work") {
  const Threads set(3);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; t++)
    threads.emplace_back([&, t] {
      for (int i = 0; i < (full ? 2000 : 200); i++) {
        CpuStream stream;
        Array x(DType::f32, {i % 2 ? int64_t{3} : int64_t{20000}});
        x.fill(t);
        AddTo add(x.view(), i);
        stream.submit(add.launch);
        stream.drain();
        if (x.get(x.view().numel - 1) != t + i) wrong++;
      }
    });
  for (std::thread& t : threads) t.join();
  CHECK_EQ(wrong.load(), 0);
}
