/** Zip archives, as far as those of NumPy and PyTorch need them: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT. */
import { inflateRawSync } from 'zlib';
import { describe } from '../errors';
import { crc32 } from './crc32';
import type { Reader, Source, Writer } from './files';

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const UNKNOWN32 = 0xffffffff;
const UNKNOWN16 = 0xffff;
const STORED = 0;
const DEFLATED = 8;
/** The sizes in 64 bits, in an extra field. */
const ZIP64 = 1;
/** Deflate packs no tighter than that: what claims to is not read. */
const TIGHTEST = 1032;

/** A file in an archive. */
export interface Member {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  /** Where its local header is. */
  readonly offset: number;
}

interface Directory {
  readonly count: number;
  readonly length: number;
  readonly offset: number;
}

function directoryOf(reader: Reader): Directory {
  // Few archives end with a comment, which may be long.
  for (const most of [22, 22 + UNKNOWN16]) {
    const tail = reader.bytes(Math.max(0, reader.size - most), Math.min(reader.size, most));
    for (let i = tail.length - 22; i >= 0; i--) {
      if (tail.readUInt32LE(i) !== END || i + 22 + tail.readUInt16LE(i + 20) !== tail.length) continue;
      const end = reader.size - tail.length + i;
      const count = tail.readUInt16LE(i + 10);
      const length = tail.readUInt32LE(i + 12);
      const offset = tail.readUInt32LE(i + 16);
      const wide = count === UNKNOWN16 || length === UNKNOWN32 || offset === UNKNOWN32;
      return wide ? wideDirectory(reader, end) : { count, length, offset };
    }
  }
  return reader.fail('expected a zip archive');
}

function wideDirectory(reader: Reader, end: number): Directory {
  const locator = reader.bytes(end - 20, 20);
  if (locator.readUInt32LE() !== LOCATOR64) reader.fail('its end is damaged');
  const record = reader.bytes(number64(reader, locator, 8), 56);
  if (record.readUInt32LE() !== END64) reader.fail('its end is damaged');
  return {
    count: number64(reader, record, 32),
    length: number64(reader, record, 40),
    offset: number64(reader, record, 48),
  };
}

function number64(reader: Reader, bytes: Buffer, at: number): number {
  if (at + 8 > bytes.length) reader.fail('a field of sizes is too short');
  const value = bytes.readBigUInt64LE(at);
  return value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : reader.fail(`the size ${value} is not possible`);
}

/** The sizes and the place that don't fit 32 bits, in their order. */
function wideSizes(reader: Reader, extra: Buffer, narrow: readonly number[]): number[] {
  if (!narrow.includes(UNKNOWN32)) return [...narrow];
  for (let i = 0; i + 4 <= extra.length;) {
    const length = extra.readUInt16LE(i + 2);
    if (extra.readUInt16LE(i) === ZIP64) {
      const field = extra.subarray(i + 4, i + 4 + length);
      let at = 0;
      return narrow.map((n) => {
        if (n !== UNKNOWN32) return n;
        at += 8;
        return number64(reader, field, at - 8);
      });
    }
    i += 4 + length;
  }
  return reader.fail('its sizes are missing');
}

/** What is in an archive. */
export function membersOf(reader: Reader): Member[] {
  const { count, length, offset } = directoryOf(reader);
  const bytes = reader.bytes(offset, length);
  const members: Member[] = [];
  let at = 0;
  for (let k = 0; k < count; k++) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== CENTRAL) reader.fail('its directory is damaged');
    const flags = bytes.readUInt16LE(at + 8);
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((i) => bytes.readUInt16LE(at + i)) as [
      number,
      number,
      number,
    ];
    const behind = at + 46 + nameLength;
    if (behind + extraLength + commentLength > bytes.length) reader.fail('its directory is damaged');
    const name = bytes.toString(flags & 0x800 ? 'utf8' : 'latin1', at + 46, behind);
    if (flags & 1) reader.fail(`${describe(name)} is encrypted`);
    const narrow = [24, 20, 42].map((i) => bytes.readUInt32LE(at + i));
    const extra = bytes.subarray(behind, behind + extraLength);
    const [size, packed, local] = wideSizes(reader, extra, narrow) as [number, number, number];
    const member = {
      name,
      method: bytes.readUInt16LE(at + 10),
      crc: bytes.readUInt32LE(at + 16),
      packed,
      size,
      offset: local,
    };
    checkMember(reader, member);
    members.push(member);
    at = behind + extraLength + commentLength;
  }
  // Members that share their data could be more than memory holds.
  if (members.reduce((sum, member) => sum + member.packed, 0) > reader.size)
    reader.fail('its members overlap');
  return members;
}

