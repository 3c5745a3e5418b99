/** Checkpoints as PyTorch writes them, so that `torch.load(path, weights_only=True)` reads them. */
import { ArgumentError, describe } from '../errors';
import { isOptions } from '../functional/arguments';
import { rowMajorStrides } from '../shape';
import { Tensor } from '../tensor';
import { crc32 } from './crc32';
import { bytesOfTensor } from './elements';
import { Writer } from './files';
import { Pickler } from './pickle';
import { STORAGES } from './pt-read';
import { checkLive } from './safetensors';
import { checkDense, mapEntries, nestedIn, refuse } from './state';
import { Archive } from './zip';

/** Where PyTorch puts the elements of tensors: at multiples of that. */
const ALIGNMENT = 64;
const FOLDER = 'archive';

/** Whole numbers of more digits than that are not written. */
const MAX_DIGITS = 500;

class Encoder {
  readonly tensors: Tensor[] = [];
  private readonly pickler = new Pickler();
  private readonly names = new Map<string, number>();
  private readonly known = new Map<string, number>();
  private readonly ids = new Map<Tensor, number>();
  private readonly above = new Set<object>();

  finish(): Buffer {
    return this.pickler.finish();
  }

  private global(module: string, name: string): void {
    const known = this.names.get(`${module}.${name}`);
    if (known !== undefined) this.pickler.recall(known);
    else this.names.set(`${module}.${name}`, this.pickler.global(module, name).remember());
  }

  /** @param keysAreNumbers Whether an object's keys stand for numbers. */
  encode(value: unknown, path: string, keysAreNumbers = false): void {
    const { pickler } = this;
    if (value instanceof Tensor) return this.tensor(value, path);
    switch (typeof value) {
      case 'string':
        pickler.text(value);
        break;
      case 'boolean':
        pickler.boolean(value);
        break;
      case 'number':
        if (Number.isSafeInteger(value) && !Object.is(value, -0)) pickler.integer(value);
        else pickler.float(value);
        break;
      case 'bigint':
        if (String(value).length > MAX_DIGITS)
          throw new ArgumentError(
            `save: expected at most ${MAX_DIGITS} digits, got more at ${describe(path)}`,
          );
        pickler.integer(value);
        break;
      case 'undefined':
        pickler.none();
        break;
      case 'object':
        if (value === null) pickler.none();
        else nestedIn(this.above, value, path, () => this.nested(value, path, keysAreNumbers));
        break;
      default:
        refuse(value, path);
    }
  }

  private nested(value: object, path: string, keysAreNumbers: boolean): void {
    const { pickler } = this;
    const below = (key: string | number): string => (path === '' ? String(key) : `${path}.${key}`);
    if (Array.isArray(value)) {
      checkDense(value, path);
      pickler.emptyList().mark();
      value.forEach((item, i) => this.encode(item, below(i)));
      pickler.appends();
      return;
    }
    const isMap = value instanceof Map;
    if (!isMap && !isOptions(value)) return refuse(value, path);
    const entries = isMap ? mapEntries(value, path) : Object.entries(value);
    // Parameters are numbers to PyTorch's optimizers.
    const isOptimizer = !isMap && 'state' in value && 'param_groups' in value;
    pickler.emptyDict().mark();
    for (const [key, item] of entries) {
      if (typeof key === 'number') this.encode(key, path);
      else if (keysAreNumbers && /^(0|[1-9]\d{0,14})$/.test(key)) pickler.integer(Number(key));
      else pickler.text(key);
      this.encode(item, below(key), isOptimizer && key === 'state');
    }
    pickler.setItems();
  }

  /** A tensor as what rebuilds it; those that are the same elements share their storage. */
  private tensor(t: Tensor, path: string): void {
    const { pickler } = this;
    checkLive('save', path, t);
    const key = `${this.idOf(t.base ?? t)} ${t.offset} ${t.code} ${t.shape.join()} ${(t.layout ?? []).join()} ${t.requiresGrad}`;
    const known = this.known.get(key);
    if (known !== undefined) {
      pickler.recall(known);
      return;
    }
    const name = String(this.tensors.push(t) - 1);
    this.global('torch._utils', '_rebuild_tensor_v2');
    pickler.mark();
    pickler.mark().text('storage');
    this.global('torch', STORAGES[t.code]!);
    pickler.text(name).text('cpu').integer(t.count).tuple().persistent();
    pickler.integer(0);
    this.integers(t.shape);
    this.integers(rowMajorStrides(t.shape));
    pickler.boolean(t.requiresGrad);
    this.global('collections', 'OrderedDict');
    pickler.mark().tuple().reduce();
    pickler.tuple().reduce();
    this.known.set(key, pickler.remember());
  }

  private idOf(base: Tensor): number {
    const id = this.ids.get(base) ?? this.ids.size;
    this.ids.set(base, id);
    return id;
  }

  private integers(values: readonly number[]): void {
    this.pickler.mark();
    for (const value of values) this.pickler.integer(value);
    this.pickler.tuple();
  }
}

function addBytes(archive: Archive, name: string, bytes: Buffer): void {
  archive.add(
    `${FOLDER}/${name}`,
    'stored',
    (write) => {
      write(bytes);
      return { crc: crc32(bytes), size: bytes.length };
    },
    ALIGNMENT,
  );
}

/** Writes a value with tensors in it to a checkpoint, which is there whole or not at all. */
export function writeCheckpoint(path: unknown, value: unknown, flush: boolean): void {
  const encoder = new Encoder();
  encoder.encode(value, '');
  const pickle = encoder.finish();
  const fill = (writer: Writer): void => {
    const archive = new Archive(writer);
    addBytes(archive, 'data.pkl', pickle);
    addBytes(archive, 'byteorder', Buffer.from('little'));
    encoder.tensors.forEach((t, i) =>
      archive.add(
        `${FOLDER}/data/${i}`,
        'stored',
        (write) => {
          let crc = 0;
          bytesOfTensor(t, (piece) => {
            crc = crc32(piece, crc);
            write(piece);
          });
          return { crc, size: t.count * t.elementSize() };
        },
        ALIGNMENT,
      ),
    );
    addBytes(archive, 'version', Buffer.from('3\n'));
    archive.finish();
  };
  Writer.with('save', path, fill, flush);
}
