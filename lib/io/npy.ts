/** NumPy's files of one array: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html. */
import { ArgumentError, DTypeError, describe } from '../errors';
import { Code, DTYPES, ELEMENT_SIZE } from '../dtype';
import { fromNumpy } from '../functional/creation';
import { permute, reshape } from '../functional/view';
import { noGrad } from '../autograd/grad-mode';
import { MAX_RANK, type Shape } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import { bytesOfTensor, checkBooleans, tensorOfBytes } from './elements';
import { Reader, Writer, type Source } from './files';
import type { Path } from './path';

/** NumPy's names of dtypes, by code; it has no bfloat16. */
const NAMES: readonly (string | null)[] = [
  '<f4',
  '<f8',
  '<f2',
  null,
  '|i1',
  '|u1',
  '<i2',
  '<i4',
  '<i8',
  '|b1',
];

const CODES = new Map<string, number>([
  ['f4', Code.float32],
  ['f8', Code.float64],
  ['f2', Code.float16],
  ['i1', Code.int8],
  ['u1', Code.uint8],
  ['i2', Code.int16],
  ['i4', Code.int32],
  ['i8', Code.int64],
  ['b1', Code.bool],
]);

/** Unsigned integers that there is no dtype for become the next larger one, by their sizes. */
const UNSIGNED = new Map<string, number>([
  ['u2', 2],
  ['u4', 4],
  ['u8', 8],
]);

const MAGIC = Buffer.from('\x93NUMPY', 'latin1');
/** More than any array of a plain dtype needs. */
const MAX_HEADER = 2 ** 16;

interface Header {
  readonly descr: string;
  readonly fortran: boolean;
  readonly shape: Shape;
  /** Where the data begins. */
  readonly start: number;
}

/** The three entries of the header, which is a dict as Python writes it, in any order. */
const ENTRY =
  /^\s*(?:'(descr)'\s*:\s*'([^'\\]*)'|'(fortran_order)'\s*:\s*(True|False)|'(shape)'\s*:\s*\(([\d\s,L]*)\))\s*(,|$)/;

function readHeader(source: Source): Header {
  if (source.size < 10 || !source.bytes(0, 6).equals(MAGIC)) source.fail('expected a .npy file');
  const version = source.bytes(6, 2)[0]!;
  if (version < 1 || version > 3) source.fail(`version ${version} of the .npy format is unknown`);
  const wide = version > 1;
  const length = wide ? source.bytes(8, 4).readUInt32LE() : source.bytes(8, 2).readUInt16LE();
  const from = wide ? 12 : 10;
  if (length > MAX_HEADER) source.fail(`a header of ${length} bytes is too long`);
  const text = source.bytes(from, length).toString('latin1').trim();
  if (!text.startsWith('{') || !text.endsWith('}')) source.fail('its header is no dict');
  const found: Record<string, string> = {};
  let rest = text.slice(1, -1);
  while (rest.trim() !== '') {
    const match = ENTRY.exec(rest);
    if (match === null)
      source.fail(`its header is not understood (structured dtypes are not) at ${describe(rest.trim())}`);
    const key = match[1] ?? match[3] ?? match[5]!;
    if (found[key] !== undefined) source.fail(`its header has ${key} twice`);
    found[key] = match[2] ?? match[4] ?? match[6]!;
    rest = rest.slice(match[0].length);
  }
  const { descr, fortran_order: fortran, shape } = found;
  if (descr === undefined || fortran === undefined || shape === undefined)
    source.fail('its header lacks one of descr, fortran_order and shape');
  return { descr, fortran: fortran === 'True', shape: shapeOf(source, shape), start: from + length };
}

function shapeOf(source: Source, text: string): Shape {
  const sizes = text
    .replace(/L/g, '')
    .split(',')
    .map((size) => size.trim());
  if (sizes[sizes.length - 1] === '') sizes.pop();
  const shape = sizes.map((size) => (/^\d+$/.test(size) ? Number(size) : NaN));
  const most = shape.reduce((n, size) => n * Math.max(size, 1), 1);
  if (shape.length > MAX_RANK || !(most <= Number.MAX_SAFE_INTEGER))
    source.fail(`the shape (${text}) is not possible`);
  return shape;
}

