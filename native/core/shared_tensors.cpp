#include "core/shared_tensors.h"

#include <atomic>
#include <mutex>
#include <unordered_map>

namespace tenon {

namespace {

struct Offer {
  SharedView view;
  const void* origin;
  bool let_go = false;
  SharingClock::time_point since;
};

/** Leaked: environments end after static destructors. */
struct Offers {
  std::mutex mutex;
  std::unordered_map<std::string, Offer> by_key;
  std::atomic<int> let_go{0};
};

Offers& offers() {
  static Offers* const o = new Offers;
  return *o;
}

void let_go(Offers& all, Offer& offer, SharingClock::time_point now) {
  if (offer.let_go) return;
  offer.let_go = true;
  offer.since = now;
  all.let_go.fetch_add(1, std::memory_order_relaxed);
}

/** Takes an offer out; its reference becomes the caller's. The lock is held. */
Storage* take_out(Offers& all, std::unordered_map<std::string, Offer>::iterator at) {
  if (at->second.let_go) all.let_go.fetch_sub(1, std::memory_order_relaxed);
  Storage* const storage = at->second.view.storage;
  all.by_key.erase(at);
  return storage;
}

}  // namespace

bool offer_shared(const std::string& key, const void* origin, const SharedView& view) {
  Offers& all = offers();
  std::lock_guard<std::mutex> lock(all.mutex);
  Offer offer;
  offer.view = view;
  offer.origin = origin;
  if (!all.by_key.emplace(key, std::move(offer)).second) return false;
  view.storage->references.fetch_add(1, std::memory_order_relaxed);
  // Set once, before anybody else can look: who reads it later needs no lock.
  if (!view.storage->shared) {
    // No other stream may take the tickets of this one for its own.
    view.storage->used = view.storage->written = 0;
    view.storage->failure.reset();
    view.storage->shared = true;
  }
  return true;
}

SharedView take_shared(const std::string& key) {
  Offers& all = offers();
  std::lock_guard<std::mutex> lock(all.mutex);
  const auto at = all.by_key.find(key);
  if (at == all.by_key.end()) return {};
  SharedView view = at->second.view;
  view.storage->references.fetch_add(1, std::memory_order_relaxed);
  return view;
}

bool withdraw_shared(const std::string& key, BlockCache& cache) {
  Offers& all = offers();
  Storage* storage;
  {
    std::lock_guard<std::mutex> lock(all.mutex);
    const auto at = all.by_key.find(key);
    if (at == all.by_key.end()) return false;
    storage = take_out(all, at);
  }
  cache.release(storage);
  return true;
}

void let_go_shared(const std::string& key, SharingClock::time_point now) {
  Offers& all = offers();
  std::lock_guard<std::mutex> lock(all.mutex);
  const auto at = all.by_key.find(key);
  if (at != all.by_key.end()) let_go(all, at->second, now);
}

void let_go_all_shared(const void* origin, SharingClock::time_point now) {
  Offers& all = offers();
  std::lock_guard<std::mutex> lock(all.mutex);
  for (auto& entry : all.by_key) {
    if (entry.second.origin != origin) continue;
    let_go(all, entry.second, now);
    entry.second.origin = nullptr;  // another environment may come to the same address
  }
}

void purge_shared(BlockCache& cache, SharingClock::time_point now) {
  Offers& all = offers();
  std::vector<Storage*> due;
  {
    std::lock_guard<std::mutex> lock(all.mutex);
    due.reserve(static_cast<size_t>(all.let_go.load(std::memory_order_relaxed)));
    for (auto at = all.by_key.begin(); at != all.by_key.end();) {
      const auto here = at++;
      if (here->second.let_go && now - here->second.since >= kLetGoFor) due.push_back(take_out(all, here));
    }
  }
  for (Storage* storage : due) cache.release(storage);
}

void purge_shared(BlockCache& cache) {
  if (offers().let_go.load(std::memory_order_relaxed) > 0) purge_shared(cache, SharingClock::now());
}

}  // namespace tenon
