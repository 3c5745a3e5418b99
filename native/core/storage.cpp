#include "core/storage.h"

#include <mutex>
#include <new>
#include <vector>

#include "core/aligned.h"
#include "core/launch.h"

namespace tenon {

namespace {

constexpr int kClasses = 4 * 50;
constexpr int64_t kMinimum = 64;

/** Bytes of class c: 64 · {1, 1.25, 1.5, 1.75} · 2^k, rounded up to the alignment. */
int64_t class_bytes(int c) {
  const int64_t octave = kMinimum << (c / 4);
  return (octave + octave / 4 * (c % 4) + 63) & ~int64_t{63};
}

int class_of(int64_t bytes) {
  if (bytes <= kMinimum) return 0;
  const uint64_t above = static_cast<uint64_t>(bytes - 1);
#if defined(__GNUC__)
  const int log2 = 63 - __builtin_clzll(above);
#else
  int log2 = 0;
  while (above >> (log2 + 1)) log2++;
#endif
  // above = 1.xy… · 2^log2: the two bits under the leading one choose the quarter that holds it
  const int quarter = static_cast<int>(above >> (log2 - 2) & 3);
  return 4 * (log2 - 6) + quarter + 1;
}

/** Free blocks that any environment may take, and the totals. Leaked: environments end after static
 * destructors. */
struct Depot {
  std::mutex mutex;
  std::vector<Storage*> free_blocks[kClasses];
  std::atomic<int64_t> live{0}, peak{0}, cached{0}, working{0}, allocations{0};
  /** Bytes of the system's: live, cached here or by an environment, working. Changes only with the system's
   * help. */
  std::atomic<int64_t> held{0};
  std::atomic<int64_t> limit{kNoLimit};
  std::atomic<bool> limited{false};  // by a call, or by default
};

static_assert(sizeof(Storage) == 64, "the header takes one cache line");

Depot& depot() {
  static Depot* const d = new Depot;
  return *d;
}

void note_live(Depot& d, int64_t change) {
  const int64_t live = d.live.fetch_add(change, std::memory_order_relaxed) + change;
  int64_t peak = d.peak.load(std::memory_order_relaxed);
  while (live > peak && !d.peak.compare_exchange_weak(peak, live, std::memory_order_relaxed)) {
  }
}

/** A large block may be up to twice as large as asked for: fresh pages cost more than the arithmetic on them.
 */
Storage* take(Depot& d, int c) {
  constexpr int octave = 4, large = 4 * 14;  // the class of 1 MB
  std::lock_guard<std::mutex> lock(d.mutex);
  for (int last = c < large ? c : c + octave; c <= last && c < kClasses; c++) {
    std::vector<Storage*>& blocks = d.free_blocks[c];
    if (blocks.empty()) continue;
    Storage* s = blocks.back();
    blocks.pop_back();
    d.cached.fetch_sub(s->capacity, std::memory_order_relaxed);
    return s;
  }
  return nullptr;
}

void to_system(Depot& d, Storage* s) {
  d.held.fetch_sub(s->capacity, std::memory_order_relaxed);
  s->~Storage();
  aligned_release(s);
}

/** Frees cached blocks, largest first, until at most `keep` bytes are cached. The lock is held. */
void trim(Depot& d, int64_t keep) {
  for (int c = kClasses - 1; c >= 0 && d.cached.load(std::memory_order_relaxed) > keep; c--) {
    std::vector<Storage*>& blocks = d.free_blocks[c];
    while (!blocks.empty() && d.cached.load(std::memory_order_relaxed) > keep) {
      Storage* s = blocks.back();
      blocks.pop_back();
      d.cached.fetch_sub(s->capacity, std::memory_order_relaxed);
      to_system(d, s);
    }
  }
}

/** Takes bytes out of what the limit allows, in exchange for cached blocks if need be. */
bool hold(Depot& d, int64_t bytes) {
  const int64_t limit = d.limit.load(std::memory_order_relaxed);
  int64_t held = d.held.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  if (held <= limit) return true;
  if (bytes <= limit) {
    std::lock_guard<std::mutex> lock(d.mutex);
    const int64_t cached = d.cached.load(std::memory_order_relaxed);
    held = d.held.load(std::memory_order_relaxed);
    if (held > limit && held - cached <= limit) {
      trim(d, cached - (held - limit));
      held = d.held.load(std::memory_order_relaxed);
    }
  }
  if (held <= limit) return true;
  d.held.fetch_sub(bytes, std::memory_order_relaxed);
  return false;
}

/** What may lie free: as much again as the program has had in use, and never so little that a small one
 * thrashes. */
int64_t keep_bytes(const Depot& d) {
  constexpr int64_t floor = int64_t{64} << 20;
  const int64_t live = d.live.load(std::memory_order_relaxed), peak = d.peak.load(std::memory_order_relaxed);
  const int64_t slack = peak - live;
  return slack > floor ? slack : floor;
}

void put(Depot& d, Storage* s) {
  s->used = s->written = 0;  // another stream may count on
  s->failure.reset();
  s->shared = false;
  std::lock_guard<std::mutex> lock(d.mutex);
  try {
    d.free_blocks[s->size_class].push_back(s);
  } catch (const std::bad_alloc&) {
    to_system(d, s);
    return;
  }
  const int64_t cached = d.cached.fetch_add(s->capacity, std::memory_order_relaxed) + s->capacity;
  int64_t keep = keep_bytes(d);
  // A limit that was lowered takes effect as blocks become free.
  const int64_t excess = d.held.load(std::memory_order_relaxed) - d.limit.load(std::memory_order_relaxed);
  if (excess > 0 && cached - excess < keep) keep = cached > excess ? cached - excess : 0;
  if (cached > keep) trim(d, keep);
}

Storage* from_system(Depot& d, int c) {
  const int64_t capacity = class_bytes(c);
  if (!hold(d, capacity)) return nullptr;
  void* p = aligned_acquire(sizeof(Storage) + static_cast<size_t>(capacity));
  if (!p) {
    empty_cache();
    p = aligned_acquire(sizeof(Storage) + static_cast<size_t>(capacity));
    if (!p) {
      d.held.fetch_sub(capacity, std::memory_order_relaxed);
      return nullptr;
    }
  }
  Storage* s = new (p) Storage;
  s->size_class = static_cast<uint16_t>(c);
  s->capacity = capacity;
  d.allocations.fetch_add(1, std::memory_order_relaxed);
  return s;
}

}  // namespace

BlockCache::~BlockCache() {
  completed_ = nullptr;  // the stream is gone, and with it all that was in flight
  surrender();
  settle();
}

void BlockCache::surrender() {
  for (Stack& stack : small_) {
    stack.bytes = 0;
    while (Storage* s = stack.top) {
      stack.top = s->next;
      hand_on(s);
    }
  }
  hand_on_completed();
}

/** To the depot, at once or when it is out of use. */
void BlockCache::hand_on(Storage* s) {
  if (!in_flight(s)) return put(depot(), s);
  s->next = waiting_;
  waiting_ = s;
}

void BlockCache::hand_on_completed() {
  for (Storage** at = &waiting_; *at;) {
    Storage* s = *at;
    if (in_flight(s)) {
      at = &s->next;
    } else {
      *at = s->next;
      put(depot(), s);
    }
  }
}

/** One that is still in use is as good as any: the taker's launches come later. */
Storage* BlockCache::take_waiting(int size_class) {
  for (Storage** at = &waiting_; *at; at = &(*at)->next) {
    Storage* s = *at;
    if (s->size_class != size_class) continue;
    *at = s->next;
    return s;
  }
  hand_on_completed();
  return nullptr;
}

int64_t BlockCache::kept_bytes() const {
  int64_t bytes = 0;
  for (const Stack& stack : small_) bytes += stack.bytes;
  for (const Storage* s = waiting_; s; s = s->next) bytes += s->capacity;
  return bytes;
}

void BlockCache::note(int64_t change) {
  unsettled_ += change;
  if (unsettled_ > kUnsettled || unsettled_ < -kUnsettled) settle();
}

void BlockCache::settle() {
  note_live(depot(), unsettled_);
  unsettled_ = 0;
}

int64_t BlockCache::live_bytes() const {
  return depot().live.load(std::memory_order_relaxed) + unsettled_ + foreign_;
}

Storage* BlockCache::allocate(int64_t bytes) {
  constexpr int64_t limit = int64_t{1} << 47;  // the address space
  if (bytes < 0 || bytes > limit) return nullptr;
  const int c = class_of(bytes);
  Storage* s = nullptr;
  if (c < kSmallClasses && small_[c].top) {
    s = small_[c].top;
    small_[c].top = s->next;
    small_[c].bytes -= s->capacity;
  }
  if (!s && waiting_) s = take_waiting(c);
  if (!s) s = take(depot(), c);
  if (!s) s = from_system(depot(), c);
  if (!s && kept_bytes() > 0) {
    surrender();  // the blocks of other sizes that lie here are memory, too
    s = from_system(depot(), c);
  }
  if (!s) return nullptr;
  s->references.store(1, std::memory_order_relaxed);
  s->shared = false;
  s->bytes = bytes;
  note(s->capacity);
  return s;
}

void BlockCache::recycle(Storage* s) {
  if (s->place != 0) {
    ForeignStorage* const foreign = static_cast<ForeignStorage*>(s);
    foreign_ -= foreign->capacity;
    return foreign->take_back(foreign->owner, foreign);
  }
  note(-s->capacity);
  const int c = s->size_class;
  if (s->shared || c >= kSmallClasses || small_[c].bytes >= kKept) return hand_on(s);
  s->next = small_[c].top;
  small_[c].top = s;
  small_[c].bytes += s->capacity;
}

MemoryStats memory_stats() {
  Depot& d = depot();
  MemoryStats stats;
  stats.live = d.live.load();
  stats.peak = d.peak.load();
  stats.cached = d.cached.load();
  stats.working = d.working.load();
  stats.limit = d.limit.load();
  stats.allocations = d.allocations.load();
  return stats;
}

void set_memory_limit(int64_t bytes) {
  Depot& d = depot();
  d.limited.store(true);
  d.limit.store(bytes);
  std::lock_guard<std::mutex> lock(d.mutex);
  const int64_t excess = d.held.load() - bytes, cached = d.cached.load();
  if (excess > 0) trim(d, cached > excess ? cached - excess : 0);
}

int64_t memory_limit() { return depot().limit.load(std::memory_order_relaxed); }

void set_default_memory_limit(int64_t bytes) {
  if (!depot().limited.exchange(true)) set_memory_limit(bytes);
}

bool reserve_working(int64_t bytes) {
  Depot& d = depot();
  if (bytes < 0 || !hold(d, bytes)) return false;
  d.working.fetch_add(bytes, std::memory_order_relaxed);
  return true;
}

void return_working(int64_t bytes) {
  Depot& d = depot();
  d.working.fetch_sub(bytes, std::memory_order_relaxed);
  d.held.fetch_sub(bytes, std::memory_order_relaxed);
}

void reset_peak_memory() {
  Depot& d = depot();
  d.peak.store(d.live.load());
}

void empty_cache() {
  Depot& d = depot();
  std::lock_guard<std::mutex> lock(d.mutex);
  trim(d, 0);
}

}  // namespace tenon
