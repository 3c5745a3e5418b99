#include "napi/share.h"

#include <string>

#include "core/shared_tensors.h"
#include "napi/environment.h"

namespace tenon {

namespace {

Environment& environment(const Napi::CallbackInfo& info) { return *static_cast<Environment*>(info.Data()); }

std::string text(const Napi::Value& value) {
  return value.IsString() ? value.As<Napi::String>().Utf8Value() : std::string();
}

/** Whether the words that came with a handle say what was offered. */
bool describes(const double* words, size_t count, const SharedView& view) {
  const size_t rank = view.shape.size();
  if (count != 3 + 2 * rank || words[0] != static_cast<double>(view.dtype) ||
      words[1] != static_cast<double>(view.offset) || words[2] != static_cast<double>(rank))
    return false;
  for (size_t i = 0; i < rank; i++)
    if (words[3 + i] != static_cast<double>(view.shape[i]) ||
        words[3 + rank + i] != static_cast<double>(view.strides[i]))
      return false;
  return true;
}

/** Makes the slot; takes over the reference to the storage. */
void adopt(Environment& e, const Napi::CallbackInfo& info, const SharedView& view) {
  const double id = info[0].IsNumber() ? info[0].As<Napi::Number>().DoubleValue() : 0;
  Slot* s = nullptr;
  try {
    s = e.slots.create(id, view.storage, view.offset, view.dtype, static_cast<int>(view.shape.size()),
                       view.shape.data(), view.strides.data(), view.numel);
  } catch (const std::bad_alloc&) {
    e.slots.blocks().release(view.storage);
    throw;
  }
  if (!s) {
    e.slots.blocks().release(view.storage);
    return e.raise(ErrorCode::internal, "the id is in use");
  }
  napi_ref weak;
  if (info[3].IsObject() && napi_create_reference(info.Env(), info[3], 0, &weak) == napi_ok) {
    s->weak = weak;
    e.newborn.push_back(s->id);
  }
}

}  // namespace

Napi::Value share(const Napi::CallbackInfo& info) {
  Environment& e = environment(info);
  guarded(e, [&]() -> napi_value {
    purge_shared(e.slots.blocks());
    const Slot* s = e.slots.find(info[0].IsNumber() ? info[0].As<Napi::Number>().DoubleValue() : 0);
    if (!s) {
      e.raise(ErrorCode::argument, "shareTensor: the tensor was disposed");
      return nullptr;
    }
    if (s->view.place != 0) {
      e.raise(ErrorCode::device, "shareTensor: expected a tensor on the CPU: move it there with .to('cpu')");
      return nullptr;
    }
    e.stream.drain();
    if (!e.settle(*s)) return nullptr;
    SharedView view;
    view.storage = s->storage;
    view.dtype = s->view.dtype;
    view.offset = (static_cast<char*>(s->view.data) - static_cast<char*>(s->storage->data())) /
                  element_size(view.dtype);
    view.numel = s->view.numel;
    view.shape.assign(s->view.shape, s->view.shape + s->view.rank);
    view.strides.assign(s->view.strides, s->view.strides + s->view.rank);
    if (!offer_shared(text(info[1]), &e, view)) e.raise(ErrorCode::internal, "the key is in use");
    return nullptr;
  });
  return info.Env().Undefined();
}

Napi::Value receive(const Napi::CallbackInfo& info) {
  Environment& e = environment(info);
  guarded(e, [&]() -> napi_value {
    if (!info[2].IsTypedArray() || info[2].As<Napi::TypedArray>().TypedArrayType() != napi_float64_array) {
      e.raise(ErrorCode::internal, "expected a Float64Array");
      return nullptr;
    }
    const Napi::Float64Array words = info[2].As<Napi::Float64Array>();
    const SharedView view = take_shared(text(info[1]));
    if (!view.storage) {
      e.raise(
          ErrorCode::argument,
          "fromShared: nothing is shared under this handle: it was released, its thread ended long ago, or "
          "it comes from another process");
    } else if (!describes(words.Data(), words.ElementLength(), view)) {
      e.slots.blocks().release(view.storage);
      e.raise(ErrorCode::argument,
              "fromShared: the handle does not describe the tensor that it was made for: it was changed");
    } else {
      adopt(e, info, view);
      e.commands[1] = static_cast<double>(e.slots.blocks().live_bytes());
    }
    return nullptr;
  });
  return info.Env().Undefined();
}

Napi::Value release_shared(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), withdraw_shared(text(info[0]), environment(info).slots.blocks()));
}

Napi::Value let_go_shared(const Napi::CallbackInfo& info) {
  let_go_shared(text(info[0]));
  return info.Env().Undefined();
}

}  // namespace tenon
