// The checksum of zip archives: CRC-32 (ISO 3309), reflected, as zlib's crc32() counts it.
#pragma once
#include <cstddef>
#include <cstdint>

namespace tenon {

/** The checksum of bytes that follow those whose checksum is `crc`; of none it is 0. */
uint32_t crc32(uint32_t crc, const void* bytes, size_t size);
/** The same without instructions for it. */
uint32_t crc32_by_tables(uint32_t crc, const void* bytes, size_t size);
/** What moves a checksum on by so many bytes. */
uint32_t crc32_shift(uint64_t size);
/** The checksum of two pieces in a row, of each of which it is known; `shift` is that of the second one's
 * size. */
uint32_t crc32_combine(uint32_t first, uint32_t second, uint32_t shift);

}  // namespace tenon
