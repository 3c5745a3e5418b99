// Sleep until somebody rings: a futex on Linux, a condition variable elsewhere.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>

#ifdef __linux__
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#else
#include <condition_variable>
#include <mutex>
#endif

namespace tenon {

inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

class Doorbell {
 public:
  static constexpr int kEverybody = 1 << 30;

  uint32_t read() const { return word_.load(std::memory_order_acquire); }

  void ring(int sleepers_to_wake) {
    word_.fetch_add(1);
    const int sleeping = sleepers_.load();
    if (sleeping == 0) return;
#ifdef __linux__
    const int n = sleeping < sleepers_to_wake ? sleeping : sleepers_to_wake;
    syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word_), FUTEX_WAKE_PRIVATE, n, nullptr, nullptr, 0);
#else
    (void)sleepers_to_wake;
    std::lock_guard<std::mutex> lock(mutex_);
    changed_.notify_all();
#endif
  }

  /** Returns when it has been rung since `seen` was read; spins for a while, as a wake-up takes long. */
  void wait(uint32_t seen) {
    constexpr auto spin = std::chrono::microseconds(20);
    const auto start = std::chrono::steady_clock::now();
    for (int spins = 0;; spins++) {
      if (read() != seen) return;
      relax();
      if ((spins & 31) == 31 && std::chrono::steady_clock::now() - start > spin) break;
    }
    sleep(seen);
  }

  /** The same without spinning. */
  void sleep(uint32_t seen) {
    sleepers_.fetch_add(1);
#ifdef __linux__
    // It may return early; all callers look again.
    if (word_.load() == seen)
      syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word_), FUTEX_WAIT_PRIVATE, seen, nullptr, nullptr, 0);
#else
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return word_.load() != seen; });
#endif
    sleepers_.fetch_sub(1);
  }

 private:
  std::atomic<uint32_t> word_{0};
  std::atomic<int> sleepers_{0};
#ifndef __linux__
  std::mutex mutex_;
  std::condition_variable changed_;
#endif
};

}  // namespace tenon
