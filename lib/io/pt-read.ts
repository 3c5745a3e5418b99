/** PyTorch's checkpoints (https://pytorch.org/docs/stable/notes/serialization.html): a zip archive of a pickle and storages. */
import { describe } from '../errors';
import { DTYPES, ELEMENT_SIZE, isFloatingCode } from '../dtype';
import { cast } from '../functional/cast';
import { MAX_RANK, isRowMajor } from '../shape';
import { Tensor, alias } from '../tensor';
import { checkBooleans, tensorOfBytes } from './elements';
import type { Reader } from './files';
import { unpickle, Global, type Callables } from './unpickle';
import { membersOf, storedMember, unpack, type Member } from './zip';

/** PyTorch's classes of storages, by code of the dtype. */
export const STORAGES = [
  'FloatStorage',
  'DoubleStorage',
  'HalfStorage',
  'BFloat16Storage',
  'CharStorage',
  'ByteStorage',
  'ShortStorage',
  'IntStorage',
  'LongStorage',
  'BoolStorage',
];

/** No honest one is larger: the elements of tensors are elsewhere. */
const MAX_PICKLE = 2 ** 24;

/** What is in a checkpoint; `pickle` says what its value is. */
export interface Checkpoint {
  readonly members: readonly Member[];
  readonly pickle: Member;
}

/** The checkpoint in a file that starts as a zip archive; null: it is another archive. */
export function checkpointOf(reader: Reader): Checkpoint | null {
  if (reader.size < 22) return null;
  const members = membersOf(reader);
  const pickle = members.find(({ name }) => /^[^/]*\/data\.pkl$/.test(name));
  return pickle === undefined ? null : { members, pickle };
}

/** Elements that tensors are views of, by their name in the archive. */
class Storages {
  private readonly read = new Map<string, Tensor>();
  private readonly members = new Map<string, Member>();

  constructor(
    private readonly op: string,
    private readonly reader: Reader,
    members: readonly Member[],
    folder: string,
    private readonly place: number,
  ) {
    for (const member of members)
      if (member.name.startsWith(folder)) this.members.set(member.name.slice(folder.length), member);
  }

  /** The storage of a persistent id: ("storage", class, key, where it was, number of elements). */
  of(id: unknown): Tensor {
    const { reader } = this;
    const [kind, type, key, , count] = Array.isArray(id) ? (id as unknown[]) : [];
    if (kind !== 'storage' || !(type instanceof Global) || typeof key !== 'string')
      reader.fail(`what it refers to is not a storage but ${describe(id)}`);
    const code = STORAGES.indexOf((type as Global).name.replace(/^torch\./, ''));
    if (code < 0) reader.fail(`tensors of a ${describe((type as Global).name)} are not read`);
    const known = this.read.get(key as string);
    const member = this.members.get(`data/${key as string}`);
    if (member === undefined) return reader.fail(`the storage ${describe(key)} is missing`);
    const size = ELEMENT_SIZE[code]!;
    if (member.size !== member.packed || member.size !== (count as number) * size)
      reader.fail(
        `the storage ${describe(key)} has ${member.size} bytes, expected ${describe(count)} elements of ${DTYPES[code]}`,
      );
    if (known !== undefined)
      return known.code === code ? known : reader.fail(`the storage ${describe(key)} has two dtypes`);
    const t = this.contents(member, code, count as number);
    this.read.set(key as string, t);
    return t;
  }

  private contents(member: Member, code: number, count: number): Tensor {
    const source = storedMember(this.reader, member);
    const each = checkBooleans(code, (what) => source.fail(what));
    return cast(
      tensorOfBytes(this.op, [count], code, source, 0, { crc: member.crc, each }),
      code,
      this.place,
    );
  }
}

function sizesOf(reader: Reader, value: unknown): readonly number[] {
  const isSizes =
    Array.isArray(value) &&
    value.length <= MAX_RANK &&
    value.every((n) => typeof n === 'number' && Number.isSafeInteger(n) && n >= 0);
  return isSizes
    ? (value as unknown[] as number[]).slice()
    : reader.fail(`expected up to ${MAX_RANK} sizes, got ${describe(value)}`);
}

