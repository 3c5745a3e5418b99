#include "napi/sweep.h"

#include "core/shared_tensors.h"
#include "napi/commands.h"
#include "napi/environment.h"

namespace tenon {

namespace {

/** Handles made while looking at references are dropped in batches. */
class Scope {
 public:
  explicit Scope(napi_env env) : env_(env) { napi_open_handle_scope(env_, &scope_); }
  ~Scope() { napi_close_handle_scope(env_, scope_); }
  void step() {
    if (++steps_ % 1024 != 0) return;
    napi_close_handle_scope(env_, scope_);
    napi_open_handle_scope(env_, &scope_);
  }

 private:
  napi_env env_;
  napi_handle_scope scope_;
  int steps_ = 0;
};

class Sweeper {
 public:
  explicit Sweeper(Environment& e) : e_(e), scope_(e.env) {}

  bool full() const { return count_ + kFirstCommand >= e_.capacity; }
  size_t count() const { return count_; }

  /** True if the slot stays. */
  bool keep(Slot& s) {
    napi_value object = nullptr;
    napi_get_reference_value(e_.env, static_cast<napi_ref>(s.weak), &object);
    scope_.step();
    if (object) return true;
    e_.commands[kFirstCommand + count_++] = s.id;
    e_.release(s);
    return false;
  }

  /** Looks at the ids from the back; those that stay move to `survivors` (if there are any such). */
  void list(std::vector<uint32_t>& ids, std::vector<uint32_t>* survivors) {
    while (!ids.empty() && !full()) {
      const uint32_t id = ids.back();
      ids.pop_back();
      Slot* s = e_.slots.find(id);
      if (s && s->weak && keep(*s) && survivors) survivors->push_back(id);
    }
  }

 private:
  Environment& e_;
  Scope scope_;
  size_t count_ = 0;
};

}  // namespace

napi_value sweep(napi_env env, napi_callback_info info) {
  size_t argc = 1;
  napi_value argument;
  void* data;
  napi_get_cb_info(env, info, &argc, &argument, nullptr, &data);
  Environment& e = *static_cast<Environment*>(data);
  bool full = false;
  if (argc) napi_get_value_bool(env, argument, &full);
  return guarded(e, [&]() -> napi_value {
    size_t found;
    if (!e.commands) return nullptr;
    purge_shared(e.slots.blocks());
    {
      Sweeper sweeper(e);
      if (full) {
        for (uint32_t i = 1; i < e.slots.size() && !sweeper.full(); i++) {
          Slot& s = e.slots.at(i);
          if (s.id && s.weak) sweeper.keep(s);
        }
        if (!sweeper.full()) {
          e.newborn.clear();
          e.yearling.clear();
        }
      } else {
        sweeper.list(e.yearling, nullptr);
        if (!sweeper.full()) sweeper.list(e.newborn, &e.yearling);
      }
      found = sweeper.count();
    }
    e.commands[1] = static_cast<double>(e.slots.blocks().live_bytes());
    napi_value result;
    napi_create_uint32(env, static_cast<uint32_t>(found), &result);
    return result;
  });
}

napi_value own(napi_env env, napi_callback_info info) {
  size_t argc = 2;
  napi_value arguments[2];
  void* data;
  napi_get_cb_info(env, info, &argc, arguments, nullptr, &data);
  Environment& e = *static_cast<Environment*>(data);
  return guarded(e, [&]() -> napi_value {
    double id = 0;
    if (argc == 2) napi_get_value_double(env, arguments[1], &id);
    Slot* s = e.slots.find(id);
    napi_ref weak;
    if (s && !s->weak && napi_create_reference(env, arguments[0], 0, &weak) == napi_ok) {
      s->weak = weak;
      e.newborn.push_back(s->id);
    }
    return nullptr;
  });
}

}  // namespace tenon
