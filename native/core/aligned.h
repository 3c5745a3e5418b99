// Memory from the system on 64-byte boundaries (a cache line, an AVX-512 vector); null when there is none.
#pragma once
#include <cstddef>

namespace tenon {

void* aligned_acquire(size_t bytes);
void aligned_release(void*);

}  // namespace tenon
