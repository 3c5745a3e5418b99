/** A tensor's elements as the bytes that files hold, in pieces: little endian, row major. */
import { binding } from '../backend/load';
import { CPU } from '../device';
import { ELEMENT_SIZE } from '../dtype';
import { copied } from '../functional/cast';
import { numelOf, type Shape } from '../shape';
import { alias, uninitialised, type Tensor } from '../tensor';

/** Bytes at a time; of whole elements of any dtype. */
const PIECE = 2 ** 24;

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

/** A tensor on the CPU whose bytes `read` supplies, piece by piece. */
export function tensorOfBytes(
  op: string,
  shape: Shape,
  code: number,
  read: (piece: Buffer, position: number) => void,
): Tensor {
  const t = uninitialised(shape, code, CPU, op);
  const size = ELEMENT_SIZE[code]!;
  const buffer = Buffer.allocUnsafe(Math.min(numelOf(shape) * size, PIECE));
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
  const size = ELEMENT_SIZE[t.code]!;
  const buffer = Buffer.allocUnsafe(Math.min(t.count * size, PIECE));
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
