/**
 * Reads Python's pickles as far as plain values need them (https://docs.python.org/3/library/pickletools.html). A pickle is a
 * program; of its instructions those that build numbers, text, lists, tuples and dictionaries are done here, and calls
 * only of the functions given. Nothing else can be named, so nothing else can happen.
 */
import { describe } from '../errors';

/** What a pickle may name and call: by "module name". Each gets the arguments of the call. */
export type Callables = ReadonlyMap<string, (args: readonly unknown[]) => unknown>;

/** A global by its full name. */
export class Global {
  constructor(
    readonly name: string,
    readonly call: ((args: readonly unknown[]) => unknown) | undefined,
  ) {}
}

export interface UnpickleOptions {
  readonly callables: Callables;
  /** Names that may stand as values, but can't be called. */
  readonly names: ReadonlySet<string>;
  /** What a persistent id stands for. */
  readonly persistent: (id: unknown) => unknown;
  readonly fail: (what: string) => never;
}

const MARK = Symbol('mark');
/** Lists and dictionaries inside each other. */
const MAX_DEPTH = 512;

/** A dictionary: an object, so its keys are text, or whole numbers as text. */
function setItem(options: UnpickleOptions, target: unknown, key: unknown, value: unknown): void {
  if (typeof target !== 'object' || target === null || Object.getPrototypeOf(target) !== Object.prototype)
    options.fail(`an entry is set on ${describe(target)}`);
  if (typeof key !== 'string' && !(typeof key === 'number' && Number.isSafeInteger(key)))
    options.fail(`expected the keys of dictionaries to be text or whole numbers, got ${describe(key)}`);
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}

/** A two's complement integer, least significant byte first. */
function integerOf(bytes: Buffer): number | bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  if (bytes.length > 0 && bytes[bytes.length - 1]! >= 0x80) value -= 1n << BigInt(8 * bytes.length);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

class Machine {
  private readonly stack: unknown[] = [];
  private readonly memo = new Map<number, unknown>();
  private at = 0;

  constructor(
    private readonly bytes: Buffer,
    private readonly options: UnpickleOptions,
  ) {}

