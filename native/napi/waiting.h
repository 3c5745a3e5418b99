// Waiting for the CPU stream, with and without the event loop.
#pragma once
#include <napi.h>

namespace tenon {

struct Environment;

/** Prepares the calls of `completed`: () => void, made when a ticket that was listened to is complete. */
void set_up_waiting(Environment& e, napi_value completed);

/** submitted(): the ticket of the last launch that the executor was given, 0 if it has completed. */
Napi::Value submitted(const Napi::CallbackInfo&);
/** completed(): up to which ticket launches are complete. */
Napi::Value completed(const Napi::CallbackInfo&);
/** listen(ticket): true if a call will come, which keeps the process alive until then; false: it is complete.
 */
Napi::Value listen(const Napi::CallbackInfo&);
/** unlisten(): nothing is awaited any more. */
Napi::Value unlisten(const Napi::CallbackInfo&);
/** synchronize(): waits for all launches, then reportFailure(). */
Napi::Value synchronize(const Napi::CallbackInfo&);
/** reportFailure(): throws the first failure of a launch that nobody has heard of. */
Napi::Value report_failure(const Napi::CallbackInfo&);

}  // namespace tenon
