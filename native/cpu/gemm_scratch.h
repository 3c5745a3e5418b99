// Where GEMM packs its operands: memory of the thread, which grows and stays.
#pragma once
#include <cstddef>

namespace tenon {

/** At least `bytes`, 64-byte aligned, until the thread asks again for the same `which` (0 or 1); null: none
 * is left. */
void* gemm_scratch(int which, size_t bytes);

}  // namespace tenon
