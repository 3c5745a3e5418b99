#include "napi/waiting.h"

#include "napi/environment.h"

namespace tenon {

namespace {

Environment& environment(const Napi::CallbackInfo& info) { return *static_cast<Environment*>(info.Data()); }

/** On the thread that ran the launch. */
void ring(void* ctx) {
  napi_call_threadsafe_function(static_cast<Environment*>(ctx)->bell, nullptr, napi_tsfn_nonblocking);
}

void call(napi_env env, napi_value completed, void*, void*) {
  if (!env || !completed) return;
  napi_value receiver, result;
  if (napi_get_undefined(env, &receiver) == napi_ok)
    napi_call_function(env, receiver, completed, 0, nullptr, &result);
}

/** Before Node takes the bell down: hooks run in the reverse order of their making. */
void stop(void* ctx) { static_cast<Environment*>(ctx)->stream.stop(); }

}  // namespace

void set_up_waiting(Environment& e, napi_value completed) {
  napi_value name;
  napi_create_string_utf8(e.env, "tenon", NAPI_AUTO_LENGTH, &name);
  if (napi_create_threadsafe_function(e.env, completed, nullptr, name, 0, 1, nullptr, nullptr, &e, call,
                                      &e.bell) != napi_ok)
    return;
  napi_unref_threadsafe_function(e.env, e.bell);
  napi_add_env_cleanup_hook(e.env, stop, &e);
  e.stream.set_listener(ring, &e);
}

Napi::Value submitted(const Napi::CallbackInfo& info) {
  const CpuStream& stream = environment(info).stream;
  return Napi::Number::New(info.Env(), stream.idle() ? 0 : static_cast<double>(stream.submitted()));
}

Napi::Value completed(const Napi::CallbackInfo& info) {
  CpuStream& stream = environment(info).stream;
  stream.tidy();
  return Napi::Number::New(info.Env(), static_cast<double>(stream.completed()));
}

Napi::Value listen(const Napi::CallbackInfo& info) {
  Environment& e = environment(info);
  const bool listening = e.bell && e.stream.listen(static_cast<Ticket>(info[0].ToNumber().Int64Value()));
  if (listening) napi_ref_threadsafe_function(info.Env(), e.bell);
  return Napi::Boolean::New(info.Env(), listening);
}

Napi::Value unlisten(const Napi::CallbackInfo& info) {
  Environment& e = environment(info);
  if (e.bell) napi_unref_threadsafe_function(info.Env(), e.bell);
  return info.Env().Undefined();
}

Napi::Value synchronize(const Napi::CallbackInfo& info) {
  environment(info).stream.drain();
  return report_failure(info);
}

Napi::Value report_failure(const Napi::CallbackInfo& info) {
  Environment& e = environment(info);
  if (const Failure failure = e.stream.take_failure()) e.raise(failure->code, failure->message);
  return info.Env().Undefined();
}

}  // namespace tenon
