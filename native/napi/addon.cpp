// The addon: the command buffer's reader and the sweep as raw Node-API calls, set-up and rare calls by
// node-addon-api.
#include <napi.h>

#include <algorithm>
#include <string>
#include <unordered_map>

#include "core/cpu_count.h"
#include "core/cpu_features.h"
#include "core/parallel.h"
#include "cpu/kernel_table.h"
#include "napi/commands.h"
#include "napi/cuda.h"
#include "napi/environment.h"
#include "napi/files.h"
#include "napi/share.h"
#include "napi/sweep.h"
#include "napi/transfer.h"
#include "napi/waiting.h"

namespace tenon {

namespace {

Environment& environment(const Napi::CallbackInfo& info) { return *static_cast<Environment*>(info.Data()); }

napi_ref pin(napi_env env, napi_value v) {
  napi_ref r = nullptr;
  napi_create_reference(env, v, 1, &r);
  return r;
}

/** Null when there is none. */
Napi::Value limit_value(Napi::Env env) {
  const int64_t limit = memory_limit();
  return limit == kNoLimit ? env.Null()
                           : Napi::Number::New(env, static_cast<double>(limit)).As<Napi::Value>();
}

/** setMemoryLimit(bytes | null, isDefault). */
Napi::Value limit_memory(const Napi::CallbackInfo& info) {
  int64_t limit = kNoLimit;
  if (info[0].IsNumber()) {
    const double bytes = info[0].As<Napi::Number>().DoubleValue();
    if (bytes >= 0 && bytes < 0x1p62) limit = static_cast<int64_t>(bytes);
  }
  if (info[1].ToBoolean())
    set_default_memory_limit(limit);
  else {
    environment(info).stream.drain();
    environment(info).slots.blocks().surrender();
    set_memory_limit(limit);
  }
  return info.Env().Undefined();
}

/** liveTensors(): of each tensor its id, dtype, bytes of its elements, and its storage: a number, bytes held.
 */
Napi::Value live_tensors(const Napi::CallbackInfo& info) {
  Environment& e = environment(info);
  const auto list = [&]() -> napi_value {
    SlotTable& slots = e.slots;
    Napi::Float64Array rows = Napi::Float64Array::New(info.Env(), size_t{5} * slots.live());
    std::unordered_map<const Storage*, size_t> numbers;
    size_t at = 0;
    for (uint32_t i = 1; i < slots.size() && at + 5 <= rows.ElementLength(); i++) {
      const Slot& s = slots.at(i);
      if (!s.id) continue;
      rows[at++] = s.id;
      rows[at++] = static_cast<int>(s.view.dtype);
      rows[at++] = static_cast<double>(s.view.numel * element_size(s.view.dtype));
      rows[at++] = static_cast<double>(numbers.emplace(s.storage, numbers.size()).first->second);
      rows[at++] = static_cast<double>(s.storage->capacity);
    }
    return rows;
  };
  return Napi::Value(info.Env(), guarded(e, list));
}

Napi::Value memory(const Napi::CallbackInfo& info) {
  environment(info).stream.tidy();
  environment(info).slots.blocks().settle();
  const MemoryStats stats = memory_stats();
  Napi::Object o = Napi::Object::New(info.Env());
  o.Set("liveBytes", static_cast<double>(stats.live));
  o.Set("peakBytes", static_cast<double>(stats.peak));
  o.Set("cachedBytes", static_cast<double>(stats.cached + environment(info).slots.blocks().kept_bytes()));
  o.Set("systemAllocations", static_cast<double>(stats.allocations));
  o.Set("workingBytes", static_cast<double>(stats.working));
  o.Set("limitBytes", limit_value(info.Env()));
  o.Set("liveTensors", environment(info).slots.live());
  return o;
}

Napi::Value reset_peak(const Napi::CallbackInfo& info) {
  environment(info).slots.blocks().settle();
  reset_peak_memory();
  return info.Env().Undefined();
}

Napi::Value release_cache(const Napi::CallbackInfo& info) {
  environment(info).stream.drain();
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

/** Makes the log see launches if anybody wants to know of them; the stream is idle when it returns. */
void update_observer(Environment& e) {
  e.stream.set_observer(nullptr);
  if (e.launch_log.keep || e.launch_log.print) e.stream.set_observer(&e.launch_log);
}

/** logLaunches(keep, print): what is to be known of launches from here on; records begin anew with the first.
 */
Napi::Value log_launches(const Napi::CallbackInfo& info) {
  Environment& e = environment(info);
  e.stream.set_observer(nullptr);
  LaunchLog& log = e.launch_log;
  const bool keep = info[0].ToBoolean();
  if (keep != log.keep) log.clear();
  log.keep = keep;
  log.print = info[1].ToBoolean();
  update_observer(e);
  return info.Env().Undefined();
}

/** launchLog(from): the records from a position on, as LaunchLog has them; then how many were lost, and where
 * they end. */
Napi::Value launch_log(const Napi::CallbackInfo& info) {
  Environment& e = environment(info);
  const auto copy = [&]() -> napi_value {
    update_observer(e);
    const std::vector<double>& records = e.launch_log.records();
    const double wanted = info[0].ToNumber().DoubleValue(), size = static_cast<double>(records.size());
    const size_t from = wanted >= 0 && wanted < size ? static_cast<size_t>(wanted) : records.size();
    Napi::Float64Array out = Napi::Float64Array::New(info.Env(), records.size() - from + 2);
    std::copy(records.begin() + static_cast<std::ptrdiff_t>(from), records.end(), out.Data());
    out[records.size() - from] = static_cast<double>(e.launch_log.lost());
    out[records.size() - from + 1] = size;
    return out;
  };
  return Napi::Value(info.Env(), guarded(e, copy));
}

/** tagLaunches(tag): what the records of the launches that follow are marked with. */
Napi::Value tag_launches(const Napi::CallbackInfo& info) {
  environment(info).tag = info[0].ToNumber().Uint32Value();
  return info.Env().Undefined();
}

/** The clock of the records, in nanoseconds. */
Napi::Value launch_clock(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(clock_ns()));
}

Napi::Array op_names(Napi::Env env) {
  Napi::Array names = Napi::Array::New(env, kOpCount);
  for (uint32_t i = 0; i < static_cast<uint32_t>(kOpCount); i++)
    names[i] = Napi::String::New(env, op_name(static_cast<int>(i)));
  return names;
}

Napi::Value quota(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), cpu_quota()); }