/** @internal The array of a .npy file. */
export function readNpy(op: string, source: Source): Tensor {
  const { descr, fortran, shape, start } = readHeader(source);
  const order = descr[0];
  const kind = descr.slice(1);
  const code = CODES.get(kind);
  const unsigned = UNSIGNED.get(kind);
  if (!'<>|='.includes(order ?? '') || (code === undefined && unsigned === undefined))
    source.fail(`there is no dtype for ${describe(descr)}`);
  const size = code === undefined ? unsigned! : ELEMENT_SIZE[code]!;
  const count = shape.reduce((n, dim) => n * dim, 1);
  if (source.size - start < count * size)
    source.fail(`it has ${source.size - start} bytes of data, expected ${count * size}`);
  const swap = order === '>';
  const stored = fortran ? [...shape].reverse() : shape;
  const t =
    code === undefined
      ? reshape(unsignedElements(source, start, count, size, swap), [...stored])
      : tensorOfBytes(op, stored, code, source, start, {
          each:
            swap && size > 1
              ? (piece) => swapBytes(piece, size)
              : checkBooleans(code, (what) => source.fail(what)),
        });
  if (!fortran || shape.length < 2) return t;
  return noGrad(() => permute(t, [...shape.keys()].reverse()));
}

function swapBytes(bytes: Buffer, size: number): void {
  if (size === 2) bytes.swap16();
  else if (size === 4) bytes.swap32();
  else if (size === 8) bytes.swap64();
}

function unsignedElements(source: Source, start: number, count: number, size: number, swap: boolean): Tensor {
  const bytes = source.bytes(start, count * size);
  if (swap) swapBytes(bytes, size);
  // In memory of its own, so that it is aligned.
  const { buffer } = new Uint8Array(bytes);
  if (size === 2) return fromNumpy(new Uint16Array(buffer));
  if (size === 4) return fromNumpy(new Uint32Array(buffer));
  const numbers = new BigInt64Array(buffer);
  if (numbers.some((n) => n < 0n)) source.fail('a uint64 is beyond the range of int64');
  return fromNumpy(numbers);
}

/** @internal What stands before the elements of a tensor in a .npy file. */
export function npyHeader(op: string, t: Tensor): Buffer {
  const descr = NAMES[t.code];
  if (descr === null)
    throw new DTypeError(`${op}: NumPy has no ${DTYPES[t.code]}; convert it to float32 first`);
  const shape = `(${t.shape.join(', ')}${t.shape.length === 1 ? ',' : ''})`;
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64;
  const header = Buffer.alloc(length, ' ');
  MAGIC.copy(header);
  header.writeUInt16LE(0x0001, 6);
  header.writeUInt16LE(length - 10, 8);
  header.write(text, 10, 'latin1');
  header[length - 1] = 0x0a;
  return header;
}

/** @internal */
export function checkSavable(op: string, t: unknown, name: string): asserts t is Tensor {
  checkTensor(op, t, name);
  if (t.isDisposed) throw new ArgumentError(`${op}: ${name} was disposed`);
}

/** Writes a tensor to a .npy file, which is there whole or not at all. */
export function saveNpy(t: Tensor, path: Path): void {
  checkSavable('saveNpy', t, 'input');
  const header = npyHeader('saveNpy', t);
  Writer.with('saveNpy', path, (writer) => {
    writer.write(header);
    bytesOfTensor(t, (piece) => writer.write(piece));
  });
}

/**
 * The array of a .npy file. One in Fortran's order gives a tensor that is not contiguous; uint16 becomes int32, uint32 and
 * uint64 int64.
 * @throws FileError for a file that can't be read or is not in the format.
 */
export function loadNpy(path: Path): Tensor {
  return Reader.with('loadNpy', path, (reader) => readNpy('loadNpy', reader));
}
