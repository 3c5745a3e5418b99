// The command buffer's reader: the one way ops cross from JavaScript. lib/backend/commands.ts writes what is
// read here.
//
// Words are doubles. Word 0: the end of the commands; word 1: live bytes, word 2: the stream's work,
// both written back. Commands start at word 16:
//   op        header, outputs, inputs, scalars      (op is a row number of ops.def)
//             header  = compute | outputs << 4 | inputs << 13 | scalars << 23 | cells << 30
//             output  = id, 0                       of an existing tensor
//                     | id, 1 + 2·dtype + 32·rank + 4096·place, shape...   made new, row major; place 0: the
//                     CPU,
//                       k: cuda:(k - 1)
//             input   = id | -1, number
//             scalar  = number; when `cells` is set: 0, number | 1, id of a 0-d float64 tensor that is read
//             at the launch
//   kFree     id
//   kView     id, source id, dtype, offset, rank, shape..., strides...   (offset in elements from the
//   storage's start) kNew      id, dtype, rank, shape...             (uninitialised, row major)
#pragma once
#include <node_api.h>

namespace tenon {

struct Environment;

constexpr int kFree = -1, kView = -2, kNew = -3;
constexpr int kFirstCommand = 16;

/** run(tensor?): executes the buffer; a given object becomes the weakly held owner of the last tensor made.
 */
napi_value run_commands(napi_env env, napi_callback_info info);

}  // namespace tenon
