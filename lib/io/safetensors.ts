/** The safetensors format: https://github.com/huggingface/safetensors#format. */
import { withRoom } from '../backend/memory';
import { ArgumentError, describe } from '../errors';
import { DTYPES, ELEMENT_SIZE } from '../dtype';
import { resolveDevice, type DeviceLike } from '../device';
import { checkOptions, isOptions } from '../functional/arguments';
import { cast } from '../functional/cast';
import { MAX_RANK, type Shape } from '../shape';
import { type Tensor, checkTensor } from '../tensor';
import { bytesOfTensor, checkBooleans, tensorOfBytes } from './elements';
import { Reader, Writer } from './files';
import type { Path } from './path';
import { parseJson } from './json';

/** The format's names of dtypes, by code. */
const NAMES = ['F32', 'F64', 'F16', 'BF16', 'I8', 'U8', 'I16', 'I32', 'I64', 'BOOL'];

/** As in the reference implementation: no honest header is larger. */
const MAX_HEADER = 100_000_000;

/** Tensors by name. */
export type NamedTensors = Readonly<Record<string, Tensor>>;
/** What the header says besides: text by name. */
export type Metadata = Readonly<Record<string, string>>;

interface Entry {
  readonly name: string;
  readonly code: number;
  readonly shape: Shape;
  readonly begin: number;
  readonly end: number;
}

