// Tensors between the environments of one process: the storage is shared, nothing is copied.
#pragma once
#include <napi.h>

namespace tenon {

/** share(id, key): offers a tensor to all environments under a key, when all that writes to it has run. */
Napi::Value share(const Napi::CallbackInfo&);
/**
 * receive(id, key, Float64Array [dtype, offset, rank, shape..., strides...], owner?): makes a tensor over the
 * memory offered under a key, which must be described as it was offered; `owner` becomes its weakly held
 * owner.
 */
Napi::Value receive(const Napi::CallbackInfo&);
/** releaseShared(key): takes an offer back; says whether there was one. */
Napi::Value release_shared(const Napi::CallbackInfo&);
/** letGoShared(key): the handle is no longer held here, but may be on its way to somewhere else. */
Napi::Value let_go_shared(const Napi::CallbackInfo&);

}  // namespace tenon
