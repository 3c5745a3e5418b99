#include "core/parallel.h"

#include <atomic>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "core/cpu_count.h"
#include "core/doorbell.h"

namespace tenon {

namespace {

/**
 * One job at a time. A job is open while tickets remain; a worker enters an open job by raising its count.
 * The caller closes the job when the tickets run out and then waits only for workers that have entered: one
 * that never got a CPU costs nothing.
 */
class Pool {
 public:
  void run(int threads, int64_t tasks, void (*fn)(void*, int64_t), void* ctx) {
    grow(threads - 1);
    fn_ = fn;
    ctx_ = ctx;
    tasks_ = tasks;
    active_ = threads - 1;
    next_.store(0, std::memory_order_relaxed);
    const uint64_t generation = ((state_.load(std::memory_order_relaxed) >> 32) + 1) & 0xffffffffu;
    state_.store(generation << 32 | kOpen, std::memory_order_release);
    bell_.ring(static_cast<int>(tasks - 1 < threads - 1 ? tasks - 1 : threads - 1));
    work();
    state_.fetch_and(~kOpen, std::memory_order_acq_rel);
    for (int spins = 0; state_.load(std::memory_order_acquire) & kInside; spins++) {
      relax();
      if (spins > 2000) std::this_thread::yield();
    }
    if (failed_.load(std::memory_order_relaxed)) {
      failed_.store(false, std::memory_order_relaxed);
      std::rethrow_exception(std::exchange(failure_, nullptr));
    }
  }

 private:
  static constexpr uint64_t kOpen = uint64_t{1} << 31;
  static constexpr uint64_t kInside = kOpen - 1;

  /** The first exception ends the job: the caller throws it on. */
  void work() {
    try {
      for (int64_t i; (i = next_.fetch_add(1, std::memory_order_relaxed)) < tasks_;) fn_(ctx_, i);
    } catch (...) {
      if (!failed_.exchange(true, std::memory_order_relaxed)) failure_ = std::current_exception();
      next_.store(tasks_, std::memory_order_relaxed);
    }
  }

  /** There are fewer if the system gives no more. */
  void grow(int workers) {
    try {
      for (; workers_ < workers; workers_++) std::thread([this] { loop(); }).detach();
    } catch (const std::system_error&) {
    }
  }

  /** Any worker may be among the `active_` that a job has room for: which of them wakes is up to the system.
   */
  bool enter(uint64_t& done) {
    uint64_t s = state_.load(std::memory_order_acquire);
    while ((s & kOpen) && (s >> 32) != done) {
      if (!state_.compare_exchange_weak(s, s + 1, std::memory_order_acquire)) continue;
      done = s >> 32;
      if (static_cast<int>(s & kInside) < active_) work();
      state_.fetch_sub(1, std::memory_order_release);
      return true;
    }
    return false;
  }

  void loop() {
    uint64_t done = 0;
    for (;;) {
      const uint32_t seen = bell_.read();
      if (enter(done)) continue;
      bell_.wait(seen);
    }
  }

  alignas(64) std::atomic<uint64_t> state_{0};  // generation << 32 | open | workers inside
  alignas(64) std::atomic<int64_t> next_{0};
  alignas(64) Doorbell bell_;
  void (*fn_)(void*, int64_t) = nullptr;
  void* ctx_ = nullptr;
  int64_t tasks_ = 0;
  int active_ = 0;
  int workers_ = 0;
  std::atomic<bool> failed_{false};
  std::exception_ptr failure_;
};

/** Leaked: workers may outlive every static destructor. */
Pool& pool() {
  static Pool* const p = new Pool;
  return *p;
}

int initial_threads() {
  const char* const text = std::getenv("TENON_NUM_THREADS");
  const int n = text ? parse_thread_count(text) : 0;
  return n > 0 ? n : available_cpus();
}

std::atomic<int>& threads() {
  static std::atomic<int> n{initial_threads()};
  return n;
}

/** Held by whoever runs a job; a second caller runs its own inline. */
std::atomic_flag busy = ATOMIC_FLAG_INIT;

}  // namespace

int num_threads() { return threads().load(std::memory_order_relaxed); }

void set_num_threads(int n) { threads().store(n < 1 ? 1 : n, std::memory_order_relaxed); }

void parallel_for(int64_t tasks, void (*fn)(void*, int64_t), void* ctx) {
  const int n = num_threads();
  if (tasks <= 1 || n <= 1 || busy.test_and_set(std::memory_order_acquire)) {
    for (int64_t i = 0; i < tasks; i++) fn(ctx, i);
    return;
  }
  struct Turn {
    ~Turn() { busy.clear(std::memory_order_release); }
  } turn;
  pool().run(n, tasks, fn, ctx);
}

}  // namespace tenon
