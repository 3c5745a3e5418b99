#include "core/stream.h"

#include <cstdlib>
#include <cstring>
#include <new>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/cost.h"
#include "core/launch_log.h"
#include "cpu/kernel_table.h"

namespace tenon {

namespace {

/** Nanoseconds from which on the executor's wake-up (some 10 µs) is cheap beside the launch. */
constexpr double kWorthwhile = 100 * 1000;
/** Nanoseconds up to which it isn't: where launches are waited for at once, they run on the thread that
 * waits. */
constexpr double kBrief = 1000 * 1000;
/** Nanoseconds from the last launch to a wait, if there is nothing between them. */
constexpr int64_t kAtOnce = 50 * 1000;
/** A queue's entry that held more host bytes than this gives them back. */
constexpr size_t kKeptBytes = size_t{1} << 16;

bool synchronous_by_environment() {
  const char* text = std::getenv("TENON_SYNC");
  return text && *text && std::strcmp(text, "0") != 0;
}

/** Nothing may be thrown on the executor: where there is no memory for a failure, this is the failure. */
const Failure& no_memory() {
  static const Failure failure = [] {
    LaunchError e;
    set_error(e, ErrorCode::out_of_memory, "a launch failed, and there was no memory to say why");
    return std::make_shared<const LaunchError>(e);
  }();
  return failure;
}

Failure failure_of(const LaunchError& error) {
  try {
    return std::make_shared<const LaunchError>(error);
  } catch (const std::bad_alloc&) {
    return no_memory();
  }
}

double inline_limit() {
  const char* text = std::getenv("TENON_INLINE_NS");
  char* end = nullptr;
  const double limit = text ? std::strtod(text, &end) : kWorthwhile;
  return text && (end == text || !(limit >= 0)) ? kWorthwhile : limit;
}

}  // namespace

struct ReadFailures {
  std::unordered_map<Ticket, Failure> by_ticket;
  bool lost = false;  // one found no room here
};

/** What the executor needs of a launch or a copy; the vectors keep their memory from use to use. */
struct CpuStream::Entry {
  enum Kind { kLaunch, kWrite, kRead, kCall } kind = kLaunch;
  Launch launch;
  std::vector<TensorView> views;
  std::vector<int64_t> dims;
  std::vector<double> numbers;
  std::vector<Scalar> scalars;
  std::vector<Storage*> storages;
  std::vector<Storage*> pins;
  std::vector<char> bytes;
  Storage* storage = nullptr;
  void* to = nullptr;
  const void* from = nullptr;
  size_t count = 0;
  void (*call)(void*, LaunchError&) = nullptr;

