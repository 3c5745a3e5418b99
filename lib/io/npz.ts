/** NumPy's archives of arrays by name: https://numpy.org/doc/stable/reference/generated/numpy.savez.html. */
import { deflateRawSync } from 'zlib';
import { ArgumentError, describe } from '../errors';
import { booleanArgument, checkOptions, isOptions } from '../functional/arguments';
import type { Tensor } from '../tensor';
import { crc32 } from './crc32';
import { bytesOfTensor } from './elements';
import { Reader, Writer } from './files';
import type { Path } from './path';
import { checkSavable, npyHeader, readNpy } from './npy';
import type { NamedTensors } from './safetensors';
import { Archive, membersOf, unpack } from './zip';

export interface SaveNpzOptions {
  /** As `numpy.savez_compressed` (false). */
  compressed?: boolean;
}

/** Writes tensors to a .npz file, which is there whole or not at all. */
export function saveNpz(tensors: NamedTensors, path: Path, options: SaveNpzOptions = {}): void {
  if (!isOptions(tensors))
    throw new ArgumentError(`saveNpz: expected an object of tensors, got ${describe(tensors)}`);
  checkOptions('saveNpz', ['compressed'], options);
  const compressed = booleanArgument('saveNpz', 'compressed', options.compressed, false);
  const list = Object.entries(tensors).map(([name, t]) => {
    checkSavable('saveNpz', t, describe(name));
    if (Buffer.byteLength(name) > 60_000)
      throw new ArgumentError(`saveNpz: the name ${describe(name)} is too long`);
    return [name, t, npyHeader('saveNpz', t)] as const;
  });
  Writer.with('saveNpz', path, (writer) => {
    const archive = new Archive(writer);
    for (const [name, t, header] of list)
      archive.add(`${name}.npy`, compressed ? 'deflated' : 'stored', (write) =>
        compressed ? addCompressed(t, header, write) : addStored(t, header, write),
      );
    archive.finish();
  });
}

type Write = (bytes: Uint8Array) => void;

function addStored(t: Tensor, header: Buffer, write: Write): { crc: number; size: number } {
  let crc = crc32(header);
  let size = header.length;
  write(header);
  bytesOfTensor(t, (piece) => {
    crc = crc32(piece, crc);
    size += piece.length;
    write(piece);
  });
  return { crc, size };
}

function addCompressed(t: Tensor, header: Buffer, write: Write): { crc: number; size: number } {
  const pieces = [header];
  bytesOfTensor(t, (piece) => pieces.push(Buffer.from(piece)));
  const whole = Buffer.concat(pieces);
  write(deflateRawSync(whole));
  return { crc: crc32(whole), size: whole.length };
}

/**
 * The arrays of a .npz file, by name.
 * @throws FileError for a file that can't be read or is not in the format.
 */
export function loadNpz(path: Path): Record<string, Tensor> {
  return Reader.with('loadNpz', path, (reader) => {
    if (reader.size < 22) reader.fail('expected a zip archive');
    const members = membersOf(reader);
    const names = new Set(members.map((member) => member.name));
    if (names.size < members.length) reader.fail('a name is there twice');
    return Object.fromEntries(
      members.map((member) => [
        member.name.replace(/\.npy$/, ''),
        readNpy('loadNpz', unpack(reader, member)),
      ]),
    );
  });
}