/** A view of a storage. */
function rebuilt(reader: Reader, args: readonly unknown[], find: (storage: unknown) => Tensor): Tensor {
  const [storage, offset, size, stride, requiresGrad] = args;
  const base = find(storage);
  const shape = sizesOf(reader, size);
  const strides = sizesOf(reader, stride);
  const first = sizesOf(reader, [offset])[0]!;
  if (strides.length !== shape.length) reader.fail(`${shape.length} sizes have ${strides.length} strides`);
  if (shape.reduce((n, s) => n * Math.max(s, 1), 1) > Number.MAX_SAFE_INTEGER)
    reader.fail('a tensor has more than 2^53 elements');
  const isEmpty = shape.includes(0);
  const last = shape.reduce((sum, s, i) => sum + (s - 1) * strides[i]!, first);
  if (!isEmpty && last >= base.count)
    reader.fail(`a tensor ends at element ${last} of a storage of ${base.count}`);
  const t = alias(base, shape, isRowMajor(shape, strides) ? null : strides, isEmpty ? 0 : first);
  return requiresGrad === true && isFloatingCode(t.code) ? t.requiresGrad_() : t;
}

/** The value of a checkpoint, with tensors at a place. */
export function readCheckpoint(
  op: string,
  reader: Reader,
  { members, pickle }: Checkpoint,
  place: number,
): unknown {
  const folder = pickle.name.slice(0, -'data.pkl'.length);
  const order = members.find(({ name }) => name === `${folder}byteorder`);
  if (order !== undefined && !/^little/.test(textOf(reader, order)))
    reader.fail('it was made on a big-endian machine');
  if (pickle.size > MAX_PICKLE) reader.fail(`its structure has more than ${MAX_PICKLE} bytes`);
  const storages = new Storages(op, reader, members, folder, place);
  // A storage is on the stack as a box, which nothing but a rebuilding call opens.
  const boxes = new WeakMap<object, Tensor>();
  const persistent = (id: unknown): object => {
    const box = Object.freeze(Object.create(null) as object);
    boxes.set(box, storages.of(id));
    return box;
  };
  const find = (box: unknown): Tensor =>
    (typeof box === 'object' && box !== null ? boxes.get(box) : undefined) ??
    reader.fail(`a tensor is built of ${describe(box)}`);
  const fail = (what: string): never => reader.fail(what);
  const tensorOf = (args: readonly unknown[]): Tensor => rebuilt(reader, args, find);
  const callables: Callables = new Map<string, (args: readonly unknown[]) => unknown>([
    ['torch._utils._rebuild_tensor_v2', tensorOf],
    ['torch._utils._rebuild_tensor', tensorOf],
    ['torch._utils._rebuild_parameter', ([t, requiresGrad]) => parameterOf(reader, t, requiresGrad)],
    ['collections.OrderedDict', ([items]) => dictionaryOf(reader, items)],
    ['torch.Size', ([sizes]) => sizesOf(reader, sizes)],
    ['torch.device', (args) => args.filter((part) => typeof part !== 'object').join(':')],
  ]);
  const names = new Set(STORAGES.map((name) => `torch.${name}`));
  const bytes = unpack(reader, pickle).bytes(0, pickle.size);
  const value = unpickle(bytes, { callables, names, persistent, fail });
  refuseBoxes(reader, value, boxes);
  return value;
}

function textOf(reader: Reader, member: Member): string {
  return unpack(reader, member).bytes(0, Math.min(member.size, 16)).toString('latin1');
}

function parameterOf(reader: Reader, t: unknown, requiresGrad: unknown): Tensor {
  if (!(t instanceof Tensor)) return reader.fail(`a parameter is made of ${describe(t)}`);
  return requiresGrad === true && isFloatingCode(t.code) ? t.requiresGrad_() : t;
}

/** OrderedDict's argument: pairs, if there is one. */
function dictionaryOf(reader: Reader, items: unknown): object {
  if (items === undefined) return {};
  const arePairs =
    Array.isArray(items) && items.every((pair) => Array.isArray(pair) && typeof pair[0] === 'string');
  return arePairs
    ? Object.fromEntries(items as [string, unknown][])
    : reader.fail(`a dictionary is made of ${describe(items)}`);
}

/** A storage by itself is no value. */
function refuseBoxes(reader: Reader, value: unknown, boxes: WeakMap<object, Tensor>): void {
  const seen = new Set<object>();
  const visit = (item: unknown): void => {
    if (typeof item !== 'object' || item === null || seen.has(item)) return;
    seen.add(item);
    if (boxes.has(item)) reader.fail('it contains a storage itself');
    if (Array.isArray(item)) item.forEach(visit);
    else if (Object.getPrototypeOf(item) === Object.prototype) Object.values(item).forEach(visit);
  };
  visit(value);
}