  void copy(const Launch& l) {
    kind = kLaunch;
    launch = l;
    const size_t operands = l.outputs + l.inputs;
    views.assign(l.views, l.views + operands);
    storages.assign(l.storages, l.storages + operands + l.scalars);
    scalars.assign(l.scalar, l.scalar + l.scalars);
    size_t sizes = 0, immediate = 0;
    for (size_t i = 0; i < operands; i++) {
      sizes += 2 * static_cast<size_t>(views[i].rank);
      if (!storages[i]) immediate++;
    }
    dims.resize(sizes);
    numbers.resize(immediate);
    int64_t* d = dims.data();
    double* number = numbers.data();
    for (TensorView& v : views) {
      if (!storages[static_cast<size_t>(&v - views.data())]) {
        *number = *v.as<double>();
        v.data = number++;
      }
      if (v.rank == 0) continue;
      const size_t rank = v.rank;
      std::memcpy(d, v.shape, rank * sizeof *d);
      std::memcpy(d + rank, v.strides, rank * sizeof *d);
      v.shape = d;
      v.strides = d + rank;
      d += 2 * rank;
    }
    launch.views = views.data();
    launch.scalar = scalars.data();
    launch.storages = storages.data();
  }
};

CpuStream::CpuStream(BlockCache* blocks)
    : kernels_(cpu_kernels()),
      blocks_(blocks),
      synchronous_(synchronous_by_environment()),
      inline_limit_(inline_limit()) {
  if (blocks_) blocks_->follow(&completed_);
}

CpuStream::~CpuStream() {
  stop();
  if (blocks_) blocks_->follow(nullptr);
}

void CpuStream::stop() {
  if (!executor_.joinable()) return;
  stopping_.store(true);
  work_.ring(1);
  executor_.join();
  // What did not run is over, too: nothing may wait for it.
  completed_.store(submitted());
  reap();
}

inline void CpuStream::run_kernel(const Launch& launch) {
  try {
    // A plain copy looks at nothing twice.
    if (launch.unsteady && launch.op != static_cast<uint16_t>(Op::copy))
      kernels_[launch.op](steady_.copy(launch));
    else
      kernels_[launch.op](launch);
  } catch (const std::bad_alloc&) {
    set_error(*launch.error, ErrorCode::out_of_memory, "%s: no memory for the kernel's working space",
              op_name(launch.op));
  }
}

void CpuStream::execute_observed(const Launch& launch) {
  const int64_t start = clock_ns();
  run_kernel(launch);
  observer_->executed(launch, start, clock_ns());
}

inline void CpuStream::execute(const Launch& launch) {
  if (observer_) return execute_observed(launch);
  run_kernel(launch);
}

inline double CpuStream::cost_of(const Launch& launch) {
  return is_tiny(launch) ? 0 : static_cast<double>(estimated_cost(launch));
}

inline bool CpuStream::run_inline(Launch& launch) {
  error_.code = ErrorCode::none;
  launch.scratch = &scratch_;
  launch.error = &error_;
  if (tainted_.load(std::memory_order_relaxed) && launch.storages) {
    for (uint32_t i = 0; i < launch.outputs + launch.inputs; i++) {
      Storage* s = launch.storages[i];
      if (!s || s->shared) continue;
      if (i < launch.made)
        s->failure.reset();
      else if (s->failure) {
        error_ = *s->failure;
        return false;
      }
    }
  }
  execute(launch);
  return !error_;
}

bool CpuStream::submit(Launch& launch) {
  if (recorder_) recorder_->record(launch);
  const double cost = cost_of(launch);
  work_submitted_ += cost;
  if (idle() && (synchronous_ || !launch.storages || cost < inline_limit_)) return run_inline(launch);
  if (!launch.storages) {
    drain();
    return run_inline(launch);
  }
  Entry* entry = next_entry();
  if (!entry) return run_inline(launch);
  entry->copy(launch);
  bool seen_by_others = false;
  for (uint32_t i = 0; i < launch.outputs + launch.inputs + launch.scalars; i++) {
    claim(*entry, launch.storages[i], i < launch.outputs);
    if (i < launch.outputs && launch.storages[i]) seen_by_others |= launch.storages[i]->shared;
  }
  publish(cost < kBrief);
  if (!seen_by_others) return true;
  // Who is told by this thread that it has written must find it written.
  drain();
  const Failure failure = take_failure();
  if (failure) error_ = *failure;
  return !failure;
}

CpuStream::Entry* CpuStream::next_entry() {
  if (synchronous_) {
    drain();
    return nullptr;
  }
  if (!executor_.joinable()) {
    try {
      if (!ring_) ring_ = std::make_unique<Entry[]>(kCapacity);
      if (!read_failures_) read_failures_ = std::make_unique<ReadFailures>();
      no_memory();
      executor_ = std::thread([this] { loop(); });
    } catch (const std::system_error&) {
      return nullptr;
    }
  }
  if (submitted() - completed() >= kCapacity) wait(submitted() - kCapacity / 2);
  reap();
  return &ring_[submitted() % kCapacity];
}

void CpuStream::claim(Entry& entry, Storage* s, bool written) {
  if (!s) return;
  const Ticket ticket = submitted() + 1;
  if (s->shared) {
    entry.pins.push_back(s);
    blocks_->retain(s);
    return;
  }
  s->used = ticket;
  if (written) s->written = ticket;
}

void CpuStream::publish(bool brief) {
  const bool alone = idle();
  submitted_.store(submitted() + 1, std::memory_order_release);
  if (brief && alone && waits_at_once_)
    unrung_ = true;
  else
    ring();
  queued_ = clock_ns();  // ringing takes its time
}

void CpuStream::ring() {
  unrung_ = false;
  work_.ring(1);
}

/** Lets go of what completed launches kept. */
void CpuStream::reap() {
  for (const Ticket done = completed(); reaped_ < done; reaped_++) {
    Entry& entry = ring_[reaped_ % kCapacity];
    for (Storage* s : entry.pins) blocks_->release(s);
    entry.pins.clear();
  }
}

void CpuStream::write(Storage* s, void* to, const void* from, size_t bytes) {
  if (bytes == 0) return;
  Entry* entry = idle() ? nullptr : next_entry();
  if (!entry) {
    if (tainted_.load(std::memory_order_relaxed) && !s->shared) s->failure.reset();
    std::memcpy(to, from, bytes);
    return;
  }
  entry->kind = Entry::kWrite;
  entry->bytes.assign(static_cast<const char*>(from), static_cast<const char*>(from) + bytes);
  entry->storage = s;
  entry->to = to;
  claim(*entry, s, true);
  publish();
  if (s->shared) drain();
}

void CpuStream::renew(Storage* s) {
  if (s->shared || !tainted_.load(std::memory_order_relaxed)) return;
  wait(s->used);  // an earlier owner's launch could still mark it
  s->failure.reset();
}

Ticket CpuStream::read(Storage* s, const void* from, void* to, size_t bytes) {
  Entry* entry = idle() ? nullptr : next_entry();
  if (!entry) {
    std::memcpy(to, from, bytes);
    return 0;
  }
  entry->kind = Entry::kRead;
  entry->storage = s;
  entry->from = from;
  entry->to = to;
  entry->count = bytes;
  claim(*entry, s, false);
  publish();
  return submitted();
}

Ticket CpuStream::call(void (*f)(void*, LaunchError&), void* context, LaunchError& error) {
  Entry* entry = next_entry();
  if (!entry) {
    f(context, error);
    return 0;
  }
  entry->kind = Entry::kCall;
  entry->call = f;
  entry->to = context;
  publish();
  return submitted();
}

Failure CpuStream::read_failure(Ticket ticket) {
  if (!tainted_.load(std::memory_order_acquire)) return nullptr;
  std::lock_guard<std::mutex> lock(failures_);
  if (std::exchange(read_failures_->lost, false)) return no_memory();
  const auto found = read_failures_->by_ticket.find(ticket);
  if (found == read_failures_->by_ticket.end()) return nullptr;
  Failure failure = std::move(found->second);
  read_failures_->by_ticket.erase(found);
  return failure;
}

Ticket CpuStream::pending(const Storage* s) const {
  const Ticket ticket = s->shared ? submitted() : s->written;
  return ticket > completed() ? ticket : 0;
}

void CpuStream::wait(Ticket ticket) {
  if (completed() < ticket) {
    finish(ticket);
  } else if (unrung_) {  // not what is waited for, or the executor has come to it
    ring();
    waits_at_once_ = false;
  }
  tidy();
}

void CpuStream::finish(Ticket ticket) {
  const bool at_once = clock_ns() - queued_ < kAtOnce;
  bool ran = false;
  // Either the executor sees what is waited for, or this thread sees it complete.
  wanted_.store(ticket);
  for (;;) {
    const uint32_t seen = done_.read();
    if (completed_.load() >= ticket) break;
    // The executor may still be asleep.
    if (run_until(ticket) > 0) {
      ran = true;
      continue;
    }
    if (unrung_) ring();  // it was at what came before, and may have missed this
    done_.wait(seen);
  }
  wanted_.store(kNobody);
  waits_at_once_ = ran && at_once;
  unrung_ = false;
  if (!idle()) ring();
}

void CpuStream::tidy_now() {
  reap();
  if (blocks_) blocks_->hand_on_completed();
}

Failure CpuStream::take_failure() {
  if (!tainted_.load(std::memory_order_acquire)) return nullptr;
  std::lock_guard<std::mutex> lock(failures_);
  return std::exchange(unreported_, nullptr);
}

void CpuStream::set_listener(void (*heard)(void*), void* ctx) {
  heard_ = heard;
  listener_ = ctx;
}

bool CpuStream::listen(Ticket ticket) {
  if (unrung_) ring();
  // Either this thread sees the completion, or the executor sees the wish.
  awaited_.store(ticket);
  if (completed_.load() < ticket) return true;
  // It may have seen the wish even so: then the call comes.
  return awaited_.exchange(kNobody) == kNobody;
}

void CpuStream::set_synchronous(bool on) {
  drain();
  synchronous_ = on;
}

void CpuStream::loop() {
  while (!stopping_.load()) {
    const uint32_t seen = work_.read();
    if (run_until(kNobody) > 0)
      work_.wait(seen);
    else
      work_.sleep(seen);
  }
}

uint64_t CpuStream::run_until(Ticket last) {
  if (running_.exchange(true)) return 0;
  const Ticket first = completed_.load();
  Ticket done = first;
  while (done < last && done < submitted_.load(std::memory_order_acquire) && !stopping_.load()) {
    run(ring_[done % kCapacity], done + 1);
    completed_.store(++done);
    if (done >= wanted_.load()) done_.ring(Doorbell::kEverybody);
    if (done >= awaited_.load() && awaited_.exchange(kNobody) != kNobody) heard_(listener_);
  }
  running_.store(false);
  return done - first;
}

void CpuStream::run(Entry& entry, Ticket ticket) {
  const bool tainted = tainted_.load(std::memory_order_relaxed);
  Storage* const s = entry.storage;
  if (entry.kind == Entry::kWrite) {
    if (tainted && !s->shared) s->failure.reset();
    std::memcpy(entry.to, entry.bytes.data(), entry.bytes.size());
    if (entry.bytes.capacity() > kKeptBytes) std::vector<char>().swap(entry.bytes);
    return;
  }
  if (entry.kind == Entry::kRead) {
    if (tainted && !s->shared && s->failure) {
      fail_read(ticket, s->failure);
      return;
    }
    std::memcpy(entry.to, entry.from, entry.count);
    return;
  }
  if (entry.kind == Entry::kCall) {
    LaunchError error;
    entry.call(entry.to, error);
    if (error) {
      fail_read(ticket, failure_of(error));
      tainted_.store(true, std::memory_order_release);
    }
    return;
  }
  Launch& launch = entry.launch;
  if (tainted) {
    Failure found;
    for (uint32_t i = 0; i < launch.outputs + launch.inputs; i++) {
      Storage* operand = launch.storages[i];
      if (!operand || operand->shared) continue;
      if (i < launch.made)
        operand->failure.reset();
      else if (!found)
        found = operand->failure;
    }
    if (found) return fail(launch, std::move(found), false);
  }
  LaunchError error;
  launch.scratch = &scratch_;
  launch.error = &error;
  execute(launch);
  if (error) fail(launch, failure_of(error), true);
}

/** The failure is told to whoever waits for the ticket, and to nobody else. */
void CpuStream::fail_read(Ticket ticket, Failure failure) {
  std::lock_guard<std::mutex> lock(failures_);
  unreported_.reset();
  try {
    read_failures_->by_ticket.emplace(ticket, std::move(failure));
  } catch (const std::bad_alloc&) {
    read_failures_->lost = true;
  }
}

/** Marks the outputs. */
void CpuStream::fail(const Launch& launch, Failure failure, bool is_new) {
  for (uint32_t i = 0; i < launch.outputs; i++)
    if (Storage* s = launch.storages[i])
      if (!s->shared) s->failure = failure;
  if (is_new) {
    std::lock_guard<std::mutex> lock(failures_);
    if (!unreported_) unreported_ = std::move(failure);
  }
  tainted_.store(true, std::memory_order_release);
}

}  // namespace tenon
