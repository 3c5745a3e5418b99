// Compiled without -fsanitize=thread: what is done here for one thread of a block would look like a race with
// what is done for another. For the same reason its state is in plain arrays; code of the standard library
// may be an instrumented copy from elsewhere.
#include "cuda/emulation/scheduler.h"

#include <sys/mman.h>

#include <cstdarg>
#include <cstdio>
#include <exception>
#include <new>
#include <numeric>

#include "cuda/emulation/fiber.h"
#include "cuda/emulation/sanitizers.h"

namespace tenon {
namespace cuda {
namespace emulation {

Thread* current;
uint3 block_index;
dim3 block_size, grid_size;

namespace {

constexpr unsigned kMostThreads = 1024;
constexpr int kMostCopies = 128;
constexpr int kMostVariables = 128;
constexpr size_t kArenaBytes = 512 << 10;  // more than a device has: there are gaps between variables
constexpr size_t kGapBytes = 32;

enum class State : uint8_t { unstarted, ready, in_warp, in_barrier, ended };

struct BlockThread : Thread {
  Fiber* fiber;
  State state;
  Site site;
  // in_warp
  uint32_t mask;
  Exchange exchange;
  void* argument;
  // ThreadSanitizer's: what this thread brings to a __syncwarp, and takes from it.
  char brings, takes;
};

/** Of cp.async: the group of each copy is the number of commits before it. */
struct Copies {
  int commits, count, handed_out;
  AsyncCopy copy[kMostCopies];
  int group[kMostCopies];
};

struct Variable {
  int id;
  void* address;
};

/** Thrown on a fiber by fail(), after the message is stored. */
struct Failed {};

// The launch.
const KernelEntry* kernel;
const void* parameters;
unsigned thread_count;
size_t dynamic_bytes;
Order order = Order::forward;
uint64_t seed = 1, random_state = 1;
unsigned launches = 0;
int device_capability = 80;
char message[1024];  // of its first failure
char launch_begun, launch_ended;
uint64_t race_checks = 0;
bool finds_races = false;  // whether each thread is a fiber of its own, for ThreadSanitizer

// The block that runs.
BlockThread threads[kMostThreads];
Copies copies[kMostThreads];
uint32_t in_warp[kMostThreads / 32];  // the lanes of each warp that wait in a warp function
unsigned start_order[kMostThreads], unstarted;
unsigned ready[kMostThreads], ready_first, ready_count;  // a ring
unsigned alive;
struct {
  unsigned arrived;
  Votes votes, result;
  const char* file;
  int line;
  char brings, takes;
} at_barrier;
char* arena = nullptr;
size_t arena_used, static_bytes;
Variable variables[kMostVariables];
int variable_count;

// Stacks of threads that have ended, to be used again.
Fiber* idle[kMostThreads];
unsigned idle_count = 0;

BlockThread& self() { return *static_cast<BlockThread*>(current); }

uint64_t random_bits() {  // SplitMix64
  uint64_t z = random_state += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

void make_ready(BlockThread& t) {
  t.state = State::ready;
  ready[(ready_first + ready_count++) % kMostThreads] = t.linear;
}

void wait_as(State state) {
  BlockThread& t = self();
  t.state = state;
  t.fiber->leave();
}

/** All who are expected have come. */
void open_barrier() {
  at_barrier.result = at_barrier.votes;
  at_barrier.arrived = 0;
  at_barrier.votes = {0, 1, 0};
  acquire_tag(at_barrier.brings);
  release_tag(at_barrier.takes);
  for (unsigned i = 0; i < thread_count; i++)
    if (threads[i].state == State::in_barrier) make_ready(threads[i]);
}

void end_thread(BlockThread& t) {
  t.state = State::ended;
  alive--;
  // A thread that has returned no longer counts at the barrier.
  if (at_barrier.arrived > 0 && at_barrier.arrived == alive) open_barrier();
}

/** Runs threads, one after another, for as long as they need not wait; so most blocks need few stacks. */
void run_threads() {
  for (;;) {
    BlockThread& t = self();
    acquire_tag(launch_begun);
    try {
      kernel->call(parameters);
      end_thread(t);
    } catch (const Failed&) {
      t.state = State::ended;
    }
    release_tag(launch_ended);
    if (!finds_races && message[0] == 0 && ready_count == 0 && unstarted < thread_count) {
      BlockThread& next = threads[start_order[unstarted++]];
      next.fiber = t.fiber;
      next.state = State::ready;
      t.fiber = nullptr;
      current = &next;
      continue;
    }
    t.fiber->leave();
  }
}

void resume(BlockThread& t) {
  if (t.fiber == nullptr)
    t.fiber = idle_count > 0 && !finds_races ? idle[--idle_count] : new Fiber(run_threads);
  t.state = State::ready;
  current = &t;
  t.fiber->enter(!finds_races);
  BlockThread& last = self();  // the stack may have gone on to a later thread
  if (last.state != State::ended) return;
  if (finds_races)
    delete last.fiber;
  else
    idle[idle_count++] = last.fiber;
  last.fiber = nullptr;
}

/** Chooses who runs next: one that waits no more, or one that hasn't begun. */
BlockThread& choose() {
  const bool more = unstarted < thread_count;
  if (order == Order::random) {
    const unsigned i = static_cast<unsigned>(random_bits() % (ready_count + (more ? 1 : 0)));
    if (i == ready_count) return threads[start_order[unstarted++]];
    std::swap(ready[(ready_first + i) % kMostThreads], ready[ready_first]);
  } else if (more) {
    return threads[start_order[unstarted++]];
  } else if (order == Order::reverse) {
    return threads[ready[(ready_first + --ready_count) % kMostThreads]];
  }
  BlockThread& t = threads[ready[ready_first]];
  ready_first = (ready_first + 1) % kMostThreads;
  ready_count--;
  return t;
}

void report_deadlock() {
  int used = std::snprintf(message, sizeof message, "deadlock in block (%u, %u, %u):", block_index.x,
                           block_index.y, block_index.z);
  unsigned waiting = 0;
  for (unsigned i = 0; i < thread_count; i++) {
    const BlockThread& t = threads[i];
    if (t.state != State::in_warp && t.state != State::in_barrier) continue;
    if (waiting++ >= 3) continue;
    used += std::snprintf(message + used, sizeof message - used, " thread %u waits at %s (%s:%d", t.linear,
                          t.site.what, t.site.file, t.site.line);
    if (t.state == State::in_warp)
      used += std::snprintf(message + used, sizeof message - used, ", mask %08x", t.mask);
    used += std::snprintf(message + used, sizeof message - used, ");");
  }
  std::snprintf(message + used, sizeof message - used, " %u threads wait, %u have ended", waiting,
                thread_count - alive);
}

/** Shared memory as a block finds it: NaN, all that is no variable out of bounds. */
void prepare_arena() {
  const auto map = [] {
    void* p = mmap(nullptr, kArenaBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) throw std::bad_alloc();
    arena = static_cast<char*>(p);
    arena_used = kArenaBytes;
  };
  if (arena == nullptr) map();
  if (finds_races) {  // or what blocks do with it would look like races between them
    munmap(arena, kArenaBytes);
    map();
  }
  permit(arena, kArenaBytes);
  std::memset(arena, 0xff, std::min(kArenaBytes, arena_used + kGapBytes));
  forbid(arena + dynamic_bytes, kArenaBytes - dynamic_bytes);
  arena_used = (dynamic_bytes + kGapBytes + 63) / 64 * 64;
  static_bytes = 0;
  variable_count = 0;
}

void run_block() {
  prepare_arena();
  unstarted = ready_first = ready_count = 0;
  for (uint32_t& w : in_warp) w = 0;
  alive = thread_count;
  at_barrier.arrived = 0;
  at_barrier.votes = {0, 1, 0};
  for (unsigned i = 0; i < thread_count; i++) {
    BlockThread& t = threads[i];
    t.fiber = nullptr;
    t.state = State::unstarted;
    copies[i].commits = copies[i].count = copies[i].handed_out = 0;
    start_order[i] = order == Order::reverse ? thread_count - 1 - i : i;
  }
  if (order == Order::random)
    for (unsigned i = thread_count; i > 1; i--) std::swap(start_order[i - 1], start_order[random_bits() % i]);
  while (alive > 0 && message[0] == 0) {
    if (ready_count == 0 && unstarted == thread_count)
      report_deadlock();
    else
      resume(choose());
  }
  for (unsigned i = 0; i < thread_count; i++) delete threads[i].fiber;  // after a failure; else there is none
}

}  // namespace

void fail(const char* format, ...) {
  if (message[0] == 0) {
    int used = std::snprintf(message, sizeof message,
                             "thread (%u, %u, %u) of block (%u, %u, %u): ", current->index.x,
                             current->index.y, current->index.z, block_index.x, block_index.y, block_index.z);
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(message + used, sizeof message - used, format, arguments);
    va_end(arguments);
  }
  throw Failed();
}

Votes barrier(int predicate, Site site) {
  BlockThread& t = self();
  if (at_barrier.arrived == 0) {
    at_barrier.file = site.file;
    at_barrier.line = site.line;
  } else if (at_barrier.line != site.line ||
             (at_barrier.file != site.file && std::strcmp(at_barrier.file, site.file) != 0)) {
    fail("is at the barrier of %s:%d while others are at that of %s:%d", site.file, site.line,
         at_barrier.file, at_barrier.line);
  }
  at_barrier.arrived++;
  at_barrier.votes.any |= predicate != 0;
  at_barrier.votes.all &= predicate != 0;
  at_barrier.votes.count += predicate != 0;
  t.site = site;
  release_tag(at_barrier.brings);
  if (at_barrier.arrived == alive)
    open_barrier();
  else
    wait_as(State::in_barrier);
  acquire_tag(at_barrier.takes);
  return at_barrier.result;
}

void warp(uint32_t mask, Exchange exchange, void* argument, Site site) {
  BlockThread& t = self();
  if ((mask >> t.lane & 1) == 0)
    fail("%s (%s:%d): lane %u is not in its own mask %08x", site.what, site.file, site.line, t.lane, mask);
  t.mask = mask;
  t.exchange = exchange;
  t.argument = argument;
  t.site = site;
  t.state = State::in_warp;
  BlockThread* const lanes = threads + (t.linear - t.lane);
  uint32_t& waiting = in_warp[t.linear / 32];
  waiting |= 1u << t.lane;
  if ((waiting & mask) != mask) return wait_as(State::in_warp);
  void* arguments[32] = {};
  for (unsigned i = 0; i < 32; i++) {
    if ((mask >> i & 1) == 0) continue;
    const BlockThread& other = lanes[i];
    if (other.mask != mask || other.exchange != exchange) return wait_as(State::in_warp);
    arguments[i] = other.argument;
  }
  waiting &= ~mask;
  exchange(arguments, mask);
  for (unsigned i = 0; i < 32; i++)
    if ((mask >> i & 1) && &lanes[i] != &t) make_ready(lanes[i]);
  t.state = State::ready;
}

void sync_warp(uint32_t mask, Site site) {
  BlockThread& t = self();
  release_tag(t.brings);
  warp(
      mask,
      [](void* const* arguments, uint32_t lanes) {
        for (int i = 0; i < 32; i++)
          if (lanes >> i & 1) acquire_tag(static_cast<BlockThread*>(arguments[i])->brings);
        for (int i = 0; i < 32; i++)
          if (lanes >> i & 1) release_tag(static_cast<BlockThread*>(arguments[i])->takes);
      },
      &t, site);
  acquire_tag(t.takes);
}

void* dynamic_shared() { return arena; }

int new_shared_id() {
  static int ids = 0;
  return __atomic_fetch_add(&ids, 1, __ATOMIC_RELAXED);
}

void* shared_variable(int id, size_t bytes, size_t alignment) {
  for (int i = 0; i < variable_count; i++)
    if (variables[i].id == id) return variables[i].address;
  static_bytes += bytes;
  const size_t start = (arena_used + alignment - 1) / alignment * alignment;
  if (static_bytes > kPlainSharedBytes || dynamic_bytes + static_bytes > most_shared_bytes() ||
      start + bytes + kGapBytes > kArenaBytes || variable_count == kMostVariables)
    fail("%zu bytes of variables and %zu of dynamic shared memory are too much", static_bytes, dynamic_bytes);
  arena_used = start + (bytes + kGapBytes + 15) / 16 * 16;
  permit(arena + start, bytes);
  variables[variable_count++] = {id, arena + start};
  return arena + start;
}

void async_copy(const AsyncCopy& c) {
  Copies& mine = copies[current->linear];
  if (mine.handed_out > 0) {  // they are done by now
    for (int i = mine.handed_out; i < mine.count; i++) {
      mine.copy[i - mine.handed_out] = mine.copy[i];
      mine.group[i - mine.handed_out] = mine.group[i];
    }
    mine.count -= mine.handed_out;
    mine.handed_out = 0;
  }
  if (mine.count == kMostCopies) fail("has more than %d asynchronous copies under way", kMostCopies);
  mine.copy[mine.count] = c;
  mine.group[mine.count++] = mine.commits;
}

void async_commit() { copies[current->linear].commits++; }

const AsyncCopy* async_wait(int pending, size_t* count) {
  Copies& mine = copies[current->linear];
  const int first = mine.handed_out, before = mine.commits - pending;
  while (mine.handed_out < mine.count && mine.group[mine.handed_out] < before) mine.handed_out++;
  *count = static_cast<size_t>(mine.handed_out - first);
  return mine.copy + first;
}

int capability() { return device_capability; }
void set_capability(int capability) { device_capability = capability; }
size_t most_shared_bytes() {  // CUDA C++ programming guide, compute capabilities
  if (device_capability < 80) return 64 << 10;
  if (device_capability == 80) return 163 << 10;
  if (device_capability < 90 || device_capability >= 120) return 99 << 10;
  return 227 << 10;
}

void set_order(Order o, unsigned s) {
  order = o;
  seed = s;
}

void set_race_checks(uint64_t threads_of_each) { race_checks = threads_of_each; }

static KernelEntry* kernels = nullptr;

Registration::Registration(const char* name, unsigned max_threads, size_t parameter_bytes,
                           void (*call)(const void*))
    : entry{name, max_threads, parameter_bytes, call, kernels, 0} {
  kernels = &entry;
}

KernelEntry* find_kernel(const char* name) {
  KernelEntry* k = kernels;
  while (k != nullptr && std::strcmp(k->name, name) != 0) k = k->next;
  return k;
}

std::string run(KernelEntry& k, dim3 grid, dim3 block, size_t dynamic_shared_bytes, const void* p) {
  kernel = &k;
  parameters = p;
  grid_size = grid;
  block_size = block;
  thread_count = block.x * block.y * block.z;
  dynamic_bytes = dynamic_shared_bytes;
  message[0] = 0;
  random_state = seed * 0x9e3779b97f4a7c15 + ++launches;
  for (unsigned i = 0; i < thread_count; i++) {
    threads[i].linear = i;
    threads[i].lane = i % 32;
    threads[i].index = {i % block.x, i / block.x % block.y, i / block.x / block.y};
  }
  release_tag(launch_begun);
  const uint64_t blocks = uint64_t(grid.x) * grid.y * grid.z;
#if defined(TENON_THREAD_SANITIZER)
  finds_races = k.checked_threads + blocks * thread_count <= race_checks;
  if (finds_races) k.checked_threads += blocks * thread_count;
#endif
  uint64_t step = 1, offset = 0;
  if (order == Order::random) {
    offset = random_bits() % blocks;
    do step = random_bits() % blocks | 1;
    while (std::gcd(step, blocks) != 1);
  }
  for (uint64_t i = 0; i < blocks && message[0] == 0; i++) {
    const uint64_t b = order == Order::reverse ? blocks - 1 - i : (i * step + offset) % blocks;
    block_index = {unsigned(b % grid.x), unsigned(b / grid.x % grid.y), unsigned(b / grid.x / grid.y)};
    run_block();
  }
  acquire_tag(launch_ended);
  forget_fibers();
  permit(arena, kArenaBytes);
  return message[0] ? std::string(k.name) + ": " + message : std::string();
}

}  // namespace emulation
}  // namespace cuda
}  // namespace tenon
