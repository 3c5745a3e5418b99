// Tensors that one environment offers to all others of the process, by key.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "core/storage.h"
#include "core/view.h"

namespace tenon {

using SharingClock = std::chrono::steady_clock;

/**
 * What is on offer holds a reference to its storage: until it is withdrawn, or this long after it was let go,
 * so that messages that are still on their way arrive.
 */
constexpr std::chrono::seconds kLetGoFor{60};

/** A tensor's place in its storage. */
struct SharedView {
  Storage* storage = nullptr;
  int64_t offset = 0;  // in elements
  DType dtype = DType::f32;
  int64_t numel = 0;
  std::vector<int64_t> shape, strides;
};

/** `origin` names the environment. False: the key is taken. Throws std::bad_alloc. */
bool offer_shared(const std::string& key, const void* origin, const SharedView& view);
/** The view, with a reference to its storage that is the caller's; a null storage: nothing has that key. */
SharedView take_shared(const std::string& key);
/** False: nothing had that key. */
bool withdraw_shared(const std::string& key, BlockCache& cache);
/** The origin holds the handle no more; the second: the origin itself ends. */
void let_go_shared(const std::string& key, SharingClock::time_point now = SharingClock::now());
void let_go_all_shared(const void* origin, SharingClock::time_point now = SharingClock::now());
/** Drops what was let go long enough ago; costs nothing when nothing was let go. */
void purge_shared(BlockCache& cache, SharingClock::time_point now);
void purge_shared(BlockCache& cache);

}  // namespace tenon