  private take(length: number): Buffer {
    if (!(length >= 0) || this.at + length > this.bytes.length) this.options.fail('the pickle is cut off');
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  private line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0) this.options.fail('the pickle is cut off');
    const text = this.bytes.toString('utf8', this.at, end);
    this.at = end + 1;
    return text;
  }

  private long(): number {
    const length = this.take(8).readBigUInt64LE();
    return length <= BigInt(this.bytes.length) ? Number(length) : this.options.fail('the pickle is cut off');
  }

  private pop(): unknown {
    const value = this.stack.pop();
    if (value === undefined || value === MARK) this.options.fail('the pickle takes what is not there');
    return value;
  }

  private top(): unknown {
    const value = this.stack[this.stack.length - 1];
    if (value === undefined || value === MARK) this.options.fail('the pickle takes what is not there');
    return value;
  }

  /** What was put on the stack since the last mark. */
  private marked(): unknown[] {
    const start = this.stack.lastIndexOf(MARK);
    if (start < 0) this.options.fail('the pickle takes what is not there');
    const values = this.stack.splice(start);
    return values.slice(1);
  }

  private list(): unknown[] {
    const list = this.top();
    return Array.isArray(list) && !Object.isFrozen(list)
      ? (list as unknown[])
      : this.options.fail(`an item is added to ${describe(list)}`);
  }

  private setItems(values: readonly unknown[]): void {
    if (values.length % 2 !== 0) this.options.fail('a dictionary has a key without a value');
    for (let i = 0; i < values.length; i += 2) setItem(this.options, this.top(), values[i], values[i + 1]);
  }

  private get(index: number): void {
    if (!this.memo.has(index)) this.options.fail('the pickle takes what is not there');
    this.stack.push(this.memo.get(index));
  }

  private global(module: unknown, name: unknown): void {
    if (typeof module !== 'string' || typeof name !== 'string')
      return this.options.fail('the pickle names what has no name');
    const full = `${module}.${name}`;
    const call = this.options.callables.get(full);
    if (call === undefined && !this.options.names.has(full))
      this.options.fail(
        `it refers to ${describe(full)}, which is not read: only tensors and plain values are, as with weights_only=True in PyTorch`,
      );
    this.stack.push(new Global(full, call));
  }

  private reduce(): void {
    const args = this.pop();
    const target = this.pop();
    if (!(target instanceof Global) || target.call === undefined || !Array.isArray(args))
      return this.options.fail(
        `it calls ${target instanceof Global ? describe(target.name) : describe(target)}`,
      );
    this.stack.push(target.call(args as unknown[]));
  }

  /** One after the other until the end; the result. */
  run(): unknown {
    const { stack, options } = this;
    for (;;) {
      const code = this.take(1)[0]!;
      switch (code) {
        case 0x80: // PROTO
          if (this.take(1)[0]! > 5) options.fail('the version of its pickle is unknown here');
          break;
        case 0x95: // FRAME
          this.take(8);
          break;
        case 0x2e: // STOP
          return this.pop();
        case 0x28: // MARK
          stack.push(MARK);
          break;
        case 0x30: // POP
          stack.pop();
          break;
        case 0x31: // POP_MARK
          this.marked();
          break;
        case 0x4e: // NONE
          stack.push(null);
          break;
        case 0x88: // NEWTRUE
          stack.push(true);
          break;
        case 0x89: // NEWFALSE
          stack.push(false);
          break;
        case 0x4a: // BININT
          stack.push(this.take(4).readInt32LE());
          break;
        case 0x4b: // BININT1
          stack.push(this.take(1)[0]);
          break;
        case 0x4d: // BININT2
          stack.push(this.take(2).readUInt16LE());
          break;
        case 0x8a: // LONG1
          stack.push(integerOf(this.take(this.take(1)[0]!)));
          break;
        case 0x47: // BINFLOAT
          stack.push(this.take(8).readDoubleBE());
          break;
        case 0x58: // BINUNICODE
          stack.push(this.take(this.take(4).readUInt32LE()).toString('utf8'));
          break;
        case 0x8c: // SHORT_BINUNICODE
          stack.push(this.take(this.take(1)[0]!).toString('utf8'));
          break;
        case 0x8d: // BINUNICODE8
          stack.push(this.take(this.long()).toString('utf8'));
          break;
        case 0x55: // SHORT_BINSTRING: Python 2's text
          stack.push(this.take(this.take(1)[0]!).toString('latin1'));
          break;
        case 0x5d: // EMPTY_LIST
          stack.push([]);
          break;
        case 0x7d: // EMPTY_DICT
          stack.push({});
          break;
        case 0x29: // EMPTY_TUPLE
          stack.push(Object.freeze([]));
          break;
        case 0x74: // TUPLE
          stack.push(Object.freeze(this.marked()));
          break;
        case 0x85: // TUPLE1 to TUPLE3
        case 0x86:
        case 0x87: {
          const items: unknown[] = [];
          for (let i = 0; i < code - 0x84; i++) items.unshift(this.pop());
          stack.push(Object.freeze(items));
          break;
        }
        case 0x61: {
          // APPEND
          const item = this.pop();
          this.list().push(item);
          break;
        }
        case 0x65: {
          // APPENDS
          const items = this.marked();
          const list = this.list();
          for (const item of items) list.push(item);
          break;
        }
        case 0x73: {
          // SETITEM
          const value = this.pop();
          const key = this.pop();
          this.setItems([key, value]);
          break;
        }
        case 0x75: // SETITEMS
          this.setItems(this.marked());
          break;
        case 0x71: // BINPUT
          this.memo.set(this.take(1)[0]!, this.top());
          break;
        case 0x72: // LONG_BINPUT
          this.memo.set(this.take(4).readUInt32LE(), this.top());
          break;
        case 0x94: // MEMOIZE
          this.memo.set(this.memo.size, this.top());
          break;
        case 0x68: // BINGET
          this.get(this.take(1)[0]!);
          break;
        case 0x6a: // LONG_BINGET
          this.get(this.take(4).readUInt32LE());
          break;
        case 0x63: {
          // GLOBAL
          const module = this.line();
          this.global(module, this.line());
          break;
        }
        case 0x93: {
          // STACK_GLOBAL
          const name = this.pop();
          this.global(this.pop(), name);
          break;
        }
        case 0x52: // REDUCE
          this.reduce();
          break;
        case 0x62: // BUILD: attributes of an object, which dictionaries have no use for here
          this.pop();
          this.top();
          break;
        case 0x51: // BINPERSID
          stack.push(options.persistent(this.pop()));
          break;
        default:
          options.fail(`the instruction 0x${code.toString(16)} of its pickle is not read`);
      }
    }
  }
}

/** Tuples as new arrays, so that nobody meets a frozen one, once for each object; checks the depth. */
function thawed(value: unknown, options: UnpickleOptions): unknown {
  const done = new Map<object, unknown>();
  const visit = (item: unknown, depth: number): unknown => {
    if (item instanceof Global) return options.fail(`it contains ${describe(item.name)} itself`);
    if (typeof item !== 'object' || item === null) return item;
    const isPlain = Object.getPrototypeOf(item) === Object.prototype;
    if (!Array.isArray(item) && !isPlain) return item;
    if (depth > MAX_DEPTH) options.fail(`it has more than ${MAX_DEPTH} levels`);
    const known = done.get(item);
    if (known !== undefined) return known;
    if (Array.isArray(item)) {
      const list: unknown[] = [];
      done.set(item, list);
      for (const inner of item as unknown[]) list.push(visit(inner, depth + 1));
      return list;
    }
    done.set(item, item);
    for (const [key, inner] of Object.entries(item)) setItem(options, item, key, visit(inner, depth + 1));
    return item;
  };
  return visit(value, 0);
}

/** The value that a pickle stands for. Tuples are arrays, dictionaries objects, None null. */
export function unpickle(bytes: Buffer, options: UnpickleOptions): unknown {
  return thawed(new Machine(bytes, options).run(), options);
}
