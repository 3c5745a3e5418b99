// The addon: the command buffer's reader and the sweep as raw Node-API calls, set-up and rare calls by
// node-addon-api.
#include <napi.h>

#include "core/cpu_features.h"
#include "core/parallel.h"
#include "cpu/kernel_table.h"
#include "napi/commands.h"
#include "napi/environment.h"
#include "napi/share.h"
#include "napi/sweep.h"
#include "napi/transfer.h"

namespace tenon {

namespace {

Environment& environment(const Napi::CallbackInfo& info) { return *static_cast<Environment*>(info.Data()); }

napi_ref pin(napi_env env, napi_value v) {
  napi_ref r = nullptr;
  napi_create_reference(env, v, 1, &r);
  return r;
}

Napi::Value memory(const Napi::CallbackInfo& info) {
  environment(info).slots.blocks().settle();
  const MemoryStats stats = memory_stats();
  Napi::Object o = Napi::Object::New(info.Env());
  o.Set("liveBytes", static_cast<double>(stats.live));
  o.Set("peakBytes", static_cast<double>(stats.peak));
  o.Set("cachedBytes", static_cast<double>(stats.cached + environment(info).slots.blocks().kept_bytes()));
  o.Set("systemAllocations", static_cast<double>(stats.allocations));
  o.Set("liveTensors", environment(info).slots.live());
  return o;
}

Napi::Value reset_peak(const Napi::CallbackInfo& info) {
  environment(info).slots.blocks().settle();
  reset_peak_memory();
  return info.Env().Undefined();
}

Napi::Value release_cache(const Napi::CallbackInfo& info) {
  environment(info).slots.blocks().surrender();
  empty_cache();
  return info.Env().Undefined();
}

Napi::Value get_threads(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), num_threads());
}

Napi::Value set_threads(const Napi::CallbackInfo& info) {
  set_num_threads(info[0].ToNumber().Int32Value());
  return info.Env().Undefined();
}

Napi::Value start_recording(const Napi::CallbackInfo& info) {
  Environment& e = environment(info);
  e.recorder = std::make_unique<OpRecorder>();
  e.stream.set_recorder(e.recorder.get());
  return info.Env().Undefined();
}

/** stopRecording(): the names of the ops launched since startRecording(), in order. */
Napi::Value stop_recording(const Napi::CallbackInfo& info) {
  Environment& e = environment(info);
  e.stream.set_recorder(nullptr);
  Napi::Array names = Napi::Array::New(info.Env());
  if (e.recorder)
    for (uint32_t i = 0; i < e.recorder->ops.size(); i++)
      names[i] = Napi::String::New(info.Env(), op_name(e.recorder->ops[i]));
  e.recorder.reset();
  return names;
}

Napi::Array op_names(Napi::Env env) {
  Napi::Array names = Napi::Array::New(env, kOpCount);
  for (uint32_t i = 0; i < static_cast<uint32_t>(kOpCount); i++)
    names[i] = Napi::String::New(env, op_name(static_cast<int>(i)));
  return names;
}

/** The instruction sets that this processor and this build have. */
Napi::Array isa_names(Napi::Env env) {
  Napi::Array names = Napi::Array::New(env);
  for (Isa i : {Isa::avx512, Isa::avx2, Isa::sse2, Isa::neon})
    if (isa_supported(i)) names[names.Length()] = Napi::String::New(env, isa_name(i));
  return names;
}

void add_raw(Napi::Env env, Napi::Object exports, const char* name, napi_callback callback, Environment* e) {
  napi_value f;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, e, &f) == napi_ok)
    exports.Set(name, Napi::Value(env, f));
}

/** What a JavaScript environment holds: one Environment for each copy of the library's JavaScript in it. */
struct Instance {
  std::vector<std::unique_ptr<Environment>> environments;
};

/** create(commands: Float64Array, makeError, collect): everything else, as an object of functions. */
Napi::Value create(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (info.Length() != 3 || !info[0].IsTypedArray() || !info[1].IsFunction() || !info[2].IsFunction() ||
      info[0].As<Napi::TypedArray>().TypedArrayType() != napi_float64_array ||
      info[0].As<Napi::TypedArray>().ElementLength() <= kFirstCommand) {
    Napi::TypeError::New(env, "create(Float64Array, function, function)").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  Instance& instance = *static_cast<Instance*>(info.Data());
  instance.environments.push_back(std::make_unique<Environment>(env));
  Environment* e = instance.environments.back().get();
  Napi::Float64Array words = info[0].As<Napi::Float64Array>();
  e->commands = words.Data();
  e->capacity = words.ElementLength();
  e->buffer = pin(env, info[0]);
  e->make_error = pin(env, info[1]);
  e->collect = pin(env, info[2]);

  Napi::Object binding = Napi::Object::New(env);
  add_raw(env, binding, "run", run_commands, e);
  add_raw(env, binding, "sweep", sweep, e);
  add_raw(env, binding, "own", own, e);
  const auto add = [&](const char* name, Napi::Value (*f)(const Napi::CallbackInfo&)) {
    binding.Set(name, Napi::Function::New(env, f, name, e));
  };
  add("upload", upload);
  add("download", download);
  add("item", item);
  add("itemBigInt", item_bigint);
  add("elements", elements);
  add("share", share);
  add("receive", receive);
  add("releaseShared", release_shared);
  add("letGoShared", let_go_shared);
  add("memory", memory);
  add("resetPeakMemory", reset_peak);
  add("emptyCache", release_cache);
  add("getNumThreads", get_threads);
  add("setNumThreads", set_threads);
  add("startRecording", start_recording);
  add("stopRecording", stop_recording);
  binding.Set("isa", isa_name(isa()));
  return binding;
}

}  // namespace

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  Instance* instance = new Instance;
  env.SetInstanceData<Instance>(instance);
  exports.Set("create", Napi::Function::New(env, create, "create", instance));
  exports.Set("ops", op_names(env));
  exports.Set("isas", isa_names(env));
  return exports;
}

}  // namespace tenon

static Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  return tenon::initialize(env, exports);
}

NODE_API_MODULE(tenon, initialize)
