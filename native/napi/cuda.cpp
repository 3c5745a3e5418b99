#include "napi/cuda.h"

#include <cstdio>
#include <string>

#include "napi/environment.h"
#include "napi/transfer.h"

namespace tenon {

namespace {

Environment& environment(const Napi::CallbackInfo& info) { return *static_cast<Environment*>(info.Data()); }

int integer(const Napi::CallbackInfo& info, size_t i) {
  return info[i].IsNumber() ? info[i].As<Napi::Number>().Int32Value() : -1;
}

/** The device of the index that is the i-th argument; null after an error has been raised. */
cuda::Device* device(const Napi::CallbackInfo& info, size_t i = 0) {
  return environment(info).device(integer(info, i) + 1);
}

/** Raises an error that a call left, if it did. */
Napi::Value finish(const Napi::CallbackInfo& info, const LaunchError& error) {
  if (error) environment(info).raise(error);
  return info.Env().Undefined();
}

/** The event of the number that is the i-th argument; null after an error has been raised. */
CudaEvent* event(const Napi::CallbackInfo& info, size_t i) {
  Environment& e = environment(info);
  const auto found = e.events.find(static_cast<uint32_t>(integer(info, i)));
  if (found != e.events.end()) return &found->second;
  e.raise(ErrorCode::argument, "Event: it was destroyed");
  return nullptr;
}

/** Raises an error when the driver gave one. */
bool succeeded(const Napi::CallbackInfo& info, const char* what, cuda::driver::Result r) {
  if (r == cuda::driver::kSuccess) return true;
  environment(info).raise(ErrorCode::device, (std::string(what) + ": " + cuda::describe(r)).c_str());
  return false;
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= ' ') out += c;
  }
  return out + '"';
}

Napi::Value status(const Napi::CallbackInfo& info) {
  const cuda::System& s = cuda::system(environment(info).cuda_images);
  std::string reason = s.reason, devices;
  bool available = s.api != nullptr;
  if (available) {
    // A device counts when it can be used.
    LaunchError error;
    available = environment(info).device(1, error) != nullptr;
    if (!available) reason = error.message;
  }
  for (const cuda::SystemDevice* d : s.devices) {
    if (!devices.empty()) devices += ',';
    devices += "{\"name\":" + quoted(d->name) + ",\"major\":" + std::to_string(d->major) +
               ",\"minor\":" + std::to_string(d->minor) +
               ",\"totalMemory\":" + std::to_string(d->total_bytes) +
               ",\"multiProcessorCount\":" + std::to_string(d->multiprocessors) + "}";
  }
  const std::string version =
      s.version ? quoted(std::to_string(s.version / 1000) + "." + std::to_string(s.version % 1000 / 10))
                : "null";
  return Napi::String::New(
      info.Env(), std::string("{\"available\":") + (available ? "true" : "false") +
                      ",\"reason\":" + (available ? "null" : quoted(reason)) + ",\"driver\":" + version +
                      ",\"emulated\":" + (s.emulated ? "true" : "false") + ",\"devices\":[" + devices + "]}");
}

Napi::Value synchronize(const Napi::CallbackInfo& info) {
  LaunchError error;
  if (cuda::Device* const d = device(info)) d->synchronize(error);
  return finish(info, error);
}

Napi::Value synchronize_later(const Napi::CallbackInfo& info) {
  LaunchError error;
  Ticket ticket = 0;
  if (cuda::Device* const d = device(info))
    if (cuda::LaterRead* const later = d->wait_later(error))
      ticket = wait_for(environment(info), later, error);
  finish(info, error);
  return Napi::Number::New(info.Env(), static_cast<double>(ticket));
}

Napi::Value memory(const Napi::CallbackInfo& info) {
  Napi::Float64Array out = Napi::Float64Array::New(info.Env(), 8);
  if (cuda::Device* const d = device(info)) {
    const cuda::PoolStats& s = d->pool().stats();
    size_t free = 0, total = 0;
    d->free_and_total(free, total);
    const double values[] = {static_cast<double>(s.allocated),
                             static_cast<double>(s.reserved),
                             static_cast<double>(s.peak_allocated),
                             static_cast<double>(s.peak_reserved),
                             static_cast<double>(free),
                             static_cast<double>(total),
                             static_cast<double>(s.allocations),
                             static_cast<double>(s.blocks)};
    for (size_t i = 0; i < 8; i++) out[i] = values[i];
  }
  return out;
}

Napi::Value empty_cache(const Napi::CallbackInfo& info) {
  if (cuda::Device* const d = device(info)) d->empty_cache();
  return info.Env().Undefined();
}

Napi::Value reset_peak(const Napi::CallbackInfo& info) {
  if (cuda::Device* const d = device(info)) d->pool().reset_peak();
  return info.Env().Undefined();
}

Napi::Value stream_create(const Napi::CallbackInfo& info) {
  LaunchError error;
  cuda::Device* const d = device(info);
  const int id = d ? d->create_stream(error) : -1;
  finish(info, error);
  return Napi::Number::New(info.Env(), id);
}

Napi::Value stream_destroy(const Napi::CallbackInfo& info) {
  LaunchError error;
  if (cuda::Device* const d = device(info)) d->destroy_stream(integer(info, 1), error);
  return finish(info, error);
}

