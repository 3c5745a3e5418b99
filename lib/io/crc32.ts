/** The checksum of zip archives: CRC-32 (ISO 3309). */
import * as zlib from 'zlib';

/** Eight tables for eight bytes at a time. */
const TABLES: readonly Int32Array[] = (() => {
  const first = Int32Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
    return c;
  });
  const tables = [first];
  for (let k = 1; k < 8; k++) tables.push(tables[k - 1]!.map((c) => (c >>> 8) ^ first[c & 255]!));
  return tables;
})();

/** The checksum of bytes that follow those whose checksum is `crc`: zlib's, where Node has it (20.15). */
export const crc32: (bytes: Uint8Array, crc?: number) => number =
  (zlib as { crc32?: typeof zlib.crc32 }).crc32 ?? crc32ByTables;

/** @internal */
export function crc32ByTables(bytes: Uint8Array, crc = 0): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = TABLES as [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  let c = ~crc;
  let i = 0;
  for (; i + 8 <= bytes.length; i += 8) {
    c ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    c =
      t7[c & 255]! ^
      t6[(c >>> 8) & 255]! ^
      t5[(c >>> 16) & 255]! ^
      t4[c >>> 24]! ^
      t3[bytes[i + 4]!]! ^
      t2[bytes[i + 5]!]! ^
      t1[bytes[i + 6]!]! ^
      t0[bytes[i + 7]!]!;
  }
  for (; i < bytes.length; i++) c = (c >>> 8) ^ t0[(c ^ bytes[i]!) & 255]!;
  return ~c >>> 0;
}
