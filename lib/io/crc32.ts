import { binding } from '../backend/load';

/** The checksum of zip archives, CRC-32 (ISO 3309), of bytes that follow those whose checksum is `crc`. */
export function crc32(bytes: Uint8Array, crc = 0): number {
  return binding.crc32(bytes, crc);
}
