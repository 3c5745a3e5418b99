/** Tensors and what is around them in one file (https://pytorch.org/docs/stable/generated/torch.save.html). */
import { TenonError, describe } from '../errors';
import { resolveDevice, type DeviceLike } from '../device';
import { checkOptions } from '../functional/arguments';
import { cast } from '../functional/cast';
import type { Tensor } from '../tensor';
import { Reader } from './files';
import type { Path } from './path';
import { parseJson } from './json';
import { readSafetensors, writeSafetensors, type Contents } from './safetensors';
import { MAX_JSON_DEPTH, putTogether, takeApart, type Saveable } from './state';

/** Under which name the header says what is around the tensors. */
const STRUCTURE = 'tenon.structure';

/**
 * Writes tensors, or arrays, objects and Maps of them with numbers, text, booleans, BigInts and null between, to a
 * safetensors file: a state dict, an optimizer's, or a whole checkpoint of both. What is the same tensor in two places is
 * so again after `load`. The file is there whole or not at all.
 */
export function save(value: Saveable | object, path: Path): void {
  const [tensors, json] = takeApart(value);
  writeSafetensors('save', path, tensors, { format: 'pt', [STRUCTURE]: json });
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
 * What `save` wrote, or the tensors of any safetensors file by name. Say of which type it is: `load<nn.StateDict>(path)`.
 * @throws FileError for a file that can't be read or is not in the format.
 */
export function load<T = Loaded>(path: Path, options: LoadOptions = {}): T {
  checkOptions('load', ['mapLocation'], options);
  const target = resolveDevice('load', options.mapLocation ?? 'cpu');
  return Reader.with('load', path, (reader) => {
    refuseOthers(reader);
    const contents = readSafetensors('load', reader);
    const placed = new Map<string, Tensor>();
    for (const [name, t] of contents.tensors) placed.set(name, cast(t, t.code, target));
    return assemble(reader, { ...contents, tensors: placed });
  }) as T;
}

/** Says of other formats what they are. */
function refuseOthers(reader: Reader): void {
  if (reader.size < 8) return;
  const start = reader.bytes(0, 8).toString('latin1');
  if (start.startsWith('PK'))
    reader.fail(
      'expected a safetensors file, got a zip archive: io.loadNpz reads those of NumPy; a PyTorch checkpoint has to be saved as safetensors first',
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
