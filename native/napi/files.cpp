#include "napi/files.h"

#include "core/crc32.h"
#include "core/read_file.h"
#include "napi/environment.h"

namespace tenon {

Napi::Value read_file(const Napi::CallbackInfo& info) {
  Environment& e = *static_cast<Environment*>(info.Data());
  double result = -1;
  guarded(e, [&]() -> napi_value {
    Slot* const s = e.slots.find(info[0].As<Napi::Number>().DoubleValue());
    if (!s || s->view.place != 0 || !s->view.contiguous) {
      e.raise(ErrorCode::internal, "only contiguous tensors on the CPU are filled from files");
      return nullptr;
    }
    // Launches before may use the memory, an earlier owner's.
    e.stream.drain();
    if (!e.settle(*s)) return nullptr;
    const int descriptor = info[1].As<Napi::Number>().Int32Value();
    const uint64_t position = static_cast<uint64_t>(info[2].As<Napi::Number>().Int64Value());
    const size_t size = static_cast<size_t>(s->view.numel * element_size(s->view.dtype));
    uint32_t crc = 0;
    if (read_file(descriptor, position, s->view.data, size, info[3].ToBoolean() ? &crc : nullptr))
      result = crc;
    return nullptr;
  });
  return Napi::Number::New(info.Env(), result);
}

Napi::Value crc32(const Napi::CallbackInfo& info) {
  const Napi::Uint8Array bytes = info[0].As<Napi::Uint8Array>();
  const uint32_t before = info[1].As<Napi::Number>().Uint32Value();
  return Napi::Number::New(info.Env(), crc32(before, bytes.Data(), bytes.ByteLength()));
}

}  // namespace tenon