function checkMember(reader: Reader, { name, method, packed, size }: Member): void {
  if (method !== STORED && method !== DEFLATED)
    reader.fail(`${describe(name)} is compressed by a method (${method}) that is unknown here`);
  const possible = method === STORED ? size === packed : size <= packed * TIGHTEST;
  if (!possible || packed > reader.size) reader.fail(`the sizes of ${describe(name)} are not possible`);
}

/** Where the data of a member is. */
function dataOf(reader: Reader, member: Member): number {
  const header = reader.bytes(member.offset, 30);
  if (header.readUInt32LE() !== LOCAL) reader.fail(`${describe(member.name)} is damaged`);
  const start = member.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (start + member.packed > reader.size) reader.fail(`${describe(member.name)} is cut off`);
  return start;
}

/** A member's bytes in the file, where they are stored as they are. Whoever reads them compares the checksum. */
export function storedMember(reader: Reader, member: Member): Source {
  const start = dataOf(reader, member);
  const fail = (what: string): never => reader.fail(`${describe(member.name)}: ${what}`);
  return {
    size: member.size,
    stored: { file: reader.stored.file, start },
    fail,
    read(buffer, position) {
      if (position + buffer.length > member.size) fail(`it ends after ${member.size} bytes`);
      reader.read(buffer, start + position);
    },
    bytes(position, length) {
      if (position + length > member.size) fail(`it ends after ${member.size} bytes`);
      return reader.bytes(start + position, length);
    },
  };
}

/** A member's bytes: in the file, if they are stored as they are. Its checksum has been compared. */
export function unpack(reader: Reader, member: Member): Source {
  const fail = (what: string): never => reader.fail(`${describe(member.name)}: ${what}`);
  const check = (crc: number): void => {
    if (crc !== member.crc) fail('its checksum is wrong');
  };
  if (member.method === STORED) {
    const source = storedMember(reader, member);
    const piece = Buffer.allocUnsafe(Math.min(member.size, 2 ** 20));
    let crc = 0;
    for (let at = 0; at < member.size; at += piece.length) {
      const part = piece.subarray(0, Math.min(piece.length, member.size - at));
      source.read(part, at);
      crc = crc32(part, crc);
    }
    check(crc);
    return source;
  }
  const packed = reader.bytes(dataOf(reader, member), member.packed);
  let whole: Buffer;
  try {
    whole = inflateRawSync(packed, { maxOutputLength: Math.max(member.size, 1) });
  } catch (error) {
    return fail((error as Error).message);
  }
  if (whole.length !== member.size) fail(`it has ${whole.length} bytes, expected ${member.size}`);
  check(crc32(whole));
  const bytes = (position: number, length: number): Buffer => {
    if (position + length > whole.length) fail(`it ends after ${whole.length} bytes`);
    return whole.subarray(position, position + length);
  };
  return {
    size: whole.length,
    stored: null,
    fail,
    bytes,
    read: (buffer, position) => buffer.set(bytes(position, buffer.length)),
  };
}

/** DOS's first day, 1980-01-01: archives of the same content are the same. */
const DATE = 0x0021;

/** Writes archives. */
export class Archive {
  private readonly members: Member[] = [];

  constructor(private readonly writer: Writer) {}

