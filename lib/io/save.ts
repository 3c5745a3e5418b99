/** Tensors and what is around them in one file (https://pytorch.org/docs/stable/generated/torch.save.html). */
import { withRoom } from '../backend/memory';
import { TenonError, describe } from '../errors';
import { resolveDevice, type DeviceLike } from '../device';
import { booleanArgument, checkOptions } from '../functional/arguments';
import { cast } from '../functional/cast';
import type { Tensor } from '../tensor';
import { Reader } from './files';
import type { Path } from './path';
import { parseJson } from './json';
import { readSafetensors, writeSafetensors, type Contents } from './safetensors';
import { checkpointOf, readCheckpoint } from './pt-read';
import { writeCheckpoint } from './pt-write';
import { MAX_JSON_DEPTH, putTogether, takeApart, type Saveable } from './state';

/** Under which name the header says what is around the tensors. */
const STRUCTURE = 'tenon.structure';

/** The endings of PyTorch's checkpoints. */
const CHECKPOINT = /\.(pt|pth)$/;

export interface SaveOptions {
  /**
   * Whether to return only when all is on the disk, as for Node's `fs.writeFile`. Without it what was just saved survives the
   * end of the process, but a file may be lost or empty when the whole machine fails soon after.
   */
  flush?: boolean;
}

/**
 * Writes tensors, or arrays, objects and Maps of them with numbers, text, booleans, BigInts and null between, to a file: a
 * state dict, an optimizer's, or a whole checkpoint of both. A path that ends in .pt or .pth gets PyTorch's format, any
 * other safetensors. What is the same tensor in two places is so again after `load`. The file is there whole or not at
 * all.
 */
export function save(value: Saveable | object, path: Path, options: SaveOptions = {}): void {
  checkOptions('save', ['flush'], options);
  const flush = booleanArgument('save', 'flush', options.flush, false);
  if ((typeof path === 'string' || path instanceof URL) && CHECKPOINT.test(String(path))) {
    writeCheckpoint(path, value, flush);
    return;
  }
  const [tensors, json] = takeApart(value);
  writeSafetensors('save', path, tensors, { format: 'pt', [STRUCTURE]: json }, flush);
}

export interface LoadOptions {
  /** Where the tensors are put: the CPU unless said otherwise. */
  mapLocation?: DeviceLike;
}

/** What `load` returns. */
export type Loaded =
  | Tensor
  | number
  | string
  | boolean
  | bigint
  | null
  | undefined
  | Loaded[]
  | Map<string | number, Loaded>
  | LoadedObject;
/** An object in it. */
export interface LoadedObject {
  [name: string]: Loaded;
}

/**
 * What `save` wrote, the tensors of any safetensors file by name, or what is in a checkpoint of PyTorch (1.6 or newer):
 * tensors and plain values, as with its `weights_only=True`. No code that such a file may hold is run; dictionaries become
 * objects, tuples arrays, None null. Say of which type it is: `load<nn.StateDict>(path)`.
 * @throws FileError for a file that can't be read or is not in the format.
 */
export function load<T = Loaded>(path: Path, options: LoadOptions = {}): T {
  checkOptions('load', ['mapLocation'], options);
  const target = resolveDevice('load', options.mapLocation ?? 'cpu');
  return Reader.with('load', path, (reader) => withRoom(reader.size, () => loaded(reader, target))) as T;
}

function loaded(reader: Reader, target: number): unknown {
  const checkpoint = startOf(reader).startsWith('PK') ? checkpointOf(reader) : null;
  if (checkpoint !== null) return readCheckpoint('load', reader, checkpoint, target);
  refuseOthers(reader);
  const contents = readSafetensors('load', reader);
  const placed = new Map<string, Tensor>();
  for (const [name, t] of contents.tensors) placed.set(name, cast(t, t.code, target));
  return assemble(reader, { ...contents, tensors: placed });
}

function startOf(reader: Reader): string {
  return reader.bytes(0, Math.min(reader.size, 8)).toString('latin1');
}

/** Says of other formats what they are. */
function refuseOthers(reader: Reader): void {
  const start = startOf(reader);
  if (start.startsWith('PK'))
    reader.fail(
      'expected a safetensors file or a checkpoint of PyTorch, got another zip archive: io.loadNpz reads those of NumPy',
    );
  if (start.startsWith('\x80\x02\x8a\x0al\xfc'))
    reader.fail(
      'expected a safetensors file or a checkpoint of PyTorch 1.6 or newer, got one of an older format: load it in PyTorch and save it again',
    );
  if (start.startsWith('\x93NUMPY'))
    reader.fail('expected a safetensors file, got one of NumPy: io.loadNpy reads it');
}

function assemble(reader: Reader, { tensors, metadata }: Contents): unknown {
  const json = metadata[STRUCTURE];
  if (json === undefined) return Object.fromEntries(tensors);
  const find = (name: string, requiresGrad: boolean): Tensor => {
    const t = tensors.get(name);
    if (t === undefined) throw new SyntaxError(`there is no tensor ${describe(name)}`);
    return requiresGrad ? t.requiresGrad_() : t;
  };
  try {
    return putTogether(parseJson(Buffer.from(json), MAX_JSON_DEPTH), find);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TenonError)
      reader.fail(`the structure: ${error.message}`);
    throw error;
  }
}
