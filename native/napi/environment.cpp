#include "napi/environment.h"

#include "core/shared_tensors.h"

namespace tenon {

Environment::~Environment() {
  let_go_all_shared(this);
  purge_shared(slots.blocks());
}

void Environment::release(Slot& slot) {
  if (slot.weak) {
    napi_delete_reference(env, static_cast<napi_ref>(slot.weak));
    slot.weak = nullptr;
  }
  if (running)
    released_while_running.push_back(&slot);
  else
    slots.release(slot);
}

void Environment::raise(ErrorCode code, const char* message) {
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (pending) return;
  napi_value factory, receiver, arguments[2], error;
  napi_get_reference_value(env, make_error, &factory);
  napi_get_undefined(env, &receiver);
  napi_create_int32(env, static_cast<int>(code), &arguments[0]);
  napi_create_string_utf8(env, message, NAPI_AUTO_LENGTH, &arguments[1]);
  if (napi_call_function(env, receiver, factory, 2, arguments, &error) == napi_ok) napi_throw(env, error);
}

bool Environment::settle(const Slot& slot) {
  if (const Ticket ticket = stream.pending(slot.storage)) stream.wait(ticket);
  stream.tidy();
  const Failure failure = stream.failure(slot.storage);
  if (!failure) return true;
  stream.take_failure();
  raise(failure->code, failure->message);
  return false;
}

}  // namespace tenon