/** @internal The content of a file. */
export interface Contents {
  readonly tensors: Map<string, Tensor>;
  readonly metadata: Metadata;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function entryOf(reader: Reader, name: string, value: unknown): Entry {
  const fail = (what: string): never => reader.fail(`tensor ${describe(name)}: ${what}`);
  if (!isObject(value)) return fail('its entry is no object');
  const { dtype, shape, data_offsets: offsets } = value;
  const code = NAMES.indexOf(dtype as string);
  if (code < 0) return fail(`the dtype ${describe(dtype)} is unknown`);
  if (!Array.isArray(shape) || shape.length > MAX_RANK || !shape.every(isCount))
    return fail(`its shape is not a list of up to ${MAX_RANK} sizes`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
    return fail('its offsets are not two positions');
  const [begin, end] = offsets as [number, number];
  // Counted as strides are, with 1 for 0: that must be exact, too.
  const most = shape.reduce((n: number, size: number) => n * Math.max(size, 1), 1);
  const count = shape.reduce((n: number, size: number) => n * size, 1);
  if (most > Number.MAX_SAFE_INTEGER) return fail('it has more than 2^53 elements');
  if (end - begin !== count * ELEMENT_SIZE[code]!)
    return fail(`${end - begin} bytes are not ${count} elements of ${DTYPES[code]}`);
  return { name, code, shape, begin, end };
}

function metadataOf(reader: Reader, value: unknown): Metadata {
  if (value === undefined) return {};
  if (!isObject(value) || Object.values(value).some((text) => typeof text !== 'string'))
    return reader.fail('its metadata is not text by name');
  return value as Metadata;
}

/** The header, and where the data starts. All is checked against the size of the file. */
function readHeader(reader: Reader): readonly [entries: Entry[], metadata: Metadata, start: number] {
  if (reader.size < 8) reader.fail(`expected a safetensors file, got one of ${reader.size} bytes`);
  const length = Number(reader.bytes(0, 8).readBigUInt64LE());
  if (length > MAX_HEADER || length > reader.size - 8)
    reader.fail(`expected a safetensors file: a header of ${length} bytes is not possible here`);
  const bytes = reader.bytes(8, length);
  if (bytes[0] !== 0x7b) reader.fail('expected a safetensors file: its header is no JSON object');
  let header: unknown;
  try {
    header = parseJson(bytes, 3);
  } catch (error) {
    reader.fail(`the header: ${(error as Error).message}`);
  }
  const { __metadata__: metadata, ...rest } = header as Record<string, unknown>;
  const entries = Object.entries(rest).map(([name, value]) => entryOf(reader, name, value));
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const entry of entries) {
    if (entry.begin !== end)
      reader.fail(
        `tensor ${describe(entry.name)}: its data begins at ${entry.begin}, expected ${end}: data must neither overlap nor leave gaps`,
      );
    end = entry.end;
  }
  const start = 8 + length;
  if (end !== reader.size - start)
    reader.fail(`it has ${reader.size - start} bytes of data, its header says ${end}`);
  return [entries, metadataOf(reader, metadata), start];
}

/** @internal */
export function readSafetensors(op: string, reader: Reader): Contents {
  const [entries, metadata, start] = readHeader(reader);
  const tensors = new Map<string, Tensor>();
  for (const { name, shape, code, begin } of entries)
    tensors.set(
      name,
      tensorOfBytes(op, shape, code, reader, start + begin, {
        each: checkBooleans(code, (what) => reader.fail(`tensor ${describe(name)}: ${what}`)),
      }),
    );
  return { tensors, metadata };
}

/** @internal The largest elements first, so that all are aligned. */
export function writeSafetensors(
  op: string,
  path: unknown,
  tensors: readonly (readonly [name: string, t: Tensor])[],
  metadata: Metadata,
  flush = false,
): void {
  const sorted = [...tensors].sort(([, a], [, b]) => b.elementSize() - a.elementSize());
  let end = 0;
  const entries = sorted.map(([name, t]) => {
    const begin = end;
    end += t.count * t.elementSize();
    return [name, { dtype: NAMES[t.code], shape: t.shape, data_offsets: [begin, end] }];
  });
  const header = Object.fromEntries([['__metadata__', metadata], ...entries]) as object;
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ');
  if (padded.length - 8 > MAX_HEADER)
    throw new ArgumentError(`${op}: the names and the structure take more than ${MAX_HEADER} bytes`);
  padded.writeBigUInt64LE(BigInt(padded.length - 8));
  json.copy(padded, 8);
  const fill = (writer: Writer): void => {
    writer.write(padded);
    for (const [, t] of sorted) bytesOfTensor(t, (piece) => writer.write(piece));
  };
  Writer.with(op, path, fill, flush);
}

function checkName(op: string, name: string): void {
  if (name === '__metadata__') throw new ArgumentError(`${op}: no tensor can be called __metadata__`);
}

/** @internal Throws unless there are tensors by name. */
export function namedTensors(op: string, value: unknown): [string, Tensor][] {
  if (!isOptions(value))
    throw new ArgumentError(`${op}: expected an object of tensors, got ${describe(value)}`);
  const entries = Object.entries(value);
  for (const [name, t] of entries) {
    checkName(op, name);
    checkTensor(op, t, describe(name));
    checkLive(op, name, t);
  }
  return entries as [string, Tensor][];
}

/** @internal */
export function checkLive(op: string, name: string, t: Tensor): void {
  if (t.isDisposed) throw new ArgumentError(`${op}: ${describe(name)} was disposed`);
}

/**
 * Writes tensors to a safetensors file, as other programs read it, with text that goes into its header. The file is there
 * whole or not at all.
 */
export function saveFile(tensors: NamedTensors, path: Path, metadata: Metadata = {}): void {
  const list = namedTensors('saveFile', tensors);
  if (!isOptions(metadata) || Object.values(metadata).some((text) => typeof text !== 'string'))
    throw new ArgumentError(`saveFile: expected metadata to be text by name, got ${describe(metadata)}`);
  writeSafetensors('saveFile', path, list, { format: 'pt', ...metadata });
}

export interface LoadFileOptions {
  /** Where the tensors are put: the CPU unless said otherwise. */
  device?: DeviceLike;
}

/**
 * The tensors of a safetensors file, by name, in the order of their data.
 * @throws FileError for a file that can't be read or is not in the format.
 */
export function loadFile(path: Path, options: LoadFileOptions = {}): Record<string, Tensor> {
  checkOptions('loadFile', ['device'], options);
  const place = resolveDevice('loadFile', options.device ?? 'cpu');
  const { tensors } = Reader.with('loadFile', path, (reader) =>
    withRoom(reader.size, () => readSafetensors('loadFile', reader)),
  );
  return Object.fromEntries([...tensors].map(([name, t]) => [name, cast(t, t.code, place)]));
}

/** The text in the header of a safetensors file. */
export function loadMetadata(path: Path): Metadata {
  return Reader.with('loadMetadata', path, (reader) => readHeader(reader)[1]);
}
