// Values between JavaScript and storages: always copies, never windows on native memory.
#pragma once
#include <napi.h>

#include "core/stream.h"

namespace tenon {

struct Environment;
namespace cuda {
struct LaterRead;
}

/** upload(id, typedArray): fills a contiguous tensor with the array's bytes. */
Napi::Value upload(const Napi::CallbackInfo&);
/** download(id, typedArray): copies a contiguous tensor's bytes. */
Napi::Value download(const Napi::CallbackInfo&);
/**
 * lend(id, use): calls use(arrayBuffer) with a contiguous CPU tensor's own memory, to be read or written, and
 * takes it back when that returns; false, without a call, where the engine takes no memory that is not its
 * own.
 */
Napi::Value lend(const Napi::CallbackInfo&);
/** readLater(id, typedArray): download() in the stream's order, without waiting. The ticket that completes
 * it, 0: done. */
Napi::Value read_later(const Napi::CallbackInfo&);
/** checkRead(ticket): throws if the completed read found a tensor whose computation failed. */
Napi::Value check_read(const Napi::CallbackInfo&);
/** item(id): the one element as a number; bool as 0 or 1. */
Napi::Value item(const Napi::CallbackInfo&);
/** itemBigInt(id): the one element of an integer tensor. */
Napi::Value item_bigint(const Napi::CallbackInfo&);
/** elements(id, Float64Array indices, Float64Array | BigInt64Array out): elements at row-major positions, any
 * strides. */
Napi::Value elements(const Napi::CallbackInfo&);

/** Has the executor wait for a copy from a device; the ticket that completes it, 0: done. */
Ticket wait_for(Environment&, cuda::LaterRead*, LaunchError&);

}  // namespace tenon
