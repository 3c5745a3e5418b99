// What JavaScript asks of CUDA devices beside launches: lib/backend/binding.ts has the signatures.
#pragma once
#include <napi.h>

namespace tenon {

struct Environment;

/** Adds the functions, whose names start with `cuda`, to a binding. */
void add_cuda(Napi::Object binding, Environment*);

}  // namespace tenon
