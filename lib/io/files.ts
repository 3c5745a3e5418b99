/** Files: what is read has known bounds, and what is written is there whole or not at all. */
import { randomUUID } from 'crypto';
import { closeSync, fstatSync, fsyncSync, openSync, readSync, renameSync, unlinkSync, writeSync } from 'fs';
import { fileURLToPath } from 'url';
import { ArgumentError, FileError, TenonError, describe } from '../errors';

function pathOf(op: string, path: unknown): string {
  if (path instanceof URL) {
    if (path.protocol === 'file:') return onFile(op, path.href, () => fileURLToPath(path));
    throw new ArgumentError(`${op}: expected a file: URL, got ${describe(path.href)}`);
  }
  if (typeof path !== 'string' || path === '' || path.includes('\0'))
    throw new ArgumentError(`${op}: expected a path, got ${describe(path)}`);
  return path;
}

/** Whether Node made an error of what the system said: those have a code. */
function isSystemError(error: unknown): error is Error {
  return typeof (error as { code?: unknown } | null | undefined)?.code === 'string';
}

/** Runs `f`; what the system reports becomes a FileError. */
function onFile<T>(op: string, path: string, f: () => T): T {
  try {
    return f();
  } catch (error) {
    if (error instanceof TenonError || !isSystemError(error)) throw error;
    throw new FileError(`${op}: ${JSON.stringify(path)}: ${error.message}`, { cause: error });
  }
}

/** Bytes that can be read at any place: a file, or what was unpacked of one. */
export interface Source {
  readonly size: number;
  /** The open file that has them, and where in it they start; null: they are in memory. */
  readonly stored: { readonly file: number; readonly start: number } | null;
  /** Fills a buffer from a position on. */
  read(buffer: Uint8Array, position: number): void;
  bytes(position: number, length: number): Buffer;
  /** Throws a FileError that names the file. */
  fail(what: string): never;
}

/** An open file of known size. */
export class Reader implements Source {
  readonly stored: { readonly file: number; readonly start: number };

  private constructor(
    private readonly op: string,
    private readonly path: string,
    private readonly file: number,
    readonly size: number,
  ) {
    this.stored = { file, start: 0 };
  }

  /** Opens a file for `use`, and closes it. */
  static with<T>(op: string, path: unknown, use: (reader: Reader) => T): T {
    const name = pathOf(op, path);
    return onFile(op, name, () => {
      const file = openSync(name, 'r');
      try {
        const stat = fstatSync(file);
        if (!stat.isFile()) throw new FileError(`${op}: ${JSON.stringify(name)} is not a file`);
        return use(new Reader(op, name, file, stat.size));
      } finally {
        closeSync(file);
      }
    });
  }

  fail(what: string): never {
    throw new FileError(`${this.op}: ${JSON.stringify(this.path)}: ${what}`);
  }

  /** Fills `buffer` from a position on. */
  read(buffer: Uint8Array, position: number): void {
    let done = 0;
    while (done < buffer.length) {
      const count = readSync(this.file, buffer, done, buffer.length - done, position + done);
      if (count === 0) this.fail(`it ends after ${position + done} bytes`);
      done += count;
    }
  }

  /** The bytes from a position on. */
  bytes(position: number, length: number): Buffer {
    if (!(position >= 0 && length >= 0 && position + length <= this.size))
      this.fail(`it ends after ${this.size} bytes, expected ${position + length}`);
    const buffer = Buffer.allocUnsafe(length);
    this.read(buffer, position);
    return buffer;
  }
}

/** A file being written. */
export class Writer {
  /** How much there is so far. */
  position = 0;

  private constructor(private readonly file: number) {}

  /**
   * Has `fill` write a file under another name, in the same folder, and gives it its own when all is written; `flush`: when
   * all is on the disk, too. If that fails, what was there before stays.
   */
  static with(op: string, path: unknown, fill: (writer: Writer) => void, flush = false): void {
    const name = pathOf(op, path);
    onFile(op, name, () => {
      const temporary = `${name}.${randomUUID()}.tmp`;
      const file = openSync(temporary, 'wx');
      try {
        try {
          fill(new Writer(file));
          if (flush) fsyncSync(file);
        } finally {
          closeSync(file);
        }
        renameSync(temporary, name);
      } catch (error) {
        unlinkSync(temporary);
        throw error;
      }
    });
  }

  write(bytes: Uint8Array): void {
    this.writeAt(bytes, this.position);
    this.position += bytes.length;
  }

  /** Over what was written before. */
  writeAt(bytes: Uint8Array, position: number): void {
    let done = 0;
    while (done < bytes.length)
      done += writeSync(this.file, bytes, done, bytes.length - done, position + done);
  }
}
