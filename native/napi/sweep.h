// Weak references: every tensor that user code can see has one, and this is where the dead ones are found.
#pragma once
#include <node_api.h>

namespace tenon {

/**
 * sweep(full): frees the tensors whose JavaScript objects were collected, writes their ids to the command
 * buffer (which must be empty) and returns how many; to be called until it returns less than the buffer
 * holds. Not full: only those born since the sweep before the last, as a minor collection can have freed no
 * others.
 */
napi_value sweep(napi_env env, napi_callback_info info);

/** own(tensor, id): gives an existing tensor a weakly held owner. */
napi_value own(napi_env env, napi_callback_info info);

}  // namespace tenon