  /**
   * Adds a member whose data `fill` writes; it returns the checksum and the size of what is packed. The data starts at a
   * multiple of `alignment`.
   */
  add(
    name: string,
    method: 'stored' | 'deflated',
    fill: (write: (bytes: Uint8Array) => void) => { crc: number; size: number },
    alignment = 1,
  ): void {
    const { writer } = this;
    const offset = writer.position;
    const number = method === 'stored' ? STORED : DEFLATED;
    const blank = { name, method: number, crc: 0, packed: 0, size: 0, offset };
    const unpadded = offset + localHeader(blank, 0).length;
    const missing = (alignment - (unpadded % alignment)) % alignment;
    const padding = missing > 0 && missing < 4 ? missing + alignment : missing; // a field has a head of 4 bytes
    const start = localHeader(blank, padding);
    writer.write(start);
    const { crc, size } = fill((bytes) => writer.write(bytes));
    const member = { ...blank, crc, size, packed: writer.position - offset - start.length };
    writer.writeAt(localHeader(member, padding), offset);
    this.members.push(member);
  }

  finish(): void {
    const { writer, members } = this;
    const offset = writer.position;
    for (const member of members) writer.write(centralHeader(member));
    writer.write(endOf(members.length, offset, writer.position - offset));
  }
}

/** The fields that both headers of a member have, from the version on; sizes are in the extra field. */
function commonFields(header: Buffer, at: number, { name, method, crc }: Member, extra: number): void {
  header.writeUInt16LE(45, at); // the version that has 64-bit sizes
  header.writeUInt16LE(0x800, at + 2); // the name is UTF-8
  header.writeUInt16LE(method, at + 4);
  header.writeUInt16LE(DATE, at + 8);
  header.writeUInt32LE(crc, at + 10);
  header.writeUInt32LE(UNKNOWN32, at + 14);
  header.writeUInt32LE(UNKNOWN32, at + 18);
  header.writeUInt16LE(Buffer.byteLength(name), at + 22);
  header.writeUInt16LE(extra, at + 24);
}

function sizesField(numbers: readonly number[]): Buffer {
  const field = Buffer.alloc(4 + 8 * numbers.length);
  field.writeUInt16LE(ZIP64);
  field.writeUInt16LE(8 * numbers.length, 2);
  numbers.forEach((n, i) => field.writeBigUInt64LE(BigInt(n), 4 + 8 * i));
  return field;
}

/** The field that PyTorch fills up with, too. */
const PADDING = 0x4246;

function localHeader(member: Member, padding: number): Buffer {
  const sizes = sizesField([member.size, member.packed]);
  const filler = Buffer.alloc(padding);
  if (padding >= 4) {
    filler.writeUInt16LE(PADDING);
    filler.writeUInt16LE(padding - 4, 2);
  }
  const extra = Buffer.concat([sizes, filler]);
  const header = Buffer.alloc(30);
  header.writeUInt32LE(LOCAL);
  commonFields(header, 4, member, extra.length);
  return Buffer.concat([header, Buffer.from(member.name), extra]);
}

function centralHeader(member: Member): Buffer {
  const extra = sizesField([member.size, member.packed, member.offset]);
  const header = Buffer.alloc(46);
  header.writeUInt32LE(CENTRAL);
  header.writeUInt16LE(45, 4);
  commonFields(header, 6, member, extra.length);
  header.writeUInt32LE(UNKNOWN32, 42);
  return Buffer.concat([header, Buffer.from(member.name), extra]);
}

/** The end of the directory, in 64 bits and in 32. */
function endOf(count: number, offset: number, length: number): Buffer {
  const wide = Buffer.alloc(56);
  wide.writeUInt32LE(END64);
  wide.writeBigUInt64LE(44n, 4);
  wide.writeUInt16LE(45, 12);
  wide.writeUInt16LE(45, 14);
  wide.writeBigUInt64LE(BigInt(count), 24);
  wide.writeBigUInt64LE(BigInt(count), 32);
  wide.writeBigUInt64LE(BigInt(length), 40);
  wide.writeBigUInt64LE(BigInt(offset), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(LOCATOR64);
  locator.writeBigUInt64LE(BigInt(offset + length), 8);
  locator.writeUInt32LE(1, 16);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(END);
  end.writeUInt16LE(Math.min(count, UNKNOWN16), 8);
  end.writeUInt16LE(Math.min(count, UNKNOWN16), 10);
  end.writeUInt32LE(Math.min(length, UNKNOWN32), 12);
  end.writeUInt32LE(Math.min(offset, UNKNOWN32), 16);
  return Buffer.concat([wide, locator, end]);
}
