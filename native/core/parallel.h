// The thread pool: fork-join over numbered tasks, the caller takes part and never waits for a worker that
// hasn't started.
#pragma once
#include <cstdint>
#include <type_traits>

namespace tenon {

int num_threads();
/** Takes effect at the next parallel region; n >= 1. */
void set_num_threads(int n);

/**
 * Runs fn(ctx, i) for i in [0, tasks); inline when tasks <= 1, one thread is set or the pool is busy. What a
 * task throws is thrown here, when all that run have ended; tasks that had not started then never run.
 */
void parallel_for(int64_t tasks, void (*fn)(void* ctx, int64_t task), void* ctx);

template <class F>
void parallel_for(int64_t tasks, F&& f) {
  using G = std::remove_reference_t<F>;
  parallel_for(
      tasks, [](void* ctx, int64_t i) { (*static_cast<G*>(ctx))(i); },
      const_cast<void*>(static_cast<const void*>(&f)));
}

}  // namespace tenon
