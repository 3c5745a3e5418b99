// Files' bytes: what of reading and writing them is worth all threads, or instructions of the processor's.
#pragma once
#include <napi.h>

namespace tenon {

/**
 * readFile(id, descriptor, position, summed): fills a contiguous CPU tensor from an open file. The bytes'
 * CRC-32 if it is asked for, else 0; -1: they can't be read so, and whoever reads them otherwise hears why.
 */
Napi::Value read_file(const Napi::CallbackInfo&);
/** crc32(bytes, crc): the checksum of a Uint8Array's bytes that follow those whose checksum is known. */
Napi::Value crc32(const Napi::CallbackInfo&);

}  // namespace tenon