std::string compiler() {
#ifdef __clang__
  return __VERSION__;
#else
  return std::string("GCC ") + __VERSION__;
#endif
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

/**
 * create(commands: Float64Array, makeError, collect, completed, cudaImages: string): everything else, as an
 * object of functions.
 */
Napi::Value create(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (info.Length() < 4 || !info[0].IsTypedArray() || !info[1].IsFunction() || !info[2].IsFunction() ||
      !info[3].IsFunction() || info[0].As<Napi::TypedArray>().TypedArrayType() != napi_float64_array ||
      info[0].As<Napi::TypedArray>().ElementLength() <= kFirstCommand) {
    Napi::TypeError::New(env, "create(Float64Array, function, function, function)")
        .ThrowAsJavaScriptException();
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
  set_up_waiting(*e, info[3]);
  if (info[4].IsString()) e->cuda_images = info[4].As<Napi::String>().Utf8Value();

  Napi::Object binding = Napi::Object::New(env);
  add_raw(env, binding, "run", run_commands, e);
  add_raw(env, binding, "sweep", sweep, e);
  add_raw(env, binding, "own", own, e);
  const auto add = [&](const char* name, Napi::Value (*f)(const Napi::CallbackInfo&)) {
    binding.Set(name, Napi::Function::New(env, f, name, e));
  };
  add("upload", upload);
  add("download", download);
  add("lend", lend);
  add("readFile", read_file);
  add("crc32", crc32);
  add("readLater", read_later);
  add("checkRead", check_read);
  add("submitted", submitted);
  add("completed", completed);
  add("listen", listen);
  add("unlisten", unlisten);
  add("synchronize", synchronize);
  add("reportFailure", report_failure);
  add("item", item);
  add("itemBigInt", item_bigint);
  add("elements", elements);
  add("share", share);
  add("receive", receive);
  add("releaseShared", release_shared);
  add("letGoShared", let_go_shared);
  add("memory", memory);
  add("setMemoryLimit", limit_memory);
  add("liveTensors", live_tensors);
  add("resetPeakMemory", reset_peak);
  add("emptyCache", release_cache);
  add("getNumThreads", get_threads);
  add("setNumThreads", set_threads);
  add("startRecording", start_recording);
  add("stopRecording", stop_recording);
  add("logLaunches", log_launches);
  add("launchLog", launch_log);
  add("tagLaunches", tag_launches);
  add("launchClock", launch_clock);
  add_cuda(binding, e);
  binding.Set("isa", isa_name(isa()));
  return binding;
}

}  // namespace

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  Instance* instance = new Instance;
  env.SetInstanceData<Instance>(instance);
  exports.Set("create", Napi::Function::New(env, create, "create", instance));
  exports.Set("version", TENON_VERSION);
  exports.Set("compiler", compiler());
  exports.Set("cpuQuota", Napi::Function::New(env, quota, "cpuQuota"));
  exports.Set("ops", op_names(env));
  exports.Set("isas", isa_names(env));
  return exports;
}

}  // namespace tenon

static Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  return tenon::initialize(env, exports);
}

NODE_API_MODULE(tenon, initialize)
