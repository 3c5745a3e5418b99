#include "napi/environment.h"

#include <cstring>

#include "core/shared_tensors.h"

namespace tenon {

Environment::~Environment() {
  stream.stop();
  for (const auto& [id, event] : events)
    if (cuda::Device* const d = devices[static_cast<size_t>(event.device)].get())
      d->api().EventDestroy(event.handle);
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

cuda::Device* Environment::device(int place, LaunchError& error) {
  const size_t index = static_cast<size_t>(place - 1);
  constexpr size_t most = 64;
  if (index < devices.size() && devices[index]) return devices[index].get();
  std::string reason = "there is no such device";
  if (index < most) {
    if (devices.size() <= index) devices.resize(index + 1);
    cuda::system(cuda_images);
    devices[index] = cuda::Device::open(static_cast<int>(index), reason);
    if (devices[index]) return devices[index].get();
  }
  set_error(error, ErrorCode::device, "cuda:%d: %s", static_cast<int>(index), reason.c_str());
  return nullptr;
}

cuda::Device* Environment::device(int place) {
  LaunchError error;
  cuda::Device* const d = device(place, error);
  if (!d) raise(error);
  return d;
}

bool Environment::read(const Slot& slot, void* to, size_t bytes) {
  if (slot.view.place == 0) {
    if (!settle(slot)) return false;
    std::memcpy(to, slot.view.data, bytes);
    return true;
  }
  LaunchError error;
  cuda::Device* const d = device(slot.view.place, error);
  if (d && d->read(slot.storage, slot.view.data, to, bytes, error)) return true;
  raise(error);
  return false;
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