Napi::Value set_stream(const Napi::CallbackInfo& info) {
  LaunchError error;
  if (cuda::Device* const d = device(info))
    if (!d->set_stream(integer(info, 1))) set_error(error, ErrorCode::argument, "Stream: it was destroyed");
  return finish(info, error);
}

Napi::Value stream_synchronize(const Napi::CallbackInfo& info) {
  LaunchError error;
  if (cuda::Device* const d = device(info)) d->synchronize_stream(integer(info, 1), error);
  return finish(info, error);
}

Napi::Value stream_query(const Napi::CallbackInfo& info) {
  LaunchError error;
  bool complete = true;
  if (cuda::Device* const d = device(info)) d->query_stream(integer(info, 1), complete, error);
  finish(info, error);
  return Napi::Boolean::New(info.Env(), complete);
}

Napi::Value stream_wait_event(const Napi::CallbackInfo& info) {
  LaunchError error;
  const CudaEvent* const e = event(info, 2);
  if (cuda::Device* const d = e ? device(info) : nullptr) d->wait_event(integer(info, 1), e->handle, error);
  return finish(info, error);
}

Napi::Value event_create(const Napi::CallbackInfo& info) {
  Environment& e = environment(info);
  LaunchError error;
  cuda::Device* const d = device(info);
  double id = 0;
  if (d && d->enter(error)) {
    CudaEvent made = {integer(info, 0), nullptr};
    const unsigned flags = info[1].ToBoolean() ? 0u : unsigned{cuda::driver::kEventNoTiming};
    if (succeeded(info, "Event", d->api().EventCreate(&made.handle, flags))) {
      id = e.next_event;
      e.events.emplace(e.next_event++, made);
    }
  }
  finish(info, error);
  return Napi::Number::New(info.Env(), id);
}

Napi::Value event_destroy(const Napi::CallbackInfo& info) {
  Environment& e = environment(info);
  const auto found = e.events.find(static_cast<uint32_t>(integer(info, 0)));
  if (found == e.events.end()) return info.Env().Undefined();
  LaunchError error;
  cuda::Device* const d = e.device(found->second.device + 1, error);
  if (d && d->enter(error)) d->api().EventDestroy(found->second.handle);
  e.events.erase(found);
  return info.Env().Undefined();
}

Napi::Value event_record(const Napi::CallbackInfo& info) {
  LaunchError error;
  const CudaEvent* const e = event(info, 0);
  cuda::Device* const d = e ? device(info, 1) : nullptr;
  if (!d) return info.Env().Undefined();
  const cuda::driver::Stream stream = d->stream_handle(integer(info, 2));
  if (!stream)
    set_error(error, ErrorCode::argument, "Stream: it was destroyed");
  else if (e->device + 1 != d->place())
    set_error(error, ErrorCode::device, "Event: it was made on cuda:%d, the stream is on cuda:%d", e->device,
              d->place() - 1);
  else if (d->enter(error))
    succeeded(info, "Event", d->api().EventRecord(e->handle, stream));
  return finish(info, error);
}

Napi::Value event_query(const Napi::CallbackInfo& info) {
  const CudaEvent* const e = event(info, 0);
  bool complete = true;
  if (cuda::Device* const d = e ? environment(info).device(e->device + 1) : nullptr) {
    const cuda::driver::Result r = d->api().EventQuery(e->handle);
    complete = r != cuda::driver::kNotReady;
    if (complete) succeeded(info, "Event", r);
  }
  return Napi::Boolean::New(info.Env(), complete);
}

Napi::Value event_synchronize(const Napi::CallbackInfo& info) {
  const CudaEvent* const e = event(info, 0);
  if (cuda::Device* const d = e ? environment(info).device(e->device + 1) : nullptr)
    succeeded(info, "Event", d->api().EventSynchronize(e->handle));
  return info.Env().Undefined();
}

Napi::Value event_elapsed(const Napi::CallbackInfo& info) {
  const CudaEvent *const a = event(info, 0), *const b = a ? event(info, 1) : nullptr;
  float ms = 0;
  if (cuda::Device* const d = b ? environment(info).device(a->device + 1) : nullptr)
    succeeded(info, "elapsedTime", d->api().EventElapsedTime(&ms, a->handle, b->handle));
  return Napi::Number::New(info.Env(), static_cast<double>(ms));
}

}  // namespace

void add_cuda(Napi::Object binding, Environment* e) {
  const auto add = [&](const char* name, Napi::Value (*f)(const Napi::CallbackInfo&)) {
    binding.Set(name, Napi::Function::New(binding.Env(), f, name, e));
  };
  add("cudaStatus", status);
  add("cudaSynchronize", synchronize);
  add("cudaSynchronizeLater", synchronize_later);
  add("cudaMemory", memory);
  add("cudaEmptyCache", empty_cache);
  add("cudaResetPeak", reset_peak);
  add("cudaStreamCreate", stream_create);
  add("cudaStreamDestroy", stream_destroy);
  add("cudaSetStream", set_stream);
  add("cudaStreamSynchronize", stream_synchronize);
  add("cudaStreamQuery", stream_query);
  add("cudaStreamWaitEvent", stream_wait_event);
  add("cudaEventCreate", event_create);
  add("cudaEventDestroy", event_destroy);
  add("cudaEventRecord", event_record);
  add("cudaEventQuery", event_query);
  add("cudaEventSynchronize", event_synchronize);
  add("cudaEventElapsed", event_elapsed);
}

}  // namespace tenon
