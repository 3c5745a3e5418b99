#include "napi/transfer.h"

#include <cstring>
#include <string>

#include "core/convert_scalar.h"
#include "napi/environment.h"

namespace tenon {

namespace {

Environment& environment(const Napi::CallbackInfo& info) { return *static_cast<Environment*>(info.Data()); }

double number(const Napi::CallbackInfo& info, size_t i) {
  return info[i].IsNumber() ? info[i].As<Napi::Number>().DoubleValue() : 0;
}

/** The slot, or null after an error has been thrown. */
Slot* slot(const Napi::CallbackInfo& info, const char* op) {
  Environment& e = environment(info);
  Slot* s = e.slots.find(number(info, 0));
  if (!s) e.raise(ErrorCode::argument, (std::string(op) + ": a tensor was disposed").c_str());
  return s;
}

size_t size_of(const Slot& s) { return static_cast<size_t>(s.view.numel * element_size(s.view.dtype)); }

/** The array's bytes if they are as many as the tensor's, which must be contiguous. */
void* bytes_for(const Napi::CallbackInfo& info, const Slot& s) {
  Environment& e = environment(info);
  if (!info[1].IsTypedArray()) {
    e.raise(ErrorCode::argument, "expected a typed array");
    return nullptr;
  }
  Napi::TypedArray array = info[1].As<Napi::TypedArray>();
  if (!s.view.contiguous ||
      static_cast<int64_t>(array.ByteLength()) != s.view.numel * element_size(s.view.dtype)) {
    e.raise(ErrorCode::internal, "the array does not fit the tensor");
    return nullptr;
  }
  return static_cast<char*>(array.ArrayBuffer().Data()) + array.ByteOffset();
}

Ticket read_from_device(Environment& e, const Slot& s, void* to) {
  cuda::Device* const d = e.device(s.view.place);
  LaunchError error;
  cuda::LaterRead* const later = d ? d->read_later(s.storage, s.view.data, to, size_of(s), error) : nullptr;
  const Ticket ticket = later ? wait_for(e, later, error) : 0;
  if (error) e.raise(error);
  return ticket;
}

/** The one element's bytes, on the host; null after an error has been raised. */
const void* element(const Napi::CallbackInfo& info, const Slot& s, uint64_t& room) {
  Environment& e = environment(info);
  if (s.view.place == 0) return e.settle(s) ? s.view.data : nullptr;
  return e.read(s, &room, static_cast<size_t>(element_size(s.view.dtype))) ? &room : nullptr;
}

}  // namespace

Ticket wait_for(Environment& e, cuda::LaterRead* later, LaunchError& error) {
  return e.stream.call(
      [](void* read, LaunchError& failure) {
        cuda::Device::finish(static_cast<cuda::LaterRead*>(read), failure);
      },
      later, error);
}

Napi::Value upload(const Napi::CallbackInfo& info) {
  Environment& e = environment(info);
  guarded(e, [&]() -> napi_value {
    if (Slot* s = slot(info, "tensor"))
      if (void* bytes = bytes_for(info, *s)) {
        LaunchError error;
        if (s->view.place == 0) {
          e.stream.write(s->storage, s->view.data, bytes, size_of(*s));
        } else if (cuda::Device* const d = e.device(s->view.place)) {
          if (!d->write(s->storage, s->view.data, bytes, size_of(*s), error)) e.raise(error);
        }
      }
    return nullptr;
  });
  return info.Env().Undefined();
}

Napi::Value download(const Napi::CallbackInfo& info) {
  if (Slot* s = slot(info, "toTypedArray"))
    if (void* bytes = bytes_for(info, *s)) environment(info).read(*s, bytes, size_of(*s));
  return info.Env().Undefined();
}

Napi::Value lend(const Napi::CallbackInfo& info) {
  Environment& e = environment(info);
  const napi_env env = info.Env();
  Slot* const s = slot(info, "tensor");
  if (!s) return info.Env().Undefined();
  if (s->view.place != 0 || !s->view.contiguous || !info[1].IsFunction()) {
    e.raise(ErrorCode::internal, "only contiguous tensors on the CPU can be lent");
    return info.Env().Undefined();
  }
  // Launches before may use the memory, this tensor's or an earlier owner's.
  e.stream.drain();
  if (!e.settle(*s)) return info.Env().Undefined();
  Storage* const storage = s->storage;
  napi_value buffer;
  if (napi_create_external_arraybuffer(env, s->view.data, size_of(*s), nullptr, nullptr, &buffer) != napi_ok)
    return Napi::Boolean::New(env, false);
  e.slots.blocks().retain(storage);
  napi_value self, result;
  napi_get_undefined(env, &self);
  napi_call_function(env, self, info[1], 1, &buffer, &result);
  // What can't be taken back stays the tensor's for good.
  if (napi_detach_arraybuffer(env, buffer) == napi_ok) e.slots.blocks().release(storage);
  return Napi::Boolean::New(env, true);
}

Napi::Value read_later(const Napi::CallbackInfo& info) {
  Environment& e = environment(info);
  Ticket ticket = 0;
  guarded(e, [&]() -> napi_value {
    if (Slot* s = slot(info, "read"))
      if (void* bytes = bytes_for(info, *s))
        // The caller keeps the array until the ticket is complete.
        ticket = s->view.place != 0 ? read_from_device(e, *s, bytes)
                 : e.stream.idle() && !e.settle(*s)
                     ? 0
                     : e.stream.read(s->storage, s->view.data, bytes, size_of(*s));
    return nullptr;
  });
  return Napi::Number::New(info.Env(), static_cast<double>(ticket));
}

Napi::Value check_read(const Napi::CallbackInfo& info) {
  Environment& e = environment(info);
  if (const Failure failure = e.stream.read_failure(static_cast<Ticket>(number(info, 0))))
    e.raise(failure->code, failure->message);
  return info.Env().Undefined();
}

Napi::Value item(const Napi::CallbackInfo& info) {
  Slot* s = slot(info, "item");
  if (!s) return info.Env().Undefined();
  if (s->view.numel != 1) {
    environment(info).raise(ErrorCode::internal, "item: not one element");
    return info.Env().Undefined();
  }
  uint64_t room = 0;
  const void* const bytes = element(info, *s, room);
  if (!bytes) return info.Env().Undefined();
  constexpr int64_t exact = int64_t{1} << 53;
  if (s->view.dtype == DType::i64) {
    const int64_t v = *static_cast<const int64_t*>(bytes);
    if (v > exact || v < -exact) {
      environment(info).raise(
          ErrorCode::argument,
          "item: the int64 value exceeds 2^53 and no number can hold it: use itemBigInt()");
      return info.Env().Undefined();
    }
  }
  return Napi::Number::New(info.Env(), element_as_double(bytes, s->view.dtype, 0));
}

Napi::Value item_bigint(const Napi::CallbackInfo& info) {
  Slot* s = slot(info, "itemBigInt");
  if (!s) return info.Env().Undefined();
  if (s->view.numel != 1 || is_floating(s->view.dtype)) {
    environment(info).raise(ErrorCode::internal, "itemBigInt: not one integer");
    return info.Env().Undefined();
  }
  uint64_t room = 0;
  const void* const bytes = element(info, *s, room);
  if (!bytes) return info.Env().Undefined();
  const int64_t v = s->view.dtype == DType::i64
                        ? *static_cast<const int64_t*>(bytes)
                        : static_cast<int64_t>(element_as_double(bytes, s->view.dtype, 0));
  return Napi::BigInt::New(info.Env(), v);
}

Napi::Value elements(const Napi::CallbackInfo& info) {
  Slot* s = slot(info, "toString");
  if (!s) return info.Env().Undefined();
  Environment& e = environment(info);
  if (!info[1].IsTypedArray() || !info[2].IsTypedArray()) {
    e.raise(ErrorCode::argument, "expected typed arrays");
    return info.Env().Undefined();
  }
  const Napi::TypedArray indices = info[1].As<Napi::TypedArray>(), out = info[2].As<Napi::TypedArray>();
  const bool big = out.TypedArrayType() == napi_bigint64_array;
  if (indices.TypedArrayType() != napi_float64_array ||
      (!big && out.TypedArrayType() != napi_float64_array) || (big && s->view.dtype != DType::i64) ||
      indices.ElementLength() != out.ElementLength()) {
    e.raise(ErrorCode::internal, "elements: arrays of the wrong type or length");
    return info.Env().Undefined();
  }
  if (s->view.place != 0) {
    e.raise(ErrorCode::device, "elements: the tensor is on a device");
    return info.Env().Undefined();
  }
  if (!e.settle(*s)) return info.Env().Undefined();
  const double* index = info[1].As<Napi::Float64Array>().Data();
  for (size_t i = 0; i < indices.ElementLength(); i++) {
    if (!(index[i] >= 0 && index[i] < static_cast<double>(s->view.numel))) {
      e.raise(ErrorCode::index, "elements: index out of range");
      return info.Env().Undefined();
    }
    int64_t rest = static_cast<int64_t>(index[i]), offset = 0;
    for (int d = s->view.rank - 1; d >= 0; d--) {
      offset += rest % s->view.shape[d] * s->view.strides[d];
      rest /= s->view.shape[d];
    }
    if (big)
      info[2].As<Napi::BigInt64Array>().Data()[i] = s->view.as<int64_t>()[offset];
    else
      info[2].As<Napi::Float64Array>().Data()[i] = element_as_double(s->view.data, s->view.dtype, offset);
  }
  return info.Env().Undefined();
}

}  // namespace tenon
