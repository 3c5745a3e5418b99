/** A folder for the files of a test, and what is written there. */
import { mkdtempSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';

export const folder = mkdtempSync(join(tmpdir(), 'tenon-io-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;

/** A new path. */
export function path(ending = ''): string {
  return join(folder, `${count++}${ending}`);
}

/** A file of these bytes. */
export function file(bytes: Uint8Array, ending = ''): string {
  const name = path(ending);
  writeFileSync(name, bytes);
  return name;
}

/** A safetensors file by its header, which may be any text, and its data. */
export function safetensors(header: unknown, data: Uint8Array = new Uint8Array(0), length?: bigint): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(length ?? BigInt(text.length));
  return Buffer.concat([start, text, data]);
}
