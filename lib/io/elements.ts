/** A tensor's elements as the bytes that files hold, in pieces: little endian, row major. */
import { flush } from '../backend/commands';
import { binding } from '../backend/load';
import { CPU } from '../device';
import { ELEMENT_SIZE } from '../dtype';
import { copied } from '../functional/cast';
import type { Shape } from '../shape';
import { alias, uninitialised, type Tensor } from '../tensor';

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

/** A tensor on the CPU whose bytes `read` supplies, piece by piece. */
export function tensorOfBytes(
  op: string,
  shape: Shape,
  code: number,
  read: (piece: Buffer, position: number) => void,
): Tensor {
  const t = uninitialised(shape, code, CPU, op);
  if (inPlace(t, read)) return t;
  const size = ELEMENT_SIZE[code]!;
  const buffer = staging();
  eachPiece(t, (part, first, count) => {
    const piece = buffer.subarray(0, count * size);
    read(piece, first * size);
    binding.upload(part.id, piece);
  });
  return t;
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

/** Whether bytes are those of bool: 0 or 1. */
export function areBooleans(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i]! > 1) return false;
  return true;
}
