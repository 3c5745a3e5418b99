/** A tensor's elements as the bytes that files hold, in pieces: little endian, row major. */
import { flush } from '../backend/commands';
import { binding } from '../backend/load';
import { CPU } from '../device';
import { Code, ELEMENT_SIZE } from '../dtype';
import { copied } from '../functional/cast';
import type { Shape } from '../shape';
import { alias, uninitialised, type Tensor } from '../tensor';
import { crc32 } from './crc32';
import type { Source } from './files';

/** Bytes at a time, of whole elements of any dtype: few enough to be cached on their way. */
const PIECE = 2 ** 19;

let pieces: Buffer | null = null;

/** The memory that all bytes pass through, one piece after the other: new pages would cost as much as what is done there. */
function staging(): Buffer {
  return (pieces ??= Buffer.allocUnsafeSlow(PIECE));
}

/** Calls `use` with each piece of a row-major tensor: its first element and how many there are. */
function eachPiece(t: Tensor, use: (part: Tensor, first: number, count: number) => void): void {
  const most = PIECE / ELEMENT_SIZE[t.code]!;
  if (t.count === 0) return;
  if (t.count <= most) {
    use(t, 0, t.count);
    return;
  }
  for (let first = 0; first < t.count; first += most) {
    const count = Math.min(most, t.count - first);
    const part = alias(t, [count], null, t.offset + first);
    use(part, first, count);
    part.dispose();
  }
}

/** Calls `use` with the bytes of a row-major tensor on the CPU where they lie, piece by piece; false: it can't be. */
function inPlace(t: Tensor, use: (piece: Buffer, position: number) => void): boolean {
  if (t.count === 0) return true;
  flush();
  return binding.lend(t.id, (memory) => {
    for (let at = 0; at < memory.byteLength; at += PIECE)
      use(Buffer.from(memory, at, Math.min(PIECE, memory.byteLength - at)), at);
  });
}

/** What is done with bytes on their way into a tensor. */
export interface Arrival {
  /** The CRC-32 that they must have. */
  readonly crc?: number;
  /** Looks at each piece of them, or changes it. */
  readonly each?: (piece: Buffer) => void;
}

/** A tensor on the CPU of a source's bytes from a position on. */
export function tensorOfBytes(
  op: string,
  shape: Shape,
  code: number,
  source: Source,
  position: number,
  { crc, each }: Arrival = {},
): Tensor {
  const t = uninitialised(shape, code, CPU, op);
  const sum = each === undefined ? readAtOnce(t, source, position, crc !== undefined) : null;
  const found = sum ?? readPieces(t, source, position, crc !== undefined, each);
  if (crc !== undefined && found !== crc) source.fail('its checksum is wrong');
  return t;
}

/** Has a file's bytes read by native code, on all threads; their checksum if it is asked for, or null if that can't be done. */
function readAtOnce(t: Tensor, { stored }: Source, position: number, summed: boolean): number | null {
  if (stored === null || t.count === 0) return null;
  flush();
  const crc = binding.readFile(t.id, stored.file, stored.start + position, summed);
  return crc < 0 ? null : crc;
}

function readPieces(
  t: Tensor,
  source: Source,
  position: number,
  summed: boolean,
  each: Arrival['each'],
): number {
  const size = ELEMENT_SIZE[t.code]!;
  let crc = 0;
  const fill = (piece: Buffer, at: number): void => {
    source.read(piece, position + at);
    if (summed) crc = crc32(piece, crc);
    each?.(piece);
  };
  if (inPlace(t, fill)) return crc;
  const buffer = staging();
  eachPiece(t, (part, first, count) => {
    const piece = buffer.subarray(0, count * size);
    fill(piece, first * size);
    binding.upload(part.id, piece);
  });
  return crc;
}

/** Hands a tensor's bytes to `write`, piece by piece. */
export function bytesOfTensor(t: Tensor, write: (piece: Buffer) => void): void {
  const source = t.place === CPU && t.layout === null ? t : copied(t, t.code, CPU);
  if (inPlace(source, write)) return;
  const size = ELEMENT_SIZE[t.code]!;
  const buffer = staging();
  eachPiece(source, (part, _, count) => {
    const piece = buffer.subarray(0, count * size);
    binding.download(part.id, piece);
    write(piece);
  });
}

/** What looks at the bytes of a bool, which are 0 or 1; of other dtypes nothing does. */
export function checkBooleans(code: number, fail: (what: string) => never): Arrival['each'] {
  if (code !== Code.bool) return undefined;
  return (bytes) => {
    for (let i = 0; i < bytes.length; i++) if (bytes[i]! > 1) fail('a byte of bool is neither 0 nor 1');
  };
}
