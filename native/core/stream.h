// The CPU stream: launches run in the order they were submitted. Small ones run at once, on the caller's
// thread, if nothing is under way; else they go to the stream's own thread, the executor, and the caller goes
// on. Who waits for what the executor has not come to runs it.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>

#include "core/doorbell.h"
#include "core/launch.h"
#include "core/steady.h"
#include "core/storage.h"

namespace tenon {

/** Sees every launch before it runs, in order, on the submitting thread: the hook for capture and tests. */
class Recorder {
 public:
  virtual ~Recorder() = default;
  virtual void record(const Launch&) = 0;
};

/** Sees every launch after it ran, and when (clock_ns), on the thread that ran it. */
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void executed(const Launch&, int64_t start, int64_t end) noexcept = 0;
};

/** The number of a launch that the executor was given, from 1 on; 0: none. */
using Ticket = uint64_t;
using Failure = std::shared_ptr<const LaunchError>;

/**
 * Used by one thread, its environment's. Storage that only this environment holds is ordered by the stream
 * itself: a block may be freed and taken again while launches that use it are waiting. Storage that others
 * hold, too, is kept by a reference until the launch has run, and a launch that writes to it is waited for.
 *
 * A launch that fails on the executor writes nothing and marks the storage of its outputs; launches that read
 * marked storage don't run, and mark theirs. Who reads a marked tensor from the host gets the first failure.
 */
class CpuStream {
 public:
  /** `blocks`: where the storage of launches comes from; it outlives the stream. */
  explicit CpuStream(BlockCache* blocks = nullptr);
  /** Waits for the launch that is running; those behind it never run. */
  ~CpuStream();
  CpuStream(const CpuStream&) = delete;
  CpuStream& operator=(const CpuStream&) = delete;

  /**
   * Views and scalars need to live only until it returns. False: it failed at once, nothing was written, and
   * the reason is in error() until the next submit.
   */
  bool submit(Launch&);
  const LaunchError& error() const { return error_; }
  /** Estimated nanoseconds of all launches that were submitted, tiny ones left out. */
  double work() const { return work_submitted_; }

  /** Copies `bytes` to `to`, in storage s, in the stream's order; `from` is read now. Throws std::bad_alloc.
   */
  void write(Storage* s, void* to, const void* from, size_t bytes);
  /** Copies to `to`, which must stay until the ticket is complete, in the stream's order; 0: done. */
  Ticket read(Storage* s, const void* from, void* to, size_t bytes);
  /** Calls `f(context, error)` as if it were a launch, in the stream's order: what waits for another device.
   * An error is the ticket's, as of a read; 0: done here, where there is no executor. */
  Ticket call(void (*f)(void*, LaunchError&), void* context, LaunchError& error);
  /** The storage starts afresh, with whatever bytes it has. */
  void renew(Storage* s);
  /** Why the read failed, once; null if it didn't. */
  Failure read_failure(Ticket);

  /** What must be complete for the storage's present bytes to be there; 0: they are. */
  Ticket pending(const Storage* s) const;
  /** The failure that marks the storage; the caller has waited for it. */
  Failure failure(const Storage* s) const {
    return tainted_.load(std::memory_order_acquire) ? s->failure : nullptr;
  }

  Ticket submitted() const { return submitted_.load(std::memory_order_relaxed); }
  Ticket completed() const { return completed_.load(std::memory_order_acquire); }
  bool idle() const { return completed() == submitted(); }
  void wait(Ticket);
  void drain() { wait(submitted()); }
  /** Lets go of the memory that only complete launches used. */
  void tidy() {
    if (reaped_ != submitted()) tidy_now();
  }
  /** The first failure since the last call, if any: for those that wait without reading. */
  Failure take_failure();

  /** `heard(ctx)` is called by who ran it when a ticket that was asked for is complete. Set before use. */
  void set_listener(void (*heard)(void*), void* ctx);
  /** Asks for a call of the listener once the ticket is complete; false: it is. One at a time: the lowest
   * counts. */
  bool listen(Ticket);
  /** Ends the executor, as the destructor does. Nothing may be submitted afterwards. */
  void stop();

  /** Null takes the recorder out. */
  void set_recorder(Recorder* recorder) { recorder_ = recorder; }
  /** Null takes the observer out. */
  void set_observer(Observer* observer) {
    drain();
    observer_ = observer;
  }
  /** Everything inline, for debugging (TENON_SYNC=1 sets it at the start). */
  void set_synchronous(bool on);

 private:
  static constexpr uint64_t kCapacity = 256;
  static constexpr Ticket kNobody = UINT64_MAX;
  struct Entry;

  /** Runs the kernel, on whichever thread the launch is executed by; a failure is written to launch.error. */
  void execute(const Launch&);
  void execute_observed(const Launch&);
  void run_kernel(const Launch&);

  static double cost_of(const Launch&);
  bool run_inline(Launch&);
  /** The next entry of the queue, when there is room; null: there is no executor, and the stream is idle. */
  Entry* next_entry();
  /** A brief launch may be left to be run by who waits for it, if that is what came of the last one. */
  void publish(bool brief = false);
  void ring();
  void claim(Entry&, Storage*, bool written);
  void reap();
  void tidy_now();
  void loop();
  /** Runs what is queued up to a ticket: how many that were; none if another thread is at it. */
  uint64_t run_until(Ticket last);
  void finish(Ticket);
  void run(Entry&, Ticket);
  void fail(const Launch&, Failure, bool is_new);
  void fail_read(Ticket, Failure);

  const Kernel* kernels_;
  BlockCache* blocks_;
  Recorder* recorder_ = nullptr;
  Observer* observer_ = nullptr;
  Scratch scratch_;
  Steady steady_;
  LaunchError error_;
  bool synchronous_ = false;
  double inline_limit_;  // estimated nanoseconds (TENON_INLINE_NS)
  double work_submitted_ = 0;

  std::unique_ptr<Entry[]> ring_;
  std::thread executor_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> running_{false};  // held by the thread that runs what is queued
  std::atomic<Ticket> submitted_{0}, completed_{0}, awaited_{kNobody};
  std::atomic<Ticket> wanted_{kNobody};  // by finish(), which no other launch is to wake: that takes long
  Ticket reaped_ = 0;
  Doorbell work_, done_;
  int64_t queued_ = 0;          // when the last entry was
  bool unrung_ = false;         // whether the executor was not told of it
  bool waits_at_once_ = false;  // the last one waited for was run by the thread that waited, at once
  void (*heard_)(void*) = nullptr;
  void* listener_ = nullptr;

  std::atomic<bool> tainted_{false};  // some storage may be marked
  std::mutex failures_;               // guards the next two
  Failure unreported_;
  std::unique_ptr<struct ReadFailures> read_failures_;
};

}  // namespace tenon
