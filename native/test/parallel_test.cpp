// The thread pool: every task once, whoever asks, from wherever, however many threads; and failures.
#include "core/parallel.h"

#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>

#ifdef __linux__
#include <sys/resource.h>
#include <unistd.h>
#endif

#include "test/tensors.h"

using namespace test;

namespace {

/** Counts how often each task ran. */
class Tally {
 public:
  explicit Tally(int64_t tasks) : counts_(new std::atomic<int>[static_cast<size_t>(tasks)]), tasks_(tasks) {
    for (int64_t i = 0; i < tasks; i++) counts_[static_cast<size_t>(i)] = 0;
  }
  void count(int64_t task) {
    if (task < 0 || task >= tasks_)
      outside_++;
    else
      counts_[static_cast<size_t>(task)]++;
  }
  /** Whether each ran that often, and nothing else did. */
  bool each(int times) const {
    bool all = outside_ == 0;
    for (int64_t i = 0; i < tasks_; i++) all &= counts_[static_cast<size_t>(i)] == times;
    return all;
  }

 private:
  std::unique_ptr<std::atomic<int>[]> counts_;
  int64_t tasks_;
  std::atomic<int> outside_{0};
};

/** Until all of them are there, or time is up: whether they came. */
bool meet(std::atomic<int>& here, int all, double seconds) {
  here++;
  const auto start = std::chrono::steady_clock::now();
  while (here.load() < all) {
    if (std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() > seconds)
      return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace

TEST("every task runs once, for all numbers of tasks and threads") {
  for (int threads = 1; threads <= 8; threads++) {
    const Threads set(threads);
    CHECK_EQ(num_threads(), threads);
    for (int64_t tasks = 0; tasks <= 70; tasks++) {
      About about("%lld tasks, %d threads", static_cast<long long>(tasks), threads);
      Tally tally(tasks);
      parallel_for(tasks, [&](int64_t i) { tally.count(i); });
      CHECK(tally.each(1));
    }
    for (int64_t tasks : {1000, 100000}) {
      Tally tally(tasks);
      parallel_for(tasks, [&](int64_t i) { tally.count(i); });
      CHECK(tally.each(1));
    }
  }
  parallel_for(-1, [](int64_t) { CHECK(false); });
  CHECK(true);
}

TEST("jobs follow each other without one's tasks in the next") {
  const Threads set(4);
  bool right = true;
  for (int job = 0; job < (full ? 200000 : 20000); job++) {
    const int64_t tasks = job % 7 + 2;
    std::atomic<int64_t> sum{0};
    parallel_for(tasks, [&](int64_t i) { sum += i + 1000 * job; });
    right &= sum == tasks * (tasks - 1) / 2 + tasks * 1000 * job;
  }
  CHECK(right);
}

TEST("what tasks wrote is there when the job is over") {
  const Threads set(4);
  std::vector<int64_t> values(10000);
  for (int64_t round = 0; round < 200; round++) {
    parallel_for(100, [&](int64_t task) {
      for (size_t i = 0; i < 100; i++) values[static_cast<size_t>(task) * 100 + i] = round;
    });
    int64_t wrong = 0;
    for (int64_t v : values) wrong += v != round;
    CHECK_EQ(wrong, 0);
  }
}

TEST("the number of threads is at least one") {
  const Threads set(3);
  for (int n : {0, -5, INT32_MIN}) {
    set_num_threads(n);
    CHECK_EQ(num_threads(), 1);
  }
}

TEST("as many threads work as are set, also after there were more") {
  for (int threads : {2, 3, 8, 2, 4, 2, 3}) {
    const Threads set(threads);
    for (int round = 0; round < 5; round++) {
      About about("%d threads, round %d", threads, round);
      std::atomic<int> here{0}, late{0};
      parallel_for(threads, [&](int64_t) {
        if (!meet(here, threads, 20)) late++;
      });
      CHECK_EQ(late.load(), 0);
    }
  }
}

TEST("no more threads work on a job than are set") {
  {  // workers that could
    const Threads set(8);
    parallel_for(64, [](int64_t) { std::this_thread::yield(); });
  }
  for (int threads : {2, 3}) {
    const Threads set(threads);
    std::atomic<int> inside{0}, most{0};
    for (int round = 0; round < 50; round++)
      parallel_for(40, [&](int64_t) {
        const int now = ++inside;
        int seen = most.load();
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        std::this_thread::yield();
        inside--;
      });
    CHECK(most.load() <= threads);
  }
}

TEST("jobs within a job run where they are asked for") {
  const Threads set(4);
  Tally outer(20), inner(20 * 30);
  std::atomic<int> elsewhere{0};
  parallel_for(20, [&](int64_t i) {
    outer.count(i);
    const std::thread::id self = std::this_thread::get_id();
    parallel_for(30, [&](int64_t j) {
      inner.count(i * 30 + j);
      if (std::this_thread::get_id() != self) elsewhere++;
    });
  });
  CHECK(outer.each(1));
  CHECK(inner.each(1));
  CHECK_EQ(elsewhere.load(), 0);
}

TEST("several threads may ask at once, while the number of threads changes") {
  const Threads set(4);
  constexpr int kCallers = 4;
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0}, done{0};
  std::thread changer([&] {
    for (int n = 1; !stop; n = n % 8 + 1) {
      set_num_threads(n);
      std::this_thread::yield();
    }
  });
  std::vector<std::thread> callers;
  for (int c = 0; c < kCallers; c++)
    callers.emplace_back([&, c] {
      for (int job = 0; job < (full ? 20000 : 2000); job++) {
        const int64_t tasks = (job * 13 + c) % 50;
        Tally tally(tasks);
        parallel_for(tasks, [&](int64_t i) { tally.count(i); });
        if (!tally.each(1)) wrong++;
        done++;
      }
    });
  for (std::thread& t : callers) t.join();
  stop = true;
  changer.join();
  CHECK_EQ(wrong.load(), 0);
  CHECK_EQ(done.load(), kCallers * (full ? 20000 : 2000));
}

TEST("what a task throws is thrown to the caller, and the pool goes on") {
  for (int threads : {1, 2, 4, 8}) {
    const Threads set(threads);
    for (int64_t tasks : {1, 2, 5, 100})
      for (int64_t culprit = 0; culprit < tasks; culprit += culprit < 5 ? 1 : 19) {
        About about("task %lld of %lld, %d threads", static_cast<long long>(culprit),
                    static_cast<long long>(tasks), threads);
        std::atomic<int> inside{0};
        Tally tally(tasks);
        std::string caught;
        try {
          parallel_for(tasks, [&](int64_t i) {
            struct Inside {
              std::atomic<int>& n;
              explicit Inside(std::atomic<int>& count) : n(count) { n++; }
              ~Inside() { n--; }
            } in(inside);
            tally.count(i);
            if (i == culprit) throw std::runtime_error("task failed");
            if (i % 3 == 0) std::this_thread::yield();
          });
        } catch (const std::runtime_error& error) {
          caught = error.what();
        }
        CHECK(caught == "task failed");
        CHECK_EQ(inside.load(), 0);  // nobody still works on what the caller is about to destroy
        CHECK(!tally.each(0));
        Tally after(40);
        parallel_for(40, [&](int64_t i) { after.count(i); });
        CHECK(after.each(1));
      }
    // All of them: one is thrown on.
    for (int round = 0; round < 50; round++) {
      bool caught = false;
      try {
        parallel_for(64, [](int64_t) { throw std::bad_alloc(); });
      } catch (const std::bad_alloc&) {
        caught = true;
      }
      CHECK(caught);
    }
    // Workers still come: a failed job has not kept the pool.
    if (threads == 1) continue;
    std::atomic<int> here{0}, late{0};
    parallel_for(2, [&](int64_t) {
      if (!meet(here, 2, 20)) late++;
    });
    CHECK_EQ(late.load(), 0);
  }
}

TEST("after a failure the tasks that have not begun are left out") {
  for (int threads : {1, 2, 4}) {
    const Threads set(threads);
    const int64_t tasks = 100000;
    std::atomic<int64_t> begun{0};
    std::atomic<int> here{0};
    bool caught = false;
    try {
      parallel_for(tasks, [&](int64_t i) {
        begun++;
        if (i < 2 && threads > 1) meet(here, 2, 20);  // so that a worker is there to go on
        if (i == 0) throw std::runtime_error("the first");
        std::this_thread::yield();
      });
    } catch (const std::runtime_error&) {
      caught = true;
    }
    CHECK(caught);
    CHECK(threads == 1 ? begun == 1 : begun < tasks);
  }
}

TEST("reductions and products have the same bits with any number of threads, in whatever order they come") {
  // With all there is, threads that are in the way shuffle which worker gets which task when.
  const int most = full ? 16 : 8, rounds = full ? 5 : 1;
  std::atomic<bool> over{false};
  std::vector<std::thread> in_the_way;
  for (int i = 0; full && i < 3; i++)
    in_the_way.emplace_back([&over, i] {
      while (!over) {
        const auto start = std::chrono::steady_clock::now();
        while (std::chrono::steady_clock::now() - start < std::chrono::microseconds(50 + 70 * i)) {
        }
        std::this_thread::sleep_for(std::chrono::microseconds(30 * i));
      }
    });
  Array x(DType::f32, {700, 1000}), y(DType::f32, {700, 1000}), vector(DType::f32, {500000}),
      a(DType::f32, {150, 700}), b(DType::f32, {700, 170});
  Random random(5);
  for (Array* array : {&x, &y, &vector, &a, &b})
    array->fill_with([&](int64_t) { return random.uniform(-1, 1); });
  for (Isa isa : isas()) {
    struct Work {
      const char* name;
      Call call;
      std::unique_ptr<Array> out;
    };
    std::vector<Work> all;
    const auto add = [&](const char* name, Op op, const Sizes& shape, std::vector<TensorView> in,
                         std::vector<double> s) {
      auto out = std::make_unique<Array>(op == Op::argmax ? DType::i64 : DType::f32, shape);
      Call call{op, DType::f32, {out->view()}, std::move(in), std::move(s)};
      all.push_back({name, std::move(call), std::move(out)});
    };
    add("sum of all", Op::sum, {}, {vector.view()}, {0});
    add("sum of rows", Op::sum, {700}, {x.view()}, {1});
    add("sum of columns", Op::sum, {1000}, {x.view()}, {0});
    add("mean", Op::mean, {}, {x.view()}, {0, 1});
    add("prod", Op::prod, {1000}, {x.view()}, {0});
    add("argmax", Op::argmax, {}, {vector.view()}, {0});
    add("softmax", Op::softmax, {700, 1000}, {x.view()}, {0});
    add("logSoftmax", Op::logSoftmax, {700, 1000}, {x.view()}, {1});
    add("matmul", Op::matmul, {150, 170}, {a.view(), b.view()}, {0, 0});
    add("mseLoss", Op::mseLoss, {}, {x.view(), y.view()}, {1});
    add("exp", Op::exp, {700, 1000}, {x.view()}, {});
    for (Work& work : all) {
      std::vector<char> first;
      for (int round = 0; round < rounds; round++)
        for (int threads = 1; threads <= most; threads++) {
          const Threads set(threads);
          About about("%s on %s, %d threads", work.name, isa_name(isa), threads);
          run(isa, work.call);
          if (first.empty()) first = work.out->bits();
          CHECK(work.out->bits() == first);
        }
    }
  }
  over = true;
  for (std::thread& t : in_the_way) t.join();
}

#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST("more threads than the system gives are no failure") {
  long pages = 0;
  if (std::FILE* const statm = std::fopen("/proc/self/statm", "r")) {
    CHECK_EQ(std::fscanf(statm, "%ld", &pages), 1);
    std::fclose(statm);
  }
  rlimit before;
  CHECK_EQ(getrlimit(RLIMIT_AS, &before), 0);
  // Room for the stacks of a dozen threads.
  rlimit tight = before;
  tight.rlim_cur =
      static_cast<rlim_t>(pages) * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + (rlim_t{100} << 20);
  CHECK_EQ(setrlimit(RLIMIT_AS, &tight), 0);
  {
    const Threads set(1024);
    for (int round = 0; round < 3; round++) {
      Tally tally(500);
      parallel_for(500, [&](int64_t i) { tally.count(i); });
      CHECK(tally.each(1));
    }
  }
  CHECK_EQ(setrlimit(RLIMIT_AS, &before), 0);
  const Threads set(2);
  std::atomic<int> here{0}, late{0};
  parallel_for(2, [&](int64_t) {
    if (!meet(here, 2, 20)) late++;
  });
  CHECK_EQ(late.load(), 0);
}
#endif
