// Bytes of a file, read by all threads.
#pragma once
#include <cstddef>
#include <cstdint>

namespace tenon {

/**
 * Reads so many bytes of an open file from a position on, on all threads; their checksum as crc32() has it,
 * if it is wanted. False where they can't be read so: the file ends before, the system reports an error, or
 * it has no descriptors.
 */
bool read_file(int descriptor, uint64_t position, void* to, size_t size, uint32_t* crc);

}  // namespace tenon
