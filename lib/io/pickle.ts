/** Writes plain values as Python's pickles, version 2 (https://docs.python.org/3/library/pickletools.html). */

const MEMO_PUT = 0x72;
const MEMO_GET = 0x6a;

/** Appends instructions. What is pickled twice can be remembered and taken again. */
export class Pickler {
  private readonly pieces: Buffer[] = [Buffer.from([0x80, 2])];
  private remembered = 0;

  private code(...bytes: readonly number[]): this {
    this.pieces.push(Buffer.from(bytes));
    return this;
  }

  mark(): this {
    return this.code(0x28);
  }

  none(): this {
    return this.code(0x4e);
  }

  boolean(value: boolean): this {
    return this.code(value ? 0x88 : 0x89);
  }

  float(value: number): this {
    const bytes = Buffer.alloc(9, 0x47);
    bytes.writeDoubleBE(value, 1);
    this.pieces.push(bytes);
    return this;
  }

  integer(value: number | bigint): this {
    if (typeof value === 'number' && value === (value | 0)) {
      const bytes = Buffer.alloc(5, 0x4a);
      bytes.writeInt32LE(value, 1);
      this.pieces.push(bytes);
      return this;
    }
    const n = BigInt(value);
    let length = 1;
    while (BigInt.asIntN(8 * length, n) !== n) length++;
    // 255 bytes hold what `save` takes: the caller has checked.
    const digits = Buffer.alloc(length);
    let rest = BigInt.asUintN(8 * length, n);
    for (let i = 0; i < length; i++, rest >>= 8n) digits[i] = Number(rest & 255n);
    this.pieces.push(Buffer.from([0x8a, length]), digits);
    return this;
  }

  text(value: string): this {
    const bytes = Buffer.from(value);
    const head = Buffer.alloc(5, 0x58);
    head.writeUInt32LE(bytes.length, 1);
    this.pieces.push(head, bytes);
    return this;
  }

  /** A name in a module. */
  global(module: string, name: string): this {
    this.pieces.push(Buffer.from(`c${module}\n${name}\n`));
    return this;
  }

  /** Of all since the mark. */
  tuple(): this {
    return this.code(0x74);
  }

  emptyList(): this {
    return this.code(0x5d);
  }

  /** Adds all since the mark to the list before it. */
  appends(): this {
    return this.code(0x65);
  }

  emptyDict(): this {
    return this.code(0x7d);
  }

  /** Puts keys and values since the mark into the dictionary before it. */
  setItems(): this {
    return this.code(0x75);
  }

  /** Calls what is below with the tuple on top. */
  reduce(): this {
    return this.code(0x52);
  }

  /** The object that the tuple on top names outside of the pickle. */
  persistent(): this {
    return this.code(0x51);
  }

  /** Remembers the object on top; its number is for `recall`. */
  remember(): number {
    this.numbered(MEMO_PUT, this.remembered);
    return this.remembered++;
  }

  recall(number: number): this {
    return this.numbered(MEMO_GET, number);
  }

  private numbered(code: number, number: number): this {
    const bytes = Buffer.alloc(5, code);
    bytes.writeUInt32LE(number, 1);
    this.pieces.push(bytes);
    return this;
  }

  /** The pickle, whole. */
  finish(): Buffer {
    return Buffer.concat([...this.pieces, Buffer.from([0x2e])]);
  }
}
